"""The gateway's keeper of statistics: debounced, never in the loop's way, one writer thread."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gateway.errors import StorageError
from gateway.messages import SessionRecord
from gateway.stats import archive
from gateway.stats.kept import Kept, KeptAccount, Leaders
from gateway.stats.tables import Found, find_kept, write_kept, write_practice

log = logging.getLogger(__name__)

T = TypeVar("T")

DEBOUNCE_S = 5.0
"""Seconds between two flushes: a power cut costs at most this much, and SD cards wear with every one."""
HANGS_S = 30.0
"""Seconds after which a disk that does not answer is called one that hangs; a card that erases takes a few."""
ROUNDS = 5
"""So often is work on the files repeated because sessions end meanwhile."""

_Archived = list[tuple[SessionRecord, Leaders]]


class StatsStore:
    """Belongs to one loop; nothing here raises because of a disk, and nothing waits for one but ``open``,
    ``flush``, ``exclusively`` and ``close``. ``fault`` says in words what cannot be kept; empty when all is well:
    then it stays in memory, and is written when the disk is back.

    ``snapshot`` is called on the loop, at each flush, for what is to be kept. ``upgraded``: what ``open`` answered
    comes from schema 1, which had no ``mark``: everything that the journal holds by then is counted in it.
    """

    def __init__(
        self,
        folder: Path,
        snapshot: Callable[[], Kept],
        *,
        debounce: float = DEBOUNCE_S,
        hangs: float = HANGS_S,
    ) -> None:
        self.fault = ""
        self.upgraded = False
        self._folder, self._snapshot = folder, snapshot
        self._debounce, self._hangs = debounce, hangs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stats")
        self._leaders: dict[tuple[str, bool], Leaders] = {}
        self._archived: _Archived = []
        self._practice: list[KeptAccount] = []  # as it is on disk
        self._timer: asyncio.TimerHandle | None = None
        self._flight: asyncio.Future[Any] | None = None
        self._changed = self._unreadable = self._closed = False

    async def open(self) -> Kept:
        """What was kept; empty at first. A damaged file is replaced by the copy before it, loudly.

        Sessions are archived before what is kept is written, and practice before the real statistics that hold
        the ``mark``: after a crash an account of practice may be ahead of the mark (see ``KeptAccount.counted``).

        Where a file exists but cannot be read (rights, a newer Stagewire), counting begins at zero and
        **nothing is saved** until the next start, so that what is there is not overwritten.
        """
        self._loop = asyncio.get_running_loop()
        try:
            real, practice, leaders = await self._loop.run_in_executor(self._thread, self._load)
        except StorageError as e:
            self._unreadable = True
            self.fault = f"statistics are counted but not kept: {e}"
            log.error("stats: %s", self.fault)
            return Kept()
        self._know(leaders)
        self.upgraded = real.upgraded or practice.upgraded
        self._practice = [] if practice.upgraded else practice.kept.accounts
        for record in (*real.interrupted, *practice.interrupted):  # with the first flush
            summary = record.summary
            self._archived.append((record, self.leaders(summary.account, summary.simulated)))
        kept = real.kept
        return Kept(
            mark=kept.mark,
            accounts=[*kept.accounts, *practice.kept.accounts],
            stations=kept.stations,
            catalogue=kept.catalogue,
        )

    def touch(self) -> None:
        """Something changed: it is kept at the next flush, ``debounce`` seconds from the first change on.

        Not before what ``open`` answered is what ``snapshot`` goes on from.
        """
        if self._may_keep("a change"):
            self._changed = True
            self._arm(self._debounce)

    def archive(self, record: SessionRecord, leaders: Leaders) -> None:
        """A session ended; ``leaders`` are its account's with it. Written at once, with a ``touch``."""
        if self._may_keep(f"session {record.summary.id}"):
            self._leaders[leaders.account, leaders.simulated] = leaders
            self._archived.append((record, leaders))
            self._changed = True
            self._arm(0)

    def leaders(self, account: str, simulated: bool = False) -> Leaders:
        """As of the last session that was archived, on disk or not yet."""
        return self._leaders.get((account, simulated)) or Leaders(account=account, simulated=simulated)

    async def flush(self) -> bool:
        """Writes what waits, now. False when the disk refuses or does not answer (see ``fault``)."""
        while self._changed or self._flight:
            if self._flight is None:
                self._start()
            assert self._flight is not None
            await asyncio.wait([self._flight], timeout=self._hangs)
            if self.fault:
                return False
        return not self.fault

    async def exclusively(self, work: Callable[[Path], T]) -> T:
        """Runs ``work(folder)`` in the writer's place, on its thread, with everything on disk: for erasing and the
        like (``archive.rewrite``). Sessions that end meanwhile wait, and since their leaders stem from before,
        ``work`` is then repeated.

        Raises ``StorageError`` when not everything can be written first, and what ``work`` raises.
        """
        for _ in range(ROUNDS):
            self._changed |= bool(self._archived)  # what an upgrade ended
            if not await self.flush():
                raise StorageError(f"not now: {self.fault}")
            flight = self._loop.run_in_executor(self._thread, self._work, work)
            flight.add_done_callback(self._worked)
            self._flight = flight
            result, _ = await asyncio.shield(flight)  # it goes on, also when nobody waits for it any more
            if not self._archived:
                return result
        raise StorageError(f"sessions keep ending while their files are worked on ({ROUNDS} times); try again")

    async def close(self) -> None:
        if not await self.flush():
            log.error("stats: closing without the last changes: %s", self.fault)
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=False)

    def _may_keep(self, what: str) -> bool:
        if self._closed:
            log.error("stats: %s came after closing and is not kept", what)
        return not (self._closed or self._unreadable)

    def _know(self, leaders: list[Leaders]) -> None:
        self._leaders = {(one.account, one.simulated): one for one in leaders}

    def _arm(self, seconds: float) -> None:
        if self._flight is not None or self._closed:
            return  # it is armed again when that lands
        if self._timer is not None:
            if self._timer.when() <= self._loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        kept = self._snapshot()
        archived, self._archived = self._archived, []
        self._changed = False
        self._timer = self._loop.call_later(self._hangs, self._hanging)
        flight = self._loop.run_in_executor(self._thread, self._write, archived, kept)
        flight.add_done_callback(partial(self._landed, archived))
        self._flight = flight

    def _landed(self, archived: _Archived, flight: asyncio.Future[None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._flight = None
        error = flight.exception()
        if error is not None:
            self._archived = archived + self._archived
            self._changed = True
            self._say(str(error))
        elif self.fault:
            log.warning("stats: kept again")
            self.fault = ""
        if self._changed:
            self._arm(0 if self._archived and not self.fault else self._debounce)

    def _worked(self, flight: asyncio.Future[tuple[T, list[Leaders]]]) -> None:
        self._flight = None
        if flight.exception() is None and not self._archived:
            self._know(flight.result()[1])
        if self._changed:
            self._arm(self._debounce)

    def _hanging(self) -> None:
        self._timer = None
        self._say(f"{self._folder} has not answered for {self._hangs:g} s; check the card")

    def _say(self, trouble: str) -> None:
        log.log(logging.DEBUG if self.fault else logging.WARNING, "stats: %s", trouble)
        self.fault = f"statistics are counted but not kept: {trouble}"

    # -- on the writer's thread ------------------------------------------------------------------

    def _load(self) -> tuple[Found, Found, list[Leaders]]:
        archive.clear_unfinished(self._folder)
        real, practice = find_kept(self._folder, False), find_kept(self._folder, True)
        try:
            lost = archive.find_again(self._folder)
        except StorageError as e:  # they are not in the list then, and nothing else hangs on it
            log.warning("stats: the list of past sessions may not be complete: %s", e)
        else:
            if lost:
                log.warning(
                    "stats: the list of past sessions had lost %s; put back from their details", ", ".join(lost)
                )
        return real, practice, self._load_leaders()

    def _load_leaders(self) -> list[Leaders]:
        return [
            leaders
            for simulated in (False, True)
            for leaders in archive.read_leaders(self._folder, simulated, read_only=False)
        ]

    def _write(self, archived: _Archived, kept: Kept) -> None:
        for record, leaders in archived:  # first: a crash in between then loses nothing, it is only repeated
            archive.put(self._folder, record, leaders)
        practice = [account for account in kept.accounts if account.simulated]
        if practice != self._practice:
            write_practice(self._folder, practice)
            self._practice = practice
        write_kept(self._folder, kept)

    def _work(self, work: Callable[[Path], T]) -> tuple[T, list[Leaders]]:
        return work(self._folder), self._load_leaders()
