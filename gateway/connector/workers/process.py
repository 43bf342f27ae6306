"""One worker as its parent sees it: a process, what it said last, and how much it has to do."""

import asyncio
import logging
import math
import subprocess
import sys
from collections.abc import Callable

import msgspec

from gateway.connector.workers import wire
from gateway.connector.workers.pipe import Pipe

log = logging.getLogger(__name__)

START_S = 30.0
"""A worker that is not up after so long hangs: importing TikTokLive takes 2 s here, 10 s on a small machine."""
HUNG_S = 2.0
"""Four beats missed: its loop hangs, or the machine is so busy that it is no use."""
STOP_S = 5.0
"""For saying goodbye to the platform and the broker; then it is killed."""
SMOOTH_S = 10.0
"""Over so many seconds a load is averaged."""


class Process:
    """Starts at once. ``on_word(process, word)`` gets what it says, ``on_end(process)`` its end, both on the loop.

    ``dismissed``: it was asked to end. ``load`` is its share of a processor core, ``rates`` the events a second of
    its accounts, both smoothed.
    """

    def __init__(
        self,
        setup: wire.Setup,
        on_word: Callable[["Process", wire.Word], None],
        on_end: Callable[["Process"], None],
        *,
        smooth: float = SMOOTH_S,
    ) -> None:
        self.number = setup.worker
        self.up = False
        self.retiring = False
        self.load = 0.0
        self.rates: dict[str, float] = {}
        self.sights: dict[str, wire.Sight] = {}
        self._smooth = smooth
        self._on_word = on_word
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._began = self._beat_at = self._loop.time()
        self._cpu: float | None = None
        self._stop_at: float | None = None
        self.dismissed = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gateway.connector.workers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipe = Pipe(self._process.stdout, self._process.stdin, self._line, self._ended)
        self.ended = asyncio.Event()
        self.say(setup)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lasted(self) -> float:
        """Seconds since it began."""
        return self._loop.time() - self._began

    @property
    def silent(self) -> float:
        """Seconds since it last said how it is."""
        return self._loop.time() - self._beat_at

    def say(self, order: wire.Order) -> None:
        self._pipe.send(wire.encode(order))

    def stop(self) -> None:
        """Ask it to end, which it does after its accounts have."""
        if self._stop_at is None:
            self._stop_at = self._loop.time() + STOP_S
            self.dismissed = True
            self._pipe.close()

    def check(self, *, excused: bool) -> None:
        """Kill it when it hangs; ``excused`` when we could not hear it for a while ourselves."""
        now = self._loop.time()
        if excused:
            self._beat_at = now
        if self._stop_at is not None:
            if now > self._stop_at:
                self._kill("did not end in time")
        elif self.up and now - self._beat_at > HUNG_S:
            self._kill(f"has said nothing for {HUNG_S:.0f} s")
        elif not self.up and now - self._began > START_S:
            self._kill(f"did not start within {START_S:.0f} s")

    def _kill(self, why: str) -> None:
        log.error("worker %d %s: killing it", self.number, why)
        self._process.kill()
        self._stop_at = math.inf

    def _line(self, line: bytes) -> None:
        try:
            word = wire.word(line)
        except msgspec.MsgspecError as e:
            log.error("worker %d said what nobody understands (%s)", self.number, e)
            return
        if isinstance(word, wire.Up):
            self.up = True
            self._beat_at = self._loop.time()
        elif isinstance(word, wire.Beat):
            self._measure(word)
        self._on_word(self, word)

    def _measure(self, beat: wire.Beat) -> None:
        now = self._loop.time()
        passed = now - self._beat_at
        if self._cpu is not None and passed > 0:
            part = 1 - math.exp(-passed / self._smooth)
            self.load += part * (max(0.0, beat.cpu - self._cpu) / passed - self.load)
            rates = {}
            for name, sight in beat.accounts.items():
                before = self.sights.get(name)
                rate = self.rates.get(name, 0.0)
                events = max(0, sight.events - before.events) if before else 0
                rates[name] = rate + part * (events / passed - rate)
            self.rates = rates
        self._cpu, self._beat_at, self.sights = beat.cpu, now, beat.accounts

    def share(self, account: str) -> float:
        """The account's part of ``load``, by its events."""
        total = sum(self.rates.values())
        return self.load * self.rates.get(account, 0.0) / total if total else 0.0

    def _ended(self) -> None:
        # Its stdout is closed, so it is ending: waiting takes no time, but a thread all the same.
        waiting = self._loop.run_in_executor(None, self._process.wait)
        waiting.add_done_callback(lambda _: self._gone())

    def _gone(self) -> None:
        self.up = False
        self._pipe.close()
        self.ended.set()
        self._on_end(self)
