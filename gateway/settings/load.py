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
from gateway.settings.rules import When, Who
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
    if not path.exists():
        raise SettingsError(
            [
                f"{path}: there is no such file in {path.parent.absolute()}: go to the folder of your settings, "
                "or name the file with --config; docs/settings.md shows one to begin with"
            ]
        )
    tree = read(path)
    settings, found = convert(tree, Settings)
    mistakes = [text for _, text in found]
    book: RuleBook | None = RuleBook()
    name = tree.data.get("rules_file") if isinstance(tree.data, dict) else None
    rules_path = path.parent / (name if isinstance(name, str) else "rules.yaml")
    rules_tree = None
    if name is not None or rules_path.exists():
        try:
            rules_tree = read(rules_path)
        except SettingsError as e:
            raise SettingsError(mistakes + e.mistakes) from None
        book, found = convert(rules_tree, RuleBook)
        mistakes += [text for _, text in found]
    if settings is not None:
        mistakes = _told(tree, _check_settings(settings)) + mistakes
        if book is not None and rules_tree is not None:
            mistakes += _told(rules_tree, _check_rules(settings, book))
    if settings is None or book is None or mistakes:
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
        yield from _check_when([*at, "when"], rule.when)
        for word, who in (("if", rule.if_), ("unless", rule.unless)):
            if who is not None and who == Who():
                yield [*at, word], f"say who: {', '.join(Who.__struct_fields__)}"
        if not 0 < duration(rule.deadline) <= LONGEST_WAIT_S:
            yield [*at, "deadline"], f"expected more than 0 and at most {LONGEST_WAIT_S:g}s; found {rule.deadline}"
        times = {"cooldown": rule.cooldown, "user_cooldown": rule.user_cooldown}
        if rule.combo is not None:
            times["combo"] = rule.combo.within
            if rule.combo.count == rule.combo.users == 1:
                yield [*at, "combo"], "say how many: count, users or both, more than 1"
        for key, time in times.items():
            if time is not None and duration(time) > LONGEST_COOLDOWN_S:
                yield [*at, key], f"expected at most {LONGEST_COOLDOWN_S / 3600:g}h; found {time}"
        if rule.else_ and rule.if_ is None and rule.unless is None:
            yield [*at, "else"], "`else` is for who does not count: say `if` or `unless`"
        for i, account in enumerate(rule.accounts):
            if account not in s.accounts:
                hint = did_you_mean(account, s.accounts)
                yield [*at, "accounts", i], f"there is no account {account!r}{hint}"
        for word, steps in (("then", rule.then), ("else", rule.else_)):
            for i, then in enumerate(steps):
                yield from _check_then([*at, word, i], s, then)


def _check_when(at: list[Key], when: When) -> Iterator[Mistake]:
    if len(when.given) != 1:
        yield at, f"say exactly one of {', '.join(when.__struct_fields__)}"
    gift = when.gift
    if gift is not None:
        if not (gift.name or gift.id or gift.min_coins or gift.max_coins or gift.tier):
            yield [*at, "gift"], "say which gifts: name, id, min_coins, max_coins or tier"
        if gift.min_coins and gift.max_coins and gift.min_coins > gift.max_coins:
            yield [*at, "gift", "max_coins"], f"expected at least min_coins, {gift.min_coins}"
        if gift.streak is not None and gift.pay != "each":
            yield [*at, "gift", "streak"], "say streak or pay, not both: a streak of so many fires once"
    for word, on in (("comment", when.comment), ("question", when.question)):
        if on is not None and [bool(w) for w in (on.contains, on.exact, on.command)].count(True) != 1:
            yield [*at, word], "say exactly one of contains, exact, command"
    if when.viewers is not None and bool(when.viewers.above) == bool(when.viewers.below):
        yield [*at, "viewers"], "say exactly one of above, below"


def _check_then(at: list[Key], s: Settings, then: Then) -> Iterator[Mistake]:
    station = s.stations.get(then.station)
    if station is None:
        hint = did_you_mean(then.station, s.stations)
        yield [*at, "station"], f"there is no station {then.station!r}{hint}"
    elif then.action not in station.actions:
        hint = did_you_mean(then.action, station.actions)
        yield [*at, "action"], f"station {then.station!r} has no action {then.action!r}{hint}"
    else:
        yield from _check_params([*at, "params"], station, then)


def _check_params(at: list[Key], station: Station, then: Then) -> Iterator[Mistake]:
    takes = parameters(station, then.action)
    for key, value in then.params.items():
        if key not in takes:
            known = f"known here: {', '.join(takes)}" if takes else "this action takes none"
            yield [*at, key], f"{key!r} is not a parameter{did_you_mean(key, takes) or f'; {known}'}"
        elif words := takes[key].complaint(value):
            yield [*at, key], words
