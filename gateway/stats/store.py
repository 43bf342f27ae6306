"""Keeps the totals in TinyDB. The only user of TinyDB besides its storage.

``stats.json`` holds each account with its current session; what a flush writes therefore does not grow
with history. Sessions that ended go to one file a year, ``sessions-2026.json``. Practice has files of its
own: ``stats-practice.json``, ``sessions-practice-2026.json``.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from tinydb import TinyDB, where
from tinydb.middlewares import CachingMiddleware

from gateway.errors import StorageError
from gateway.stats.folds import (
    AccountTotals,
    Session,
    Totals,
    account_from_dict,
    session_from_dict,
    to_dict,
)
from gateway.stats.storage import CrashSafeStorage

log = logging.getLogger(__name__)

DEBOUNCE_S = 5.0
"""Seconds between two flushes: a power cut costs at most this much, and SD cards wear with every one."""

_Documents = dict[Path, dict[str, dict[str, Any]]]
"""File -> key -> document; the key is the account's or the session's id."""


class StatsStore:
    """The writer. Belongs to one loop; nothing here raises because of a disk, and nothing waits for one
    but ``open``, ``flush`` and ``close``. ``fault`` says in words what cannot be kept; empty when all is well.
    """

    def __init__(self, folder: Path, *, debounce: float = DEBOUNCE_S) -> None:
        self.fault = ""
        self._folder, self._debounce = folder, debounce
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stats")
        self._accounts: dict[tuple[str, bool], AccountTotals] = {}
        self._ended: dict[tuple[str, bool], Session] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flight: asyncio.Future[None] | None = None
        self._unreadable = self._closed = False

    async def open(self) -> Totals:
        """What was kept. A damaged file is replaced by its previous copy, loudly.

        Where a file exists but cannot be read (rights, a newer Stagewire), counting begins at zero and
        **nothing is saved** until the next start, so that what is there is not overwritten.
        """
        self._loop = asyncio.get_running_loop()
        try:
            return Totals(await self._loop.run_in_executor(self._thread, self._load))
        except StorageError as e:
            self._unreadable = True
            self.fault = f"statistics are counted but not kept: {e}"
            log.error("stats: %s", self.fault)
            return Totals()

    def save(self, totals: AccountTotals, ended: Session | None = None) -> None:
        """Keeps ``totals`` as they are at the next flush, ``debounce`` seconds from the first change on;
        ``ended`` (what ``AccountTotals.event`` returned) goes to the year's file at the same time."""
        if self._unreadable:
            return
        if self._closed:
            log.error("stats: a change of %s came after closing and is not kept", totals.account)
            return
        self._accounts[totals.account, totals.simulated] = totals
        if ended is not None:
            self._ended[ended.id, ended.simulated] = ended
        self._arm()

    async def flush(self) -> bool:
        """Writes what waits, now. False when the disk refuses (see ``fault``)."""
        while self._accounts or self._flight:
            if self._flight is None:
                self._start()
            assert self._flight is not None
            await asyncio.wait([self._flight])
            if self.fault:
                return False
        return not self.fault

    async def close(self) -> None:
        if not await self.flush():
            log.error("stats: closing without the last changes: %s", self.fault)
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._thread.shutdown(wait=False)

    def _arm(self) -> None:
        if self._timer is None and self._flight is None and self._accounts:
            self._timer = self._loop.call_later(self._debounce, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        accounts, self._accounts = self._accounts, {}
        ended, self._ended = self._ended, {}
        documents: _Documents = {}
        for session in ended.values():  # first: a crash in between then loses nothing, it is only repeated
            path = _archive(self._folder, session)
            documents.setdefault(path, {})[session.id] = to_dict(session)
        for totals in accounts.values():
            path = _current(self._folder, totals.simulated)
            documents.setdefault(path, {})[totals.account] = to_dict(totals)
        self._flight = self._loop.run_in_executor(self._thread, _upsert, documents)
        self._flight.add_done_callback(partial(self._landed, accounts, ended))

    def _landed(
        self,
        accounts: dict[tuple[str, bool], AccountTotals],
        ended: dict[tuple[str, bool], Session],
        flight: asyncio.Future[None],
    ) -> None:
        self._flight = None
        error = flight.exception()
        if error is not None:
            self._accounts = accounts | self._accounts
            self._ended = ended | self._ended
            log.log(logging.DEBUG if self.fault else logging.WARNING, "stats: %s", error)
            self.fault = f"statistics are counted but not kept: {error}"
        elif self.fault:
            log.warning("stats: kept again")
            self.fault = ""
        self._arm()

    def _load(self) -> list[AccountTotals]:
        return [
            _converted(path, account_from_dict, document)
            for path in (_current(self._folder, False), _current(self._folder, True))
            for document in _documents(path)
        ]


class StatsReader:
    """Read-only, for page and command line: any thread, any process; always sees whole files.

    Both methods raise ``StorageError`` where a file cannot be read or is newer than this program.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def accounts(self, *, simulated: bool = False) -> list[AccountTotals]:
        path = _current(self._folder, simulated)
        return [_converted(path, account_from_dict, d) for d in _documents(path, read_only=True)]

    def sessions(self, *, simulated: bool = False) -> list[Session]:
        """Sessions that ended, newest first."""
        pattern = "sessions-practice-????.json" if simulated else "sessions-????.json"
        found = [
            _converted(path, session_from_dict, d)
            for path in self._folder.glob(pattern)
            for d in _documents(path, read_only=True)
        ]
        return sorted(found, key=lambda s: s.since, reverse=True)


def _current(folder: Path, simulated: bool) -> Path:
    return folder / ("stats-practice.json" if simulated else "stats.json")


def _archive(folder: Path, session: Session) -> Path:
    return folder / f"sessions-{'practice-' if session.simulated else ''}{session.since[:4]}.json"


def _documents(path: Path, *, read_only: bool = False) -> list[Any]:
    storage = CrashSafeStorage(path, read_only=read_only)
    found = [document["value"] for document in TinyDB(storage=lambda: storage).all()]
    _say(storage)
    return found


def _upsert(files: _Documents) -> None:
    """One atomic write a file. Raises ``StorageError``."""
    for path, documents in files.items():
        storage = CrashSafeStorage(path)
        # The cache only gathers this flush's changes; it is written before anything is called kept.
        cache = CachingMiddleware(lambda storage=storage: storage)  # type: ignore[no-untyped-call]  # has no types
        db = TinyDB(storage=cache)
        for key, value in documents.items():
            db.upsert({"key": key, "value": value}, where("key") == key)
        db.close()
        _say(storage)


def _say(storage: CrashSafeStorage) -> None:
    if storage.trouble:
        log.error("stats: %s", storage.trouble)


def _converted(path: Path, convert: Any, document: Any) -> Any:
    try:
        return convert(document)
    except msgspec.ValidationError as e:
        raise StorageError(f"{path} holds something else than statistics: {e}; move it away") from None
