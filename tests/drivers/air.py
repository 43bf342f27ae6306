"""Driver and board in one process and in virtual time: a day of bad weather on the wire in a minute.

Everything but the port itself is the real thing: driver, connection, link, the board's rules, the spoiled line.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import ClassVar

import pytest

from gateway.drivers.arduino import commands, driver, wire
from gateway.drivers.arduino.connection import Connection
from gateway.practice.boards.line import Faults, Line
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Board
from gateway.virtual_time import VirtualLoop

EPOCH = 1_800_000_000.0


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
    openings: ClassVar[list[tuple[str, float]]]  # which port, and when

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
        cls.openings.append((port, asyncio.get_running_loop().time()))
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

    def lent(self, port: str) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Runner]:
    """Runs a coroutine in virtual time; what drivers open meanwhile is ``AirConnection.board``."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        monkeypatch.setattr(driver, "Connection", AirConnection)
        AirConnection.openings = []
        monkeypatch.setattr(commands, "time", SimpleNamespace(time=lambda: EPOCH + loop.time()))
        yield runner
