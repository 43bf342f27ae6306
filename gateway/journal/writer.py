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

from gateway.errors import PayloadError, StorageError
from gateway.journal.reader import JournalReader
from gateway.journal.segment_writer import SegmentWriter
from gateway.journal.segments import Row, Unusable
from gateway.journal.state import Changes
from gateway.messages import BLOCKED_OUTCOMES, KINDS, Ack, Command, Decided, Event, Outcome, encode, seconds

log = logging.getLogger(__name__)

URGENT_S = 0.01
"""Seconds an urgent record waits for company. With the commit itself that stays below 20 ms on an SSD;
on a slow SD card the card decides."""
LAZY_S = 1.0
"""Seconds any other record may wait: SD cards wear with every commit."""
RETRY_S = 2.0
"""Seconds between two attempts on a disk that refuses."""
Record = Event | Command | Ack | Decided
"""What is kept. ``Decided``: what the rules said of an event, at most once for each."""

_OnDurable = Callable[[], None] | None
_UNCHANGED: Changes = {}


class Journal:
    """The writer. Belongs to one loop; every method is called on it, and none waits for the disk
    but ``open``, ``flush`` and ``close``.

    A disk that is full, read-only or gone never raises here: records wait in memory (``waiting_max``,
    then the oldest are lost), ``fault`` says so in words, and the disk is tried again every ``RETRY_S``.
    What the rules remember (``state``) is never lost with them: of each key the last value waits.
    """

    def __init__(
        self,
        folder: Path,
        *,
        batch_max: int = 100,
        waiting_max: int = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.reader = JournalReader(folder)
        self.lost = 0  # records that no disk has seen since the start
        self._folder, self._batch_max, self._waiting_max, self._clock = folder, batch_max, waiting_max, clock
        self._writer = SegmentWriter(folder, clock)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        # All that waits goes into one commit: what belongs to one event, and its state, is on disk together.
        self._waiting: deque[tuple[Row, _OnDurable]] = deque()
        self._changes: dict[str, bytes | None] = {}
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._commit: asyncio.Future[None] | None = None
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
            await self._loop.run_in_executor(self._thread, self._writer.commit, [], {})
        except Unusable:
            self._closed = True
            self._thread.shutdown(wait=False)
            raise
        except StorageError as e:
            self._refused(e)

    @property
    def fault(self) -> str:
        """What is wrong and what becomes of the records, for a person; empty when all is well."""
        if not self._why:
            return ""
        lost = f", {self.lost} already lost" if self.lost else ""
        return f"{self._why}; {len(self._waiting)} records wait in memory (at most {self._waiting_max}){lost}"

    def append(
        self,
        record: Record,
        *,
        urgent: bool = False,
        simulated: bool = False,
        on_durable: Callable[[], None] | None = None,
        state: Changes = _UNCHANGED,
    ) -> None:
        """Takes note of ``record``. ``urgent`` (a gift that moved something) commits after ``URGENT_S``,
        anything else after ``LAZY_S``, and at once when ``batch_max`` records wait.

        ``on_durable`` runs on the loop once the record is on disk, in the order of appending; also for
        an event that was there before; never for a record that is not on disk.
        ``simulated`` marks what belongs to practice; events say it themselves.
        ``state``: what the rules remember from here on, None to forget a key; on disk in the same commit as the
        record, so that after a kill exactly the events that are on disk have been counted.
        """
        if self._closed:
            log.error("journal: a %s came after closing and is not kept", type(record).__name__)
            return
        self._waiting.append((_row(record, simulated, self._clock), on_durable))
        if state:
            self._changes.update(state)
        self._trim()
        self._wait(URGENT_S if urgent else LAZY_S)

    def keep(self, state: Changes) -> None:
        """Takes note of what the rules remember without a record (a timer ended); on disk after ``LAZY_S``."""
        if self._closed:
            log.error("journal: state came after closing and is not kept")
            return
        self._changes.update(state)
        self._wait(LAZY_S)

    async def flush(self) -> bool:
        """Brings everything to disk now. False when the disk refuses (see ``fault``)."""
        while self._waiting or self._changes or self._commit:
            if self._commit is None:
                self._start()
            assert self._commit is not None
            await asyncio.wait([self._commit])
            if self._why:
                return False
        return True

    async def close(self) -> None:
        """Flushes and closes; says what is lost where the disk refuses to the end."""
        if self._closed:
            return
        if not await self.flush():
            counted = " and what the rules counted" if self._changes else ""
            log.error("journal: closing without %d records%s: %s", len(self._waiting), counted, self._why)
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._loop.run_in_executor(self._thread, self._writer.close)
        self._thread.shutdown(wait=False)

    def _wait(self, most: float) -> None:
        self._due = min(self._due, self._loop.time() + most)
        self._arm()

    def _arm(self) -> None:
        if self._commit is not None or not (self._waiting or self._changes):
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
        self._commit = self._loop.run_in_executor(self._thread, self._writer.commit, rows, changes)
        self._commit.add_done_callback(partial(self._ended, batch, changes))

    def _ended(
        self,
        batch: deque[tuple[Row, _OnDurable]],
        changes: dict[str, bytes | None],
        commit: asyncio.Future[None],
    ) -> None:
        self._commit = None
        error = commit.exception()
        if error is not None:
            batch.extend(self._waiting)
            self._waiting = batch
            self._changes = changes | self._changes
            self._trim()
            self._due = self._loop.time()
            self._refused(error)
        else:
            if self._why:
                log.warning("journal: writes again; %d records were lost", self.lost)
                self._why, self._retry_at = "", -math.inf
            for _, on_durable in batch:
                if on_durable is not None:
                    self._loop.call_soon(on_durable)
        self._arm()

    def _refused(self, error: BaseException) -> None:
        log.log(logging.DEBUG if self._why else logging.WARNING, "journal: %s", error)
        self._why = str(error) or repr(error)
        self._retry_at = self._loop.time() + RETRY_S

    def _trim(self) -> None:
        while len(self._waiting) > self._waiting_max:
            self._waiting.popleft()
            self.lost += 1


def _row(record: Record, simulated: bool, clock: Callable[[], float]) -> Row:
    """``time``: when the connector read an event; when we took note of anything else (ms since 1970).
    ``cause`` of a command nobody else caused, and of its acks, is the command itself."""
    body = encode(record)
    match record:
        case Command():
            columns = (record.action, record.account, record.station, record.id, record.cause or record.id)
            return (round(clock() * 1000), "command", *columns, simulated, body)
        case Ack():
            columns = (record.status.value, record.account, record.station, record.id, record.cause or record.id)
            return (round(clock() * 1000), "ack", *columns, simulated, body)
        case Decided():
            columns = (gist(record), record.account, "", record.event, record.event)
            return (round(clock() * 1000), "decision", *columns, simulated, body)
        case _:
            try:
                at = seconds(record.received)
            except PayloadError:
                at = clock()
            columns = (KINDS[type(record)], record.account, "", record.id, "")
            return (round(at * 1000), "event", *columns, simulated or record.simulated, body)


def gist(decided: Decided) -> str:
    """All rules' words on an event in one, the strongest: fired, blocked, waiting, not meant or no match."""
    said = {reason.outcome for reason in decided.reasons}
    if Outcome.FIRED in said:
        return Outcome.FIRED.value
    if said & BLOCKED_OUTCOMES:
        return "blocked"
    return next((o.value for o in (Outcome.WAITING, Outcome.NOT_MEANT) if o in said), Outcome.NO_MATCH.value)
