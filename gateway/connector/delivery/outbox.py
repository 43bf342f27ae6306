"""What waits for a broker that is away, on disk: SQLite, WAL, synchronous=FULL (docs/decisions/0009-outbox.md).

Everything here blocks and belongs to one thread; ``Delivery`` has one for it. The lock of a file is SQLite's own:
it works on every platform, and goes with a process that is killed.
"""

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import ServiceError, StorageError

log = logging.getLogger(__name__)

SCHEMA = 1
"""``PRAGMA user_version`` of a file this program writes; a higher one is refused."""
LOCK_TIMEOUT_S = 5.0
"""Somebody who adopts the file's events holds it for a second or two, on a slow card; a connector that runs, for
good."""
ROW_OVERHEAD = 64
"""Bytes that a row costs beside its topic and payload."""
MAKE_ROOM = 0.05
"""Share of the limit that is given up in one go."""
PAGE = 500
"""Rows that are adopted in one go."""
SHRINK_BYTES = 1 << 20
"""An empty file that has grown beyond this is made small again."""
_TABLE = f"""
CREATE TABLE waiting (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL,
    received REAL NOT NULL, paid INTEGER NOT NULL) STRICT;
CREATE INDEX waiting_topic ON waiting (topic, seq);
PRAGMA user_version = {SCHEMA};
"""
_SIZE = f"length(topic) + length(payload) + {ROW_OVERHEAD}"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

T = TypeVar("T")


class Row(Struct, frozen=True):
    """An event that waits. ``received``: seconds since 1970; ``paid``: a viewer's money is in it, so it is given
    up last."""

    seq: int
    topic: str
    payload: bytes
    received: float
    paid: bool


class Waiting(Struct, frozen=True):
    """How many events wait on each topic, and the greatest ``seq`` of all."""

    topics: dict[str, int]
    last: int = 0


class Committed(Struct, frozen=True):
    """What a commit did. ``given_up``: seq and topic of what there was no room for. ``anew``: the file was
    damaged and is moved aside, with all that was in it."""

    given_up: list[tuple[int, str]]
    anew: bool


class Adopted(Struct, frozen=True):
    """What came in on each topic, and what there was no room for, as in ``Committed``."""

    topics: dict[str, int]
    given_up: list[tuple[int, str]]


