"""The parts of a simulated board: an output, an input, and the ids it remembers."""

from enum import Enum, auto

from gateway.drivers.arduino.wire import RECENT_IDS, ChannelFlag, ChannelKind, RunStatus, TableEntry
from gateway.practice.boards.duty import Duty
from gateway.practice.boards.table import has_duty_limit

STOP_FILTER_S = 0.003
"""A stop input counts as changed after this long; fixed, so that no table can make it slow."""
HOME_S = 0.5
"""After the commanded position is home, a servo is held this long to get there."""
FRAME_S = 0.02
"""A servo gets a pulse this often."""
FULL = 255


class Phase(Enum):
    """HOMING: a servo's run is over, it goes home; another run may take it from there, but its train of pulses is
    energised all the while, and counts as one. RESTING: off for less than its rest time."""

    IDLE = auto()
    ON = auto()
    HOMING = auto()
    RESTING = auto()


class Output:
    """One output channel. ``since``: the last edge (a servo's train began or ended); ``until``: the phase ends."""

    def __init__(self, entry: TableEntry, now: float) -> None:
        self.entry = entry
        self.phase = Phase.IDLE
        self.since = self.until = now
        self.run = 0
        self.level = self.arg = 0
        self.duty = Duty(entry, now) if has_duty_limit(entry) else None
        self._at = float(entry.safe)  # where a ramp or a servo is, 0 to 255
        self._at_time = now

    @property
    def energised(self) -> bool:
        return self.phase in (Phase.ON, Phase.HOMING)

    @property
    def home_s(self) -> float:
        """How long a servo may take from anywhere to home, and until it is let go there."""
        if self.entry.kind != ChannelKind.SERVO:
            return 0.0
        speed = self.entry.arg2
        return HOME_S + ((self.entry.arg1 - self.entry.arg0) / speed + FRAME_S if speed else 0.0)

    @property
    def pin_level(self) -> bool:
        """The level of a pin that is on or off; of the other kinds: whether anything happens on it."""
        if self.entry.kind in (ChannelKind.PULSE, ChannelKind.LEVEL):
            level = self.level if self.energised else self.entry.safe
        else:
            level = FULL * self.energised
        return (level != 0) != bool(self.entry.flags & ChannelFlag.ACTIVE_LOW)

    def rest_left(self, now: float) -> float:
        """Until it could begin another run; not for one that is on."""
        if not self.entry.rest_ms:
            return 0.0
        if self.phase is Phase.HOMING:
            return self.until - now + self.entry.rest_ms / 1000
        return self.until - now if self.phase is Phase.RESTING and now < self.until else 0.0

    # -- what happens to it --------------------------------------------------------------------

    def begin(self, run: int, level: int, on_s: float, arg: int, now: float) -> None:
        self._move(now)
        if self.phase is not Phase.HOMING:
            self.since = now
        if self.entry.kind == ChannelKind.PWM:
            self._at = float(self.entry.safe)
        self.phase, self.until = Phase.ON, now + on_s
        self.run, self.level, self.arg = run, level, arg or self.entry.arg0

    def go_home(self, now: float) -> None:
        self._move(now)
        self.phase, self.until = Phase.HOMING, now + self.home_s

    def let_go(self, now: float) -> None:
        """Off, or let go."""
        self._move(now)
        if self.duty is not None:
            self.duty.charge(self.since, now)
        rest_s = self.entry.rest_ms / 1000
        self.phase, self.since, self.until = Phase.RESTING if rest_s else Phase.IDLE, now, now + rest_s

    def renew(self, on_s: float, now: float) -> None:
        """End ``on_s`` from now, if the longest on-time and the duty limit allow."""
        self._move(now)
        on_s = min(on_s, self.since + self.entry.max_on_ms / 1000 - now)
        if self.duty is None or self.duty.allows(on_s + self.home_s, self.since, now):
            self.until = now + on_s

    # -- where it is ---------------------------------------------------------------------------

    def shows(self, now: float) -> int:
        """What is to be seen: the duty of a pwm channel, a servo's pulse in us, a tone's Hz, else 0 or 255."""
        self._move(now)
        match self.entry.kind:
            case ChannelKind.PWM:
                return round(self._at) if self.energised else self.entry.safe
            case ChannelKind.SERVO:
                low, high = self.entry.arg0, self.entry.arg1
                return round(low + (high - low) * self._at / FULL) if self.energised else 0
            case ChannelKind.TONE:
                return self.arg if self.energised and self.level else 0
            case _:
                return FULL if (self.level if self.energised else self.entry.safe) else 0

    def is_safe(self, now: float) -> bool:
        """At its safe level, as its pin would show; a run at that level is no less safe."""
        match self.entry.kind:
            case ChannelKind.SERVO:
                return not self.energised
            case ChannelKind.PWM:
                return self.shows(now) == self.entry.safe
            case _:
                return self.shows(now) == (FULL if self.entry.safe else 0)

    def _move(self, now: float) -> None:
        passed, self._at_time = now - self._at_time, now
        if not self.energised:
            return
        safe = self.entry.safe
        target = self.level if self.phase is Phase.ON else safe
        step = 0.0  # in ``passed``; 0: at once
        if self.entry.kind == ChannelKind.SERVO:
            step = self.entry.arg2 * passed * FULL / (self.entry.arg1 - self.entry.arg0)
            if not self.entry.arg2:
                self._at = target
        elif self.arg:
            slope = abs(self.level - safe) / (self.arg / 1000)
            step = slope * passed
            if slope and self.until - now <= abs(self._at - safe) / slope:
                target = safe  # the way back must fit what is left
        else:
            self._at = target
        self._at += max(-step, min(step, target - self._at))


class Contact:
    """An input or stop: debounced, active edges counted. ``since`` is when the raw level last changed."""

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


class Analog:
    """An analog input against its threshold; between the two thresholds its level stays what it was."""

    def __init__(self, entry: TableEntry, value: int, now: float) -> None:
        self.entry = entry
        self.since = now
        self.count = 0
        self.active = self._level(value, above=False)

    def _level(self, value: int, *, above: bool) -> bool:
        threshold = self.entry.arg0 - (self.entry.arg1 if above else 0)
        return (value >= threshold) != bool(self.entry.flags & ChannelFlag.ACTIVE_LOW)

    def sample(self, value: int, now: float) -> bool:
        """Look at the voltage, 0 to 1023; True when the level changed."""
        above = self.active != bool(self.entry.flags & ChannelFlag.ACTIVE_LOW)
        active = self._level(value, above=above)
        if active == self.active:
            return False
        self.active, self.since = active, now
        self.count += active
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
