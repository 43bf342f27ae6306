"""Turns at the signing service: one budget for all accounts, fair, and shut while the service limits us."""

import asyncio
import itertools
import time
from typing import Protocol


class Budget(Protocol):
    """Who gives out the turns: ``Turns``, in this process or, asked over a pipe, in the parent's."""

    @property
    def limited_until(self) -> float:
        """Seconds since 1970; until then nobody may sign."""

    async def turn(self, account: str) -> None:
        """Wait until ``account`` may sign once; returns at once while nobody may: see ``limited_until``."""

    def limit(self, until: float) -> None:
        """The service said 429; ``until``: seconds since 1970."""


class Turns:
    """Nobody signs twice while another waits, and never two within ``distance`` seconds."""

    def __init__(self, distance: float) -> None:
        self.limited_until = 0.0
        self._distance = distance
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._last: dict[str, int] = {}  # the number of each account's last turn
        self._numbers = itertools.count(1)
        self._free_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, account: str) -> None:
        if time.time() < self.limited_until:
            return
        place = (account, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        self._arm()
        try:
            await place[1]
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def limit(self, until: float) -> None:
        self.limited_until = max(self.limited_until, until)
        for _, place in self._waiting:
            if not place.done():
                place.set_result(None)
        self._waiting.clear()

    def _arm(self) -> None:
        if self._timer is None and self._waiting:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._free_at, loop.time()), self._give)

    def _give(self) -> None:
        self._timer = None
        waiting = [p for p in self._waiting if not p[1].done()]
        if waiting:
            first = min(waiting, key=lambda place: self._last.get(place[0], 0))  # of equals, who came first
            self._waiting.remove(first)
            self._last[first[0]] = next(self._numbers)
            self._free_at = asyncio.get_running_loop().time() + self._distance
            first[1].set_result(None)
        self._arm()
