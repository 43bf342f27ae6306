"""The driver against the real firmware in the AVR simulator."""

from collections.abc import AsyncIterator

import pytest

from gateway.drivers.base import Ending
from gateway.practice.boards.avr import AvrBoard
from tests.drivers.stage import BUTTON, HORN, LAMP, Stage, at_work, station, until

pytestmark = [pytest.mark.needs("avr-gcc", "simavr"), pytest.mark.timeout(180)]


@pytest.fixture
async def s() -> AsyncIterator[Stage[AvrBoard]]:
    s = Stage(AvrBoard("uno", "VB-1"), station(lamps=3))
    async with at_work(s):
        yield s


async def test_commands_move_pins_for_their_time(s: Stage[AvrBoard]) -> None:
    assert s.driver.health.board == "VB-1"
    outcome = await s.perform("a", "honk", ms=30)
    assert outcome.ending is Ending.DONE
    await s.board.time()
    (pin, on, on_at), (_, off, off_at) = [e for e in s.edges if e[0] == HORN][-2:]
    assert (pin, on, off) == (HORN, True, False)
    assert off_at - on_at == pytest.approx(0.030, abs=0.001)
    assert outcome.moved is not None
    assert outcome.sent is not None
    assert 0 <= outcome.moved - outcome.sent < 0.1
    assert (await s.perform("b", "honk", within=0.3)).reason.startswith("resting: wait 0.")
    assert (await s.perform("c", "honk", ms=2000)).ending is Ending.REJECTED
    assert (await s.perform("a", "honk")).moved is None
    await s.board.time()
    assert s.ons == [HORN]


async def test_a_stop_is_confirmed_by_the_firmware(s: Stage[AvrBoard]) -> None:
    task = s.begin("a", ms=5000)
    await until(lambda: s.driver.health.outputs == 1)
    s.driver.estop(42)
    await until(lambda: s.driver.health.stopped and s.driver.health.outputs == 0)
    assert (await task).ending is Ending.CANCELLED
    assert (await s.perform("b")).ending is Ending.BLOCKED
    s.driver.reset_estop(42)
    await until(lambda: not s.driver.health.stopped)
    assert (await s.perform("c")).reason == "not armed: press Arm on the page"
    await s.armed()
    assert (await s.perform("d")).ending is Ending.DONE


async def test_a_reset_in_the_middle_is_said_and_the_stop_outlives_it(s: Stage[AvrBoard]) -> None:
    task = s.begin("a", ms=5000)
    await until(lambda: "a" in s.moved)
    s.board.reset()
    outcome = await task
    assert outcome.ending is Ending.FAILED
    assert outcome.reason.startswith("a reset interrupted it")
    await until(lambda: s.driver.health.armed)
    s.driver.estop(7)
    await until(lambda: s.driver.health.stopped)
    s.board.reset()
    await until(lambda: not s.driver.health.online)
    await until(lambda: s.driver.health.stopped)
    assert s.ons == [LAMP]


async def test_an_unplugged_board_is_found_again(s: Stage[AvrBoard]) -> None:
    task = s.begin("a", ms=5000)
    await until(lambda: "a" in s.moved)
    s.board.unplug()
    await until(lambda: not s.driver.health.online)
    await s.board.plug()
    assert (await task).ending is Ending.FAILED
    await until(lambda: s.driver.health.armed)
    assert (await s.perform("b")).ending is Ending.DONE


async def test_inputs_arrive(s: Stage[AvrBoard]) -> None:
    s.board.set_input(BUTTON, True)
    await s.board.time()
    seen = len(s.inputs)
    s.board.set_input(BUTTON, False)
    await until(lambda: len(s.inputs) > seen)
    assert s.inputs[-1].level
    assert s.inputs[-1].count >= 1


async def test_hundreds_of_commands_each_move_once(s: Stage[AvrBoard]) -> None:
    for n in range(100):
        tasks = [s.begin(f"c{n}-{i}", f"shine{i}", ms=2) for i in range(3)]
        assert {(await t).ending for t in tasks} == {Ending.DONE}
    await s.board.time()
    assert len([p for p in s.ons if p != HORN]) == 300
