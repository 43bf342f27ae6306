"""Patterns: when each step is on, by the times that the board will keep, and what could not be played."""

from collections import deque
from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.settings.stations import Action, Channel, Step
from gateway.settings.values import duration, milliseconds

MAX_STEPS = 32
"""The board's memory for one pattern."""
LONGEST_S = 300.0
"""A pattern that plays longer keeps every other viewer's gift waiting."""
HOME_MS, FRAME_MS = 500, 20
"""A servo's pulses go on for so long after it should be home, and come so often: the firmware's motion.h."""
LONGEST_WAIT_S = 60.0
"""The wire carries a wait in 16 bits of milliseconds."""


class Span(Struct, frozen=True):
    """One step of one round; milliseconds from the pattern's beginning."""

    step: int
    channel: str
    begin: int
    end: int


def wait_ms(step: Step) -> int:
    """From this step's beginning to the next one's."""
    return milliseconds(step.on_for if step.wait is None else step.wait)


def spans(steps: list[Step], rounds: int) -> Iterator[Span]:
    """Every step of every round in the order they begin.

    A round begins when the one before it is over: its last ``wait`` has passed and every output is off again.
    """
    at = 0
    for _ in range(rounds):
        over = at
        for i, step in enumerate(steps):
            span = Span(i, step.channel, at, at + milliseconds(step.on_for))
            yield span
            at += wait_ms(step)
            over = max(over, span.end)
        at = max(at, over)


def round_ms(steps: list[Step]) -> int:
    """From a round's beginning to the next one's."""
    begin = sum(wait_ms(s) for s in steps)
    return max(begin, max(s.end for s in spans(steps, 1)))


def length_ms(action: Action) -> int:
    """How long all of it takes."""
    return round_ms(action.pattern or []) * action.repeats


def busiest_ms(on: list[tuple[int, int]], window_ms: int) -> int:
    """The most time on in any window; ``on``: (begin, end) in order, not overlapping."""
    inside: deque[tuple[int, int]] = deque()
    total = most = 0
    for begin, end in on:
        inside.append((begin, end))
        total += end - begin
        since = end - window_ms
        while inside and inside[0][1] <= since:
            gone = inside.popleft()
            total -= gone[1] - gone[0]
        cut = max(0, since - inside[0][0]) if inside else 0
        most = max(most, total - cut)
    return most


def check(action: Action, channels: Mapping[str, Channel]) -> Iterator[tuple[int | None, str]]:
    """(step, words) of each mistake in a pattern whose single steps are good; step None: the whole of it."""
    steps = action.pattern or []
    if len(steps) > MAX_STEPS:
        yield (
            None,
            f"a board holds {MAX_STEPS} steps of a pattern; found {len(steps)}: use repeats, or two actions",
        )
        return
    if length_ms(action) > LONGEST_S * 1000:
        yield (
            None,
            f"plays for {length_ms(action) / 1000:g} s; at most {LONGEST_S:g} s: fewer repeats, or less wait",
        )
        return
    yield from _collisions(steps, channels, 2 if action.repeats > 1 else 1)
    yield from _duties(action, channels)


def home_ms(channel: Channel) -> int:
    """How long a servo is on its way home after a step, as the board reckons; 0 for what only switches off."""
    if channel.kind != "servo":
        return 0
    if channel.speed is None:
        return HOME_MS
    return ((channel.max_us or 2000) - (channel.min_us or 1000)) * 1000 // channel.speed + FRAME_MS + HOME_MS


def _collisions(steps: list[Step], channels: Mapping[str, Channel], rounds: int) -> Iterator[tuple[int, str]]:
    """Steps that begin while their channel is on or rests, or while another of their group is on."""
    last: dict[str, Span] = {}
    told: set[int] = set()
    for span in spans(steps, rounds):
        if span.step in told:
            continue
        channel = channels[span.channel]
        before = last.get(span.channel)
        words = ""
        if before is not None and span.begin < before.end:
            words = f"begins while step {before.step} still has {span.channel!r} on: give that one a longer wait"
        elif (
            before is not None
            and milliseconds(channel.rest)
            and span.begin < before.end + home_ms(channel) + milliseconds(channel.rest)
        ):
            gap = span.begin - before.end
            words = f"begins {gap} ms after step {before.step}; {span.channel!r} must rest {channel.rest}"
        for name, other in last.items():
            together = name != span.channel and span.begin < other.end + home_ms(channels[name])
            if together and channel.group and channels[name].group == channel.group:
                words = (
                    f"is on together with step {other.step} ({name!r}), and both are of group "
                    f"{channel.group!r}: give the earlier one a longer wait"
                )
        if words:
            told.add(span.step)
            yield span.step, words
        last[span.channel] = span


def _duties(action: Action, channels: Mapping[str, Channel]) -> Iterator[tuple[None, str]]:
    steps = action.pattern or []
    for name in dict.fromkeys(s.channel for s in steps):
        duty = channels[name].duty
        if duty is None:
            continue
        window_ms = milliseconds(duty.window)
        home = home_ms(channels[name])
        on = [(s.begin, s.end + home) for s in spans(steps, action.repeats) if s.channel == name]
        most, budget = busiest_ms(on, window_ms), window_ms * duty.percent / 100
        if most > budget:
            yield (
                None,
                f"has {name!r} on for {most / 1000:g} s of {duration(duty.window):g} s; "
                f"its duty allows {budget / 1000:g} s, so the board would always refuse it",
            )
