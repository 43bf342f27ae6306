"""The writer thread's side: the one connection that writes, and the file it writes to."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gateway.errors import StorageError
from gateway.journal import blocks, state
from gateway.journal.packing import pack
from gateway.journal.recent import Recent
from gateway.journal.segments import INSERT, RECORDS, SCHEMA, Row, last_seq, move_aside, version_of
from gateway.journal.state import Changes

log = logging.getLogger(__name__)

T = TypeVar("T")

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TABLES = (RECORDS, state.TABLES, blocks.TABLES)
"""What each schema changed, the first one's first."""
_PAGE = 1024
"""Bytes. A commit writes whole pages, mostly half full ones: with SQLite's usual 4096 that is a fifth more. Only
for new files: those that are there keep theirs."""
_LOG = 4 * 1024 * 1024
"""Bytes of the log that are moved into the file at once: the more, the fewer pages are written twice."""


class SegmentWriter:
    """Owns the connection; lives on the writer thread. Every failure leaves it closed, so that the next
    attempt opens afresh (a card pulled and put back has a new descriptor).

    It knows the whole state, not only on disk: a file that was damaged or deleted takes no counter with it.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._db: sqlite3.Connection | None = None
        self._path = Path()
        self._inode = 0
        self._seq = 0
        self._number = 0  # of the file whose state counts
        self._state: dict[str, bytes] | None = None  # None until it was read
        self._recent: Recent | None = None  # None until it was read, too
        self._loose = 0  # records behind the last block

    def commit(self, rows: list[Row], changes: Changes) -> int:
        """Puts ``rows`` and ``changes`` of the state on disk, all or nothing. The last record's ``seq``. Raises
        ``StorageError``."""
        path = self._folder / time.strftime("journal-%Y-%m.db", time.gmtime(self._clock()))
        try:
            try:
                self._write(path, rows, changes)
            except sqlite3.DatabaseError as e:
                if getattr(e, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                    raise
                self.close()
                move_aside(path, self._clock(), state_known=self._state is not None)
                self._write(path, rows, changes)
        except (sqlite3.Error, OSError, StorageError) as e:
            self.close()
            if isinstance(e, StorageError):
                raise
            raise StorageError(
                f"{path} cannot be written ({e}); make room, or check the card and the folder's rights"
            ) from e
        return self._seq

    def alone(self, work: Callable[[Path], T]) -> T:
        """See ``Journal.exclusively``."""
        self.close()
        try:
            return work(self._folder)
        finally:
            self._state = self._recent = None  # ``work`` may have changed it: what is on disk counts

    def close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _write(self, path: Path, rows: list[Row], changes: Changes) -> None:
        if self._db is None or self._path != path or not _is_file(path, self._inode):
            self.close()  # first use, a new month, or somebody deleted the file under us
            self._open(path)
        assert self._db is not None
        assert self._state is not None
        assert self._recent is not None
        if not rows and not changes:
            return
        fresh = self._recent.fresh(rows)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(INSERT, map(_packed, enumerate(fresh, self._seq + 1)))
        loose = self._loose + len(fresh)
        if loose >= blocks.BLOCK:
            loose = blocks.bind(self._db)
        state.write(self._db, changes)
        self._db.execute("COMMIT")
        self._seq += len(fresh)
        self._loose = loose
        self._recent.remember(fresh)
        state.apply(changes, self._state)

    def _open(self, path: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = state.newest(self._folder, but=path) if self._state is None else (0, {})
        path.touch(0o600)  # viewers' names stand in it; SQLite gives its log the same rights
        db = self._db = sqlite3.connect(path, isolation_level=None)
        version = version_of(path, db)
        db.execute(f"PRAGMA page_size = {_PAGE}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        (page,) = db.execute("PRAGMA page_size").fetchone()
        db.execute(f"PRAGMA wal_autocheckpoint = {_LOG // page}")
        number = state.number_of(db) if version >= state.SINCE_SCHEMA else 0
        if self._state is None:
            self._number, self._state = (number, state.read(db)) if number > others[0] else others
        if number != self._number or version < SCHEMA:
            self._begin(db, version, max(number, self._number) + 1)
        self._seq = max(self._seq, last_seq(self._folder))  # what was erased gives no number free
        self._loose = blocks.loose(db)
        if self._recent is None:
            self._recent = Recent(self._folder)
        self._path, self._inode = path, path.stat().st_ino

    def _begin(self, db: sqlite3.Connection, version: int, number: int) -> None:
        """A new month, a clock set back, or a file of an older schema: the tables that are missing and the state,
        in one transaction, so that a power cut leaves the old file's state standing."""
        assert self._state is not None
        if 0 < version < SCHEMA:
            log.info("journal: a file of schema %d is brought up to schema %d", version, SCHEMA)
        db.execute("BEGIN IMMEDIATE")
        for table in _TABLES[version:]:
            for statement in table:
                db.execute(statement)
        if version < blocks.SINCE_SCHEMA:
            blocks.bind(db)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        state.move_in(db, self._state, number)
        db.execute("COMMIT")
        self._number = number
        _sync_folder(self._folder)


def _packed(numbered: tuple[int, Row]) -> tuple[object, ...]:
    seq, (at, kind, type_, account, station, message_id, cause, simulated, body) = numbered
    packed = pack(body, at, account, message_id)
    return (seq, at, kind, type_, account, station, message_id, cause, simulated, packed)


def _sync_folder(folder: Path) -> None:
    """A new file survives a power cut only with its folder's entry. Raises ``OSError``."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _is_file(path: Path, inode: int) -> bool:
    try:
        return path.stat().st_ino == inode
    except FileNotFoundError:
        return False
