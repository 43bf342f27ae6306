"""The gateway is killed at any point while viewers give: each gift moves once, and the ledger agrees."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.evening import Evening, evening
from tests.faults.mortal import until

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(900)]

BACKLOG = 400
"""Gifts that wait at most: fewer than the queues hold."""
PATIENCE_S = 8.0
"""A point that does not come in so long is no point any more: the gateway is killed then."""


class Killer:
    """Knows where it hurts. ``points`` counts which were met."""

    def __init__(self, e: Evening, rng: random.Random) -> None:
        self._e, self._rng = e, rng
        self.points: Counter[str] = Counter()
        self._ways: dict[str, Callable[[], Awaitable[None]]] = {
            "anywhere": self._anywhere,
            "while it starts": self._starting,
            "just after a gift": self._given,
            "while a command runs": lambda: self._edge(True),
            "as a command ends": lambda: self._edge(False),
            "during a commit": self._commit,
        }

    async def strike(self) -> None:
        point = self._rng.choice(list(self._ways))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._ways[point]()
            self.points[point] += 1
        except TimeoutError:
            self.points[f"{point}: in vain"] += 1
        self._e.gateway.kill()

    async def _anywhere(self) -> None:
        await self._e.gateway.ready()
        await asyncio.sleep(self._rng.uniform(0, 0.6))

    async def _starting(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.2, 1.5))

    async def _given(self) -> None:
        await self._e.gateway.ready()
        self._e.crowd.give()
        await asyncio.sleep(self._rng.uniform(0, 0.02))

    async def _edge(self, level: bool) -> None:
        """At the n-th edge of this kind, in the very moment."""
        left = self._rng.randrange(1, 30)
        met = asyncio.get_running_loop().create_future()

        def step(now: bool) -> None:
            nonlocal left
            left -= now is level
            if left == 0 and not met.done():
                self._e.gateway.kill()
                met.set_result(None)

        for board in self._e.boards.values():
            board.on_step = step
        try:
            await met
        finally:
            for board in self._e.boards.values():
                board.on_step = lambda level: None

    async def _commit(self) -> None:
        """As the journal grows."""
        await self._e.gateway.ready()
        await asyncio.sleep(self._rng.uniform(0, 0.1))
        (log,) = (self._e.folder / "data").glob("journal-*.db-wal")
        before = log.stat()
        while (now := log.stat()).st_mtime_ns == before.st_mtime_ns and now.st_size == before.st_size:
            await asyncio.sleep(0.0005)


async def give(e: Evening, messages: int, rng: random.Random) -> None:
    """So many more, in bursts."""
    while messages:
        burst = min(messages, rng.randrange(1, 25))
        for _ in range(burst):
            e.crowd.give()
        messages -= burst
        await until(lambda: e.crowd.units - e.ran < BACKLOG, 60)
        await asyncio.sleep(rng.uniform(0, 0.04))


async def play(folder: Path, seed: int, messages: int, kills: int) -> None:
    rng = random.Random(seed)
    async with evening(folder, seed) as e:
        e.gateway.start()
        await e.gateway.ready()  # from when it has subscribed the broker keeps its gifts
        killer = Killer(e, rng)
        began = asyncio.get_running_loop().time()
        for n in range(kills):
            share = messages * (n + 1) // (kills + 1) - len(e.crowd.given)
            giving = asyncio.create_task(give(e, share, rng))
            await killer.strike()
            e.gateway.start()
            await giving
        await give(e, messages - len(e.crowd.given), rng)
        await e.gateway.ready()
        await e.over(120)
        seconds = asyncio.get_running_loop().time() - began
        e.gateway.end()
        starts = sorted(e.gateway.starts)
        print(
            f"seed {seed}: {e.crowd.units} gifts in {len(e.crowd.given)} messages, {e.gateway.kills} kills "
            f"({dict(killer.points)}) in {seconds:.0f} s; ready again after "
            f"{starts[len(starts) // 2]:.2f} s (median), {starts[-1]:.2f} s at the most"
        )
        e.check()
        assert "Traceback" not in e.gateway.log()


async def test_a_gateway_that_is_killed_anywhere_runs_each_gift_once(tmp_path: Path) -> None:
    await play(tmp_path, seed=1, messages=300, kills=6)


async def test_a_gateway_that_is_killed_as_it_sets_to_work_again_and_again_runs_each_gift_once(
    tmp_path: Path,
) -> None:
    """Each life moves as much as may stand nowhere but in the board's memory, and dies before its disk has any of
    it: the lives together must not move more than the board remembers."""
    async with evening(tmp_path, seed=3) as e:
        e.gateway.start()
        await e.gateway.ready()
        for _ in range(BACKLOG // 2):
            e.crowd.give("Rose", 1)
        for _ in range(6):
            before = e.ran
            with contextlib.suppress(TimeoutError):
                await until(lambda: e.ran >= before + 15, 5)  # noqa: B023 - it has ended by the next round
            e.gateway.kill()
            e.gateway.start()
        await e.over(60)
        e.gateway.end()
        e.check()


@pytest.mark.slow
async def test_ten_thousand_gifts_run_once_each_whenever_the_gateway_is_killed(tmp_path: Path) -> None:
    await play(tmp_path, seed=2, messages=6_500, kills=60)
