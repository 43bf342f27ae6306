"""Brings the text of one rule to what a form says: what was not changed stays as its author wrote it.

The parser says where each part stands, and only the lines of parts that changed are written anew. A comment
directly above a part belongs to it and goes where it goes. What comes out is parsed again, and is given away only
when it says exactly what was asked for.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask_babel import lazy_gettext
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.tokens import AliasToken, AnchorToken, TagToken

from gateway.errors import SettingsError
from gateway.settings.nodes import compose
from gateway.settings.yamlfile import parse
from web.building import writing

MERGE = "<<"


def rewrite(text: str, name: str, rule: dict[str, Any]) -> str:
    """The rule's own text, its name above it, so that it says ``rule``. ``text``: as it was written, "" for a new
    one. Raises ``SettingsError`` for a text that cannot be edited so."""
    if not text:
        return "\n".join(writing.entry(name, rule, 0)) + "\n" if len(rule) < 2 else _fresh(name, rule)
    said = parse(text, name).data
    if not isinstance(said, dict) or list(said) != [name]:
        raise SettingsError([f"expected the text of rule {name!r}"])
    if same(said[name], rule):
        return text
    if refused(text):
        raise SettingsError([str(BY_HAND)])
    root = compose(text)
    assert isinstance(root, MappingNode)
    made = "\n".join(_Text(text).block(root, said, {name: rule}, 0, len(text.splitlines()))) + "\n"
    if not same(parse(made, name).data, {name: rule}):
        raise SettingsError([str(BY_HAND)])
    return made


BY_HAND = lazy_gettext(
    "this rule is written in a way that the form cannot change safely: edit the file itself for that"
)


def refused(text: str) -> bool:
    """Whether a rule's text uses what means more than it says: names for parts (& and *), tags and merges."""

    tokens = YAML(typ="safe", pure=True).scan(text)
    return any(
        isinstance(t, AnchorToken | AliasToken | TagToken) or getattr(t, "value", "") == MERGE for t in tokens
    )


