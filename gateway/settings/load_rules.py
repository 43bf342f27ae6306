"""A rules file read and checked; what is broken in it is kept apart, and never stops the rest."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.errors import SettingsError
from gateway.settings.check_rules import check_parts, check_rules
from gateway.settings.games import expand, game_of
from gateway.settings.models import Settings
from gateway.settings.rules import RuleBook
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, Tree, mistakes_in, parse, read_text

Kind = Literal["rule", "counter", "timer", "note", "stage", "group", "game", "file"]
_KINDS: dict[str, Kind] = {
    "rules": "rule",
    "counters": "counter",
    "timers": "timer",
    "notes": "note",
    "stages": "stage",
    "groups": "group",
    "games": "game",
}
_WHOLE = ("", "")
Entry = tuple[str, str]
"""(section, name); ("", setting) of what stands beside the sections, _WHOLE: the file."""


class Broken(Struct, frozen=True, kw_only=True):
    """What does not run, since it has mistakes. ``line`` is the first one's, ``text`` holds all of them, one a
    line, each with file and line. ``file``: a setting of the file's top level, or all of it when ``name`` is "".
    """

    kind: Kind
    name: str
    line: int
    text: str


class Rules(Struct, frozen=True, kw_only=True):
    """A rules file. ``book`` holds only what is good. ``broken`` is by place in the file, such as ``rules.rose``,
    ``counters.credit``, ``games.claw``; ``file`` for the whole.

    ``mistakes``: all of them, in file order. ``fingerprint``: short hash of what settings and ``book`` say.
    ``text``: the file's, "" where it cannot be read.
    """

    book: RuleBook = RuleBook()
    broken: dict[str, Broken] = {}
    mistakes: list[str] = []
    fingerprint: str = ""
    text: str = ""


def load_rules(path: Path, settings: Settings, base_dir: Path) -> Rules:
    """Read and check a rules file. One that cannot be read raises nothing: all of it is ``broken``."""
    try:
        text = read_text(path)
    except SettingsError as e:
        return _unusable("", e.mistakes, settings)
    return parse_rules(text, str(path), settings, base_dir)


def no_rules(settings: Settings) -> Rules:
    """The rules of a venue that has no file of them."""
    return Rules(fingerprint=fingerprint(settings, RuleBook()))


def parse_rules(text: str, file: str, settings: Settings, base_dir: Path) -> Rules:
    """Check ``text`` as if it stood in ``file``. The venue's own games are in ``base_dir``'s folder ``games``."""
    try:
        tree = parse(text, file)
    except SettingsError as e:
        return _unusable(text, e.mistakes, settings)
    sheet = _Sheet(tree, base_dir)
    sheet.strike(mistakes_in(sheet.data, RuleBook))
    while True:  # each time round, at least one entry is struck out: what names a broken one is broken, too
        book = msgspec.convert(sheet.good(), RuleBook)
        lost = sheet.lines()
        found = list(check_parts(settings, book, lost)) or list(check_rules(settings, book, lost))
        if not found:
            break
        sheet.strike(found)
    return Rules(
        book=book,
        broken=sheet.broken(),
        mistakes=sheet.mistakes(),
        fingerprint=fingerprint(settings, book),
        text=text,
    )


def shape_mistakes(path: Path, base_dir: Path) -> list[str]:
    """The mistakes that can be told without the settings, where those have mistakes, too."""
    try:
        tree = parse(read_text(path), str(path))
    except SettingsError as e:
        return e.mistakes
    sheet = _Sheet(tree, base_dir)
    sheet.strike(mistakes_in(sheet.data, RuleBook))
    return sheet.mistakes()


def fingerprint(settings: Settings, book: RuleBook) -> str:
    """Two gateways with the same one decide alike."""
    text = msgspec.json.encode((settings, book), order="deterministic")
    return hashlib.blake2b(text, digest_size=4).hexdigest()


def _unusable(text: str, mistakes: list[str], settings: Settings) -> Rules:
    broken = Broken(kind="file", name="", line=1, text="\n".join(mistakes))
    rules = no_rules(settings)
    return msgspec.structs.replace(rules, broken={"file": broken}, mistakes=mistakes, text=text)


class _Sheet:
    """A rules file on which entries are struck out, each with its mistakes."""

    def __init__(self, tree: Tree, base_dir: Path) -> None:
        self._tree = tree
        self._found: dict[Entry, dict[str, int]] = {}  # text of each mistake to its line
        self.data: Any
        self.data, mistakes = expand(tree.data, base_dir) if isinstance(tree.data, dict) else (tree.data, [])
        self._games = {
            (section, name): game
            for section in _KINDS
            for name in set(_names(self.data, section)) - set(_names(tree.data, section))
            if (game := game_of(name, self.data["games"])) is not None
        }
        self.strike(mistakes)

    def strike(self, found: Iterable[Mistake]) -> None:
        for path, words in found:
            entry = self._entry(path)
            line, text = self._told(entry, path, words)
            self._found.setdefault(entry, {})[text] = line

    def good(self) -> dict[str, Any]:
        """The file without what is struck out."""
        if _WHOLE in self._found:
            return {}
        found: dict[str, Any] = {}
        for section, said in self.data.items():
            if ("", section) in self._found:
                continue
            if section not in _KINDS:
                found[section] = said
            elif isinstance(said, dict):
                found[section] = {name: entry for name, entry in said.items() if self._is_good(section, name)}
            else:
                found[section] = [entry for entry in said if self._is_good(section, str(entry))]
        return found

    def lines(self) -> dict[Entry, int]:
        """Where what is struck out stands."""
        lost = {entry: self._tree.line(self._place(list(entry))) for entry in self._found if entry[0]}
        made = {e: lost["games", game] for e, game in self._games.items() if ("games", game) in lost}
        return lost | made

    def broken(self) -> dict[str, Broken]:
        return {
            ".".join(filter(None, entry)) or "file": Broken(
                kind=_KINDS.get(entry[0], "file"),
                name=entry[1],
                line=min(said.values()),
                text="\n".join(_sorted(said)),
            )
            for entry, said in sorted(self._found.items(), key=lambda found: min(found[1].values()))
        }

    def mistakes(self) -> list[str]:
        return _sorted({text: line for said in self._found.values() for text, line in said.items()})

    def _is_good(self, section: str, name: str) -> bool:
        return self._found.keys().isdisjoint(((section, name), self._maker(section, name)))

    def _maker(self, section: str, name: str) -> Entry:
        """The game that made an entry; of what stands in the file itself, the entry."""
        game = self._games.get((section, name))
        return (section, name) if game is None else ("games", game)

    def _entry(self, path: list[Key]) -> Entry:
        """What is struck out for a mistake at ``path``."""
        if len(path) < 2 or path[0] not in _KINDS:
            return ("", str(path[0])) if path else _WHOLE
        section, name = str(path[0]), path[1]
        return self._maker(section, str(self.data[section][name]) if isinstance(name, int) else name)

    def _told(self, entry: Entry, path: list[Key], words: str) -> tuple[int, str]:
        if entry[0] == "games" and path[0] != "games":
            template = self.data["games"][entry[1]]["template"]
            where = ".".join(map(str, path))
            return self._tree.mistake(entry, f"in what template {template!r} makes of it: {where}: {words}")
        return self._tree.mistake(self._place(path), words)

    def _place(self, path: list[Key]) -> list[Key]:
        """Timers and notes are lists: where the named one stands in it."""
        if len(path) == 2 and path[0] in ("timers", "notes") and isinstance(path[1], str):
            return [path[0], _names(self._tree.data, str(path[0])).index(path[1])]
        return path


def _sorted(said: dict[str, int]) -> list[str]:
    return [text for text, _ in sorted(said.items(), key=lambda item: (item[1], item[0]))]


def _names(data: Any, section: str) -> list[str]:
    entries = data.get(section) if isinstance(data, dict) else None
    return [str(name) for name in entries] if isinstance(entries, dict | list) else []
