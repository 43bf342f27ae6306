"""A simulated board on the bench, with a monitor on its pins that no test can forget."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec import Struct

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.wire import Arm, ChannelFlag, ChannelKind, TableCommit, TableEntry
from gateway.practice.boards.avr import AvrBoard, Mcu
from tests.hil.client import PATIENCE_S, Client

TOLERANCE_S = 0.001
"""Pin edges are exact to this, in simulated time."""
TRAIN_GAP_S = 0.04
"""Between two pulses of a servo's train lie 20 ms, between two edges of the lowest tone 16."""
HOLD_S = 0.52
"""How long a servo is held at home before its train ends, and one frame of pulses."""


class Edge(Struct, frozen=True):
    """A pin's electrical level changed."""

    pin: int
    level: bool
    at: float


class Duty(Struct, frozen=True):
    """A timer drives the pin with this duty of 255, 0: no longer."""

    pin: int
    duty: int
    at: float


class _Watched:
    """One output: what it shows when safe, and since when it shows anything else."""

    def __init__(self, entry: TableEntry, level: bool, duty: int) -> None:
        self.entry = entry
        self.level = level
        self.duty = duty
        self.since: float | None = None
        self.last = 0.0  # the last edge
        self.train = entry.kind in (ChannelKind.SERVO, ChannelKind.TONE)
        self.limit = entry.max_on_ms / 1000 + (home_s(entry) if entry.kind == ChannelKind.SERVO else 0)
        low = bool(entry.flags & ChannelFlag.ACTIVE_LOW)
        self.safe = 255 - entry.safe if low else entry.safe

    def energised(self, at: float) -> bool:
        """A train of pulses is over when none came for longer than its slowest lasts."""
        if self.train:
            return self.since is not None and at - self.last < TRAIN_GAP_S
        return (self.duty or 255 * self.level) != self.safe

    def change(self, at: float) -> float:
        """Something about the pin changed. Returns how long it has been energised until now, 0 when it was not."""
        if self.train:
            if self.since is None or at - self.last >= TRAIN_GAP_S:
                self.since = at
            self.last = at
            return at - self.since
        on_for = 0.0 if self.since is None else at - self.since
        if not self.energised(at):
            self.since = None
        elif self.since is None:
            self.since = at
        return on_for


class Monitor:
    """Watches every output that a table ever named: never away from its safe level longer than its limit."""

    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self.duties: list[Duty] = []
        self.too_long: list[str] = []
        self._watched: dict[int, _Watched] = {}
        self._levels: dict[int, bool] = {}
        self._duties: dict[int, int] = {}
        self._news = asyncio.Event()

    def limit(self, entry: TableEntry) -> None:
        """From now on watch this output."""
        pin = entry.pin
        self._watched[pin] = _Watched(entry, self._levels.get(pin, False), self._duties.get(pin, 0))

    def edge(self, pin: int, level: bool, at: float) -> None:
        self.edges.append(Edge(pin, level, at))
        self._levels[pin] = level
        self._news.set()
        if watched := self._watched.get(pin):
            watched.level = level
            self._judge(watched, at)

    def pwm(self, pin: int, duty: int, at: float) -> None:
        self.duties.append(Duty(pin, duty, at))
        self._duties[pin] = duty
        self._news.set()
        if watched := self._watched.get(pin):
            watched.duty = duty
            self._judge(watched, at)

    def _judge(self, watched: _Watched, at: float) -> None:
        on_for = watched.change(at)
        if on_for > watched.limit + TOLERANCE_S:
            self.too_long.append(f"{watched.entry} was on for {on_for:.4f} s")

    def on(self, at: float) -> set[int]:
        """The watched pins that are away from their safe level now."""
        return {pin for pin, watched in self._watched.items() if watched.energised(at)}

    def of(self, pin: int) -> list[Edge]:
        return [e for e in self.edges if e.pin == pin]

    def duties_of(self, pin: int) -> list[Duty]:
        return [d for d in self.duties if d.pin == pin]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._news.clear()
                await self._news.wait()


