"""The parts of a simulated board: an output, an input, and the ids it remembers."""

from gateway.drivers.arduino.wire import RECENT_IDS, ChannelFlag, ChannelKind, Run, RunStatus, TableEntry

OUTPUTS = frozenset({ChannelKind.PULSE, ChannelKind.LEVEL})
INPUTS = frozenset({ChannelKind.INPUT, ChannelKind.STOP})
KINDS = OUTPUTS | INPUTS | {ChannelKind.STATUS}
PINS = range(2, 20)
STOP_FILTER_S = 0.003
"""A stop input counts as changed after this long; fixed, so that no table can make it slow."""


def acceptable(entry: TableEntry, before: list[TableEntry]) -> bool:
    """A limit that this board cannot keep is refused, never ignored."""
    if entry.kind not in KINDS or entry.pin not in PINS or any(e.pin == entry.pin for e in before):
        return False
    return entry.safe in (0, 255) and entry.group == 0 and entry.duty_permille in (0, 1000)


class Output:
    """One output channel and its limits."""

    def __init__(self, entry: TableEntry) -> None:
        self.entry = entry
        self.on = False
        self.id = 0
        self.began = 0.0
        self.until = 0.0
        self._rested = 0.0

    @property
    def level(self) -> bool:
        """What the pin is driven to."""
        energised = self.on or self.entry.safe == 255
        return energised != bool(self.entry.flags & ChannelFlag.ACTIVE_LOW)

    def refusal(self, order: Run, now: float) -> RunStatus:
        """Why this channel does not run ``order``; STARTED when it does."""
        if not 0 < order.on_ms <= self.entry.max_on_ms:
            return RunStatus.OVER_LIMIT
        if self.on:
            return RunStatus.BUSY
        if now < self._rested:
            return RunStatus.RESTING
        return RunStatus.STARTED

    def begin(self, order: Run, now: float) -> None:
        self.on, self.id, self.began, self.until = True, order.id, now, now + order.on_ms / 1000

    def end(self, now: float) -> None:
        self.on = False
        self._rested = now + self.entry.rest_ms / 1000


class Input:
    """One input: debounced, active edges counted. ``since`` is when the raw level last changed."""

    def __init__(self, entry: TableEntry, level: bool, now: float) -> None:
        self.entry = entry
        self.since = now
        self.count = 0
        self.active = self._raw = self._polarity(level)
        self._filter = STOP_FILTER_S if entry.kind == ChannelKind.STOP else entry.arg0 / 1000

    def _polarity(self, level: bool) -> bool:
        return level != bool(self.entry.flags & ChannelFlag.ACTIVE_LOW)

    @property
    def settles(self) -> float | None:
        """When a change that is not yet believed will be; None when nothing changes."""
        return None if self._raw == self.active else self.since + self._filter

    def sample(self, level: bool, now: float) -> bool:
        """Look at the pin; True when the debounced level changed."""
        raw = self._polarity(level)
        if raw != self._raw:
            self._raw, self.since = raw, now
        at = self.settles
        if at is None or now < at:
            return False
        self.active = raw
        self.count += raw
        return True


class Recent:
    """The last RECENT_IDS ids and what became of them; one that still runs is never forgotten."""

    def __init__(self) -> None:
        self._ids: dict[int, RunStatus] = {}

    def status(self, run_id: int) -> RunStatus:
        return self._ids.get(run_id, RunStatus.UNKNOWN_ID)

    def put(self, run_id: int, status: RunStatus) -> None:
        self._ids[run_id] = status
        if len(self._ids) > RECENT_IDS:
            del self._ids[next(i for i, s in self._ids.items() if s is not RunStatus.STARTED)]
