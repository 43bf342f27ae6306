"""Signatures are given out one by one, in fair turns, and to nobody while the service limits us."""

import asyncio
import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.connector.budget import Turns

DISTANCE = 0.02


async def test_nobody_signs_twice_while_another_waits() -> None:
    turns, order = Turns(0.001), list[str]()

    async def sign(account: str, times: int) -> None:
        for _ in range(times):
            await turns.turn(account)
            order.append(account)

    greedy = [asyncio.create_task(sign("greedy", 5)) for _ in range(4)]
    await asyncio.gather(*greedy, sign("ada", 3), sign("bo", 3))
    assert sorted(order[:9]) == ["ada"] * 3 + ["bo"] * 3 + ["greedy"] * 3
    assert all(len(set(order[i : i + 3])) == 3 for i in (0, 3, 6)), order


async def test_between_two_signatures_lies_the_distance_also_after_a_rest() -> None:
    turns, at = Turns(DISTANCE), list[float]()

    async def sign(account: str) -> None:
        await turns.turn(account)
        at.append(time.monotonic())

    await asyncio.gather(*(sign(f"a{n}") for n in range(4)))
    await sign("a0")
    assert all(b - a > DISTANCE - 0.002 for a, b in pairwise(at)), at


async def test_a_limit_sends_all_who_wait_away_at_once_and_the_next_do_not_wait() -> None:
    turns = Turns(3600.0)
    await turns.turn("first")
    waiting = asyncio.gather(*(turns.turn(f"a{n}") for n in range(3)))
    await asyncio.sleep(0)
    assert not waiting.done()
    until = time.time() + 50
    turns.limit(until)
    async with asyncio.timeout(1):
        await waiting
        await turns.turn("late")
    turns.limit(until - 20)  # an older answer shortens nothing
    assert turns.limited_until == until


async def test_who_gives_up_waiting_costs_the_others_nothing() -> None:
    turns = Turns(DISTANCE)
    await turns.turn("first")
    gone = asyncio.create_task(turns.turn("gone"))
    next_one = asyncio.create_task(turns.turn("next"))
    await asyncio.sleep(0)
    gone.cancel()
    began = time.monotonic()
    await next_one
    assert time.monotonic() - began < 2 * DISTANCE + 0.1
    assert gone.cancelled()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=12))
def test_whoever_waits_is_served_before_any_other_is_served_twice(wanted: list[str]) -> None:
    async def scenario() -> None:
        turns, served = Turns(0.0), list[str]()

        async def sign(account: str) -> None:
            await turns.turn(account)
            served.append(account)

        await asyncio.gather(*map(sign, wanted))
        kinds = len(set(wanted))
        assert len(set(served[:kinds])) == kinds
        assert sorted(served) == sorted(wanted)

    asyncio.run(scenario())
