"""The journal's files: their names, their schema, and how they are read."""

import logging
import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from gateway.errors import StorageError
from gateway.journal.packing import unpack

log = logging.getLogger(__name__)

SCHEMA = 3
"""``PRAGMA user_version`` of a file this program writes; a higher one is refused."""

Kind = Literal["event", "command", "ack", "decision"]
Row = tuple[int, Kind, str, str, str, str, str, bool, bytes]
"""``COLUMNS`` without ``seq``, which the writer gives."""

MAX_SEQ = 2**63 - 1

BODY = "unpack(body, time, account, id)"
COLUMNS = f"seq, time, kind, type, account, station, id, cause, simulated, {BODY}"
"""As ``Entry`` has them, of a file of any schema: for a connection that knows ``unpack``, see ``prepare``."""
RECORDS = (
    """CREATE TABLE records (
        seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,
        account TEXT NOT NULL, station TEXT NOT NULL, id TEXT NOT NULL, cause TEXT NOT NULL,
        simulated INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX records_id ON records (id, kind) WHERE kind <> 'ack'",
    "CREATE INDEX records_cause ON records (cause) WHERE kind <> 'event'",
    "CREATE INDEX records_time ON records (time)",
)
INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Unusable(StorageError):
    """Waiting cannot help: a person has to move or choose something."""


def segments(folder: Path) -> list[Path]:
    """The months on disk, newest first. Raises ``OSError``."""
    return sorted(folder.glob("journal-????-??.db"), reverse=True)


class NotAllowed(sqlite3.OperationalError):
    """The file may be as sound as can be; SQLite says of it only that it cannot be opened."""


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Raises ``sqlite3.Error``, for somebody else's file ``NotAllowed``. Works while the writer runs, after it
    closed, and on read-only media."""
    # Asked, not tried: to open and close it here would give up the locks that the writer of this process holds.
    if path.exists() and not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise NotAllowed("it belongs to another user: run this as that one, such as `sudo -u stagewire ...`")
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
    prepare(db)
    return db


def prepare(db: sqlite3.Connection) -> None:
    """Teach the connection ``COLUMNS``. A body that cannot be unpacked stays as it is: to decode it then fails."""

    def unpacked(body: bytes, at: int, account: str, message_id: str) -> bytes:
        try:
            return unpack(body, at, account, message_id)
        except ValueError:
            return body

    db.create_function("unpack", 4, unpacked, deterministic=True)


def version_of(path: Path, db: sqlite3.Connection) -> int:
    """The file's schema, 0 for one that is just being created. Raises ``Unusable`` for a newer one than ours."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise Unusable(
            f"{path} was written by a newer Stagewire (schema {version}, this one knows {SCHEMA}); "
            "install that version again, or name another data folder"
        )
    return int(version)


def last_seq(folder: Path) -> int:
    """The highest of all files that can be read, 0 for none. Raises ``OSError``."""
    last = 0
    for path in segments(folder):
        try:
            with closing(connect_read_only(path)) as db:
                (seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
                last = max(last, seq)
        except sqlite3.Error as e:
            log.warning("journal: %s cannot be read: %s", path, e)
    return last


def move_aside(path: Path, now: float, *, state_known: bool) -> Path:
    """Renames a damaged segment, log included, so that it can still be examined. Raises ``OSError``.

    ``state_known``: what the rules remember is in memory, and goes into the new one.
    """
    aside = path.with_name(time.strftime(f"{path.name}.damaged-%Y%m%dT%H%M%SZ", time.gmtime(now)))
    log.error(
        "journal: %s is damaged; it was moved to %s and a new one was begun. Events before now are missing "
        "from this month's review; totals are not affected. The rules' counters are %s.",
        path,
        aside.name,
        "as they were" if state_known else "those with which the month began",
    )
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside
