"""Games as the page offers them: a form's words become parameters, and a game is written into a rules file as a
person would write it."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode

from gateway.errors import SettingsError
from gateway.messages import Param
from gateway.settings.nodes import compose, empty
from gateway.settings.rules_text import BY_HAND, LINE
from gateway.settings.templates import Parameter, Template, as_said, template, templates
from gateway.settings.yamlfile import parse

MANY = frozenset({"numbers", "words", "rewards", "gifts", "says"})
Value = Param | list[Param]


class Field(Struct, frozen=True, kw_only=True):
    """One parameter of a game on a form. ``usual``: what stands there to begin with, of a list one a line."""

    name: str
    parameter: Parameter
    usual: str

    @property
    def many(self) -> bool:
        return self.parameter.type in MANY


def known(folder: Path) -> dict[str, Template | str]:
    """Every template by its name, the venue's own in ``folder`` first of two with one name; a broken one is the
    words of what is wrong with it."""
    files = templates(folder)
    found: dict[str, Template | str] = {}
    for name in files:
        try:
            found[name] = template(name, files)
        except SettingsError as e:
            found[name] = str(e)
    return found


def fields(game: Template) -> list[Field]:
    """What has to be said comes first."""
    made = [Field(name=name, parameter=p, usual=_usual(p)) for name, p in game.parameters.items()]
    return sorted(made, key=lambda f: not f.parameter.needed)


def _usual(parameter: Parameter) -> str:
    usual = parameter.default
    return "\n".join(map(as_said, usual)) if isinstance(usual, list) else parameter.usually


def values(game: Template, said: Mapping[str, str]) -> tuple[dict[str, Value], dict[str, str]]:
    """What a form said, without what is usual; and for each field that is wrong, in words, what was expected."""
    found: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for field in fields(game):
        words = said.get(field.name, field.usual).strip()
        if words == field.usual.strip() and not field.parameter.needed:
            continue
        if not words:
            wrong[field.name] = _("This is still empty.")
            continue
        value = _read(field.parameter, words)
        try:
            field.parameter.value(value)
        except SettingsError as e:
            wrong[field.name] = str(e)
        else:
            found[field.name] = value
    return found, wrong


def _read(parameter: Parameter, words: str) -> Value:
    match parameter.type:
        case "numbers":
            return [_scalar(line) for line in _lines(words)]
        case "number" | "whole" | "bool":
            return _scalar(words)
        case kind if kind in MANY:
            return list(_lines(words))
        case _:
            return words


def _lines(words: str) -> list[str]:
    return [line.strip() for line in words.splitlines() if line.strip()]


def _scalar(words: str) -> Param:
    """A number or a truth; anything else stays a text, and is refused as one."""
    try:
        value = json.loads(words.lower(), parse_constant=str)
    except ValueError:
        return words
    return value if isinstance(value, bool | int | float) else words


def put(text: str, name: str, template_name: str, with_: Mapping[str, Value]) -> str:
    """The rules file with one more game at the end of its ``games``; nothing else in it changes. Raises
    ``SettingsError`` where it cannot be put there."""
    before = parse(text, "the rules file").data or {}
    games = before.get("games") if isinstance(before, dict) else None
    if isinstance(games, dict) and name in games:
        raise SettingsError([_("there is a game %(name)s already: give this one another name", name=name)])
    said = {"template": template_name, **({"with": dict(with_)} if with_ else {})}
    lines = LINE.findall(text)
    at, column, head = _place(text, len(lines))
    if lines and at == len(lines) and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += "\n"
    lines[at:at] = [*head, *_block({name: said}, column)]
    new = "".join(lines)
    if not _says(new, {**before, "games": {**(games or {}), name: said}}):
        raise SettingsError([f"its games are written in a way that cannot be added to: {BY_HAND}"])
    return new


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return bool(parse(text, "the rules file").data == wanted)
    except SettingsError:
        return False


def _place(text: str, end: int) -> tuple[int, int, list[str]]:
    """Before which line a game goes, in which column it begins, and the lines above it."""
    root = compose(text)
    if root is None:
        return end, 2, ["games:\n"] if not end else ["\n", "games:\n"]
    if not isinstance(root, MappingNode):
        raise SettingsError([f"the rules file is no block of settings: {BY_HAND}"])
    for i, (key, value) in enumerate(root.value):
        if key.value != "games":
            continue
        if empty(value) or not isinstance(value, MappingNode) or value.start_mark.line == key.start_mark.line:
            raise SettingsError([f"`games` is not written as a block: {BY_HAND}"])
        bound = root.value[i + 1][0].start_mark.line if i + 1 < len(root.value) else end
        lines = LINE.findall(text)
        while lines[bound - 1].strip() == "" or lines[bound - 1].startswith("#"):
            bound -= 1  # what stands above the next section is that one's
        return bound, value.value[0][0].start_mark.column, []
    return end, 2, ["\n", "games:\n"]


def _block(said: dict[str, Any], column: int) -> list[str]:
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 10_000
    out = io.StringIO()
    yaml.dump(said, out)
    return [" " * column + line for line in out.getvalue().splitlines(keepends=True)]
