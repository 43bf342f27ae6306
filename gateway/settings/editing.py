"""Changes single settings in a file's text: everything else stays as it was written, to the byte.

The parser says where a setting stands, and the edit is made on the text. What comes out is parsed again, and is
given away only when it says exactly what was asked for; a way of writing that this cannot handle is refused in
words and never spoiled. A comment directly above a setting belongs to it; one set off by a blank line stays.
"""

import json
import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from msgspec import UNSET, Struct
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from gateway.errors import SettingsError
from gateway.settings.nodes import compose, empty
from gateway.settings.yamlfile import parse

BY_HAND = "change it in the file itself"
WIDTH = 110
"""A block that fits into so many characters is written in one line, with { }."""
MOST = 500
_PLAIN = re.compile(r"[A-Za-z_][\w ./@+-]*[\w./@+-]|[A-Za-z_]|\d+(\.\d+)?(ms|s|m|h)")

_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that YAML allows nowhere, or that end a line; JSON escapes the others."""


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``path``: the names that lead to the setting. Without a ``value`` it is taken out, and its default holds."""

    path: list[str]
    value: Any = UNSET


def edit(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes, one after the other. Raises ``SettingsError`` for a text that is not YAML, a path
    that leads through something else than a block, and a file that is written in a way this cannot edit."""
    if len(changes) > MOST:
        raise SettingsError([f"more than {MOST} changes at once: save some of them first"])
    said = _data(text)
    for change in changes:
        _tell(said, change)
        text = _edited(text, change)
    if changes and _data(text) != said:
        raise SettingsError([f"this edit does not fit the way the file is written: {BY_HAND}"])
    return text


def _data(text: str) -> Any:
    try:
        return parse(text, "the file").data
    except SettingsError as e:
        raise SettingsError([f"{e.mistakes[0]}: mend that in the file itself first"]) from None


def _tell(said: Any, change: Change) -> None:
    """What the file has to say after the change."""
    if not change.path:
        raise SettingsError(["a change needs a path"])
    *way, name = change.path
    for i, key in enumerate(way):
        if isinstance(said, dict) and said.get(key) is None and change.value is not UNSET:
            said[key] = {}
        said = said.get(key) if isinstance(said, dict) else None
        if said is None and change.value is UNSET:
            return
        if not isinstance(said, dict):
            raise SettingsError([f"{'.'.join(way[: i + 1])} is not a block of settings: {BY_HAND}"])
    if change.value is UNSET:
        said.pop(name, None)
    else:
        said[name] = deepcopy(change.value)


def _edited(text: str, change: Change) -> str:
    root, value = compose(text), change.value
    if root is None or empty(root):
        return text if value is UNSET else f"{text}{_ended(text)}{_nested(change.path, value, 0)}"
    where: MappingNode | None = None
    key: Node | None = None
    node: Node = root
    for depth, name in enumerate(change.path):
        if not isinstance(node, MappingNode) or (node is not root and not node.value):
            return text if value is UNSET else _begin(text, where, key, node, change.path[depth:], value)
        found = next(((k, v) for k, v in node.value if k.value == name), None)
        if found is None:
            return text if value is UNSET else _add(text, node, change.path[depth:], value)
        where, (key, node) = node, found
    assert where is not None and key is not None  # noqa: PT018 - the path is not empty
    return _remove(text, where, key, node) if value is UNSET else _replace(text, key, node, value)


def _shell(path: Sequence[str], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _ended(text: str) -> str:
    return "" if not text or text.endswith("\n") else "\n"


# -- where things stand --------------------------------------------------------------------------------------


def _end(text: str, key: Node | None, node: Node) -> int:
    """Where the value ends: a block's mark stands behind the comments that follow it."""
    if isinstance(node, CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, *(last if isinstance(last, tuple) else (None, last)))
    if key is not None and isinstance(node, ScalarNode) and not node.value and node.style is None:
        return text.index(":", key.end_mark.index) + 1  # nothing is written there
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[: node.end_mark.index].rstrip())
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> int:
    """Behind the end of the line."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _eol(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# -- edits -----------------------------------------------------------------------------------------------------


def _replace(text: str, key: Node | None, node: Node, value: Any) -> str:
    start = text.index(":", key.end_mark.index) + 1 if key is not None else 0
    end = _end(text, key, node)
    while start < end and text[start] in " ":
        start += 1
    if text[start - 1] == ":":
        return f"{text[:start]} {flow(value)}{text[end:]}"
    return text[:start] + flow(value) + text[end:]


def _begin(
    text: str, block: MappingNode | None, key: Node | None, node: Node, path: Sequence[str], value: Any
) -> str:
    """The first setting of what holds none yet."""
    end = _end(text, key, node)
    line = _line_end(text, end)
    if block is None or key is None or block.flow_style or not re.fullmatch(r"\s*(#.*)?\s*", text[end:line]):
        return _replace(text, key, node, _shell(path, value))
    start = text.index(":", key.end_mark.index) + 1
    beside = text[end:line] or _eol(text)
    lines = _nested(path, value, key.start_mark.column + 2).replace("\n", _eol(text))
    return f"{text[:start]}{beside}{_ended(beside)}{lines}{text[line:]}"


def _add(text: str, block: MappingNode, path: Sequence[str], value: Any) -> str:
    if block.flow_style:
        at = _end(text, *block.value[-1]) if block.value else block.start_mark.index + 1
        pair = f"{flow(path[0])}: {flow(_shell(path[1:], value))}"
        return f"{text[:at]}{', ' if block.value else ''}{pair}{text[at:]}"
    column = block.value[0][0].start_mark.column
    at = _line_end(text, _end(text, *block.value[-1]))
    lines = _nested(path, value, column).replace("\n", _eol(text))
    return f"{text[:at]}{_ended(text[:at])}{lines}{text[at:]}"


def _remove(text: str, block: MappingNode, key: Node, node: Node) -> str:
    pairs = block.value
    at = next(i for i, (k, _) in enumerate(pairs) if k is key)
    if block.flow_style:
        start, end = key.start_mark.index, _end(text, key, node)
        if at + 1 < len(pairs):
            end = pairs[at + 1][0].start_mark.index
        elif at:
            start = _end(text, *pairs[at - 1])
        return text[:start] + text[end:]
    if len(pairs) == 1:
        before = text.rindex(":", 0, key.start_mark.index) if key.start_mark.column else -1
        if before < 0:
            return (
                text[: key.start_mark.index] + "{}" + _eol(text) + text[_line_end(text, _end(text, key, node)) :]
            )
        return (
            f"{text[: before + 1]} {{}}{text[before + 1 : _above(text, key)]}"
            + text[_line_end(text, _end(text, key, node)) :]
        )
    return text[: _above(text, key)] + text[_line_end(text, _end(text, key, node)) :]


def _above(text: str, key: Node) -> int:
    """Where the setting's own lines begin: with the comments directly above it."""
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    while start:
        line = text.rfind("\n", 0, start - 1) + 1
        content = text[line:start].lstrip(" ")
        if not content.startswith("#") or start - line - len(content) != key.start_mark.column:
            return start
        start = line
    return start


# -- writing -------------------------------------------------------------------------------------------------


def _nested(path: Sequence[str], value: Any, column: int) -> str:
    """Lines for a new setting: in one line where it fits and is not made of blocks, else one for each part."""
    margin, name = " " * column, flow(path[0])
    inside = _shell(path[1:], value)
    line = f"{margin}{name}: {flow(inside)}"
    blocks = [v for v in inside.values() if isinstance(v, dict)] if isinstance(inside, dict) else []
    deep = len(blocks) > 1 or (any(blocks) and len(blocks) == len(inside))
    if not isinstance(inside, dict) or not inside or not (deep or len(line) > WIDTH):
        return f"{line}\n"
    return f"{margin}{name}:\n" + "".join(_nested([str(k)], v, column + 2) for k, v in inside.items())


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str() if _PLAIN.fullmatch(value) and _data(f"a: {value}") == {"a": value}:
            return value
        case _:
            return _ODD.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(value, ensure_ascii=False))
