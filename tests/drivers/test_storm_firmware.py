"""Two thousand commands for the real firmware over a bad wire: every edge of every pin is one command's."""

import asyncio
import contextlib
import os
import tty
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

import pytest

from gateway.drivers.base import Ending
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.line import Faults, Line
from gateway.settings.models import Action, Board, Channel, Station
from tests.drivers.stage import OnePort, Stage, at_work

COMMANDS = 2000
PINS = (4, 5, 6, 7, 8, 9, 10, 11)
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
@pytest.mark.timeout(240)
@pytest.mark.slow
async def test_two_thousand_commands_for_the_firmware_each_end_once_and_move_once() -> None:
    channels = {f"lamp{i}": Channel(kind="level", pin=pin, max_on="1s") for i, pin in enumerate(PINS)}
    actions = {f"shine{i}": Action(channel=f"lamp{i}") for i in range(len(PINS))}
    s = Stage(AvrBoard("uno", "VB-1"), Station(board=Board(id="VB-1"), channels=channels, actions=actions))
    spoiled = SpoiledPort(s.board, BAD)
    s.driver._finder = spoiled
    asked: dict[int, list[tuple[int, Ending]]] = defaultdict(list)

    async def one_lamp(i: int) -> None:
        for n in range(COMMANDS // len(PINS)):
            ms = 2 + (n * 7 + i) % 5
            outcome = await s.perform(f"{i}-{n}", f"shine{i}", ms=ms, within=20.0)
            asked[PINS[i]].append((ms, outcome.ending))

    await s.board.start()
    try:
        async with spoiled.open():
            async with at_work(s, start=False):
                await asyncio.gather(*(one_lamp(i) for i in range(len(PINS))))
            await s.board.time()
    finally:
        await s.board.stop()
    endings = [ending for lamp in asked.values() for _, ending in lamp]
    print({e: endings.count(e) for e in set(endings)})
    assert len(endings) == COMMANDS
    assert set(endings) <= {Ending.DONE, Ending.FAILED}
    assert endings.count(Ending.DONE) >= 0.98 * COMMANDS
    for pin in PINS:
        edges = [(level, at) for p, level, at in s.edges if p == pin]
        assert [level for level, _ in edges] == [True, False] * (len(edges) // 2)
        lengths = [round((off - on) * 1000) for (_, on), (_, off) in zip(edges[::2], edges[1::2], strict=True)]
        done = [ms for ms, ending in asked[pin] if ending is Ending.DONE]
        failed = len(asked[pin]) - len(done)
        assert len(done) <= len(lengths) <= len(done) + failed
        if not failed:
            assert all(abs(length - ms) <= 1 for length, ms in zip(lengths, done, strict=True))