class Bench:
    """A board, a gateway by hand, and the monitor."""

    def __init__(self, board: AvrBoard) -> None:
        self.board = board
        self.client = Client()
        self.pins = Monitor()
        self.resets: list[str] = []
        board.on_edge = self.pins.edge
        board.on_pwm = self.pins.pwm
        board.on_reset = self.resets.append

    async def load(self, *entries: TableEntry) -> wire.TableResult:
        """Load a channel table; returns the board's verdict."""
        self.client.inbox[:] = [f for f in self.client.inbox if not isinstance(f.message, wire.TableResult)]
        await self.client.order(*entries, TableCommit(len(entries), wire.table_crc(list(entries))))
        result = await self.client.wait(wire.TableResult)
        if result.ok:
            for entry in entries:
                if entry.kind <= ChannelKind.TONE:
                    self.pins.limit(entry)
        return result

    async def stored(self) -> None:
        """Wait until everything is in the EEPROM: that is when SetId is answered, even where it is refused."""
        self.client.forget()
        await self.client.order(wire.SetId("BENCH"))
        await self.client.wait(wire.Hello, lambda m: m.session == 0)
        self.client.forget()

    async def live(self, seconds: float) -> None:
        """Let simulated time pass."""
        until = await self.board.time() + seconds
        async with asyncio.timeout(PATIENCE_S):
            while await self.board.time() < until:
                pass

    async def edges(self, pin: int) -> list[Edge]:
        """Every edge of this pin until now."""
        await self.board.time()
        return self.pins.of(pin)

    async def pulses(self, pin: int) -> list[float]:
        """How long each whole pulse on this pin was until now, in simulated seconds."""
        edges = await self.edges(pin)
        return [b.at - a.at for a, b in zip(edges[::2], edges[1::2], strict=False)]

    async def ready(self, *entries: TableEntry) -> None:
        """Connected, this table in force, heartbeats running, armed."""
        await self.client.connect()
        self.client.beat()
        assert (await self.load(*entries)).ok
        await self.client.order(Arm(1))
        await self.client.wait(wire.State, lambda m: bool(m.flags & wire.StateFlag.ARMED))


def output(
    index: int,
    pin: int,
    *,
    kind: int = ChannelKind.PULSE,
    max_on_ms: int = 1000,
    rest_ms: int = 0,
    flags: int = 0,
    safe: int = 0,
    group: int = 0,
    duty: tuple[int, int] = (0, 0),
    args: tuple[int, int, int] = (0, 0, 0),
) -> TableEntry:
    """An output channel with these limits. ``duty``: permille, seconds."""
    return TableEntry(index, kind, pin, flags, group, safe, max_on_ms, rest_ms, *duty, *args)


def servo(
    index: int, pin: int, *, us: tuple[int, int] = (1000, 2000), speed: int = 0, safe: int = 0, rest_ms: int = 0
) -> TableEntry:
    return output(index, pin, kind=ChannelKind.SERVO, safe=safe, rest_ms=rest_ms, args=(*us, speed))


def tone(index: int, pin: int, *, hz: int = 440) -> TableEntry:
    return output(index, pin, kind=ChannelKind.TONE, args=(hz, 0, 0))


def home_s(entry: TableEntry) -> float:
    """The longest that a servo takes to get home and to be let go there."""
    return HOLD_S + ((entry.arg1 - entry.arg0) / entry.arg2 if entry.arg2 else 0)


def contact(
    index: int, pin: int, *, kind: ChannelKind = ChannelKind.INPUT, debounce_ms: int = 20, flags: int = 2
) -> TableEntry:
    """An input with pull-up."""
    return TableEntry(index, kind, pin, flags, 0, 0, 0, 0, 0, 0, debounce_ms, 0)


@asynccontextmanager
async def bench_with(mcu: Mcu) -> AsyncIterator[Bench]:
    """Start a board and open its wire; at the end every output must be safe, and none was ever on too long."""
    bench = Bench(AvrBoard(mcu))
    await bench.board.start()
    try:
        bench.client.open(bench.board.port)
        await bench.client.wait(wire.Hello)
        yield bench
        bench.client.silence()
        async with asyncio.timeout(PATIENCE_S):
            while bench.pins.on(await bench.board.time()):
                pass
        assert not bench.pins.too_long
    finally:
        bench.client.close()
        await bench.board.stop()
