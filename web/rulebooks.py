"""The rules of a venue's gateways: what stands in their files, what is in force, and what each rule last did."""

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import BusError, PayloadError, SettingsError
from gateway.messages import Param, Response, RulesState, RuleState
from gateway.settings.games import game_of
from gateway.settings.rules_text import RulesText
from gateway.settings.saving import read_text
from gateway.settings.yamlfile import parse
from web.asking import Params
from web.history import Recent
from web.parts import Parts
from web.people.present import presser

_MISTAKE = re.compile(r"^(?:.*?:)(\d+): (.*)$")
"""``<file>:<line>: <words>``, as every mistake in a settings file is told."""
_HINT = re.compile(r" \(did you mean .*?\)")
_QUOTED = re.compile(r"'([^']+)'")
REMEMBERED = 16


class Mistake(Struct, frozen=True):
    """``line`` and ``column`` from 1; 0: somewhere in the file."""

    line: int
    column: int
    words: str


class Version(Struct, frozen=True, kw_only=True):
    """As a gateway's history tells it; see ``gateway.rulebook.history``."""

    name: str
    at: str
    fingerprint: str
    refused: bool = False
    by: str = ""


class Versions(Struct, frozen=True, kw_only=True):
    versions: list[Version] = []
    in_force: Version | None = None
    previous: Version | None = None


class Book(Struct, frozen=True, kw_only=True):
    """A rules file. ``trouble``: why it is not in force as it stands. ``away``: in words, why it is not the
    gateway that told it; then it is what this machine's disk has, and nothing can be saved."""

    text: str = ""
    fingerprint: str = ""
    trouble: list[str] = []
    away: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """A rule of the list. ``placed``: it stands in the file itself and can be changed there; ``game``: which one
    made it."""

    rule: str
    state: RuleState
    placed: bool
    game: str = ""


class Rulebooks:
    """Asks for whoever is present. All that asks a gateway raises ``BusError`` when it does not answer, and
    ``PayloadError`` for a gateway that nobody knows."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._source = parts, parts.source
        self._listed: Recent[tuple[Any, Book]] = Recent(REMEMBERED)

    def gateways(self) -> dict[str, bool]:
        """Every one that was heard, by name, and whether it is there now."""
        return self._source.look(lambda v: {name: v.online("gateway", name) for name in sorted(v.ids("gateway"))})

    def choose(self, asked: str) -> str:
        """The gateway that is meant: the one asked for, else the first that is there; "" while there is none."""
        known = self.gateways()
        if asked:
            if asked not in known:
                raise PayloadError(lazy_gettext("no gateway %(name)r has been heard here", name=asked[:40]))
            return asked
        return next((name for name, online in known.items() if online), next(iter(known), ""))

    def state(self, gateway: str) -> RulesState | None:
        """What it last said of its rules."""
        return self._source.look(lambda v: v.rules(gateway))

    def ask(self, gateway: str, params: Params, text: str = "") -> Response:
        """The request ``rules``; see docs/mqtt.md."""
        with self._parts.places.one():
            return self._source.ask("rules", params, presser(), gateway, text)

    def told(self, gateway: str, **params: Param) -> dict[str, Any]:
        """The result of a request that only reads. Raises ``BusError`` with the words of a refusal, too."""
        answer = self.ask(gateway, params)
        if not answer.ok:
            raise BusError(answer.error)
        return answer.result

    def book(self, gateway: str) -> Book:
        """The file as the gateway has it; while that is away, as it stands on this machine's disk, if it does."""
        try:
            return msgspec.convert(self.told(gateway, do="get"), Book)
        except BusError as e:
            return Book(text=self._on_disk(), away=str(e))

    def listed(self, gateway: str, state: RulesState) -> Book:
        """The same for the list, asked for again only when other rules came into force, or others are broken."""
        key = state.loaded, state.fingerprint, [(r.rule, r.broken) for r in state.rules if r.broken]
        kept = self._listed.get(gateway)
        if kept is not None and kept[0] == key:
            return kept[1]
        book = self.book(gateway)
        if not book.away:
            self._listed.put(gateway, (key, book))
        return book

    def history(self, gateway: str) -> Versions:
        return msgspec.convert(self.told(gateway, do="history"), Versions)

    def version(self, gateway: str, name: str) -> str:
        """The text of a version of the history."""
        return str(self.told(gateway, do="get", version=name)["text"])

    def _on_disk(self) -> str:
        path = self._parts.base_dir / self._parts.settings.rules_file
        try:
            return read_text(path) or ""
        except SettingsError:
            return ""


def rows(state: RulesState, text: str) -> list[Row]:
    """The rules in the order of the file, then those of games; what is broken and is no rule is left out."""
    try:
        names, games = RulesText(text).names, _games(text)
    except SettingsError:
        names, games = [], []
    known = {r.rule: r for r in state.rules if "." not in r.rule and r.rule != "file"}
    order = [*(n for n in names if n in known), *(n for n in known if n not in names)]
    return [
        Row(
            rule=name,
            state=known[name],
            placed=name in names,
            game="" if name in names else game_of(name, dict.fromkeys(games)) or "",
        )
        for name in order
    ]


def _games(text: str) -> list[str]:
    data = parse(text, "rules").data
    games = data.get("games") if isinstance(data, dict) else None
    return [str(name) for name in games] if isinstance(games, dict) else []


def mistakes(told: list[str], text: str) -> list[Mistake]:
    """Where to look for each mistake in ``text``: its line, and in that the word it is about."""
    lines = text.splitlines()
    return [_placed(words, lines) for words in told]


def _placed(told: str, lines: list[str]) -> Mistake:
    found = _MISTAKE.match(told)
    line, words = (int(found[1]), found[2]) if found else (0, told)
    if not 1 <= line <= len(lines):
        return Mistake(line if line == len(lines) + 1 else 0, 1 if line else 0, words)
    here = lines[line - 1]
    said = reversed(
        _QUOTED.findall(_HINT.sub("", words))
    )  # "station 'lamp' has no action 'blonk'": it is the last
    at = next((here.find(w) for w in said if w in here), len(here) - len(here.lstrip()))
    return Mistake(line, at + 1, words)


class DiffLine(Struct, frozen=True):
    """``kind``: ``+`` and ``-`` as in a patch, a space for what both have, ``@`` where lines are left out."""

    kind: str
    text: str


def diff(old: str, new: str) -> Iterator[DiffLine]:
    """What ``new`` changed in ``old``, three lines around it."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3)
    for line in list(lines)[2:]:
        yield DiffLine("@", "") if line.startswith("@@") else DiffLine(line[0], line[1:])
