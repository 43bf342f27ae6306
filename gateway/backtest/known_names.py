"""Mistakes in a test that its shape does not show: names that do not exist, more than one thing at a time."""

from collections.abc import Iterable, Iterator

from gateway.settings.expectations import Expect, Given, RuleTest
from gateway.settings.models import Settings
from gateway.settings.rules import RuleBook
from gateway.settings.values import duration
from gateway.settings.yamlfile import Key, did_you_mean

LONGEST_S = 24 * 3600.0
"""Of all that a test waits: a longer one is a slip of the pen."""
Mistake = tuple[tuple[Key, ...], str]


def complaints(test: RuleTest, settings: Settings, book: RuleBook) -> Iterator[Mistake]:
    """(where in the test, what is wrong)."""
    waits = sum(duration(given.wait) for given in test.given if given.wait is not None)
    if waits > LONGEST_S:
        yield ("given",), f"waits for {waits / 3600:g} hours in all; at most {LONGEST_S / 3600:g} are allowed"
    for i, given in enumerate(test.given):
        for words in _given(given, settings, book):
            yield ("given", i), words
    for i, expect in enumerate(test.expect):
        for words in _expect(expect, settings, book):
            yield ("expect", i), words


def _given(given: Given, settings: Settings, book: RuleBook) -> Iterator[str]:
    if len(given.given) != 1:
        names = [n for n in given.__struct_fields__ if n != "account"]
        yield f"say exactly one of {', '.join(names)}; found {', '.join(given.given) or 'none'}"
        return
    if given.account is not None:
        yield from _unknown("account", given.account, settings.accounts)
    for station in (given.away, given.back):
        if station is not None:
            yield from _unknown("station", station, settings.stations)
    if given.counter is not None:
        yield from _unknown("counter", given.counter.name, book.counters)
    if given.input is not None:
        yield from _unknown("station", given.input.station, settings.stations)
        if (station_ := settings.stations.get(given.input.station)) is not None:
            yield from _unknown("channel", given.input.channel, station_.channels)
    if given.button is not None:
        on = (rule.when.button for rule in book.rules.values())
        yield from _unknown("button", given.button, [b.name for b in on if b is not None])


def _expect(e: Expect, settings: Settings, book: RuleBook) -> Iterator[str]:
    if len(e.given) != 1:
        yield (
            "say exactly one of station, fired, blocked, counter, note, timer, stage, announced, nothing; "
            f"found {', '.join(e.given) or 'none'}"
        )
        return
    if e.station is not None:
        yield from _station(e, settings)
    elif e.action is not None or e.params or e.times is not None:
        yield "action, params and times belong to a station"
    for rule in (e.fired, e.blocked):
        if rule is not None:
            yield from _unknown("rule", rule.rule, book.rules)
    if e.counter is not None:
        yield from _unknown("counter", e.counter.name, book.counters)
        counter = book.counters.get(e.counter.name)
        if counter is not None and (counter.per == "viewer") != (e.counter.user is not None):
            name = e.counter.name
            if counter.per == "viewer":
                yield f"each viewer has their own {name!r}: add `user`"
            else:
                yield f"there is one {name!r} for all: leave `user` out"
    if e.note is not None:
        yield from _unknown("note", e.note.name, book.notes)
    if e.timer is not None:
        yield from _unknown("timer", e.timer.name, book.timers)
    if e.stage is not None:
        yield from _unknown("stage", e.stage.name, book.stages)
        if (stage := book.stages.get(e.stage.name)) is not None:
            yield from _unknown("level", e.stage.level, stage.levels)


def _station(e: Expect, settings: Settings) -> Iterator[str]:
    assert e.station is not None
    if e.action is None:
        yield "say which `action` of the station"
        return
    actions: dict[str, Iterable[str]] = {name: s.actions for name, s in settings.stations.items()}
    actions |= {"sound": settings.sounds, "webhook": settings.webhooks, "mqtt": ["publish"], "announce": ["say"]}
    yield from _unknown("station", e.station, actions)
    if e.station in actions:
        yield from _unknown(f"action of {e.station}:", e.action, actions[e.station])


def _unknown(kind: str, name: str, known: Iterable[str]) -> Iterator[str]:
    if name not in known:
        yield f"there is no {kind} {name!r}{did_you_mean(name, known) or _listed(known)}"


def _listed(known: Iterable[str]) -> str:
    return f"; there are {', '.join(known)}" if known else "; there are none"
