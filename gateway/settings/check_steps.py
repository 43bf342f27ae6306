"""What the steps of a rule must hold to, beyond what the JSON Schema can say."""

from collections.abc import Iterator

from gateway.settings.check_when import check_length, is_ours
from gateway.settings.check_who import MAX_DEPTH
from gateway.settings.known import Known
from gateway.settings.outputs import OUTPUT_STATIONS, topic_complaint
from gateway.settings.parameters import parameters
from gateway.settings.steps import (
    MOST_REPEATS,
    STEPS,
    Call,
    Choice,
    Fork,
    Length,
    Number,
    Repeat,
    SetCounter,
    SetNote,
    SetTimer,
    Then,
)
from gateway.settings.values import DURATION_RE, duration
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, did_you_mean

LONGEST_WAIT_S = 600.0
LONGEST_TIMER_S = 24 * 3600.0
MAX_STEPS = 200
"""Steps of one run, with those that are repeated counted each time."""


def check_steps(at: list[Key], steps: list[Then], known: Known, nobody: str) -> Iterator[Mistake]:
    """Every mistake in ``then`` or ``else``. ``nobody``: the rule's trigger, if no viewer is behind it."""
    yield from _Steps(known, nobody).check(at, steps, 0)
    if (number := _unrolled(steps)) > MAX_STEPS:
        yield at, f"at most {MAX_STEPS} steps, repeated ones counted each time; found {number}"


def _unrolled(steps: list[Then]) -> int:
    """How many steps one run has at most. How often an expression repeats is known, and bounded, only then."""
    number = 0
    for then in steps:
        inner = sum(map(_unrolled, then.parallel or ()))
        inner += max((_unrolled(choice.steps) for choice in then.choose or ()), default=0)
        if then.fork is not None:
            inner += max(_unrolled(then.fork.steps), _unrolled(then.fork.else_))
        if then.repeat is not None:
            times = then.repeat.times
            inner += _unrolled(then.repeat.steps) * (max(1, int(times)) if isinstance(times, float) else 1)
        number += max(1, inner)
    return number


