"""Driver and board in one process and in virtual time: a day of bad weather on the wire in a minute.

Everything but the port itself is the real thing: driver, connection, link, the board's rules, the spoiled line.
"""

import asyncio
import random
import selectors
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import ClassVar

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Command, stamp
from gateway.practice.boards.line import Faults, Line
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Channel, Station

LAMPS = 12
LONGEST_MS = 20
EPOCH = 1_800_000_000.0


class _Leap(selectors.SelectSelector):
    """Waits for nothing: where a loop would sleep, the clock jumps."""

    now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen again"
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes as fast as the machine computes."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


class AirBoard(VirtualBoard):
    """A board whose port is a name. ``frames`` counts what was put on the wire, both ways."""

    def __init__(self, *, byte_at_a_time: bool = False) -> None:
        super().__init__("VB-1")
        self.frames = 0
        self.connection: AirConnection | None = None
        self._piece = 1 if byte_at_a_time else 1 << 20

    def plug(self) -> None:
        self._port = "air"
        self._work()

    def unplug(self) -> None:
        self._port = ""

    def weather(self, faults: Faults) -> None:
        """From now on the wire is as bad as this."""
        self._to_board = Line(faults, self._arrived, "to board")
        self._to_gateway = Line(faults, self._write, "to gateway")

    def hear(self, data: bytes) -> None:
        self.frames += data.count(0)
        self._to_board.feed(data)

    def _arrived(self, data: bytes) -> None:
        for at in range(0, len(data), self._piece):
            super()._arrived(data[at : at + self._piece])

    def _write(self, data: bytes) -> None:
        if self.connection is not None:
            for at in range(0, len(data), self._piece):
                self.connection.data_received(data[at : at + self._piece])


class AirConnection(Connection):
    """A connection whose port is the board itself."""

    board: ClassVar[AirBoard]

    @classmethod
    async def open(
        cls,
        port: str,
        baud: int,
        on_message: Callable[[wire.Message, float], None],
        first: Callable[[], wire.Stop | None],
    ) -> Connection:
        connection = cls(port, on_message, first)
        cls.board.connection = connection
        return connection

    async def close(self) -> None:
        self.lost = self.lost or "closed"
        self._end(self.lost)
        self.board.connection = None

    def _write(self, data: bytes) -> None:
        # On the next turn of the loop, as bytes of a port are: what is being handled comes first.
        self._loop.call_soon(self.board.hear, data)


class AirPort:
    async def find(self, board: Board) -> list[str]:
        return ["air"]

    def saw(self, port: str, board_id: str) -> None:
        pass


def station() -> Station:
    pins = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    channels = {f"lamp{i}": Channel(kind="level", pin=pins[i], max_on="1s") for i in range(LAMPS)}
    actions = {f"shine{i}": Action(channel=f"lamp{i}") for i in range(LAMPS)}
    return Station(board=Board(id="VB-1"), channels=channels, actions=actions)


class Storm:
    """Commands for all lamps at once until so many frames have passed; every edge is held against its command."""

    def __init__(self, faults: Faults, frames: int, *, byte_at_a_time: bool = False) -> None:
        self.endings: Counter[Ending] = Counter()
        self.commands = 0
        self._frames = frames
        self._random = random.Random(f"{faults.seed} commands")
        self._edges: dict[int, list[tuple[bool, float]]] = defaultdict(list)
        self._faults = faults
        self.board = AirBoard(byte_at_a_time=byte_at_a_time)
        self.board.on_edge = lambda pin, level, at: self._edges[pin].append((level, at))
        AirConnection.board = self.board
        self._station = station()
        self.driver = ArduinoDriver("s1", self._station, AirPort())

    async def run(self) -> None:
        await self.board.start()
        running = asyncio.create_task(self.driver.run())
        try:
            async with asyncio.timeout(60):
                while not self.driver.health.armed:
                    self.driver.arm(True)
                    await asyncio.sleep(0.05)
            self.board.weather(self._faults)
            await asyncio.gather(*(self._lamp(i) for i in range(LAMPS)))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self.board.stop()

    async def _lamp(self, i: int) -> None:
        pin = self._station.channels[f"lamp{i}"].pin
        edges = self._edges[pin]
        n = 0
        while self.board.frames < self._frames:
            n += 1
            ms = self._random.randint(1, LONGEST_MS)
            moved: list[float] = []
            before = len(edges)
            outcome = await self.driver.perform(self._command(f"{i}-{n}", f"shine{i}", ms), moved.append)
            if edges and edges[-1][0]:  # an ending that was not its end: the board switches off by itself
                await asyncio.sleep(LONGEST_MS / 1000 + wire.LEASE_MS / 1000)
            self._check(outcome, ms, moved, edges[before:])
            self.endings[outcome.ending] += 1
            self.commands += 1
            if outcome.ending is not Ending.DONE:
                await asyncio.sleep(0.05)  # the session is being built again
        last = len(edges)
        await asyncio.sleep(3.0)
        assert len(edges) == last, "something moved when all was over"

    def _command(self, name: str, action: str, ms: int) -> Command:
        expires = EPOCH + asyncio.get_running_loop().time() + 2.0
        return Command(id=name, station="s1", action=action, params={"ms": ms}, expires_at=stamp(expires))

    def _check(self, outcome: Outcome, ms: int, moved: list[float], edges: list[tuple[bool, float]]) -> None:
        """No wrong action, no double action: what the pin did is what the command asked and its ending says."""
        ons = [at for level, at in edges if level]
        offs = [at for level, at in edges if not level]
        assert len(moved) <= 1
        assert len(ons) == len(offs) <= 1, (outcome, edges)
        for on, off in zip(ons, offs, strict=True):
            assert off - on <= ms / 1000 + 0.0011, "on for longer than it was asked"
        match outcome.ending:
            case Ending.DONE:
                assert len(ons) == 1
                assert offs[0] - ons[0] >= ms / 1000 - 0.0011
            case Ending.FAILED:
                pass  # it may have moved: once, and no longer than asked
            case _:
                assert not ons, outcome
