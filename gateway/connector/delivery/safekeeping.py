"""Events are safe when the broker knows them or the disk has them: who waits for that, and what is written when.

An event that the broker has not answered for within ``SAVE_AFTER_S`` is written down, with all that came after it.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from gateway.connector.delivery.disk import Disk
from gateway.connector.delivery.lanes import PAGE, Entry, Lanes
from gateway.connector.delivery.outbox import Adopted, Committed, Outbox, Row, Waiting

log = logging.getLogger(__name__)

SAVE_AFTER_S = 0.05
"""A broker near by answers within a few milliseconds, one far away within this; a disk wears with every commit."""
COMMIT_MAX = 2_000
"""Rows in one transaction."""
CROWDED = 10_000
"""So many entries are looked through for those that are safe by now: one that can get nowhere may stand first."""
WAITING = 10_000
"""Who waits for safety, at most; beyond it the oldest are never called back, for their connection is long gone."""
ADOPTED = 1 << 32
"""Numbers set aside for the events of one adoption."""


class Safekeeping:
    """``on_more`` is called when there is more to send in ``lanes``, ``on_lost`` with a number and the reason.

    Without an ``outbox`` nothing is written. Belongs to the loop on which it was opened.
    """

    def __init__(
        self,
        lanes: Lanes,
        outbox: Outbox | None,
        on_more: Callable[[], None],
        on_lost: Callable[[int, str], None],
    ) -> None:
        self._lanes = lanes
        self._outbox = outbox
        self._on_more = on_more
        self._on_lost = on_lost
        self._disk: Disk | None = None
        self._seq = 0
        self._unsafe: deque[Entry] = deque()  # some of them are safe by now
        self._crowded = CROWDED
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque(maxlen=WAITING)
        self._delete: list[int] = []
        self._opened = self._saving = self._reading = False
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Raises ``ServiceError`` when another process has the outbox; a disk that refuses is tried again."""
        self._loop = asyncio.get_running_loop()
        self._seq = time.time_ns() // 1000  # greater than any on disk, even where that cannot be read yet
        if self._outbox is not None:
            self._disk = Disk(self._outbox)
            if (waiting := await self._disk.open()) is not None:
                self._take_up(waiting)

    async def close(self) -> None:
        """Write down what is not safe, and let go of the file."""
        if self._timer is not None:
            self._timer.cancel()
        disk, self._disk = self._disk, None  # from here on nothing opens the file anew
        if disk is not None:
            await disk.close([e.row() for e in self._unsafe if not e.safe], self._delete)

    # -- events ------------------------------------------------------------------------------------

    def note(self, topic: str, payload: bytes, paid: bool) -> Entry:
        """A new event, received now."""
        self._seq += 1
        entry = Entry(self._seq, topic, payload, time.time(), paid, self._loop.time())
        self._unsafe.append(entry)
        if len(self._unsafe) > self._crowded:
            self._unsafe = deque(e for e in self._unsafe if not e.safe)
            self._crowded = CROWDED + len(self._unsafe)
        if self._timer is None:
            self._arm(SAVE_AFTER_S)
        return entry

    def doubt(self, entries: Iterable[Entry]) -> None:
        """What the broker knew of these it may have forgotten."""
        for entry in entries:
            if entry.safe and not entry.on_disk:
                entry.safe, entry.born = False, self._loop.time()
                self._unsafe.append(entry)
        if self._timer is None:
            self._arm(SAVE_AFTER_S)

    def forget(self, entry: Entry) -> None:
        """It is done with."""
        entry.over = entry.safe = True
        if entry.on_disk:
            self._delete.append(entry.seq)

    def when_safe(self, callback: Callable[[], None]) -> None:
        """Call back once all events noted so far are safe; never when ``WAITING`` others come before that."""
        self._waiting.append((self._seq, callback))
        self.settle()

    def settle(self) -> None:
        """Entries have become safe: call back who waits for that."""
        while self._unsafe and self._unsafe[0].safe:
            self._unsafe.popleft()
        while self._waiting and (not self._unsafe or self._waiting[0][0] < self._unsafe[0].seq):
            self._waiting.popleft()[1]()

    # -- to the disk ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """About once a second: delete what is done with, and try a disk again that could not be opened."""
        if self._disk is None:
            return
        if not self._opened and not self._disk.patience and not self._disk.busy:
            self._disk.run(self._disk.outbox.open, self._take_up, _nothing)
        if self._delete:
            self._save()

    def _arm(self, seconds: float) -> None:
        if self._disk is not None:
            self._timer = self._loop.call_later(seconds, self._due)

    def _due(self) -> None:
        self._timer = None
        self._save()

    def _save(self) -> None:
        self.settle()
        if self._disk is None or self._saving or not (self._unsafe or self._delete):
            return
        wait = self._disk.patience
        if not self._delete:
            wait = max(wait, self._unsafe[0].born + SAVE_AFTER_S - self._loop.time())
        if wait > 0 or not self._opened:
            if self._timer is None:
                self._arm(max(wait, SAVE_AFTER_S / 10))
            return
        batch = list(islice((e for e in self._unsafe if not e.safe), COMMIT_MAX))
        delete, self._delete = self._delete, []
        self._saving = True
        commit = partial(self._disk.outbox.commit, [e.row() for e in batch], delete)
        self._disk.run(commit, partial(self._saved, batch), partial(self._not_saved, delete))

    def _saved(self, batch: list[Entry], committed: Committed) -> None:
        self._saving = False
        if committed.anew:
            self._on_lost(self._lanes.disk_lost(), "the outbox was damaged")
            doubtful = [e for e in self._lanes if e.on_disk]
            for entry in doubtful:
                entry.on_disk = False
            self.doubt(doubtful)
        for entry in batch:
            entry.on_disk = entry.safe = True
            if entry.over:
                self._delete.append(entry.seq)
        self._lanes.saved()
        self._give_up(committed.given_up)
        self._save()
        self._on_more()

    def _not_saved(self, delete: list[int]) -> None:
        self._saving = False
        self._delete += delete
        self._save()

    def _give_up(self, rows: list[tuple[int, str]]) -> None:
        if rows:
            self._lanes.given_up(rows)
            self._on_lost(len(rows), "the outbox is full (connector: outbox_mb:)")

    # -- and back ------------------------------------------------------------------------------------

    def read_on(self) -> None:
        """Fetch what comes next in a lane whose beginning was sent."""
        if self._disk is None or not self._opened or self._reading or self._disk.patience:
            return
        if (hungry := self._lanes.hungry(self._loop.time())) is not None:
            topic, after = hungry
            self._reading = True
            read = partial(self._disk.outbox.read, topic, after, PAGE)
            self._disk.run(read, partial(self._read, topic), self._not_read)

    def _read(self, topic: str, rows: list[Row]) -> None:
        self._reading = False
        now = self._loop.time()
        self._lanes.loaded(
            topic,
            [
                Entry(r.seq, r.topic, r.payload, r.received, bool(r.paid), now, on_disk=True, safe=True)
                for r in rows
            ],
        )
        self._on_more()

    def _not_read(self) -> None:
        self._reading = False

    def _take_up(self, waiting: Waiting) -> None:
        """The outbox is open, with what earlier runs left in it."""
        self._opened = True
        self._seq = max(self._seq, waiting.last)
        for topic, count in waiting.topics.items():
            self._lanes.on_disk(topic, count, 0)
        if waiting.topics:
            log.info("%d events wait since an earlier run", sum(waiting.topics.values()))
        self.adopt()

    def adopt(self) -> None:
        """Take over what waits in outboxes of the same folder whose process is gone."""
        if self._disk is None or not self._opened:
            return
        after, self._seq = self._seq, self._seq + ADOPTED

        def adopted(found: Adopted) -> None:
            for topic, count in found.topics.items():
                self._lanes.on_disk(topic, count, after)
            self._give_up(found.given_up)
            self._on_more()

        self._disk.run(partial(self._disk.outbox.adopt, after), adopted, _nothing)


def _nothing() -> None:
    pass
