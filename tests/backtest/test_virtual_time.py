"""A loop whose time passes as fast as the machine computes, also where it counts seconds since 1970."""

import asyncio

import pytest

from gateway.virtual_time import VirtualLoop
from tests.records import NOON


@pytest.mark.parametrize("start", [0.0, 1000.0, NOON, NOON + 0.1])
def test_what_sleeps_wakes_exactly_when_it_is_due(start: float) -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        woke = []
        for seconds in (0.1, 1e-3, 3600.0, 0.25):
            due = loop.time() + seconds
            await asyncio.sleep(due - loop.time())
            woke.append(loop.time() - due)
        return woke

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start)) as runner:
        assert runner.run(main()) == pytest.approx([0.0] * 4, abs=1e-6)


def test_calls_come_in_the_order_in_which_they_are_due() -> None:
    async def main() -> list[str]:
        loop, came = asyncio.get_running_loop(), list[str]()
        done = asyncio.Event()
        loop.call_later(0.3, done.set)
        for name, seconds in (("b", 0.2), ("a", 0.1), ("c", 0.2)):
            loop.call_later(seconds, came.append, name)
        await done.wait()
        return came

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(NOON)) as runner:
        assert runner.run(main()) == ["a", "b", "c"]


def test_after_a_leap_what_was_due_is_late_and_the_clock_never_goes_back() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        came = loop.create_future()
        loop.call_later(5, lambda: came.set_result(loop.time()))
        loop.leap(NOON + 60)
        loop.leap(NOON)
        return float(await came) - NOON

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(NOON)) as runner:
        assert runner.run(main()) == 60
