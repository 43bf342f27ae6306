"""The loop's side of the journal: what waits, when it is committed, and what happens when the disk refuses."""

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import StorageError
from gateway.journal.reader import JournalReader
from gateway.journal.rows import Record, row_of
from gateway.journal.segment_writer import SegmentWriter
from gateway.journal.segments import Row, Unusable
from gateway.journal.state import Changes
from gateway.messages import Ack

log = logging.getLogger(__name__)

T = TypeVar("T")

URGENT_S = 0.03
"""Seconds that an urgent record waits: with the commit itself it is on disk within 50 ms, if the card is
quick enough. A gift that comes again after a kill has the same ids, and the boards remember those."""
SOON_S = 0.25
"""Seconds an urgent ack waits: the board remembers what it did, but its station is given only few commands whose
endings are not on disk (``gateway.app.MOST_UNWRITTEN``)."""
LAZY_S = 1.0
"""Seconds any other record may wait: SD cards wear with every commit."""
RETRY_S = 2.0
"""Seconds between two attempts on a disk that refuses."""
HANGS_S = 10.0
"""Seconds after which a disk that does not answer is taken for one that refuses: a dying card may take minutes."""
ALONE_S = 1.0
"""Seconds of somebody's own work on the files (``Journal.exclusively``) after which a show goes on from memory."""

_OnDurable = Callable[[], None] | None
_UNCHANGED: Changes = {}


class _Job:
    """What the writer thread is at since ``began``: ``words``, too long after ``patience`` seconds."""

    def __init__(
        self, future: asyncio.Future[Any], began: float, records: int, words: str, patience: float
    ) -> None:
        self.future, self.began, self.records = future, began, records
        self.words, self.patience = words, patience
        self.watch: asyncio.TimerHandle | None = None


