"""What moves on a simulated board: runs and the pattern, within the limits of the table in force."""

from collections.abc import Callable

from gateway.drivers.arduino.wire import (
    ChannelKind,
    PatternRun,
    PatternStep,
    Renew,
    Run,
    RunStatus,
    TableEntry,
)
from gateway.practice.boards.channels import Output, Phase, Recent
from gateway.practice.boards.pattern import Pattern
from gateway.practice.boards.table import OUTPUTS, TONE_HZ

STEP = 0
"""In place of a command's id: what runs is a step of the pattern."""


class Movement:
    """``tell(id, status, at)`` is called with what the gateway shall hear, ``on_edge(pin, level, now)`` when a pin
    changes; of a pwm, servo or tone channel when anything begins or ends to happen on it."""

    def __init__(
        self, tell: Callable[[int, RunStatus, float], None], on_edge: Callable[[int, bool, float], None]
    ) -> None:
        self.recent = Recent()
        self._tell = tell
        self._on_edge = on_edge
        self._driven: dict[int, bool] = {}
        self._outputs: dict[int, Output] = {}
        self._pattern = Pattern()

    def enforce(self, table: list[TableEntry], now: float) -> None:
        """A new table is in force: nothing runs, every output is safe."""
        self._outputs = {e.index: Output(e, now) for e in table if e.kind in OUTPUTS}
        for output in self._outputs.values():
            self._drive(output, now)

    def forget_pattern(self) -> None:
        self._pattern = Pattern()

    def energised(self, now: float) -> int:
        """Bit n: channel n is away from its safe level."""
        return sum(1 << index for index, o in self._outputs.items() if not o.is_safe(now))

    def shows(self, pin: int, now: float) -> int:
        """What is to be seen on an output pin; see ``Output.shows``."""
        return next((o.shows(now) for o in self._outputs.values() if o.entry.pin == pin), 0)

    # -- orders --------------------------------------------------------------------------------

    def run(self, order: Run, refusal: RunStatus | None, now: float) -> None:
        """``refusal``: why nothing at all may move."""
        if self._answered(order.id):
            return
        status = refusal or self._refusal(order, now)
        self.recent.put(order.id, status)
        if status is RunStatus.STARTED:
            self._begin(order.channel, order.id, order.level, order.on_ms, order.arg, now)
        self._tell(order.id, status, now)

    def play(self, order: PatternRun, refusal: RunStatus | None, now: float) -> None:
        """As ``run``, a pattern."""
        if self._answered(order.id):
            return
        status = refusal or self._pattern.begin(order, self._outputs, now)
        self.recent.put(order.id, status)
        self._tell(order.id, status, now)
        self.tick(now)

    def load(self, step: PatternStep) -> None:
        self._pattern.load(step)

    def renew(self, order: Renew, now: float) -> None:
        if self.recent.status(order.id) is not RunStatus.STARTED:
            self.answer(order.id)
            return
        for output in self._running(order.id):
            output.renew(order.on_ms / 1000, now)

    def cancel(self, run_id: int, now: float) -> None:
        """End one, 0: all. A servo goes home."""
        for output in self._running(run_id):
            self._end(output, RunStatus.CANCELLED, now)
        if self._pattern.id is not None and run_id in (0, self._pattern.id):
            for output in self._running(STEP, steps=True):
                self._end(output, RunStatus.CANCELLED, now)
            self._end_pattern(RunStatus.CANCELLED, now)

    def answer(self, run_id: int) -> None:
        """What became of an id; of an ending that is over the time is not kept."""
        began = next((o.since for o in self._running(run_id)), 0.0)
        if run_id == self._pattern.id:
            began = self._pattern.began
        self._tell(run_id, self.recent.status(run_id), began)

    def make_safe(self, why: RunStatus, now: float) -> None:
        """Every output to its safe level, servos let go where they are; whatever ran ends as ``why``."""
        for output in self._outputs.values():
            running = output.phase is Phase.ON
            if output.energised:
                output.let_go(now)
                self._drive(output, now)
            if running:
                self._settle(output, why, now)
        if self._pattern.id is not None:
            self._end_pattern(why, now)

    # -- time ----------------------------------------------------------------------------------

    @property
    def due(self) -> list[float]:
        """When ``tick`` has something to do."""
        times = [o.until for o in self._outputs.values() if o.phase is not Phase.IDLE]
        return times if self._pattern.due is None else [*times, self._pattern.due]

    def tick(self, now: float) -> None:
        for output in self._outputs.values():
            if output.phase is Phase.IDLE or now < output.until:
                continue
            if output.phase is Phase.ON:
                self._end(output, RunStatus.DONE, now)
            elif output.phase is Phase.HOMING:
                output.let_go(now)
                self._drive(output, now)
            else:
                output.phase = Phase.IDLE
        self._pattern.tick(now, self._step)
        if self._pattern.over(self._outputs):
            self._end_pattern(RunStatus.DONE, now)

    # -- the works -----------------------------------------------------------------------------

    def _answered(self, run_id: int) -> bool:
        known = self.recent.status(run_id) is not RunStatus.UNKNOWN_ID
        if known:
            self.answer(run_id)
        return known

    def _refusal(self, order: Run, now: float) -> RunStatus:
        """Why the board does not run it; STARTED when it does."""
        output = self._outputs.get(order.channel)
        if output is None:
            return RunStatus.NO_CHANNEL
        entry, on_s = output.entry, order.on_ms / 1000
        if not 0 < order.on_ms <= entry.max_on_ms:
            return RunStatus.OVER_LIMIT
        if entry.kind == ChannelKind.TONE and order.arg and not TONE_HZ[0] <= order.arg <= TONE_HZ[1]:
            return RunStatus.OVER_LIMIT
        if output.phase is Phase.ON or self._pattern.holds(order.channel):
            return RunStatus.BUSY
        homing = output.phase is Phase.HOMING
        if output.rest_left(now) or (homing and now - output.since + on_s > entry.max_on_ms / 1000):
            return RunStatus.RESTING
        if any(o.energised or self._pattern.holds(i) for i, o in self._others(order.channel)):
            return RunStatus.INTERLOCK
        since = output.since if homing else None
        if output.duty is not None and not output.duty.allows(on_s + output.home_s, since, now):
            return RunStatus.DUTY
        return RunStatus.STARTED

    def _others(self, channel: int) -> list[tuple[int, Output]]:
        """The rest of a channel's interlock group."""
        group = self._outputs[channel].entry.group
        return [(i, o) for i, o in self._outputs.items() if group and i != channel and o.entry.group == group]

    def _running(self, run_id: int, *, steps: bool = False) -> list[Output]:
        """Outputs that are on for this command, 0: for any; or for the pattern's steps."""
        on = [(i, o) for i, o in self._outputs.items() if o.phase is Phase.ON]
        return [o for i, o in on if self._pattern.holds(i) is steps and run_id in (0, o.run)]

    def _step(self, step: PatternStep, at: float) -> None:
        self._begin(step.channel, STEP, step.level, step.on_ms, 0, at)

    def _begin(self, channel: int, run_id: int, level: int, on_ms: int, arg: int, now: float) -> None:
        output = self._outputs[channel]
        if output.phase is Phase.ON:  # a step whose time is over at this very moment
            self._end(output, RunStatus.DONE, now)
        output.begin(run_id, level, on_ms / 1000, arg, now)
        self._drive(output, now)

    def _end(self, output: Output, why: RunStatus, now: float) -> None:
        if output.entry.kind == ChannelKind.SERVO:
            output.go_home(now)
        else:
            output.let_go(now)
        self._drive(output, now)
        self._settle(output, why, now)

    def _settle(self, output: Output, why: RunStatus, now: float) -> None:
        if output.run != STEP:
            self.recent.put(output.run, why)
            self._tell(output.run, why, now)

    def _end_pattern(self, why: RunStatus, now: float) -> None:
        run_id = self._pattern.id
        assert run_id is not None
        self._pattern.end()
        self.recent.put(run_id, why)
        self._tell(run_id, why, now)

    def _drive(self, output: Output, now: float) -> None:
        pin, level = output.entry.pin, output.pin_level
        if self._driven.get(pin, False) != level:
            self._driven[pin] = level
            self._on_edge(pin, level, now)
