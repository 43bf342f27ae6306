"""What the rules remember, in the journal's files: a table of keys and values, committed with the events.

The whole table stands in the file that is written to; a file that was written before keeps what stood in it then.
Which file counts is said by a number that grows each time the table moves, and not by the month: a clock may
have been wrong.
"""

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from gateway.journal.segments import connect_read_only, segments, version_of

log = logging.getLogger(__name__)

SINCE_SCHEMA = 2
"""Older files have no such table."""

TABLES = (
    "CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE generation (number INTEGER NOT NULL) STRICT",
    "INSERT INTO generation VALUES (0)",
)

Changes = Mapping[str, bytes | None]
"""Key to new value; None forgets the key."""


def apply(changes: Changes, state: dict[str, bytes]) -> None:
    """Bring ``state`` up to date."""
    for key, value in changes.items():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def write(db: sqlite3.Connection, changes: Changes) -> None:
    """Within the caller's transaction. Raises ``sqlite3.Error``."""
    if not changes:
        return
    db.executemany(
        "INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [(key, value) for key, value in changes.items() if value is not None],
    )
    db.executemany("DELETE FROM state WHERE key = ?", [(key,) for key, value in changes.items() if value is None])


def move_in(db: sqlite3.Connection, state: Mapping[str, bytes], number: int) -> None:
    """From now on this file's state is the one that counts: within the caller's transaction, so that it is whole
    or not there. Raises ``sqlite3.Error``."""
    db.execute("DELETE FROM state")
    write(db, state)
    db.execute("UPDATE generation SET number = ?", (number,))


def number_of(db: sqlite3.Connection) -> int:
    """For a file that has the table, as the next. Raises ``sqlite3.Error``."""
    (number,) = db.execute("SELECT number FROM generation").fetchone()
    return int(number)


def read(db: sqlite3.Connection) -> dict[str, bytes]:
    """All of it. Raises ``sqlite3.Error``."""
    return dict(db.execute("SELECT key, value FROM state"))


def newest(folder: Path, but: Path) -> tuple[int, dict[str, bytes]]:
    """Number and state of that file which counts, ``but`` left out; (0, {}) where there is none. A file that
    cannot be read is logged and left out. Raises ``Unusable`` for a file of a newer Stagewire, and ``OSError``."""
    best: tuple[int, dict[str, bytes]] = (0, {})
    for path in segments(folder):
        if path == but:
            continue
        try:
            with closing(connect_read_only(path)) as db:
                if version_of(path, db) >= SINCE_SCHEMA and (number := number_of(db)) > best[0]:
                    best = number, read(db)
        except sqlite3.Error as e:
            log.warning("journal: the rules' counters in %s cannot be read: %s", path, e)
    return best
