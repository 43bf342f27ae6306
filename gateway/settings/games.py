"""Games of a rules file: each becomes the rules, counters, timers, notes, stages and groups of its
template.

``${name}`` in a template is the parameter of that name. A text that is only a placeholder takes the value as it is
(a number, steps of a rule; steps join the list they stand in), elsewhere it is put in as text. Besides there are
``${game}``, the game's name, with which every name of the template begins; ``${game_}``, the same as expressions
write it; ``${x_count}``, how many entries a list has; ``${x_seconds}`` of a duration; ``${x_station}`` of an
action.

A block with ``for_each: {x: xs}`` is made once for every entry of the list ``xs``, which is ``${x}`` in it, with
its ``${number}`` from 1. Several lists are walked together; where one of them is empty, nothing is made. A rule to
which nothing is left to do is not made either. ``{as: "${gift}", pay: end}`` is the gift with more said of it.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway.errors import SettingsError
from gateway.messages import Id
from gateway.settings.rules import Game
from gateway.settings.templates import Parameter, Template, as_said, template, templates
from gateway.settings.values import duration
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, did_you_mean

LISTS = ("timers", "notes")
SECTIONS = ("rules", "counters", *LISTS, "stages", "groups")
PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[a-z0-9-]{1,32}")
_GAME = re.compile(r"[a-z][a-z0-9-]*")
Values = Mapping[str, Any]
Sections = dict[str, dict[str, Any]]


def expand(data: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[Mistake]]:
    """The rules file in ``folder`` with its games' sections merged into its own, and what is wrong with games.

    A game with a mistake adds nothing, and the others are as if it were not there. What has not even the shape of
    a game or of a section is left for the check of the file as a whole.
    """
    games = data.get("games")
    if not isinstance(games, dict) or not games:
        return data, []
    files = templates(folder)
    merged = {name: {**_entries(data.get(name))} for name in SECTIONS}
    mistakes: list[Mistake] = []
    for name, said in games.items():
        try:
            game = msgspec.convert({name: said}, dict[Id, Game])[name]
        except msgspec.ValidationError:
            continue
        sections, wrong = _sections(name, game, files)
        wrong = wrong or [(["games", name], words) for words in _clashes(name, sections, merged)]
        mistakes += wrong
        if not wrong:
            for section, entries in sections.items():
                merged[section] |= entries
    return {**data, **{name: _section(name, merged[name]) for name in _mergeable(data)}}, mistakes


def game_of(entry: str, games: Mapping[str, Any]) -> str | None:
    """The game that made a rule, counter, timer, note, stage or group which does not stand in the file itself."""
    return max((name for name in games if entry.startswith(f"{name}-")), key=len, default=None)


def _entries(section: Any) -> dict[str, Any]:
    """A section of the file by name; one that is none (a text, a number) has no names that could clash."""
    if isinstance(section, list):
        return {str(name): name for name in section}
    return section if isinstance(section, dict) else {}


def _mergeable(data: dict[str, Any]) -> list[str]:
    return [s for s in SECTIONS if s not in data or isinstance(data[s], list if s in LISTS else dict)]


def _section(name: str, entries: dict[str, Any]) -> Any:
    return list(entries.values()) if name in LISTS else entries


def _sections(name: str, game: Game, files: Mapping[str, Path]) -> tuple[Sections, list[Mistake]]:
    """What a game adds to each section of the file, or its mistakes."""
    if not _GAME.fullmatch(name):  # expressions read its counters
        return {}, [(["games", name], f"expected a game's name to begin with a letter; found {name!r}")]
    try:
        made_from = template(game.template, files)
    except SettingsError as e:
        return {}, [(["games", name, "template"], words) for words in e.mistakes]
    values, mistakes = _values(name, game, made_from)
    if mistakes:
        return {}, mistakes
    try:
        sections = {s: _fill(getattr(made_from, s), values) for s in SECTIONS}
    except SettingsError as e:
        return {}, [(["games", name], words) for words in e.mistakes]
    sections["rules"] = {
        rule: said for rule, said in sections["rules"].items() if said.get("then") or said.get("else")
    }
    sections |= {s: {str(name): name for name in sections[s]} for s in LISTS}
    return sections, []


def _values(name: str, game: Game, made_from: Template) -> tuple[dict[str, Any], list[Mistake]]:
    """What each placeholder stands for."""
    at: list[Key] = ["games", name, "with"]
    known = made_from.parameters
    mistakes: list[Mistake] = [
        ([*at, key], f"{key!r} is not a parameter of {game.template}{did_you_mean(key, known) or _known(known)}")
        for key in game.with_
        if key not in known
    ]
    values: dict[str, Any] = {"game": name, "game_": name.replace("-", "_") + "_"}
    for key, parameter in known.items():
        if parameter.needed and key not in game.with_:
            mistakes.append((at, f"{key!r} is missing: {parameter.about} ({parameter.words})"))
            continue
        try:
            given = _fill(game.with_.get(key, parameter.default), values)
            values |= _named(key, parameter, given)
        except SettingsError as e:
            mistakes += (([*at, key], words) for words in e.mistakes)
    return values, mistakes


def _named(key: str, parameter: Parameter, given: Any) -> dict[str, Any]:
    """A parameter's placeholders. Raises ``SettingsError``."""
    value = parameter.value(given)
    match parameter.type:
        case "duration":
            return {key: value, f"{key}_seconds": f"{duration(value):.15g}"}
        case "action":
            return {key: value, f"{key}_station": value[0]["station"]}
        case "numbers" | "words" | "rewards" | "gifts" | "says":
            return {key: value, f"{key}_count": len(value)}
        case _:
            return {key: value}


