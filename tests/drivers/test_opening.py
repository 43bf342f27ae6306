"""A port is opened: its board resets, a boot loader babbles, and it is found all the same, or said to be away."""

import asyncio
import fcntl
import random
import termios
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from gateway.drivers.arduino import agreement, connection, search, wire
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.base import Ending
from gateway.messages import Command, stamp
from gateway.practice.boards.rules import BoardRules
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Board
from tests.drivers.air import EPOCH, AirBoard, AirConnection, AirPort
from tests.drivers.air import air as air  # a fixture
from tests.drivers.stage import stage, station, until

ATTEMPT_S = connection.QUIET_S + connection.ANSWER_S


class Sockets(AirPort):
    """Ports that all lead to the one board."""

    def __init__(self) -> None:
        self.ports = ["air"]

    async def find(self, board: Board) -> list[str]:
        return list(self.ports)


@asynccontextmanager
async def at_work(finder: AirPort) -> AsyncIterator[tuple[ArduinoDriver, AirBoard]]:
    """A driver whose port is there, with a board behind it that has not started yet."""
    board = AirConnection.board = AirBoard()
    d = ArduinoDriver("s1", station(), finder)
    running = asyncio.create_task(d.run())
    try:
        yield d, board
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await board.stop()


@pytest.mark.parametrize("boot_s", [0.01, 1.5, 1.99, 2.9])
def test_a_board_that_boots_for_up_to_three_seconds_is_met_at_once(boot_s: float, air: asyncio.Runner) -> None:
    async def main() -> None:
        async with at_work(AirPort()) as (d, board):
            await asyncio.sleep(boot_s)
            await board.start()
            await until(lambda: d.health.online, patience=0.5)
            assert len(AirConnection.openings) == 1

    air.run(main())


def test_a_port_that_stays_silent_is_opened_less_and_less_often_and_a_new_one_at_once(air: asyncio.Runner) -> None:
    async def main() -> None:
        finder = Sockets()
        async with at_work(finder) as (d, _):
            await asyncio.sleep(120)
            assert "no answer on air" in d.health.fault
            times = [at for _, at in AirConnection.openings]
            waits = [b - a - ATTEMPT_S for a, b in pairwise(times)]
            shortest, longest = search.BACKOFF_S
            assert waits[0] < 2 * shortest
            assert all(wait < 1.6 * longest for wait in waits)
            assert sum(waits[-4:]) > 4 * 0.5 * longest > sum(waits[:4])
            await until(lambda: len(AirConnection.openings) > len(times), 20)
            await asyncio.sleep(ATTEMPT_S + 0.01)  # it waits again, for long
            finder.ports.append("air2")
            plugged_at = asyncio.get_running_loop().time()
            await until(lambda: AirConnection.openings[-1][1] > plugged_at)
            assert AirConnection.openings[-1][1] - plugged_at <= search.LOOK_S + 0.001

    air.run(main())


def test_of_several_ports_nothing_is_said_until_the_search_takes_long(air: asyncio.Runner) -> None:
    async def main() -> None:
        finder = Sockets()
        finder.ports = ["air", "air2"]
        async with at_work(finder) as (d, _):
            await asyncio.sleep(search.SEARCH_S - 0.1)
            assert d.health.fault == "the board has not been found yet"
            await until(
                lambda: "no answer on air:" in d.health.fault and "no answer on air2:" in d.health.fault, 20
            )

    air.run(main())


def test_garbage_before_the_hello_and_in_the_middle_costs_nothing(air: asyncio.Runner) -> None:
    dice = random.Random(5)

    async def main() -> None:
        async with at_work(AirPort()) as (d, board):
            while board.connection is None:
                await asyncio.sleep(0.01)
            hello = wire.encode(wire.Hello(0, 0, 0, 0, 0, 0, 0, 16, 0, "VB-1"))
            for noise in (b"\x00" * 50, b"\xff" * 3000, dice.randbytes(3000), hello[:-7], b"\0\0", hello[9:]):
                board.connection.data_received(noise)
                await asyncio.sleep(0.1)
            await board.start()
            await until(lambda: d.health.online, patience=0.5)
            d.arm(True)
            await until(lambda: d.health.armed)
            for n in range(20):
                expires = stamp(EPOCH + asyncio.get_running_loop().time() + 1)
                order = Command(id=f"c{n}", station="s1", action="shine0", expires_at=expires)
                task = asyncio.create_task(d.perform(order, lambda at: None))
                await asyncio.sleep(0)
                board.connection.data_received(dice.randbytes(500))
                board.hear(dice.randbytes(500))
                assert (await task).ending is Ending.DONE
            assert len(AirConnection.openings) == 1
            assert board.connection.link.bad > 20

    air.run(main())


async def test_an_adapter_that_knows_low_latency_is_set_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo-terminal has no such setting: the kernel's part of it is played here, byte for byte."""
    set_to: list[int] = []
    real = fcntl.ioctl

    def kernel(fd: int, request: int, *rest: object) -> object:
        if request not in (termios.TIOCGSERIAL, termios.TIOCSSERIAL):
            return real(fd, request, *rest)  # type: ignore[call-overload]  # whatever the library asks
        settings = rest[0]
        assert isinstance(settings, array)
        if request == termios.TIOCGSERIAL:
            settings[4] = 0x1000  # struct serial_struct: type, line, port, irq, flags
        else:
            set_to.append(settings[4])
        return 0

    board = VirtualBoard("VB-1")
    await board.start()
    monkeypatch.setattr(fcntl, "ioctl", kernel)
    c = await Connection.open(board.port, 250000, lambda message, now: None, lambda: None)
    await c.close()
    await board.stop()
    assert set_to == [0x1000 | 0x2000]  # ASYNC_LOW_LATENCY of linux/tty_flags.h


async def test_a_table_that_is_not_answered_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "TABLE_S", 0.2)
    commit = BoardRules._commit
    deaf = 2

    def deaf_at_first(rules: BoardRules, count: int, crc: int, now: float) -> None:
        nonlocal deaf
        deaf -= 1
        if deaf < 0:
            commit(rules, count, crc, now)

    monkeypatch.setattr(BoardRules, "_commit", deaf_at_first)
    async with stage(armed=False) as s:
        await until(lambda: "does not answer its channel table" in s.driver.health.fault)
        began = time.monotonic()
        await s.armed()
        assert time.monotonic() - began < 5.0
        assert (await s.perform("a")).ending is Ending.DONE
