"""The journal's files: their names, their schema, and the one connection that writes."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from gateway.errors import StorageError

log = logging.getLogger(__name__)

SCHEMA = 1
"""``PRAGMA user_version`` of a file this program writes; a higher one is refused."""

Kind = Literal["event", "command", "ack"]
Row = tuple[int, Kind, str, str, str, str, str, bool, bytes]
"""``COLUMNS`` without ``seq``, which SQLite gives."""

COLUMNS = "seq, time, kind, type, account, station, id, cause, simulated, body"
_TABLE = f"""
CREATE TABLE records (
    seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,
    account TEXT NOT NULL, station TEXT NOT NULL, id TEXT NOT NULL, cause TEXT NOT NULL,
    simulated INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX records_id ON records (id, kind) WHERE kind <> 'ack';
CREATE INDEX records_cause ON records (cause) WHERE kind <> 'event';
CREATE INDEX records_time ON records (time);
PRAGMA user_version = {SCHEMA};
"""
_INSERT = (  # a redelivered event is already there
    "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id, kind) WHERE kind <> 'ack' DO NOTHING"
)
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Unusable(StorageError):
    """Waiting cannot help: a person has to move or choose something."""


def segments(folder: Path) -> list[Path]:
    """The months on disk, newest first. Raises ``OSError``."""
    return sorted(folder.glob("journal-????-??.db"), reverse=True)


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Raises ``sqlite3.Error``. Works while the writer runs, after it closed, and on read-only media."""
    uri = path.absolute().as_uri()
    db = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=2.0)
    try:
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        db.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        # Closed properly and we may not write beside it: without a log nothing can change under us.
        db = sqlite3.connect(f"{uri}?immutable=1", uri=True)
    return db


class SegmentWriter:
    """Owns the connection; lives on the writer thread. Every failure leaves it closed, so that the next
    attempt opens afresh (a card pulled and put back has a new descriptor)."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._db: sqlite3.Connection | None = None
        self._path = Path()
        self._inode = 0
        self._first_seq: int | None = None

    def commit(self, rows: list[Row]) -> None:
        """Puts ``rows`` on disk, all or none. Raises ``StorageError``."""
        path = self._folder / time.strftime("journal-%Y-%m.db", time.gmtime(self._clock()))
        try:
            try:
                self._insert(path, rows)
            except sqlite3.DatabaseError as e:
                if getattr(e, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                    raise
                self.close()
                move_aside(path, self._clock())
                self._insert(path, rows)
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

    def _insert(self, path: Path, rows: list[Row]) -> None:
        if self._db is None or self._path != path or not _is_file(path, self._inode):
            self.close()  # first use, a new month, or somebody deleted the file under us
            self._open(path)
        assert self._db is not None
        if not rows:
            return
        numbered: list[tuple[object, ...]] = [(None, *row) for row in rows]
        numbered[0] = (self._first_seq, *rows[0])
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(_INSERT, numbered)
        self._db.execute("COMMIT")
        self._first_seq = None

    def _open(self, path: Path) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        db = self._db = sqlite3.connect(path, isolation_level=None)
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise Unusable(
                f"{path} was written by a newer Stagewire (schema {version}, this one knows {SCHEMA}); "
                "install that version again, or name another data folder"
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            db.executescript(f"BEGIN IMMEDIATE; {_TABLE} COMMIT;")
            _sync_folder(self._folder)
        (empty,) = db.execute("SELECT NOT EXISTS (SELECT 1 FROM records)").fetchone()
        self._first_seq = _last_seq(self._folder) + 1 if empty else None
        self._path, self._inode = path, path.stat().st_ino


def _last_seq(folder: Path) -> int:
    last = 0
    for path in segments(folder):
        try:
            with closing(connect_read_only(path)) as db:
                (seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
                last = max(last, seq)
        except sqlite3.Error as e:
            log.warning("journal: %s cannot be read: %s", path, e)
    return last


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


def move_aside(path: Path, now: float) -> Path:
    """Renames a damaged segment, log included, so that it can still be examined. Raises ``OSError``."""
    aside = path.with_name(time.strftime(f"{path.name}.damaged-%Y%m%dT%H%M%SZ", time.gmtime(now)))
    log.error(
        "journal: %s is damaged; it was moved to %s and a new one was begun. Events before now are missing "
        "from this month's review; totals are not affected.",
        path,
        aside.name,
    )
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside
