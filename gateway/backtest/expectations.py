"""Runs what ``rules.test.yaml`` says: given these happenings, has this come of them?"""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from gateway.backtest.happenings import Happenings
from gateway.backtest.known_names import Mistake, complaints
from gateway.backtest.seen import Seen
from gateway.backtest.world import World, in_virtual_time
from gateway.errors import SettingsError
from gateway.messages import Command
from gateway.settings.expectations import Expect, Given, RuleTest, RuleTests
from gateway.settings.load import load
from gateway.settings.models import Settings
from gateway.settings.rules import RuleBook
from gateway.settings.values import duration
from gateway.settings.yamlfile import Key, convert, read

SETTLE_S = 600.0
"""What has begun may take so long to end after the last happening."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONDAY = 5
"""Of January 2026, the week in which all tests play."""


class Failure(Struct, frozen=True):
    """``path``: where in the test it stands, such as ``("expect", 2)``. ``words``: what was expected there, and
    what came instead."""

    test: str
    path: tuple[Key, ...]
    words: str


def run_expectations(book: RuleBook, settings: Settings, tests: Mapping[str, RuleTest]) -> list[Failure]:
    """All that did not come as expected, mistakes in the tests included. Each test begins anew, in virtual time:
    not to be called where a loop runs."""
    failures = []
    for name, test in tests.items():
        found = list(complaints(test, settings, book))
        if not found:
            start = _start(test, settings)
            found = in_virtual_time(start, partial(_run, test, settings, book, start))
        failures += [Failure(name, path, words) for path, words in found]
    return failures


def run_file(config: Path) -> dict[str, list[str]]:
    """The tests beside the rules of the settings file: name to what failed, each with file and line. Raises
    ``SettingsError`` for mistakes in settings, rules or the tests' file."""
    loaded = load(config, strict=True)
    path = (loaded.base_dir / loaded.settings.rules_file).with_suffix(".test.yaml")
    if not path.exists():
        raise SettingsError([f"{path}: there is no such file; docs/backtest.md shows one to begin with"])
    tree = read(path)
    file, mistakes = convert(tree, RuleTests)
    if file is None:
        raise SettingsError([text for _, text in mistakes])
    results: dict[str, list[str]] = {name: [] for name in file.tests}
    for failure in run_expectations(loaded.rules, loaded.settings, file.tests):
        line = tree.line(["tests", failure.test, *failure.path])
        results[failure.test].append(f"{path}:{line}: {failure.words}")
    return results


def _start(test: RuleTest, settings: Settings) -> float:
    day, _, clock = test.start.rpartition(" ")
    hour, minute = map(int, clock.split(":"))
    number = _DAYS.index(day) if day else 0
    return datetime(2026, 1, _MONDAY + number, hour, minute, tzinfo=settings.zone).timestamp()


async def _run(
    test: RuleTest, settings: Settings, book: RuleBook, start: float
) -> list[tuple[tuple[Key, ...], str]]:
    seen = Seen()
    world = World(settings, book, seen, start)
    happenings = Happenings(next(iter(settings.accounts), "main"))
    async with world.running():
        for i, given in enumerate(test.given):
            if words := await _happens(given, world, happenings):
                return [(("given", i), words)]
        last = world.now
        ended = await world.settled(SETTLE_S)
        found: list[Mistake] = [
            (("expect", i), words)
            for i, expected in enumerate(test.expect)
            if (words := _Check(world, book, seen, last).complaint(expected))
        ]
        if not ended:
            found.append(((), f"{SETTLE_S / 60:g} minutes after the last happening some of it has not ended"))
        return found


async def _happens(given: Given, world: World, happenings: Happenings) -> str:
    """In words why it cannot be; else an empty text."""
    if given.wait is not None:
        await asyncio.sleep(duration(given.wait))
    elif given.away is not None:
        world.plug(given.away, False)
    elif given.back is not None:
        world.plug(given.back, True)
    elif given.counter is not None:
        return world.deciding.set_counter(given.counter.name, given.counter.to)
    else:
        world.deciding.happened(happenings.event(given, world.now))
    await asyncio.sleep(0)
    return ""