def same(a: Any, b: Any) -> bool:
    """Whether two plain values say the same; 1 and 1.0 do, 1 and true do not."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


def _fresh(name: str, rule: dict[str, Any]) -> str:
    return "\n".join([f"{writing.flow(name)}:", *writing.lines(rule, 2)]) + "\n"


class _Part(NamedTuple):
    """An entry of a block: the comment above it, and its lines from ``start`` to before ``end``."""

    key: Node | None
    value: Node
    head: list[str]
    start: int
    end: int


class _Text:
    """``block`` gives the lines of a block that says something else from now on."""

    def __init__(self, text: str) -> None:
        self._text, self._lines = text, text.splitlines()

    def block(self, node: Node, old: Any, new: Any, begin: int, bound: int) -> list[str]:
        """A block whose lines stand from ``begin`` to before ``bound``; ``new`` is of the same kind as ``old``."""
        parts, tail = self._parts(node, begin, bound)
        column = self._column(node)
        if isinstance(node, MappingNode):
            made = self._entries(parts, old, new, column)
        else:
            made = self._items(parts, old, new, column)
        return [*made, *tail]

    def _column(self, node: Node) -> int:
        if isinstance(node, MappingNode):
            return int(node.value[0][0].start_mark.column)
        return int(node.start_mark.column)

    def _parts(self, node: Node, begin: int, bound: int) -> tuple[list[_Part], list[str]]:
        """The entries, and the comments behind the last one."""
        pairs = node.value if isinstance(node, MappingNode) else [(None, value) for value in node.value]
        column = self._column(node)
        starts = [self._first_line(key, value, begin) for key, value in pairs]
        parts: list[_Part] = []
        at = begin
        for (key, value), start, following in zip(pairs, starts, [*starts[1:], bound], strict=True):
            end = following
            while end > start + 1 and self._between(end - 1, column):
                end -= 1
            parts.append(_Part(key, value, self._lines[at:start], start, end))
            at = end
        return parts, self._lines[at:bound]

    def _first_line(self, key: Node | None, value: Node, begin: int) -> int:
        """Where an entry begins; a dash may stand on a line above what it stands for."""
        line = int((key or value).start_mark.line)
        while key is None and line > begin and not self._lines[line].lstrip().startswith("-"):
            line -= 1
        return line

    def _between(self, line: int, column: int) -> bool:
        """Whether a line is blank, or a comment no deeper than the entries."""
        content = self._lines[line].lstrip(" ")
        return not content or (content.startswith("#") and len(self._lines[line]) - len(content) <= column)

    # -- blocks ------------------------------------------------------------------------------------------------

    def _entries(self, parts: Sequence[_Part], old: Any, new: Any, column: int) -> list[str]:
        by_name = {str(part.key.value): part for part in parts if part.key is not None}
        made: list[str] = []
        for name in _order(list(by_name), list(new)):
            part = by_name.get(name)
            if part is None:
                made += writing.entry(name, new[name], column)
            else:
                made += [*part.head, *self._entry(part, old[name], new[name], column)]
        return made

    def _entry(self, part: _Part, old: Any, new: Any, column: int) -> list[str]:
        assert part.key is not None
        if same(old, new):
            return self._lines[part.start : part.end]
        key, value = part.key, part.value
        if _is_block(value) and _alike(old, new) and value.start_mark.line > key.end_mark.line:
            below = key.end_mark.line + 1
            return [*self._lines[part.start : below], *self.block(value, old, new, below, part.end)]
        line = self._lines[key.start_mark.line]
        name = line[: key.end_mark.column]
        if beside := self._beside(part, old, new):
            return beside
        return [*self._comments(part), *_commented(writing.entry(_END, new, column), name, self._remark(part))]

    def _items(self, parts: Sequence[_Part], old: list[Any], new: list[Any], column: int) -> list[str]:
        made: list[str] = []
        for value, at in _matched(old, new):
            if at is None:
                made += writing.item(value, column)
                continue
            part = parts[at]
            made += [*part.head, *self._item(part, old[at], value, column)]
        return made

    def _item(self, part: _Part, old: Any, new: Any, column: int) -> list[str]:
        if same(old, new):
            return self._lines[part.start : part.end]
        if _is_block(part.value) and _alike(old, new) and part.value.start_mark.line == part.start:
            dashed = self._lines[part.start]
            self._lines[part.start] = dashed[:column] + " " + dashed[column + 1 :]
            inside = self.block(part.value, old, new, part.start, part.end)
            self._lines[part.start] = dashed
            first = next(i for i, line in enumerate(inside) if line.strip() and not line.lstrip().startswith("#"))
            inside[first] = f"{inside[first][:column]}-{inside[first][column + 1 :]}"
            return inside
        if beside := self._beside(part, old, new):
            return beside
        made = writing.item(new, column)
        return [*self._comments(part), made[0] + self._remark(part), *made[1:]]

    # -- what stands in one line -------------------------------------------------------------------------------

    def _beside(self, part: _Part, old: Any, new: Any) -> list[str]:
        """The one line of a part that has one, with what changed in it; nothing where that would be no good."""
        node = part.value
        start, end = node.start_mark, node.end_mark
        if start.line != end.line or part.end - part.start > 1 or _is_block(node) or _is_empty(node):
            return []
        line = self._lines[start.line]
        made = self._inside(node, old, new)
        whole = line[: start.column] + made + line[end.column :]
        return [whole] if writing.short(new, len(line[: start.column] + made)) else []

    def _inside(self, node: Node, old: Any, new: Any) -> str:
        """A value within a line."""
        text = self._text[node.start_mark.index : node.end_mark.index]
        if same(old, new):
            return text
        pairs: list[tuple[Node, Any, Any]] = []
        if isinstance(node, MappingNode) and isinstance(new, dict) and list(old) == [k for k in new if k in old]:
            pairs = [(value, old[str(key.value)], new[str(key.value)]) for key, value in node.value]
        elif isinstance(node, SequenceNode) and isinstance(new, list) and len(old) <= len(new):
            pairs = list(zip(node.value, old, new, strict=False))
        if not pairs or any(_is_empty(value) for value, _, _ in pairs):
            return writing.flow(new)
        made, at = "", node.start_mark.index
        for value, was, now in pairs:
            made += self._text[at : value.start_mark.index] + self._inside(value, was, now)
            at = value.end_mark.index
        more = (
            [f"{writing.flow(k)}: {writing.flow(v)}" for k, v in new.items() if k not in old]
            if isinstance(new, dict)
            else [writing.flow(v) for v in new[len(old) :]]
        )
        return made + "".join(f", {one}" for one in more) + self._text[at : node.end_mark.index]

    def _remark(self, part: _Part) -> str:
        """The comment on the part's own line, or where its one line ends, with the space before it."""
        line = part.value.end_mark.line if not _is_block(part.value) else part.start
        line = min(line, len(self._lines) - 1)
        text = self._lines[line]
        at = part.value.end_mark.column if not _is_block(part.value) else 0
        found = text.find(" #", at)
        while found > 0 and text[found - 1] == " ":
            found -= 1
        quoted = text[:found].count('"') % 2 or text[:found].count("'") % 2 if found >= 0 else True
        return "" if quoted else text[found:]

    def _comments(self, part: _Part) -> list[str]:
        """Comments on lines of their own within a part that is written anew."""
        inside = self._lines[part.start + 1 : part.end]
        if isinstance(part.value, ScalarNode):
            return []
        column = len(self._lines[part.start]) - len(self._lines[part.start].lstrip(" "))
        return [" " * column + line.lstrip(" ") for line in inside if line.lstrip(" ").startswith("#")]


_END = "x"
"""Stands for a key that is put in its place as it was written."""


def _commented(lines: list[str], key: str, remark: str) -> list[str]:
    first = lines[0].lstrip(" ").removeprefix(_END)
    return [key + first + remark, *lines[1:]]


def _is_block(node: Node) -> bool:
    return isinstance(node, MappingNode | SequenceNode) and not node.flow_style and bool(node.value)


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.value and node.style is None


def _alike(old: Any, new: Any) -> bool:
    """Whether a part is the same thing with other settings."""
    if isinstance(old, dict) and isinstance(new, dict):
        return bool(old.keys() & new.keys())
    return isinstance(old, list) and isinstance(new, list) and bool(new)


def _order(old: list[str], new: list[str]) -> list[str]:
    """The names that stay as they stand, each new one behind the one before it."""
    made = [name for name in old if name in new]
    for i, name in enumerate(new):
        if name not in made:
            before = next((made.index(n) for n in reversed(new[:i]) if n in made), -1)
            made.insert(before + 1, name)
    return made


def _matched(old: list[Any], new: list[Any]) -> list[tuple[Any, int | None]]:
    """Each new part with the place of the old one that it was made from: the same, else one of its kind."""
    left = list(range(len(old)))
    found: list[int | None] = []
    for value in new:
        at = next((i for i in left if same(old[i], value)), None)
        found.append(at)
        if at is not None:
            left.remove(at)
    for i, value in enumerate(new):
        if found[i] is None:
            at = next((n for n in left if _alike(old[n], value) or not isinstance(value, dict | list)), None)
            found[i] = at
            if at is not None:
                left.remove(at)
    return list(zip(new, found, strict=True))
