"""A game's template: a YAML file with typed parameters and with the rules that they are put into.

Those of Stagewire stand in ``gateway/games``; a venue's own, in the folder ``games`` beside its rules, go first.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, assert_never

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.errors import SettingsError
from gateway.messages import Id, Param
from gateway.settings.expectations import RuleTest
from gateway.settings.values import DURATION, Name, duration
from gateway.settings.yamlfile import convert, did_you_mean, read

BUILT_IN = Path(__file__).parents[1] / "games"
NOTHING = "nothing"
"""For a reward that moves nothing, such as a blank on a wheel, and for what is not announced."""
LONGEST_TEXT = 200
RESERVED = ("game", "game_", "number")
"""Placeholders that every template has; see ``gateway.settings.games``."""

One = Literal["number", "whole", "text", "duration", "bool", "station", "action", "reward", "gift", "say"]
Many = Literal["numbers", "words", "rewards", "gifts", "says"]
_ENTRY: dict[Many, One] = {
    "numbers": "number",
    "words": "text",
    "rewards": "reward",
    "gifts": "gift",
    "says": "say",
}
_ID = re.compile(r"[a-z0-9-]{1,32}")
_WORDS: dict[One, str] = {
    "number": "a number",
    "whole": "a whole number",
    "text": f"text of 1 to {LONGEST_TEXT} characters",
    "duration": "a number and its unit, such as 500ms, 2s, 5m",
    "bool": "true or false",
    "station": "the name of a station",
    "action": "station/action, such as cannon/fire",
    "reward": f"station/action, such as cannon/fire, or {NOTHING}",
    "gift": "the name or the id of a gift",
    "say": f"text to announce, or {NOTHING}",
}


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a game asks for; without a ``default`` it has to be said.

    ``min`` and ``max`` bound a number, a duration in seconds, or how many entries a list has. ``choices`` are all
    that a text may be. A ``default`` and a given text may hold placeholders of the parameters before it.
    """

    type: One | Many
    about: Annotated[str, Meta(min_length=1, max_length=200)]
    default: Param | list[Param] | UnsetType = UNSET
    min: float | None = None
    max: float | None = None
    choices: list[Name] = []

    @property
    def needed(self) -> bool:
        return self.default is UNSET

    @property
    def usually(self) -> str:
        """The default as it would be written; empty where there is none."""
        return "" if self.default is UNSET else as_said(self.default)

    @property
    def words(self) -> str:
        """What it may be, in short."""
        return self.type + (
            f": {', '.join(self.choices)}" if self.choices else self._bounds().replace(" ", ", ", 1)
        )

    def value(self, given: Any) -> Any:
        """What placeholders stand for: an action and what is announced as steps of a rule, a gift as a rule's
        ``gift``. Raises ``SettingsError`` with what was expected."""
        match self.type:
            case "numbers" | "words" | "rewards" | "gifts" | "says":
                return self._list(given, _ENTRY[self.type])
            case kind:
                value = _read(kind, given)
        measure = duration(value) if kind == "duration" and value is not None else value
        if value is None or not self._within(measure) or (self.choices and value not in self.choices):
            wanted = f"one of {', '.join(self.choices)}" if self.choices else _WORDS[kind]
            raise self._wrong(wanted + self._bounds(), given)
        return value

    def _list(self, given: Any, kind: One) -> list[Any]:
        if not isinstance(given, list) or not self._within(len(given)):
            raise self._wrong(f"a list of{self._bounds()} entries, each {_WORDS[kind]}", given)
        values = [_read(kind, entry) for entry in given]
        if None in values:
            raise self._wrong(f"each to be {_WORDS[kind]}", given[values.index(None)])
        return values

    def _within(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def _bounds(self) -> str:
        show = _length if self.type == "duration" else "{:.15g}".format
        least, most = (None if bound is None else show(bound) for bound in (self.min, self.max))
        if least is not None and most is not None:
            return f" {least} to {most}"
        return f" at least {least}" if least is not None else f" at most {most}" if most is not None else ""

    def _wrong(self, wanted: str, found: Any) -> SettingsError:
        return SettingsError([f"expected {wanted} ({self.about}); found {as_said(found)[:60]}"])


def _length(seconds: float) -> str:
    for unit, one in (("h", 3600), ("m", 60)):
        if seconds and seconds % one == 0:
            return f"{seconds / one:g}{unit}"
    return f"{seconds:g}s"


def _read(kind: One, given: Any) -> Any:
    """``given`` as placeholders take it, None when it is not of this kind."""
    if kind == "bool":
        return given if isinstance(given, bool) else None
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    text = str(given)  # 666 is a word, and an id, too
    if not 0 < len(text) <= LONGEST_TEXT:
        return None
    match kind:
        case "number":
            return None if isinstance(given, str) or not math.isfinite(given) else given
        case "whole":
            return given if isinstance(given, int) else None
        case "text":
            return text
        case "duration":
            return text if re.fullmatch(DURATION, text) else None
        case "station":
            return text if _ID.fullmatch(text) else None
        case "action" | "reward":
            station, _, action = text.partition("/")
            if _ID.fullmatch(station) and _ID.fullmatch(action):
                return [{"station": station, "action": action}]
            return [] if text == NOTHING and kind == "reward" else None
        case "say":
            return [] if text == NOTHING else [{"announce": text}]
        case "gift":
            return {"id": text} if text.isascii() and text.isdecimal() else {"name": text}
        case _:
            assert_never(kind)


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A game as its file says it. ``about``: what viewers do and what happens then. ``example``: a rules file with
    the game in it, to begin with; ``tests``: what has to come of it. The rest is as in a rules file, with
    placeholders."""

    title: Name
    about: str
    parameters: dict[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")], Parameter] = {}
    example: str
    rules: dict[str, dict[str, Any]]
    counters: dict[str, dict[str, Any]] = {}
    timers: list[str] = []
    notes: list[str] = []
    stages: dict[str, dict[str, Any]] = {}
    groups: dict[str, dict[str, Any]] = {}
    tests: dict[Name, RuleTest] = {}


def templates(folder: Path | None) -> dict[str, Path]:
    """Name to file of every template for the rules in ``folder`` (None: only those of Stagewire), by name."""
    files = {path.stem: path for path in BUILT_IN.glob("*.yaml")}
    if folder is not None:
        files |= {path.stem: path for path in own_templates(folder)}
    return dict(sorted(files.items()))


def own_templates(folder: Path) -> list[Path]:
    """The files of the venue's own templates, for the rules in ``folder``."""
    return sorted((folder / "games").glob("*.yaml"))


def template(name: Id, files: Mapping[str, Path]) -> Template:
    """One of ``templates``. Raises ``SettingsError`` when there is none, or for every mistake in it."""
    if name not in files:
        hint = did_you_mean(name, files) or f"; there are {', '.join(files)}"
        raise SettingsError([f"there is no game {name!r}{hint}"])
    found, mistakes = convert(read(files[name]), Template)
    if found is None:
        raise SettingsError([text for _, text in mistakes])
    taken = set(found.parameters) & set(RESERVED)
    if taken:
        raise SettingsError([f"{files[name]}: {', '.join(sorted(taken))}: a name that every template has already"])
    return found


def as_said(value: Param | list[Param]) -> str:
    """A value as it is written into a rules file."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
