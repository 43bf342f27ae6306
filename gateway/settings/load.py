"""A venue's settings and rules, checked as a whole: what the JSON Schema cannot say stands here."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.errors import SettingsError
from gateway.messages import LONGEST_WAIT_S
from gateway.settings.models import Rule, RuleBook, Settings, Station, Then, duration
from gateway.settings.parameters import parameters
from gateway.settings.wiring import Mistake, check_station
from gateway.settings.yamlfile import Key, Tree, convert, did_you_mean, read

LONGEST_COOLDOWN_S = 24 * 3600.0
"""A rule that rests longer than a LIVE lasts is a slip of the pen."""


class Config(Struct, frozen=True, kw_only=True):
    """Everything read from a venue's files. Relative paths in it start at ``base_dir``."""

    settings: Settings
    rules: dict[str, Rule]
    base_dir: Path
    fingerprint: str = ""
    """Short hash of what both files say: two gateways with the same one decide alike."""


def load(path: Path) -> Config:
    """Read and check ``stagewire.yaml`` and its rules. Raises ``SettingsError`` with every mistake in both."""
    tree = read(path)
    settings, found = convert(tree, Settings)
    if settings is None:
        raise SettingsError([text for _, text in found])
    mistakes = _told(tree, _check_settings(settings))
    rules_path = path.parent / settings.rules_file
    book = RuleBook()
    if rules_path.exists() or "rules_file" in tree.data:
        rules_tree = read(rules_path)
        maybe, found = convert(rules_tree, RuleBook)
        if maybe is None:
            mistakes += [text for _, text in found]
        else:
            book = maybe
            mistakes += _told(rules_tree, _check_rules(settings, book))
    if mistakes:
        raise SettingsError(mistakes)
    return Config(
        settings=settings, rules=book.rules, base_dir=path.parent, fingerprint=_fingerprint(settings, book)
    )


def _fingerprint(settings: Settings, book: RuleBook) -> str:
    text = msgspec.json.encode((settings, book), order="deterministic")
    return hashlib.blake2b(text, digest_size=4).hexdigest()


def _told(tree: Tree, found: Iterator[Mistake]) -> list[str]:
    return [text for _, text in sorted(tree.mistake(path, words) for path, words in found)]


def _check_settings(s: Settings) -> Iterator[Mistake]:
    boards: dict[tuple[str, str], str] = {}
    for name, station in s.stations.items():
        at: list[Key] = ["stations", name]
        yield from check_station(at, station)
        b = station.board
        ways = [(way, v) for way, v in (("id", b.id), ("serial_number", b.serial_number), ("port", b.port)) if v]
        if len(ways) != 1:
            yield [*at, "board"], "say how to find the board with exactly one of id, serial_number, port"
        for way in ways:
            if way in boards:
                yield (
                    [*at, "board"],
                    f"the board with {way[0]} {way[1]!r} is station {boards[way]!r}'s already",
                )
            boards[way] = name
        if s.gateway.arm == "at-start" and not b.simulated:
            yield (
                ["gateway", "arm"],
                f"at-start is only for simulated boards, and station {name!r} has a real one: "
                "use manual, and press Arm on the page when nobody is near the machines",
            )
    usernames: dict[str, str] = {}
    for name, account in s.accounts.items():
        if account.source == "replay" and account.file is None:
            yield (
                ["accounts", name, "source"],
                "replay needs `file`, a session that was recorded with `stagewire record`",
            )
        if account.source in ("replay", "practice"):  # they may play anybody's LIVE
            continue
        other = usernames.setdefault(account.username.lower(), name)
        if other != name:
            yield ["accounts", name, "username"], f"@{account.username} is account {other!r} already"


def _check_rules(s: Settings, book: RuleBook) -> Iterator[Mistake]:
    for name, rule in book.rules.items():
        at: list[Key] = ["rules", name]
        when = rule.when
        named = [w for w in (when.gift, when.comment, when.like) if w is not None]
        if len(named) != 1:
            yield [*at, "when"], "say exactly one of gift, comment, like"
        if when.gift is not None and not (when.gift.name or when.gift.id or when.gift.min_coins):
            yield [*at, "when", "gift"], "say which gifts: name, id or min_coins"
        if when.comment is not None and bool(when.comment.contains) == bool(when.comment.exact):
            yield [*at, "when", "comment"], "say exactly one of contains, exact"
        if not 0 < duration(rule.deadline) <= LONGEST_WAIT_S:
            yield [*at, "deadline"], f"expected more than 0 and at most {LONGEST_WAIT_S:g}s; found {rule.deadline}"
        if rule.cooldown is not None and duration(rule.cooldown) > LONGEST_COOLDOWN_S:
            yield [*at, "cooldown"], f"expected at most {LONGEST_COOLDOWN_S / 3600:g}h; found {rule.cooldown}"
        for i, account in enumerate(rule.accounts):
            if account not in s.accounts:
                hint = did_you_mean(account, s.accounts)
                yield [*at, "accounts", i], f"there is no account {account!r}{hint}"
        for i, then in enumerate(rule.then):
            station = s.stations.get(then.station)
            if station is None:
                hint = did_you_mean(then.station, s.stations)
                yield [*at, "then", i, "station"], f"there is no station {then.station!r}{hint}"
            elif then.action not in station.actions:
                hint = did_you_mean(then.action, station.actions)
                yield (
                    [*at, "then", i, "action"],
                    f"station {then.station!r} has no action {then.action!r}{hint}",
                )
            else:
                yield from _check_params([*at, "then", i, "params"], station, then)


def _check_params(at: list[Key], station: Station, then: Then) -> Iterator[Mistake]:
    takes = parameters(station, then.action)
    for key, value in then.params.items():
        if key not in takes:
            known = f"known here: {', '.join(takes)}" if takes else "this action takes none"
            yield [*at, key], f"{key!r} is not a parameter{did_you_mean(key, takes) or f'; {known}'}"
        elif words := takes[key].complaint(value):
            yield [*at, key], words
