"""Changing what is written already, month by month: only for what a person has a right to (erasing a viewer).

The gateway's own connection is closed meanwhile (``Journal.exclusively``), or no gateway runs.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from gateway.errors import StorageError
from gateway.journal import blocks, state
from gateway.journal.entry import Entry
from gateway.journal.packing import pack
from gateway.journal.segments import COLUMNS, connect_read_only, prepare, version_of
from gateway.journal.state import Changes

AT_ONCE = 1000
"""Records in memory at a time."""
PATIENCE_S = 10.0
"""Seconds that a reader may hold a file up."""


class Rewritten(Struct, frozen=True):
    """How many records, and how many things that rules remember, were changed."""

    records: int = 0
    state: int = 0


def entries(path: Path) -> Iterator[Entry]:
    """Every record of one file, oldest first; reads only. Raises ``StorageError`` where it is damaged."""
    try:
        with closing(connect_read_only(path)) as db:
            if version_of(path, db):
                yield from _entries(db)
    except sqlite3.Error as e:
        raise StorageError(
            f"{path} cannot be read ({e}): `stagewire journal verify` says what is wrong and what to do"
        ) from e


def remembered(path: Path) -> dict[str, bytes]:
    """What rules remembered when the file was written last; reads only. Raises ``StorageError``."""
    try:
        with closing(connect_read_only(path)) as db:
            return state.read(db) if version_of(path, db) >= state.SINCE_SCHEMA else {}
    except sqlite3.Error as e:
        raise StorageError(
            f"{path} cannot be read ({e}): `stagewire journal verify` says what is wrong and what to do"
        ) from e


def rewrite(
    path: Path, change: Callable[[Entry], Entry], remember: Callable[[Mapping[str, bytes]], Changes]
) -> Rewritten:
    """Give each record to ``change`` and what rules remember to ``remember``, and keep what comes back (``id``,
    ``cause`` and ``body`` of a record), in one transaction: after a kill the whole file is changed, or nothing.

    Then the file is written anew without what it had before, in its log and in places that are free. Killed in
    between, that is done by the next call. Raises ``StorageError``.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE_S)) as db:
            version = version_of(path, db)
            if not version:
                return Rewritten()
            prepare(db)
            prepare(db)
            db.execute("PRAGMA secure_delete = ON")  # what is overwritten is gone before the file is made anew
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            records = _rewrite_records(db, change, packed=version >= blocks.SINCE_SCHEMA)
            if records and version >= blocks.SINCE_SCHEMA:
                blocks.bind_anew(db)  # ids have changed
            changes = remember(state.read(db)) if version >= state.SINCE_SCHEMA else {}
            state.write(db, changes)
            db.execute("COMMIT")
            # The log may be empty and places free hold something all the same: a viewer forgotten by the rules.
            _empty_log(path, db)
            db.execute("VACUUM")
            _empty_log(path, db)
            return Rewritten(records, len(changes))
    except sqlite3.Error as e:
        raise StorageError(
            f"{path} cannot be rewritten ({e}); it needs as much room again on the disk as it takes"
        ) from e


def _entries(db: sqlite3.Connection) -> Iterator[Entry]:
    sql = f"SELECT {COLUMNS} FROM records WHERE seq > ? ORDER BY seq LIMIT {AT_ONCE}"  # noqa: S608 - all ours
    seq = 0
    while rows := db.execute(sql, (seq,)).fetchall():
        for row in rows:
            yield Entry(*row)
        seq = rows[-1][0]


def _rewrite_records(db: sqlite3.Connection, change: Callable[[Entry], Entry], packed: bool) -> int:
    changed = 0
    for entry in _entries(db):
        new = change(entry)
        if new is not entry:
            body = pack(new.body, entry.time, entry.account, new.id) if packed else new.body
            sql = "UPDATE records SET id = ?, cause = ?, body = ? WHERE seq = ?"
            db.execute(sql, (new.id, new.cause, body, entry.seq))
            changed += 1
    return changed


def _empty_log(path: Path, db: sqlite3.Connection) -> None:
    (busy, *_) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StorageError(
            f"{path} is being read by another program; end that (a page, an export), then try again"
        )