def _known(names: Mapping[str, Any]) -> str:
    return f"; known here: {', '.join(names)}" if names else "; it takes none"


def _clashes(name: str, sections: Sections, merged: Sections) -> Iterator[str]:
    for section, entries in sections.items():
        for entry in entries:
            if not entry.startswith(f"{name}-"):
                yield f"its template names {entry!r} in {section}: names there begin with ${{game}}-"
            elif not _NAME.fullmatch(entry):
                yield f"{entry!r} in its {section} is no name of at most 32 letters: give the game a shorter one"
            elif entry in merged[section]:
                yield f"{entry!r} stands in {section} already: give the game, or what stands there, another name"


# -- filling in ------------------------------------------------------------------------------------


def _fill(node: Any, values: Values) -> Any:
    """``node`` with its placeholders filled in. Raises ``SettingsError``."""
    match node:
        case str():
            alone = PLACEHOLDER.fullmatch(node)
            return _value(alone[1], values) if alone else PLACEHOLDER.sub(lambda p: _text(p[1], values), node)
        case list():
            return [filled for entry in node for filled in _fill_entry(entry, values)]
        case dict():
            made = {
                str(_fill(key, names)): filled
                for key, entry in node.items()
                for names, block in _each(entry, values)
                for filled in (_fill(block, names),)
            }
            return _joined(made.pop("as"), made) if "as" in made else made
        case _:
            return node


def _joined(base: Any, more: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(base, dict):
        raise SettingsError([f"as in its template: expected a placeholder for a gift; found {as_said(base)[:60]}"])
    return base | more


def _fill_entry(entry: Any, values: Values) -> Iterator[Any]:
    """What one entry of a list becomes: several with ``for_each``, or where it is a placeholder for a list."""
    for names, block in _each(entry, values):
        filled = _fill(block, names)
        if isinstance(entry, str) and isinstance(filled, list):
            yield from filled
        else:
            yield filled


def _each(entry: Any, values: Values) -> Iterator[tuple[Values, Any]]:
    """The blocks that an entry stands for, each with the values it is to be filled with."""
    if not isinstance(entry, dict) or "for_each" not in entry:
        yield values, entry
        return
    block = {key: part for key, part in entry.items() if key != "for_each"}
    lists = {one: (many, _list(many, values)) for one, many in _walked(entry["for_each"])}
    if not all(entries for _, entries in lists.values()):
        return
    first, entries = next(iter(lists.values()))
    for many, others in lists.values():
        if len(others) != len(entries):
            raise SettingsError(
                [f"{many} and {first} belong together: expected as many of one as of the other; "
                 f"found {len(others)} and {len(entries)}"]
            )  # fmt: skip
    for i in range(len(entries)):
        yield {**values, **{one: of[i] for one, (_, of) in lists.items()}, "number": i + 1}, block


def _walked(said: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(said, dict) or not said or not all(isinstance(name, str) for name in said.values()):
        raise SettingsError(
            [f"for_each in its template: expected a name for the entries of each list; found {said!r}"]
        )
    return said.items()


def _list(name: str, values: Values) -> list[Any]:
    value = _value(name, values)
    if not isinstance(value, list):
        raise SettingsError([f"for_each in its template walks {name}, which is no list"])
    return value


def _value(name: str, values: Values) -> Any:
    if name not in values:
        raise SettingsError([f"${{{name}}} in its template stands for nothing{did_you_mean(name, values)}"])
    return values[name]


def _text(name: str, values: Values) -> str:
    value = _value(name, values)
    if isinstance(value, dict | list):
        raise SettingsError([f"${{{name}}} in its template is not a text: let it stand alone"])
    return as_said(value)


# -- docs/games.md -----------------------------------------------------------------------------------

PART = re.compile(r"(?<=<!-- games -->\n).*?(?=<!-- /games -->)", re.DOTALL)
"""The part of ``docs/games.md`` that is written from here."""


def parts(game: Template) -> str:
    """What of a game a person or another rule can use, where ``NAME`` is the game's and ``N`` counts from 1."""
    kinds = {
        "buttons": [
            on["button"]["name"] for rule in game.rules.values() if "button" in (on := rule.get("when", {}))
        ],
        "counters": [*game.counters],
        "timers": game.timers,
        "notes": game.notes,
        "stages": [*game.stages],
    }
    shown = {"game": "NAME", "number": "N"}
    return "; ".join(
        f"{kind}: {', '.join(PLACEHOLDER.sub(lambda p: shown.get(p[1], p[0]), name) for name in names)}"
        for kind, names in kinds.items()
        if names
    )


def chapter(name: str, game: Template) -> str:
    """A template as the page shows it: what it is, its parameters, an example."""
    rows = [
        f"| `{key}` | {p.words} | {f'`{p.usually}`' if p.usually else ''} | {p.about} |"
        for key, p in game.parameters.items()
    ]
    has = re.sub(r"NAME[\w-]+", r"`\g<0>`", parts(game))
    return "\n".join(
        [
            f"## {game.title}: `{name}`\n",
            textwrap.fill(game.about, 120) + "\n",
            "| | | usually | |\n|---|---|---|---|",
            *rows,
            *([f"\nIt has {has}."] if has else []),
            f"\n```yaml\n# rules.yaml\n{game.example.rstrip()}\n```\n",
        ]
    )


def write(docs: Path) -> None:
    files = templates(None)
    page = docs / "games.md"
    text = "\n".join(chapter(name, template(name, files)) for name in files)
    page.write_text(PART.sub(lambda _: f"\n{text}\n", page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
