"""When a board that says "not yet" will say yes: rests, cooling, and what still moves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.drivers.arduino.clock import BoardClock
from gateway.drivers.arduino.plans import Plan, Single
from gateway.drivers.arduino.table import Table
from gateway.drivers.arduino.wire import ChannelKind, RunStatus, TableEntry
from gateway.settings.patterns import FRAME_MS, HOME_MS

PASSES = frozenset({RunStatus.BUSY, RunStatus.RESTING, RunStatus.INTERLOCK, RunStatus.DUTY})
"""Refusals that pass by themselves. The others need a person, or never pass."""
SPARE_S = 0.005
"""Waited beyond what is known: the clocks agree to a few milliseconds, and it is better late than refused."""

Running = Sequence[tuple[Plan, float]]
"""What else the board was given and has not ended, each with when it began."""


def _home_s(entry: TableEntry) -> float:
    """The longest that a servo takes home after its run; it is energised until then."""
    if entry.kind != ChannelKind.SERVO:
        return 0.0
    way_s = (entry.arg1 - entry.arg0) / entry.arg2 + FRAME_MS / 1000 if entry.arg2 else 0.0
    return way_s + HOME_MS / 1000


def _channels(plan: Plan) -> set[str]:
    return {channel for channel, _, _ in plan.spans()}


@dataclass(slots=True)
class Wear:
    """What an output did since this gateway began: how often it was on, and for how many seconds."""

    cycles: int = 0
    on_s: float = 0.0


class Waits:
    """One board. Times are seconds on the gateway's clock; rests are measured by the board's own, which drifts."""

    def __init__(self, table: Table) -> None:
        self._entries = dict(zip(table.channels, table.entries, strict=True))
        self._cooling = table.cooling()
        self._clock = BoardClock()
        self._off: dict[str, int] = {}  # channel -> the board's time when its last run ended
        self._wear = {name: Wear() for name, e in self._entries.items() if e.max_on_ms}

    def session(self, clock: BoardClock) -> None:
        """Another session with the board: ``clock`` is known, what rests is not."""
        self._clock = clock
        self._off.clear()

    def ran(self, plan: Plan, began: float, ended: float) -> None:
        """What was on, and for how long."""
        for channel, on, off in plan.spans():
            begin, end = began + on, min(began + off, ended)
            if begin < end:
                self._wear[channel].cycles += 1
                self._wear[channel].on_s += end - begin
                self._off[channel] = self._clock.board_ms(end)
                if channel in self._cooling:
                    self._cooling[channel].ran(begin, end + _home_s(self._entries[channel]))

    def known(self, plan: Plan, running: Running, now: float) -> float:
        """How long the board would surely refuse ``plan``; 0: not, as far as is known."""
        cooling = (self._cooling[c].at_least(on_s, now) for c, on_s in self._demand(plan) if c in self._cooling)
        return max([0.0, *self._free(plan, running, now), *cooling])

    def after(self, status: RunStatus, plan: Plan, running: Running, now: float) -> float | None:
        """The board has refused ``plan``: how long until it surely would not. None when that is not known."""
        if status is RunStatus.DUTY:
            cooling = (self._cooling[c].at_most(on_s, now) for c, on_s in self._demand(plan) if c in self._cooling)
            wait = max([0.0, *cooling])
            return wait + SPARE_S if wait else None
        if status not in PASSES:
            return None
        wait = max([0.0, *self._free(plan, running, now)])
        if status is RunStatus.RESTING:
            wait = wait or max(self._longest_rest(c) for c in _channels(plan)) + SPARE_S
        return wait or None

    def rest_s(self, plan: Plan, now: float) -> float:
        """How long what ``plan`` needs still rests, for a person."""
        return max([0.1, *(self._rests(c, now) for c in _channels(plan))])

    @property
    def wear(self) -> Mapping[str, Wear]:
        """Of every output."""
        return self._wear

    def duty(self, channel: str, now: float) -> float | None:
        """The share of its duty's window that it was on lately; None without a duty limit."""
        cooling = self._cooling.get(channel)
        return None if cooling is None else cooling.share(now)

    def cooling_words(self, plan: Plan, now: float) -> str:
        """Why its duty forbids ``plan`` now."""
        if isinstance(plan, Single) and plan.channel in self._cooling:
            return self._cooling[plan.channel].words(plan.on_ms / 1000, now)
        return f"cooling down: {plan.subject} was on too much lately; wait a moment"

    # -- one channel -----------------------------------------------------------------------------

    def _longest_rest(self, channel: str) -> float:
        entry = self._entries[channel]
        return entry.rest_ms / 1000 + _home_s(entry)

    def _rests(self, channel: str, now: float) -> float:
        """How long it still rests; all of it where its last run is not known."""
        return self._off_for(channel, now) + self._longest_rest(channel)

    def _off_for(self, channel: str, now: float) -> float:
        """Since when it is off, in seconds from now: never more than 0."""
        off = self._off.get(channel)
        return 0.0 if off is None else self._clock.at(off, now) - now

    def _demand(self, plan: Plan) -> Iterator[tuple[str, float]]:
        """How long each channel would be energised."""
        if isinstance(plan, Single):
            yield plan.channel, plan.on_ms / 1000 + _home_s(self._entries[plan.channel])
            return
        on_s = dict.fromkeys(_channels(plan), 0.0)
        for channel, on, off in plan.spans():
            on_s[channel] += off - on
        yield from on_s.items()

    def _free(self, plan: Plan, running: Running, now: float) -> Iterator[float]:
        """Waits, each until one thing no longer stands in the way of ``plan``."""
        wanted = _channels(plan)
        groups = {self._entries[c].group for c in wanted} - {0}
        for channel, entry in self._entries.items():
            if channel not in wanted and entry.group not in groups:
                continue
            home_s = _home_s(entry)
            # A servo may be taken from its way home; but not to another one's place, and not before a rest.
            after_s = home_s if channel not in wanted else home_s + entry.rest_ms / 1000 if entry.rest_ms else 0.0
            ends = [began + q.longest_ms / 1000 - now for q, began in running if channel in _channels(q)]
            if ends:
                yield max(ends) + after_s + SPARE_S
            elif after_s and channel in self._off:
                yield self._off_for(channel, now) + after_s + SPARE_S
