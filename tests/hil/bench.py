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


class Edge(Struct, frozen=True):
    """A pin's electrical level changed."""

    pin: int
    level: bool
    at: float


class Monitor:
    """Watches every output that a table ever named: never away from its safe level longer than its limit."""

    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self.too_long: list[str] = []
        self._limits: dict[int, tuple[bool, float]] = {}
        self._since: dict[int, float] = {}
        self._news = asyncio.Event()

    def limit(self, entry: TableEntry) -> None:
        """From now on watch this output."""
        safe = (entry.safe != 0) != bool(entry.flags & ChannelFlag.ACTIVE_LOW)
        self._limits[entry.pin] = (safe, entry.max_on_ms / 1000)

    def edge(self, pin: int, level: bool, at: float) -> None:
        self.edges.append(Edge(pin, level, at))
        self._news.set()
        if pin not in self._limits:
            return
        safe, most = self._limits[pin]
        if level != safe:
            self._since.setdefault(pin, at)
        elif (since := self._since.pop(pin, None)) is not None and at - since > most + TOLERANCE_S:
            self.too_long.append(f"pin {pin} was on for {at - since:.4f} s; its limit is {most} s")

    def on(self) -> set[int]:
        """The watched pins that are away from their safe level now."""
        return set(self._since)

    def of(self, pin: int) -> list[Edge]:
        return [e for e in self.edges if e.pin == pin]

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
        board.on_reset = self.resets.append

    async def load(self, *entries: TableEntry) -> wire.TableResult:
        """Load a channel table; returns the board's verdict."""
        self.client.inbox[:] = [f for f in self.client.inbox if not isinstance(f.message, wire.TableResult)]
        await self.client.order(*entries, TableCommit(len(entries), wire.table_crc(list(entries))))
        result = await self.client.wait(wire.TableResult)
        if result.ok:
            for entry in entries:
                if entry.kind in (ChannelKind.PULSE, ChannelKind.LEVEL):
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
    index: int, pin: int, *, max_on_ms: int = 1000, rest_ms: int = 0, flags: int = 0, safe: int = 0, kind: int = 1
) -> TableEntry:
    """A pulse channel with these limits."""
    return TableEntry(index, kind, pin, flags, 0, safe, max_on_ms, rest_ms, 0, 0, 0, 0)


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
        await bench.pins.until(lambda: not bench.pins.on())
        assert not bench.pins.too_long
    finally:
        bench.client.close()
        await bench.board.stop()