class _Steps:
    def __init__(self, known: Known, nobody: str) -> None:
        self._known, self._nobody = known, nobody

    def check(self, at: list[Key], steps: list[Then], depth: int, parallel: bool = False) -> Iterator[Mistake]:
        if depth > MAX_DEPTH and steps:
            yield at, f"at most {MAX_DEPTH} of parallel, repeat, choose and fork within each other"
            return
        for i, then in enumerate(steps):
            yield from self._check_step([*at, i], then, depth, parallel)

    def _check_step(self, at: list[Key], then: Then, depth: int, parallel: bool) -> Iterator[Mistake]:
        if len(then.given) != 1:
            missing = "'station' is missing: whose action is it?"
            yield at, missing if then.action and not then.given else f"say exactly one of {', '.join(STEPS)}"
            return
        if then.station is not None:
            yield from self._check_station(at, then)
        elif then.action is not None or then.params:
            yield [*at, "action" if then.action else "params"], "belongs to a step with a station"
        if then.wait is not None:
            yield from self._check_wait([*at, "wait"], then.wait, parallel)
        if then.parallel is not None:
            yield from self._check_parallel([*at, "parallel"], then.parallel, depth)
        if then.repeat is not None:
            yield from self._check_repeat([*at, "repeat"], then.repeat, depth, parallel)
        if then.choose is not None:
            yield from self._check_choose([*at, "choose"], then.choose, depth, parallel)
        if then.fork is not None:
            yield from self._check_fork([*at, "fork"], then.fork, depth, parallel)
        if then.counter is not None:
            yield from self._check_counter([*at, "counter"], then.counter)
        if then.timer is not None:
            yield from self._check_timer([*at, "timer"], then.timer)
        if then.note is not None:
            yield from self._check_note([*at, "note"], then.note)
        if then.announce is not None:
            yield from self._check_text([*at, "announce"], then.announce)
        if then.sound is not None and (words := self._known.refusal("sounds", then.sound)):
            yield [*at, "sound"], words
        if then.publish is not None:
            if is_ours(then.publish.topic):
                yield (
                    [*at, "publish", "topic"],
                    "Stagewire's own topics are not for rules: move a station with a step",
                )
            elif words := topic_complaint(then.publish.topic):
                yield [*at, "publish", "topic"], words
            yield from self._check_text([*at, "publish", "payload"], then.publish.payload)
        if then.webhook is not None:
            yield from self._check_webhook([*at, "webhook"], then.webhook)

    def _check_station(self, at: list[Key], then: Then) -> Iterator[Mistake]:
        assert then.station is not None
        if then.station in OUTPUT_STATIONS:
            other = "publish" if then.station == "mqtt" else then.station
            yield [*at, "station"], f"{then.station!r} is a step of its own: write `{other}: ...` instead"
            return
        if words := self._known.refusal("stations", then.station):
            yield [*at, "station"], words
            return
        station = self._known.settings.stations[then.station]
        if then.action is None:
            yield at, f"'action' is missing; station {then.station!r} has {', '.join(station.actions)}"
            return
        if then.action not in station.actions:
            hint = did_you_mean(then.action, station.actions)
            yield [*at, "action"], f"station {then.station!r} has no action {then.action!r}{hint}"
            return
        takes = parameters(station, then.action)
        for key, value in then.params.items():
            here: list[Key] = [*at, "params", key]
            if key not in takes:
                listed = f"known here: {', '.join(takes)}" if takes else "this action takes none"
                yield here, f"{key!r} is not a parameter{did_you_mean(key, takes) or f'; {listed}'}"
            elif isinstance(value, str):
                yield from self._check_number(here, value)
            elif words := takes[key].complaint(value):
                yield here, words

    def _check_wait(self, at: list[Key], wait: str, parallel: bool) -> Iterator[Mistake]:
        if wait != "done":
            if duration(wait) > LONGEST_WAIT_S:
                yield at, f"expected at most {LONGEST_WAIT_S / 60:g}m; found {wait}"
        elif parallel:
            yield at, "`wait: done` waits for all of the run, so it cannot stand within parallel: put it after it"

    def _check_parallel(self, at: list[Key], lists: list[list[Then]], depth: int) -> Iterator[Mistake]:
        if not lists:
            yield at, "expected lists of steps that begin together; there is none"
        for i, steps in enumerate(lists):
            if not steps:
                yield [*at, i], "expected at least one step; the list is empty"
            yield from self.check([*at, i], steps, depth + 1, parallel=True)

    def _check_repeat(self, at: list[Key], repeat: Repeat, depth: int, parallel: bool) -> Iterator[Mistake]:
        if isinstance(repeat.times, str):
            yield from self._check_number([*at, "times"], repeat.times)
        elif not 1 <= repeat.times <= MOST_REPEATS or repeat.times % 1:
            yield [*at, "times"], f"expected a whole number from 1 to {MOST_REPEATS}; found {repeat.times:g}"
        if duration(repeat.every) > LONGEST_WAIT_S:
            yield [*at, "every"], f"expected at most {LONGEST_WAIT_S / 60:g}m; found {repeat.every}"
        if repeat.jitter and not duration(repeat.every):
            yield [*at, "jitter"], "is a share of `every`, which is missing"
        yield from self.check([*at, "steps"], repeat.steps, depth + 1, parallel)

    def _check_choose(self, at: list[Key], choices: list[Choice], depth: int, parallel: bool) -> Iterator[Mistake]:
        if len(choices) < 2:
            yield at, f"expected at least two to choose from; found {len(choices)}"
        elif not any(choice.steps for choice in choices):
            yield at, "all of them are blanks: give one of them steps"
        for i, choice in enumerate(choices):
            yield from self.check([*at, i, "steps"], choice.steps, depth + 1, parallel)

    def _check_fork(self, at: list[Key], fork: Fork, depth: int, parallel: bool) -> Iterator[Mistake]:
        if words := self._known.expression_complaint(fork.so, "bool"):
            yield [*at, "so"], words
        if not fork.steps and not fork.else_:
            yield at, "say what it does: steps, else, or both"
        yield from self.check([*at, "steps"], fork.steps, depth + 1, parallel)
        yield from self.check([*at, "else"], fork.else_, depth + 1, parallel)

    def _check_counter(self, at: list[Key], counter: SetCounter) -> Iterator[Mistake]:
        if (counter.add is None) == (counter.set is None):
            yield at, "say exactly one of add, set"
        if words := self._known.refusal("counters", counter.name):
            yield [*at, "name"], words
        elif self._nobody and self._known.book.counters[counter.name].per == "viewer":
            yield (
                [*at, "name"],
                f"each viewer has their own {counter.name!r}, and no viewer is behind `{self._nobody}`: "
                "count with another counter",
            )
        for name, value in (("add", counter.add), ("set", counter.set)):
            if value is not None:
                yield from self._check_number([*at, name], value)

    def _check_timer(self, at: list[Key], timer: SetTimer) -> Iterator[Mistake]:
        if [timer.start is not None, timer.extend is not None, timer.stop].count(True) != 1:
            yield at, "say exactly one of start, extend, stop"
        if words := self._known.refusal("timers", timer.name):
            yield [*at, "name"], words
        for name, value in (("start", timer.start), ("extend", timer.extend)):
            if value is not None:
                yield from self._check_seconds([*at, name], value)
        if timer.most is not None:
            yield from check_length([*at, "most"], timer.most)
            if timer.extend is None:
                yield [*at, "most"], "bounds what `extend` makes of it, which is missing"

    def _check_note(self, at: list[Key], note: SetNote) -> Iterator[Mistake]:
        if words := self._known.refusal("notes", note.name):
            yield [*at, "name"], words
        yield from self._check_text([*at, "set"], note.set)

    def _check_seconds(self, at: list[Key], value: Length) -> Iterator[Mistake]:
        if isinstance(value, str) and not DURATION_RE.fullmatch(value):
            yield from self._check_number(at, value)
        elif isinstance(value, str):
            yield from check_length(at, value, LONGEST_TIMER_S)
        elif not 0 < value <= LONGEST_TIMER_S:
            yield at, f"expected more than 0 and at most {LONGEST_TIMER_S:g} seconds; found {value:g}"

    def _check_webhook(self, at: list[Key], call: Call) -> Iterator[Mistake]:
        if words := self._known.refusal("webhooks", call.name):
            yield [*at, "name"], words
        elif call.body is not None and self._known.settings.webhooks[call.name].method == "GET":
            yield [*at, "body"], f"webhook {call.name!r} is a GET, which has no body: leave it out"
        if call.body is not None:
            yield from self._check_text([*at, "body"], call.body)

    def _check_number(self, at: list[Key], value: Number) -> Iterator[Mistake]:
        if isinstance(value, str) and (words := self._known.expression_complaint(value, "number")):
            yield at, words

    def _check_text(self, at: list[Key], text: str) -> Iterator[Mistake]:
        if words := self._known.template_complaint(text):
            yield at, words