class _Check:
    """``last``: when the last of what was given happened."""

    def __init__(self, world: World, book: RuleBook, seen: Seen, last: float) -> None:
        self._state, self._book, self._seen, self._last = world.deciding.state, book, seen, last

    def complaint(self, e: Expect) -> str:
        """What was expected, and what came instead; an empty text when it came."""
        match e.given[0]:
            case "station":
                return self._station(e)
            case "announced":
                texts = [str(c.params.get("text")) for c in self._seen.done if c.station == "announce"]
                told = "; ".join(map(repr, texts[:5])) or "none"
                return "" if e.announced in texts else f"expected the announcement {e.announced!r}; found {told}"
            case "fired" | "blocked":
                return self._rule(e)
            case "counter":
                return self._counter(e)
            case "note":
                return self._note(e)
            case "timer":
                return self._timer(e)
            case "stage":
                return self._stage(e)
        return f"expected that nothing happens: {self._seen.story()}" if self._seen.commands else ""

    def _station(self, e: Expect) -> str:
        def meant(c: Command) -> bool:
            same = all(k in c.params and _equal(c.params[k], v) for k, v in e.params.items())
            return (c.station, c.action) == (e.station, e.action) and same

        times = sum(map(meant, self._seen.done))
        if _as_often(times, e.times):
            return ""
        params = f" with {dict(e.params)}" if e.params else ""
        story = self._seen.story() or "nothing happened"
        return f"expected {e.station}/{e.action}{params} {_often(e.times)}; it was done {_often(times)}: {story}"

    def _rule(self, e: Expect) -> str:
        if e.fired is not None:
            rule, what, times = e.fired.rule, "to fire", e.fired.times
            came = self._seen.fired.get(rule, 0)
        else:
            assert e.blocked is not None
            rule, what, times = e.blocked.rule, f"to be blocked ({e.blocked.why})", e.blocked.times
            came = self._seen.blocked.get((rule, e.blocked.why), 0)
        if _as_often(came, times):
            return ""
        return f"expected rule {rule} {what} {_often(times)}; it came {_often(came)}: {self._seen.words_of(rule)}"

    def _counter(self, e: Expect) -> str:
        assert e.counter is not None
        name, user = e.counter.name, e.counter.user
        value = self._state.counter(f"{name}/{user}" if user else name, self._book.counters[name].start)
        whose = f" of {user}" if user else ""
        good = math.isclose(value, e.counter.is_, abs_tol=1e-9)
        return "" if good else f"expected counter {name}{whose} to be {e.counter.is_:g}; it is {value:g}"

    def _note(self, e: Expect) -> str:
        assert e.note is not None
        name, wanted, text = e.note.name, e.note.is_, self._state.notes.get(e.note.name, "")
        return "" if text == wanted else f"expected note {name} to say {wanted!r}; it says {text!r}"

    def _timer(self, e: Expect) -> str:
        assert e.timer is not None
        name, ends = e.timer.name, self._state.timers.get(e.timer.name)
        if ends is None or not e.timer.running:
            wanted = "to run" if e.timer.running else "not to run"
            good = (ends is not None) == e.timer.running
            return "" if good else f"expected timer {name} {wanted}; it {'does not' if ends is None else 'does'}"
        left = ends - self._last
        if e.timer.left is None or abs(left - duration(e.timer.left)) < 0.1:
            return ""
        return f"expected {e.timer.left} left of timer {name}; {left:.1f}s are"

    def _stage(self, e: Expect) -> str:
        assert e.stage is not None
        memory = self._state.stages.get(e.stage.name)
        level = memory.level if memory is not None else next(iter(self._book.stages[e.stage.name].levels))
        return (
            "" if level == e.stage.level else f"expected stage {e.stage.name} on {e.stage.level}; it is on {level}"
        )


def _equal(value: object, wanted: object) -> bool:
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return math.isclose(value, wanted, rel_tol=1e-6)
    return value == wanted


def _as_often(times: int, wanted: int | None) -> bool:
    return times > 0 if wanted is None else times == wanted


def _often(times: int | None) -> str:
    return (
        "at least once" if times is None else "never" if times == 0 else "once" if times == 1 else f"{times} times"
    )
