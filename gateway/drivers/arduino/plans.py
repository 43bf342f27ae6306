"""What a command asks of the board: one output, or a pattern of many."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.drivers.arduino import wire
from gateway.messages import Param
from gateway.settings import patterns
from gateway.settings.stations import Action, Channel, Step
from gateway.settings.values import milliseconds

FULL = 255
HOLD_MS = 500
"""A held output is asked for this long at a time: what a gateway that dies leaves behind, at the most."""


class Single(Struct, frozen=True):
    """One output. ``on_ms`` is what is asked; ``longest_ms`` how long it may take with all renewals."""

    channel: str
    index: int
    level: int
    on_ms: int
    arg: int
    longest_ms: int
    hold: bool = False

    @property
    def subject(self) -> str:
        """What moves, for a person."""
        return self.channel

    @property
    def words(self) -> str:
        """What it does, for a person."""
        how = f" at {self.level / FULL:.0%}" if self.level not in (0, FULL) else ""
        long = f"until it is cancelled, at most {self.longest_ms} ms" if self.hold else f"for {self.on_ms} ms"
        return f"{self.channel} on{how} {long}"

    def messages(self, run_id: int) -> list[wire.Message]:
        """What to send; only the last moves anything."""
        return [wire.Run(run_id, self.index, self.level, self.on_ms, self.arg)]

    def spans(self) -> Iterator[tuple[str, float, float]]:
        """(channel, on, off) in seconds from the beginning."""
        yield self.channel, 0.0, self.longest_ms / 1000


class Pattern(Struct, frozen=True):
    """Many outputs, timed by the board."""

    name: str
    steps: tuple[wire.PatternStep, ...]
    rounds: int
    longest_ms: int
    settings: list[Step]

    @property
    def subject(self) -> str:
        return f"an output of {self.name}"

    @property
    def words(self) -> str:
        """What it does, for a person."""
        channels = ", ".join(dict.fromkeys(step.channel for step in self.settings))
        times = f", {self.rounds} times" if self.rounds > 1 else ""
        return f"{len(self.steps)} steps on {channels}{times}, {self.longest_ms} ms in all"

    def messages(self, run_id: int) -> list[wire.Message]:
        return [*self.steps, wire.PatternRun(run_id, len(self.steps), self.rounds - 1)]

    def spans(self) -> Iterator[tuple[str, float, float]]:
        for span in patterns.spans(self.settings, self.rounds):
            yield span.channel, span.begin / 1000, span.end / 1000


Plan = Single | Pattern


def single(name: str, index: int, channel: Channel, action: Action, values: Mapping[str, Param]) -> Single:
    """``values``: every parameter of the action, checked."""
    longest = milliseconds(channel.max_on)
    on_ms = min(HOLD_MS, longest) if action.hold else int(values["ms"])
    arg = 0
    if channel.kind == "pwm":
        arg = max(1, int(values["ramp"]))  # 0 would stand for the table's ramp
    elif channel.kind == "tone":
        arg = int(values["hz"])
    level = _level(channel, float(values.get("level", 100)), float(values.get("position", 0)))
    return Single(name, index, level, on_ms, arg, longest if action.hold else on_ms, action.hold)


def pattern(name: str, channels: Mapping[str, Channel], action: Action) -> Pattern:
    """A pattern whose settings have been checked."""
    settings = action.pattern or []
    order = list(channels)
    waits = [patterns.wait_ms(s) for s in settings]
    waits[-1] += patterns.round_ms(settings) - sum(waits)  # the next round waits for the last output
    steps = tuple(
        wire.PatternStep(
            index=i,
            channel=order.index(step.channel),
            level=_level(channels[step.channel], step.level or 100, step.position or 0),
            on_ms=milliseconds(step.on_for),
            wait_ms=waits[i],
        )
        for i, step in enumerate(settings)
    )
    return Pattern(name, steps, action.repeats, patterns.length_ms(action), settings)


def _level(channel: Channel, level: float, position: float) -> int:
    """Percent as the wire has it: 0 to 255, and never quite off where something is asked."""
    if channel.kind == "servo":
        return round(position * FULL / 100)
    return max(1, round(level * FULL / 100))
