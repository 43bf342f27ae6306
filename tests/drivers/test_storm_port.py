"""Thousands of commands over a bad wire through a real pseudo-terminal: each ends once and moves once."""

import asyncio

import pytest

from gateway.drivers.base import Ending, Outcome
from gateway.practice.boards.line import Faults
from gateway.practice.boards.virtual import VirtualBoard
from tests.drivers.stage import stage, station


async def check_storm(faults: Faults, count: int, lamps: int = 8) -> list[Outcome]:
    """``count`` commands over a bad wire; checks endings and edges against each other."""
    async with stage(station(lamps=lamps), VirtualBoard("VB-1", faults=faults)) as s:
        outcomes: list[Outcome] = []

        async def one_lamp(lamp: int) -> None:
            for n in range(lamp, count, lamps):
                outcome = await s.perform(f"c{n}", f"shine{lamp}", ms=1, within=20.0)
                outcomes.append(outcome)

        async with asyncio.timeout(280):
            await asyncio.gather(*(one_lamp(i) for i in range(lamps)))
        assert len(outcomes) == count
        done = [o for o in outcomes if o.ending is Ending.DONE]
        unsure = [o for o in outcomes if o.ending is Ending.FAILED]  # a lease or the board was lost
        assert len(done) <= len(s.ons) <= len(done) + len(unsure)
        assert len(s.edges) == 2 * len(s.ons)
        assert s.board._rules.link.bad > 0
        return outcomes


BAD = Faults(seed=3, corrupt=2e-4, drop=0.01, duplicate=0.02, split=0.2, garbage=0.005, delay=0.001)
"""One frame in twenty is lost."""


async def test_a_thousand_commands_over_a_bad_wire_each_end_once_and_move_once() -> None:
    outcomes = await check_storm(BAD, 1000, lamps=11)
    assert len([o for o in outcomes if o.ending is Ending.DONE]) >= 990


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_thousands_of_commands_over_a_bad_wire_each_end_once_and_move_once() -> None:
    outcomes = await check_storm(BAD, 10_000, lamps=11)
    assert len([o for o in outcomes if o.ending is Ending.DONE]) >= 9_900


async def test_a_wire_that_loses_a_fifth_of_its_frames_moves_nothing_twice() -> None:
    await check_storm(Faults(seed=5, drop=0.2, corrupt=1e-4), 300)
