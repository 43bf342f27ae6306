"""The writer thread's side: the one connection that writes, and the file it writes to."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal import state
from gateway.journal.segments import INSERT, RECORDS, SCHEMA, Row, last_seq, move_aside, version_of
from gateway.journal.state import Changes

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TABLES = (RECORDS, state.TABLES)
"""What each schema added, the first one's first."""


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

    def commit(self, rows: list[Row], changes: Changes) -> None:
        """Puts ``rows`` and ``changes`` of the state on disk, all or nothing. Raises ``StorageError``."""
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
        if not rows and not changes:
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(INSERT, [(seq, *row) for seq, row in enumerate(rows, self._seq + 1)])
        state.write(self._db, changes)
        self._db.execute("COMMIT")
        self._seq += len(rows)
        state.apply(changes, self._state)

    def _open(self, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        others = state.newest(self._folder, but=path) if self._state is None else (0, {})
        db = self._db = sqlite3.connect(path, isolation_level=None)
        version = version_of(path, db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        number = state.number_of(db) if version >= state.SINCE_SCHEMA else 0
        if self._state is None:
            self._number, self._state = (number, state.read(db)) if number > others[0] else others
        if number != self._number or version < SCHEMA:
            self._begin(db, version, max(number, self._number) + 1)
        self._seq = last_seq(self._folder)
        self._path, self._inode = path, path.stat().st_ino

    def _begin(self, db: sqlite3.Connection, version: int, number: int) -> None:
        """A new month, or a clock set back: the tables that are missing and the state, in one transaction, so that
        a power cut leaves the old file's state standing."""
        assert self._state is not None
        db.execute("BEGIN IMMEDIATE")
        for table in _TABLES[version:]:
            for statement in table:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        state.move_in(db, self._state, number)
        db.execute("COMMIT")
        self._number = number
        _sync_folder(self._folder)


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
