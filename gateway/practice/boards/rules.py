"""The board's side of the wire as the firmware keeps it: sans-IO, so it runs on a pty or in a test alone.

Whatever the gateway asks, the rules here hold: leases, limits, rest, arming, the stop, and no id twice.
Time is an argument: seconds that only go forward.
"""

from collections.abc import Callable

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.link import Link
from gateway.drivers.arduino.wire import Boot, ChannelFlag, ChannelKind, RunStatus, StateFlag
from gateway.practice.boards.channels import Analog, Contact, Recent
from gateway.practice.boards.movement import Movement
from gateway.practice.boards.table import CONTACTS, acceptable

OWN_STOP = 0  # the trip of a stop that the board's own input made
BAD_TABLE = 255
VERSION = (0, 2, 0)
"""The firmware's whose rules these are: ``firmware/station/src/config.h``."""
FULL_SCALE_MV = 5000


class BoardRules:
    """One board. ``on_edge(pin, level, now)`` is called when a pin changes its electrical level."""

    def __init__(self, board_id: str, on_edge: Callable[[int, bool, float], None]) -> None:
        self.link = Link()
        self.levels: dict[int, bool] = {}  # what is applied to the input pins from outside
        self.millivolts: dict[int, int] = {}
        self.movement = Movement(self._tell_result, on_edge)
        self._id = board_id
        self._table: list[wire.TableEntry] = []
        self._loading: list[wire.TableEntry] | None = None
        self._inputs: dict[int, Contact] = {}
        self._analogs: dict[int, Analog] = {}
        self._boots = 0
        self._trip: int | None = None
        self._start(Boot.POWER_ON, 0.0)

    def _start(self, boot: Boot, now: float) -> None:
        self._boot = boot
        self._began = now
        self._armed = False
        self._session = 0
        self._gateway_ms = self._read_at = 0
        self._lease = now
        self._untold: list[wire.InputChanged] = []
        self._out = bytearray()
        self._flags = 0
        self.link.close()
        self._hello_at = now
        self.movement.forget_pattern()
        self._enforce(now)

    # -- what may happen to a board ------------------------------------------------------------

    def reset(self, now: float, boot: Boot = Boot.RESET_PIN) -> None:
        """A reset: pins let go, RAM kept, so ids and the stop are remembered."""
        self.movement.make_safe(RunStatus.RESET, now)
        self._boots = (self._boots + 1) & 0xFFFF
        self._start(boot, now)

    def power_cycle(self, now: float) -> None:
        """The power was away: only the EEPROM (id and table) is remembered."""
        self.movement.make_safe(RunStatus.RESET, now)
        self.movement.recent = Recent()
        self._trip = None
        self._boots = 0
        self._start(Boot.POWER_ON, now)

    def set_input(self, pin: int, level: bool, now: float) -> None:
        """Apply a level to a pin from outside."""
        self.levels[pin] = level
        self.tick(now)

    def set_analog(self, pin: int, millivolts: int, now: float) -> None:
        """Apply a voltage to a pin."""
        self.millivolts[pin] = millivolts
        self.tick(now)

    # -- bytes and time ------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes from the wire; first what time alone has changed, so a late frame finds its lease gone."""
        self.tick(now)
        for message in self.link.receive(data, now):
            self._handle(message, now)
        self._tell_flags(now)

    def data_to_send(self, now: float) -> bytes:
        """What to write now."""
        data = bytes(self._out) + self.link.data_to_send(now)
        self._out.clear()
        return data

    def due(self) -> float:
        """When ``tick`` has something to do, at the latest."""
        times = [self._lease + wire.LEASE_MS / 1000 if self.link.opened else self._hello_at]
        times += self.movement.due
        times += [at for i in self._inputs.values() if (at := i.settles) is not None]
        if self.link.due is not None:
            times.append(self.link.due)
        return min(times)

    def tick(self, now: float) -> None:
        """Do what is due by time alone."""
        self.movement.tick(now)
        if self.link.opened and now - self._lease >= wire.LEASE_MS / 1000:
            self._lose_lease(now)
        if not self.link.opened and now >= self._hello_at:
            self._say_hello(0, now)
        for index, channel in self._inputs.items():
            if channel.sample(self._level(channel.entry), now) and channel.entry.kind == ChannelKind.INPUT:
                self._tell_input(index, channel)
        for index, analog in self._analogs.items():
            if analog.sample(self._volts(analog.entry), now):
                self._tell_input(index, analog)
        if self._stop_open() and self._trip is None:
            self._stop(OWN_STOP, now)
        self._tell_flags(now)

    # -- messages ------------------------------------------------------------------------------

    def _handle(self, message: wire.Message, now: float) -> None:
        match message:
            case wire.Connect(session):
                self._connect(session, now)
            case wire.Stop(trip):
                self._stop(trip, now)
                self._say_state(now)
            case wire.Heartbeat(gateway_ms) if self.link.opened:
                self._lease, self._gateway_ms, self._read_at = now, gateway_ms, self._ms(now)
                self._say_state(now)
            case wire.ResetStop(trip):
                if self._trip == trip and not self._stop_open():
                    self._trip = None
                self._say_state(now)
            case wire.Arm(armed):
                if not armed:
                    self.movement.make_safe(RunStatus.CANCELLED, now)
                self._armed = bool(armed) and self._trip is None and bool(self._table)
            case wire.TableEntry():
                self._load(message, now)
            case wire.TableCommit(count, crc):
                self._commit(count, crc, now)
            case wire.Run():
                self.movement.run(message, self._standstill(), now)
            case wire.PatternRun():
                self.movement.play(message, self._standstill(), now)
            case wire.PatternStep():
                self.movement.load(message)
            case wire.Renew():
                self.movement.renew(message, now)
            case wire.Cancel(run_id):
                self.movement.cancel(run_id, now)
            case wire.Query(run_id):
                self.movement.answer(run_id)
            case wire.SetId(board_id):
                if not self._armed:
                    self._id = board_id
                    self._say_hello(0, now)
            case wire.GetStats():
                link = self.link
                stats = wire.Stats(link.frames, link.bad, link.repeats, self._ms(now), 0, 0, self._boots)
                self.link.send(stats)

    def _connect(self, session: int, now: float) -> None:
        if not self.link.opened or session != self._session:
            self._lose_lease(now)  # what ran, ran under another session's lease
            self.link.open()
            self.movement.forget_pattern()
            self._session, self._lease = session, now
            untold, self._untold = self._untold, []
            for change in untold:
                self._send_change(change)
        self._say_hello(session, now)

    def _lose_lease(self, now: float) -> None:
        """No gateway holds the board any more: safe, disarmed, and open for the next one."""
        self.movement.make_safe(RunStatus.LEASE_LOST, now)
        self._armed = False
        self._hello_at = now
        left = self.link.close()
        self._untold += [m for m in left if isinstance(m, wire.InputChanged)]
        del self._untold[: -wire.MAX_CHANNELS]

    def _ms(self, at: float) -> int:
        return max(0, int((at - self._began) * 1000)) & 0xFFFFFFFF

    def _say_hello(self, session: int, now: float) -> None:
        self._hello_at = now + wire.HELLO_MS / 1000
        crc = wire.table_crc(self._table)
        hello = wire.Hello(
            session,
            wire.BoardKind.VIRTUAL,
            *VERSION,
            self._boot,
            self._boots,
            wire.MAX_CHANNELS,
            crc,
            self._id,
            wire.CAPABILITIES,
        )
        self._out += self.link.unreliable(hello)

    def _current_flags(self) -> int:
        flags = StateFlag(0)
        flags |= StateFlag.ARMED if self._armed else 0
        flags |= StateFlag.STOPPED if self._trip is not None else 0
        flags |= StateFlag.CONFIGURED if self._table else 0
        flags |= StateFlag.STOP_INPUT if self._stop_open() else 0
        return int(flags)

    def _tell_flags(self, now: float) -> None:
        if self._current_flags() != self._flags:
            self._say_state(now)

    def _say_state(self, now: float) -> None:
        self._flags = self._current_flags()
        state = wire.State(
            self._gateway_ms, self._read_at, self._flags, self.movement.energised(now), self._trip or 0
        )
        self._out += self.link.unreliable(state)

    def _tell_input(self, index: int, channel: Contact | Analog) -> None:
        at = self._ms(channel.since)
        self._send_change(wire.InputChanged(index, int(channel.active), channel.count, at))

    def _send_change(self, change: wire.InputChanged) -> None:
        if not self.link.send(change):
            self._untold = [*self._untold, change][-wire.MAX_CHANNELS :]

    # -- the channel table ---------------------------------------------------------------------

    def _load(self, entry: wire.TableEntry, now: float) -> None:
        if entry.index == 0:
            self.movement.make_safe(RunStatus.CANCELLED, now)
            self._armed, self._table, self._loading = False, [], []
            self._inputs, self._analogs = {}, {}
        if self._loading is not None and entry.index == len(self._loading) < wire.MAX_CHANNELS:
            self._loading.append(entry)
        else:
            self._loading = None

    def _commit(self, count: int, crc: int, now: float) -> None:
        loaded, self._loading = self._loading, None
        if loaded is None or len(loaded) != count or wire.table_crc(loaded) != crc:
            self.link.send(wire.TableResult(0, BAD_TABLE, wire.table_crc(self._table)))
            return
        for i, entry in enumerate(loaded):
            if not acceptable(entry, loaded[:i]):
                self.link.send(wire.TableResult(0, i, 0))
                return
        self._table = loaded
        self._armed = False
        self._enforce(now)
        self.link.send(wire.TableResult(1, 0, crc))

    def _enforce(self, now: float) -> None:
        self.movement.enforce(self._table, now)
        self._inputs = {e.index: Contact(e, self._level(e), now) for e in self._table if e.kind in CONTACTS}
        analogs = [e for e in self._table if e.kind == ChannelKind.ANALOG]
        self._analogs = {e.index: Analog(e, self._volts(e), now) for e in analogs}

    # -- inputs --------------------------------------------------------------------------------

    def _level(self, entry: wire.TableEntry) -> bool:
        return self.levels.get(entry.pin, bool(entry.flags & ChannelFlag.PULL_UP))

    def _volts(self, entry: wire.TableEntry) -> int:
        """0 to 1023."""
        return min(1023, self.millivolts.get(entry.pin, 0) * 1024 // FULL_SCALE_MV)

    def _stop_open(self) -> bool:
        return any(i.active for i in self._inputs.values() if i.entry.kind == ChannelKind.STOP)

    # -- movement ------------------------------------------------------------------------------

    def _standstill(self) -> RunStatus | None:
        """Why nothing at all may move."""
        if not self._table:
            return RunStatus.NOT_CONFIGURED
        if self._trip is not None:
            return RunStatus.STOPPED
        return None if self._armed else RunStatus.NOT_ARMED

    def _tell_result(self, run_id: int, status: RunStatus, at: float) -> None:
        self.link.send(wire.Result(run_id, status, self._ms(at) if at else 0))

    def _stop(self, trip: int, now: float) -> None:
        self._trip = trip
        self._armed = False
        self.movement.make_safe(RunStatus.STOPPED, now)
