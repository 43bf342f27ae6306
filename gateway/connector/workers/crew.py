"""The worker processes themselves: started, watched, started again, added and retired."""

import asyncio
import logging
from collections.abc import Callable

from gateway.connector.workers import planner, wire
from gateway.connector.workers.planner import Limits
from gateway.connector.workers.process import Process

log = logging.getLogger(__name__)

TICK = 0.25
"""Seconds between two looks at the workers."""
EXCUSED = 1.0
"""A look that is late by so much: it was we who slept, not the workers."""
AGAIN_S = (0.5, 30.0)
"""Until a dead worker is started again: twice as long each time, until it lasts."""
LASTED_S = 60.0
"""A worker that lived so long was a good one."""


class Crew:
    """``setup`` makes the first line for the worker of a number. ``on_word`` gets what workers say; ``on_end`` is
    called when one is gone, unless we are stopping. ``smooth``: see ``Process``."""

    def __init__(
        self,
        setup: Callable[[int], wire.Setup],
        least: int,
        most: int,
        limits: Limits,
        smooth: float,
        on_word: Callable[[Process, wire.Word], None],
        on_end: Callable[[Process], None],
    ) -> None:
        self.all: dict[int, Process] = {}
        self.stopping = False
        self._setup = setup
        self._least, self._most = least, most
        self._limits = limits
        self._smooth = smooth
        self._on_word = on_word
        self._on_end = on_end
        self._again_at = self._sized_at = float("-inf")
        self._again = AGAIN_S[0]
        self._looked_at = float("inf")

    @property
    def up(self) -> dict[int, Process]:
        return {number: worker for number, worker in self.all.items() if worker.up}

    def begin(self) -> None:
        for _ in range(self._least):
            self._start()

    def say_to_all(self, order: wire.Order) -> None:
        for worker in self.all.values():
            worker.say(order)

    def look(self, now: float) -> None:
        """Kill those that hang."""
        late, self._looked_at = now - self._looked_at > TICK + EXCUSED, now
        for worker in list(self.all.values()):
            worker.check(excused=late)

    def resize(self, now: float) -> None:
        """Start one that is missing, or that the load needs; mark one that it does not need as ``retiring``."""
        staying = [w for w in self.all.values() if not w.retiring]
        if len(staying) < self._least:
            if now >= self._again_at:
                self._start()
            return
        if now - self._sized_at < self._limits.settle or not all(w.up for w in staying):
            return
        wanted = planner.size([w.load for w in staying], self._least, self._most, self._limits)
        if wanted > len(staying):
            log.info("all %d workers are busy: starting another one", len(staying))
            self._start()
        elif wanted < len(staying):
            quietest = min(staying, key=lambda w: (w.load, -w.number))
            log.info("%d workers are more than needed: worker %d is retired", len(staying), quietest.number)
            quietest.retiring = True
        else:
            return
        self._sized_at = now

    async def stop(self) -> None:
        """Ask all to end and wait; who hangs is killed."""
        self.stopping = True
        running = list(self.all.values())
        for worker in running:
            worker.stop()
        while left := [worker for worker in running if not worker.ended.is_set()]:
            for worker in left:
                worker.check(excused=False)
            waits = [asyncio.ensure_future(worker.ended.wait()) for worker in left]
            await asyncio.wait(waits, timeout=TICK)
            for wait in waits:
                wait.cancel()

    def _start(self) -> None:
        number = next(n for n in range(1, len(self.all) + 2) if n not in self.all)
        self.all[number] = Process(self._setup(number), self._on_word, self._ended, smooth=self._smooth)

    def _ended(self, worker: Process) -> None:
        self.all.pop(worker.number, None)
        if self.stopping:
            return
        if not worker.dismissed:
            if worker.lasted > LASTED_S:
                self._again = AGAIN_S[0]
            self._again_at = asyncio.get_running_loop().time() + self._again
            self._again = min(self._again * 2, AGAIN_S[1])
        self._on_end(worker)
