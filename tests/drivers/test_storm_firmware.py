"""Two thousand commands of all sorts for the real firmware over a bad wire, each edge held against its command."""

import asyncio
import contextlib
import os
import time
import tty
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.line import Faults, Line
from gateway.settings.models import Board
from tests.drivers.stage import OnePort, Stage, at_work
from tests.drivers.storm import Storm, station

COMMANDS = 2000
BAD = Faults(seed=31, corrupt=2e-4, drop=0.01, duplicate=0.02, split=0.2, garbage=0.005, delay=0.001)
"""One frame in twenty is lost."""


class SpoiledPort(OnePort):
    """A pseudo-terminal in front of a board's own; what passes is spoiled both ways."""

    def __init__(self, board: AvrBoard, faults: Faults) -> None:
        super().__init__(board)
        self._faults = faults
        self._path = ""

    async def find(self, board: Board) -> list[str]:
        return [self._path] if self._path else []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        inner = os.open(self.board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        outer, slave = os.openpty()
        for fd in (inner, slave):
            tty.setraw(fd)
        os.set_blocking(outer, False)

        def writer(fd: int) -> Callable[[bytes], None]:
            def write(data: bytes) -> None:
                with contextlib.suppress(OSError):  # full, or closed at the end: bytes of a wire are lost then too
                    os.write(fd, data)

            return write

        to_board = Line(self._faults, writer(inner), "to board")
        to_gateway = Line(self._faults, writer(outer), "to gateway")
        loop.add_reader(inner, lambda: to_gateway.feed(os.read(inner, 4096)))
        loop.add_reader(outer, lambda: to_board.feed(os.read(outer, 4096)))
        self._path = os.ttyname(slave)
        try:
            yield
        finally:
            self._path = ""
            for fd in (inner, outer):
                loop.remove_reader(fd)
            to_board.clear()
            to_gateway.clear()
            for fd in (inner, outer, slave):
                os.close(fd)


@pytest.mark.needs("avr-gcc", "simavr")
@pytest.mark.timeout(300)
@pytest.mark.slow
async def test_two_thousand_commands_for_the_firmware_each_end_once_and_move_once() -> None:
    s = Stage(AvrBoard("uno", "VB-1"), station())
    spoiled = SpoiledPort(s.board, BAD)
    s.driver._search._finder = spoiled

    async def pass_time(seconds: float) -> None:
        end = await s.board.time() + seconds
        while await s.board.time() < end:  # simulated time lags where the machine is busy
            await asyncio.sleep(0.01)

    storm = Storm(
        s.driver,
        BAD.seed,
        more=lambda commands: commands < COMMANDS,
        now=time.time,
        pass_time=pass_time,
        within=20.0,
    )
    s.board.on_edge = storm.edge
    await s.board.start()
    try:
        async with spoiled.open(), at_work(s, start=False):
            await storm.run()
    finally:
        await s.board.stop()
    print(f"{storm.commands} commands: {storm.counts}")
    assert storm.done_share >= 0.98
    assert storm.let_go_at_once >= 0.9 * storm.let_go > 0
    assert storm.dances > 50
    assert storm.held_to_the_end > 0
