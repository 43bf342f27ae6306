"""Edits a rules file as its author wrote it: what an edit does not mean stays as it is, to the byte.

The parser says where each rule stands, and the edit is made on the text's lines. What comes out is parsed again,
and is given away only when it says exactly what was asked for; a way of writing that this cannot handle is refused
in words and never spoiled. A comment directly above a rule belongs to it; one set off by a blank line stays.

Every function raises ``SettingsError`` for a text that is not YAML, and for what it says itself.
"""

import re
from typing import NamedTuple

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from gateway.errors import SettingsError
from gateway.settings.nodes import Plain, compose, first_key, plain
from gateway.settings.rules_text import BY_HAND, LINE, RulesText, Said

_NAME = re.compile(r"[a-z0-9-]{1,32}")
_ENABLED = ("str", "enabled")


def put_rule(text: str, name: str, rule_yaml: str) -> str:
    """The file with the rule: in the place of the one of that name, else as the last. ``rule_yaml`` is what stands
    below the rule's name (``when``, ``then``...), or that with its name above."""
    _check_name(name)
    file = RulesText(text)
    given = _given(name, rule_yaml)
    said = plain(given.value)
    head = [" " * file.column + line.strip() for line in given.head]
    body = file.indented(given.body, given.value)
    old = next((r for r in file.rules if r.name == name), None)
    if old is None:
        file.append([*head, f"{' ' * file.column}{_key(name)}:{given.beside}", *body])
        return file.edited(lambda before: [*before, (name, said)])
    line = file.lines[old.start].rstrip("\r\n")
    key, beside = line[: old.key.end_mark.column], line[old.key.end_mark.column :]
    if given.beside or not re.fullmatch(r"\s*:\s*(#.*)?", beside):  # else the comment beside the name stays
        beside = f":{given.beside}"
    start = old.head if head else old.start
    file.lines[start : old.end] = map(file.ended, [*head, key + beside, *body])
    return file.edited(lambda before: [(n, said if n == name else v) for n, v in before])


def remove_rule(text: str, name: str) -> str:
    """The file without the rule and the comment directly above it."""
    file = RulesText(text)
    file.cut(file.rule(name))
    if len(file.rules) == 1:
        file.write_beside_rules(" {}")
    return file.edited(lambda said: [(n, v) for n, v in said if n != name])


def enable_rule(text: str, name: str, enabled: bool) -> str:
    """The file with the rule switched on or off."""
    file = RulesText(text)
    rule = file.rule(name)
    value, word = rule.value, f"enabled: {str(enabled).lower()}"
    if not isinstance(value, MappingNode) or value.start_mark.index < rule.key.end_mark.index:
        raise SettingsError([f"rule {name!r} is not written as a block of settings: {BY_HAND}"])
    old = next(((k, v) for k, v in value.value if k.value == "enabled"), None)
    if old is not None:
        key, was = old
        if not isinstance(was, ScalarNode) or was.start_mark.index < key.end_mark.index:
            raise SettingsError([f"rule {name!r}: `enabled` is not true or false there: {BY_HAND}"])
        end = was.end_mark.index if was.value else text.index(":", key.end_mark.index) + 1
        file.replace(key.start_mark.index, end, word)
    elif enabled:
        return text
    elif value.flow_style:
        inside = text.index("{", value.start_mark.index) + 1
        file.replace(inside, inside, word + (", " if value.value else ""))
    else:
        start = first_key(value)
        file.lines.insert(start.line, file.ended(" " * start.column + word))
    said_now = (_ENABLED, ("bool", str(enabled).lower()))

    def switched(value: Plain) -> Plain:
        if old is None:
            return ("map", said_now, *value[1:])
        return tuple(said_now if isinstance(p, tuple) and p[0] == _ENABLED else p for p in value)

    return file.edited(lambda said: [(n, switched(v) if n == name else v) for n, v in said])


def rename_rule(text: str, name: str, new: str) -> str:
    """The file with the rule under a new name, in its place."""
    _check_name(new)
    file = RulesText(text)
    key = file.rule(name).key
    if new == name:
        return text
    if new in file.names:
        raise SettingsError([f"there is a rule {new!r} already: choose another name"])
    file.replace(key.start_mark.index, key.end_mark.index, _key(new))
    return file.edited(lambda said: [(new if n == name else n, v) for n, v in said])


def move_rule(text: str, name: str, before: str | None) -> str:
    """The file with the rule, and the comment directly above it, before another one; None: as the last."""
    file = RulesText(text)
    rule = file.rule(name)
    target = None if before is None else file.rule(before)
    if target is rule or (target is None and rule is file.rules[-1]):
        return text
    block = file.lines[rule.head : rule.end]
    at = len(file.rules) if target is None else file.rules.index(target)
    if at > file.rules.index(rule):  # the later place first, so that the earlier one stays where it is
        file.insert(block, target)
        file.cut(rule)
    else:
        file.cut(rule)
        file.insert(block, target)

    def moved(said: Said) -> Said:
        rest = [pair for pair in said if pair[0] != name]
        place = len(rest) if before is None else [n for n, _ in rest].index(before)
        return [*rest[:place], *(pair for pair in said if pair[0] == name), *rest[place:]]

    return file.edited(moved)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SettingsError([f"{name[:60]!r} cannot be a rule's name: use a-z, 0-9 and -, at most 32 of them"])


def _key(name: str) -> str:
    """The name as a YAML key: in quotes where it would be read as a number, a date or the like."""
    root = compose(f"{name}: 1")
    return name if isinstance(root, MappingNode) and plain(root.value[0][0])[0] == "str" else f'"{name}"'


class _Given(NamedTuple):
    """A rule as it was handed in: comments above it, what stands beside its name, and the lines below that."""

    value: MappingNode
    head: list[str]
    beside: str
    body: list[str]


def _given(name: str, rule_yaml: str) -> _Given:
    value = compose(rule_yaml)
    if not isinstance(value, MappingNode) or not value.value:
        raise SettingsError(["expected a rule: a block of settings with `when` and `then`"])
    named = [(k, v) for k, v in value.value if _is_rule(v)]
    if len(named) > 1:
        names = ", ".join(str(k.value) for k, _ in named)
        raise SettingsError([f"expected one rule; found {len(named)}: {names}. Write them one after the other"])
    if any(k.value == "rules" for k, _ in value.value):
        raise SettingsError(["expected one rule, its `when` and `then`; found a whole rules file"])
    lines = [line.rstrip("\r\n") for line in LINE.findall(rule_yaml)]
    if any(line.startswith(("---", "...", "%")) for line in lines):
        raise SettingsError(["expected one rule, its `when` and `then`, without lines such as --- around it"])
    while not lines[-1].strip():
        lines.pop()
    if len(value.value) == len(named) == 1 and not value.flow_style:
        [(key, value)] = named
        if key.value != name:
            raise SettingsError([f"this is rule {key.value!r}, but {name!r} is to be written: say one name"])
        at = key.start_mark.line
        beside = lines[at][key.end_mark.column :].lstrip().removeprefix(":").rstrip()
        return _Given(value, [one for one in lines[:at] if one.strip()], beside, lines[at + 1 :])
    if not value.flow_style:
        return _Given(value, [], "", lines)
    lines = rule_yaml[value.start_mark.index :].rstrip().splitlines()
    return _Given(value, [], " " + lines[0], lines[1:])


def _is_rule(node: Node) -> bool:
    return isinstance(node, MappingNode) and any(k.value == "when" for k, _ in node.value)
