"""A port that is lent comes back; a driver that ends or breaks meanwhile does so as without a loan."""

import asyncio

import pytest

from gateway.drivers.arduino.loan import Loan
from gateway.drivers.base import Input
from tests.drivers.stage import BUTTON, stage, until


class Holder:
    """Counts who holds what: never more than one."""

    def __init__(self) -> None:
        self.holds = self.times = 0
        self.broken = asyncio.Event()

    async def hold(self) -> None:
        self.holds += 1
        self.times += 1
        try:
            await self.broken.wait()
            raise RuntimeError("a fault of ours")
        finally:
            await asyncio.sleep(0)  # giving a port back takes a moment
            self.holds -= 1


async def test_what_is_lent_is_held_by_nobody_until_it_is_back() -> None:
    loan, holder = Loan(), Holder()
    running = asyncio.create_task(loan.run(holder.hold))
    await until(lambda: holder.holds == 1)
    for n in (1, 2):
        async with loan.out():
            assert holder.holds == 0
        await until(lambda n=n: holder.times == n + 1)  # type: ignore[misc]
    assert holder.holds == 1
    async with loan.out():
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled(), "an end does not wait for a loan"
    assert holder.holds == 0


async def test_a_fault_of_who_holds_it_is_raised() -> None:
    loan, holder = Loan(), Holder()
    running = asyncio.create_task(loan.run(holder.hold))
    await until(lambda: holder.holds == 1)
    holder.broken.set()
    with pytest.raises(RuntimeError, match="a fault of ours"):
        await running


async def test_a_board_that_was_lent_works_on_and_one_that_restarted_has_told_no_input_yet() -> None:
    async with stage() as s:
        s.board.set_input(BUTTON, False)
        await until(lambda: "button" in s.driver.board.inputs)
        assert s.inputs == [Input(channel="button", level=True, count=1, at=s.inputs[0].at)]
        assert (await s.perform("a")).ending == "done"
        async with s.driver.lent("somebody needs it") as port:
            assert port == s.board.port
            assert s.driver.health.fault == "somebody needs it"
            assert not s.driver.health.online
        await until(lambda: s.driver.health.armed)
        assert (await s.perform("b")).ending == "done"
        assert s.driver.board.wear["lamp0"].cycles == 2
        s.board.reset()
        await until(lambda: s.driver.board.boots == 1)
        assert not s.driver.board.inputs
        assert s.driver.board.boot == "reset-pin"


async def test_two_who_ask_a_board_at_once_are_both_answered() -> None:
    async with stage() as s:
        first, second = await asyncio.gather(s.driver.ping(), s.driver.ping())
        assert 0 < first < 1
        assert 0 < second < 1
