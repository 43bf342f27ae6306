"""A LIVE gone wild: so many comments and likes a second, published by a process of its own."""

import asyncio
import multiprocessing as mp
import sys
import time
from multiprocessing.sharedctypes import Synchronized
from types import TracebackType
from typing import Self

import msgspec

from gateway.bus import Bus
from gateway.messages import Comment, CommentEvent, Like, LikeEvent, encode
from gateway.settings.models import Broker
from gateway.topics import Topics
from tests.web import scene
from tests.web.peer import VENUE

TICK_S = 0.02


class Flood:
    """``rate`` events a second on the account ``mira`` of ``venue``, half of them comments. ``sent``: so far."""

    def __init__(self, broker: Broker, rate: int, venue: str = VENUE) -> None:
        spawn = mp.get_context("spawn")
        self._sent: Synchronized[int] = spawn.Value("q", 0)
        self._process = spawn.Process(target=_run, args=(msgspec.json.encode(broker), rate, venue, self._sent))

    @property
    def sent(self) -> int:
        return self._sent.value

    def wait(self, seconds: float) -> None:
        """Let it go on, and see that it does."""
        self._process.join(seconds)
        assert self._process.is_alive(), f"the flood ended by itself: {self._process.exitcode}"

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join(10)


def _run(broker: bytes, rate: int, venue: str, sent: "Synchronized[int]") -> None:
    asyncio.run(_flood(msgspec.json.decode(broker, type=Broker), rate, Topics(venue), sent))


async def _flood(broker: Broker, rate: int, topics: Topics, sent: "Synchronized[int]") -> None:
    bus = Bus(broker, f"flood-{time.monotonic_ns()}")
    running = asyncio.create_task(bus.run())
    began = time.monotonic()
    while not bus.connected:
        if running.done() or time.monotonic() - began > 10:
            sys.exit("no broker to flood")
        await asyncio.sleep(TICK_S)
    began, n = time.monotonic(), 0
    while True:
        for number in range(n, n := int((time.monotonic() - began) * rate)):
            user = scene.user(f"viewer.{number % 500}")
            if number % 2:
                event = scene.event(
                    CommentEvent, Comment(user=user, text=f"hello number {number}"), f"f-{began}-{number}"
                )
            else:
                event = scene.event(LikeEvent, Like(user=user, count=3), f"f-{began}-{number}")
            kind = "comment" if number % 2 else "like"
            bus.publish(topics.account_event("mira", kind), encode(event), qos=number % 2)
            sent.value += 1
        await asyncio.sleep(TICK_S)
