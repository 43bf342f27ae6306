"""One pattern at a time, checked before its first edge as ``firmware/station/src/pattern.cpp`` does."""

import math
from collections.abc import Callable

from gateway.drivers.arduino.wire import MAX_STEPS, ChannelKind, PatternRun, PatternStep, RunStatus
from gateway.practice.boards.channels import Output, Phase


class Pattern:
    """``id`` is what plays, None when nothing does."""

    def __init__(self) -> None:
        self.id: int | None = None
        self.began = 0.0
        self._steps: dict[int, PatternStep] = {}
        self._outdated: set[int] = set()  # a newer step came while these played, and was refused
        self._playing: list[PatternStep] = []
        self._rounds = 0
        self._next = 0
        self._next_at = 0.0

    def load(self, step: PatternStep) -> None:
        """While one plays it is refused, and so is every pattern with that step until it comes again."""
        if step.index >= MAX_STEPS:
            return
        if self.id is not None:
            self._outdated.add(step.index)
            return
        self._outdated.discard(step.index)
        self._steps[step.index] = step

    def holds(self, channel: int) -> bool:
        return self.id is not None and any(s.channel == channel for s in self._playing)

    def end(self) -> None:
        self.id, self._playing = None, []

    # -- before the first edge -----------------------------------------------------------------

    def begin(self, order: PatternRun, outputs: dict[int, Output], now: float) -> RunStatus:
        """Play from the next ``tick`` on, or say why not."""
        if self.id is not None:
            return RunStatus.FULL
        if not 0 < order.count <= MAX_STEPS:
            return RunStatus.OVER_LIMIT
        if self._outdated & set(range(order.count)):
            return RunStatus.FULL
        steps: list[PatternStep] = []
        for i in range(order.count):
            step = self._steps.get(i)
            if step is None or not step.on_ms:
                return RunStatus.OVER_LIMIT
            if step.channel not in outputs:
                return RunStatus.NO_CHANNEL
            steps.append(step)
        for channel in sorted({s.channel for s in steps}):
            why = _fits(channel, steps, order.repeats, outputs, now)
            if why is not RunStatus.STARTED:
                return why
        self.id, self._playing, self._rounds = order.id, steps, order.repeats
        self.began = self._next_at = now
        self._next = 0
        return RunStatus.STARTED

    # -- while it plays ------------------------------------------------------------------------

    @property
    def due(self) -> float | None:
        """When the next step begins."""
        return self._next_at if self.id is not None and self._next < len(self._playing) else None

    def tick(self, now: float, start: Callable[[PatternStep, float], None]) -> None:
        """Begin every step that is due: ``start(step, at)``."""
        while (at := self.due) is not None and now >= at:
            step = self._playing[self._next]
            start(step, at)
            self._next_at = at + step.wait_ms / 1000
            self._next += 1
            if self._next == len(self._playing) and self._rounds:
                self._next = 0
                self._rounds -= 1

    def over(self, outputs: dict[int, Output]) -> bool:
        """Every step has begun and ended."""
        ended = all(outputs[s.channel].phase is not Phase.ON for s in self._playing)
        return self.id is not None and self.due is None and ended


def _fits(
    channel: int, steps: list[PatternStep], repeats: int, outputs: dict[int, Output], now: float
) -> RunStatus:
    """Whether all steps of a channel fit each other, other channels of its group, and the next round.

    Times are milliseconds from the pattern's first edge.
    """
    output = outputs[channel]
    entry = output.entry
    servo = entry.kind == ChannelKind.SERVO
    group = {c for c, o in outputs.items() if entry.group and o.entry.group == entry.group} - {channel}
    if output.energised:
        return RunStatus.BUSY
    if any(outputs[c].energised for c in group):
        return RunStatus.INTERLOCK
    at, first, on_ms = 0, math.inf, 0.0
    train_began, train_ends = 0.0, 0.0
    free = output.rest_left(now) * 1000  # when it may be used again
    others_off = 0.0  # when all others of its group are off
    for step in steps:
        if step.channel == channel:
            if step.on_ms > entry.max_on_ms:
                return RunStatus.OVER_LIMIT
            if free > at:
                return RunStatus.RESTING if entry.rest_ms else RunStatus.BUSY
            if others_off > at:
                return RunStatus.INTERLOCK
            first = min(first, at)
            end = at + step.on_ms
            if train_ends <= at:
                train_began = at
            if servo and end - train_began > entry.max_on_ms:
                return RunStatus.OVER_LIMIT
            train_ends = end + output.home_s * 1000
            on_ms += train_ends - at
            free = train_ends + entry.rest_ms if entry.rest_ms else end
        elif step.channel in group:
            others_off = max(others_off, at + step.on_ms + outputs[step.channel].home_s * 1000)
        at += step.wait_ms
    if repeats:
        again = first + at
        # A servo has to be home in between, or it would be held for ever.
        if free > again or (servo and train_ends > again):
            return RunStatus.BUSY
        if others_off > again:
            return RunStatus.INTERLOCK
    if output.duty is not None:
        # Within a duty window the pattern may begin and end anywhere in a round.
        within = int(output.duty.window_s * 1000 / at) + 2 if at else repeats + 1
        if not output.duty.allows_spread(on_ms / 1000, min(within, repeats + 1), now):
            return RunStatus.DUTY
    return RunStatus.STARTED