class Outbox:
    """The file ``outbox-<name>.sqlite`` in ``folder``; at most ``limit`` bytes of events wait in it.

    Every method raises ``StorageError`` when the disk refuses and may then be tried again: the file is opened
    afresh. A damaged file is moved aside, loudly.
    """

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        self.path = folder / f"outbox-{name}.sqlite"
        self._limit = limit
        self._db: sqlite3.Connection | None = None
        self._size = 0
        self._anew = False

    def open(self) -> Waiting:
        """Take the file. Raises ``ServiceError`` when another process has it."""

        def waiting(db: sqlite3.Connection) -> Waiting:
            (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM waiting").fetchone()
            return Waiting(dict(db.execute("SELECT topic, count(*) FROM waiting GROUP BY topic")), last)

        found = self._attempt(waiting)
        self._anew = False  # whatever was damaged, nobody counts on it yet
        return found

    def commit(self, save: Sequence[Row], delete: Sequence[int]) -> Committed:
        """Put ``save`` on disk and take ``delete`` away, all or nothing; then give up what is too much."""
        given_up = self._attempt(lambda db: self._commit(db, save, delete))
        anew, self._anew = self._anew, False
        return Committed(given_up, anew)

    def read(self, topic: str, after: int, limit: int) -> list[Row]:
        """The first rows of ``topic`` with a greater ``seq`` than ``after``, in order."""
        sql = "SELECT * FROM waiting WHERE topic = ? AND seq > ? ORDER BY seq LIMIT ?"
        return self._attempt(lambda db: [Row(*row) for row in db.execute(sql, (topic, after, limit))])

    def adopt(self, after: int) -> Adopted:
        """Take over what waits in the folder's files that no process holds, as rows behind ``after``.

        Those files are left empty. A crash in between leaves events in both: they are sent twice, under the same
        ids.
        """
        topics: Counter[str] = Counter()
        given_up: list[tuple[int, str]] = []
        for path in sorted(self.path.parent.glob("outbox-*.sqlite")):
            if path != self.path:
                for page in _take_over(path):
                    rows = [replace(row, seq=after + n) for n, row in enumerate(page, 1)]
                    after += len(rows)
                    topics.update(row.topic for row in rows)
                    given_up += self.commit(rows, []).given_up
        return Adopted(topics, given_up)

    def close(self) -> None:
        if self._db is not None:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    # -- inside ------------------------------------------------------------------------------------

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            try:
                return work(self._opened())
            except sqlite3.DatabaseError as e:
                if _code(e) not in _DAMAGED:
                    raise
                self.close()
                _move_aside(self.path)
                self._anew = True
                return work(self._opened())
        except (sqlite3.Error, OSError) as e:
            self.close()
            if _code(e) in _LOCKED:
                raise ServiceError(
                    f"another connector uses {self.path}: stop it first, or give this one an id of its own "
                    "(connector: id:)"
                ) from None
            raise StorageError(
                f"{self.path} cannot be written ({e}); make room, or check the disk and the folder's rights"
            ) from e

    def _opened(self) -> sqlite3.Connection:
        if self._db is not None and self.path.exists():
            return self._db
        self._anew = self._anew or self._db is not None  # somebody deleted the file under us
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(0o600)  # it holds what viewers wrote
        db = self._db = sqlite3.connect(self.path, isolation_level=None, timeout=LOCK_TIMEOUT_S)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA:
            raise OSError(f"it was written by a newer Stagewire, schema {version}; this one knows {SCHEMA}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_size_limit = 1000000")
        if version == 0:
            db.executescript(f"BEGIN IMMEDIATE; {_TABLE} COMMIT;")
        else:
            db.execute("BEGIN IMMEDIATE")  # takes the lock, which stays
            db.execute("COMMIT")
        (self._size,) = db.execute(f"SELECT coalesce(sum({_SIZE}), 0) FROM waiting").fetchone()  # noqa: S608
        return db

    def _commit(self, db: sqlite3.Connection, save: Sequence[Row], delete: Sequence[int]) -> list[tuple[int, str]]:
        given_up: list[tuple[int, str]] = []
        size = self._size
        db.execute("BEGIN IMMEDIATE")
        try:
            db.executemany(
                "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?)",
                [(r.seq, r.topic, r.payload, r.received, r.paid) for r in save],
            )
            size += sum(len(r.topic.encode()) + len(r.payload) + ROW_OVERHEAD for r in save)
            for seq in delete:
                sql = f"DELETE FROM waiting WHERE seq = ? RETURNING {_SIZE}"  # noqa: S608 - our words
                size -= sum(gone for (gone,) in db.execute(sql, (seq,)).fetchall())
            if size > self._limit:
                given_up, gained = _make_room(db, size - int(self._limit * (1 - MAKE_ROOM)))
                size -= gained
            db.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        self._size = size
        if size <= 0 and delete:
            self._shrink(db)
        return given_up

    def _shrink(self, db: sqlite3.Connection) -> None:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        (page_size,) = db.execute("PRAGMA page_size").fetchone()
        if pages * page_size > SHRINK_BYTES:
            db.execute("VACUUM")


def _make_room(db: sqlite3.Connection, needed: int) -> tuple[list[tuple[int, str]], int]:
    given_up, gained = [], 0
    for seq, topic, size in db.execute(f"SELECT seq, topic, {_SIZE} FROM waiting ORDER BY paid, seq"):  # noqa: S608
        if gained >= needed:
            break
        given_up.append((seq, topic))
        gained += size
    db.executemany("DELETE FROM waiting WHERE seq = ?", [(seq,) for seq, _ in given_up])
    return given_up, gained


def _take_over(path: Path) -> Iterator[list[Row]]:
    """The rows of a file that nobody holds, page by page; they are deleted there when all were taken."""
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        if db.execute("PRAGMA user_version").fetchone() != (SCHEMA,):
            return
        last, total = 0, 0
        while page := [Row(*r) for r in db.execute("SELECT * FROM waiting WHERE seq > ? LIMIT ?", (last, PAGE))]:
            yield page
            last, total = page[-1].seq, total + len(page)
        if total:
            db.execute("DELETE FROM waiting")
            log.warning("%d events from %s, which no connector uses any more, are sent too", total, path)
    except sqlite3.Error as e:
        if _code(e) not in _LOCKED:
            log.error("%s cannot be read (%s): what waits in it is not sent", path, e)
    finally:
        db.close()


def _move_aside(path: Path) -> None:
    aside = path.with_name(time.strftime(f"{path.name}.damaged-%Y%m%dT%H%M%SZ", time.gmtime()))
    log.error(
        "%s is damaged; it was moved to %s and a new one was begun. What waited in it for the broker is lost.",
        path,
        aside.name,
    )
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))


def _code(e: BaseException) -> int:
    return int(getattr(e, "sqlite_errorcode", 0) or 0) & 0xFF