class Journal:
    """The writer. Belongs to one loop; every method is called on it, and none waits for the disk
    but ``open``, ``flush`` and ``close``.

    A disk that is full, read-only or gone never raises here: records wait in memory (``waiting_max``,
    then the oldest are lost), ``fault`` says so in words, and the disk is tried again every ``RETRY_S``.
    Nor does a disk that hangs: after ``HANGS_S`` it is a ``fault``, until it answers.
    What the rules remember (``state``) is never lost with them: of each key the last value waits.
    """

    def __init__(
        self,
        folder: Path,
        *,
        batch_max: int = 200,
        waiting_max: int = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.reader = JournalReader(folder)
        self.lost = 0  # records that no disk has seen since the start
        self.durable = 0  # the ``seq`` of the last record known to be on disk, 0 before any
        self._folder, self._batch_max, self._waiting_max, self._clock = folder, batch_max, waiting_max, clock
        self._writer = SegmentWriter(folder, clock)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        # All that waits goes into one commit: what belongs to one event, and its state, is on disk together.
        self._waiting: deque[tuple[Row, _OnDurable]] = deque()
        self._changes: dict[str, bytes | None] = {}
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._job: _Job | None = None
        self._retry_at = -math.inf
        self._why = ""
        self._closed = False

    async def open(self) -> None:
        """Opens or begins this month's file; a damaged one is moved aside, loudly.

        Raises ``StorageError`` only where waiting cannot help: ``folder`` is not a folder, or the file
        was written by a newer Stagewire.
        """
        self._loop = asyncio.get_running_loop()
        try:
            if self._folder.exists() and not self._folder.is_dir():
                raise Unusable(f"{self._folder} is a file; the data folder (gateway: data:) must be a folder")
            self.durable = await self._loop.run_in_executor(self._thread, self._writer.commit, [], {})
        except Unusable:
            self._closed = True
            self._thread.shutdown(wait=False)
            raise
        except StorageError as e:
            self._refused(e)

    @property
    def fault(self) -> str:
        """What is wrong and what becomes of the records, for a person; empty when all is well."""
        job, why, waiting = self._job, self._why, len(self._waiting)
        if job is not None:
            waiting += job.records
            if (lasts := self._loop.time() - job.began) >= job.patience:
                why = f"{job.words} for {lasts:.0f} s"
        if not why:
            return ""
        lost = f", {self.lost} already lost" if self.lost else ""
        return f"{why}; {waiting} records wait in memory (at most {self._waiting_max}){lost}"

    def append(
        self,
        record: Record,
        *,
        urgent: bool = False,
        simulated: bool = False,
        on_durable: Callable[[], None] | None = None,
        state: Changes = _UNCHANGED,
    ) -> None:
        """Takes note of ``record``. ``urgent`` (a gift that moved something) commits after ``URGENT_S``
        (an ack after ``SOON_S``), anything else after ``LAZY_S``, and at once when ``batch_max`` records wait.

        ``on_durable`` runs on the loop once the record is on disk, in the order of appending; also for
        an event that was there before; never for a record that is not on disk.
        ``simulated`` marks what belongs to practice; events say it themselves.
        ``state``: what the rules remember from here on, None to forget a key; on disk in the same commit as the
        record, so that after a kill exactly the events that are on disk have been counted.
        """
        if self._closed:
            log.error("journal: a %s came after closing and is not kept", type(record).__name__)
            return
        self._waiting.append((row_of(record, simulated, self._clock), on_durable))
        if state:
            self._changes.update(state)
        self._trim()
        self._wait(LAZY_S if not urgent else SOON_S if isinstance(record, Ack) else URGENT_S)

    def keep(self, state: Changes) -> None:
        """Takes note of what the rules remember without a record (a timer ended); on disk after ``LAZY_S``."""
        if self._closed:
            log.error("journal: state came after closing and is not kept")
            return
        self._changes.update(state)
        self._wait(LAZY_S)

    async def flush(self) -> bool:
        """Brings everything to disk now. False when the disk refuses or hangs (see ``fault``)."""
        while self._waiting or self._changes or self._job:
            if self._job is None:
                self._start()
            if not await self._rest() or self._why:
                return False
        return True

    async def exclusively(self, work: Callable[[Path], T]) -> T:
        """Runs ``work(folder)`` on the writer thread with all files closed: to erase, delete or copy them.

        What was appended before is on disk then, what comes meanwhile waits in memory: after ``ALONE_S`` that is a
        ``fault``, so that no machine waits for it; keep the work short, month by month. What stands in the files
        afterwards counts, also what the rules remember. Raises ``StorageError`` while the disk refuses, and
        whatever ``work`` raises.
        """
        while self._waiting or self._changes or self._job:
            if not await self.flush():
                raise StorageError(self.fault)
        if self._closed:
            raise StorageError(f"the journal in {self._folder} was closed")
        future = self._loop.run_in_executor(self._thread, self._writer.alone, work)
        job = self._job = _Job(future, self._loop.time(), 0, "the journal is being worked on", ALONE_S)
        future.add_done_callback(lambda _: self._went_on(job))
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Flushes and closes; says what is lost where the disk refuses to the end."""
        if self._closed:
            return
        if not await self.flush():
            counted = " and what the rules counted" if self._changes else ""
            waiting = len(self._waiting) + (self._job.records if self._job is not None else 0)
            log.error("journal: closing without %d records%s: %s", waiting, counted, self._why or self.fault)
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._job is None:
            await self._loop.run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)

    async def _rest(self) -> bool:
        """Until the writer thread is done; False when it hangs."""
        if self._job is None:
            return True
        left = self._job.began + HANGS_S - self._loop.time()
        done, _ = await asyncio.wait([self._job.future], timeout=max(left, 0.0))
        return bool(done)

    def _wait(self, most: float) -> None:
        self._due = min(self._due, self._loop.time() + most)
        self._arm()

    def _arm(self) -> None:
        if self._job is not None or not (self._waiting or self._changes):
            return
        at = self._loop.time() if len(self._waiting) >= self._batch_max else self._due
        at = max(at, self._retry_at)
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, deque()
        changes, self._changes = self._changes, {}
        self._due = math.inf
        rows = [row for row, _ in batch]
        future = self._loop.run_in_executor(self._thread, self._writer.commit, rows, changes)
        job = self._job = _Job(future, self._loop.time(), len(rows), "the disk has not answered", HANGS_S)
        job.watch = self._loop.call_later(HANGS_S, self._hangs, job)
        future.add_done_callback(partial(self._ended, batch, changes, job))

    def _hangs(self, job: _Job) -> None:
        log.warning("journal: %s; look at the card or disk that holds %s", self.fault, self._folder)

    def _went_on(self, job: _Job) -> None:
        """The writer thread is free."""
        self._job = None
        if job.watch is not None:
            job.watch.cancel()
        if (lasted := self._loop.time() - job.began) >= HANGS_S:
            log.warning("journal: goes on after %.0f s", lasted)
        self._arm()

    def _ended(
        self,
        batch: deque[tuple[Row, _OnDurable]],
        changes: dict[str, bytes | None],
        job: _Job,
        commit: asyncio.Future[int],
    ) -> None:
        error = commit.exception()
        if error is not None:
            batch.extend(self._waiting)
            self._waiting = batch
            self._changes = changes | self._changes
            self._trim()
            self._due = self._loop.time()
            self._refused(error)
        else:
            self.durable = commit.result()
            if self._why:
                log.warning("journal: writes again; %d records were lost", self.lost)
                self._why, self._retry_at = "", -math.inf
            for _, on_durable in batch:
                if on_durable is not None:
                    self._loop.call_soon(on_durable)
        self._went_on(job)

    def _refused(self, error: BaseException) -> None:
        log.log(logging.DEBUG if self._why else logging.WARNING, "journal: %s", error)
        self._why = str(error) or repr(error)
        self._retry_at = self._loop.time() + RETRY_S

    def _trim(self) -> None:
        while len(self._waiting) > self._waiting_max:
            self._waiting.popleft()
            self.lost += 1
