"""The journal's own index: for every thousand records one row, with the time they span and the ids they hold.

An index of SQLite over ids touches a page for nearly every record of a commit, and was most of what was written
to the card. This one is written once for each block. A look-up reads the rows of blocks (4 bytes an id, the
newest first) and then only the block that is meant; the records after the last block, fewer than ``BLOCK``, are
looked at one by one.
"""

import sqlite3
import zlib
from collections.abc import Iterable

BLOCK = 1024
"""Records."""
SINCE_SCHEMA = 3

TABLES = (
    "DROP INDEX records_id",
    "DROP INDEX records_cause",
    "DROP INDEX records_time",
    """CREATE TABLE blocks (
        last INTEGER PRIMARY KEY, first INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
        ids BLOB NOT NULL) STRICT""",
)

PARTS = """WITH parts (first, last) AS (
    SELECT first, last FROM blocks WHERE {where} UNION ALL
    SELECT coalesce(max(last), 0) + 1, 9223372036854775807 FROM blocks)
"""
"""Where to look: the blocks that ``where`` means and what stands behind the last one."""


def key(message_id: str) -> bytes:
    """An id in a block. Two ids may have the same: then one block is looked at in vain."""
    return zlib.crc32(message_id.encode()).to_bytes(4, "little")


def ids_of(rows: Iterable[tuple[str, str, str]]) -> bytes:
    """A block's ids: of records by kind, id and cause."""
    ids: set[bytes] = set()
    for kind, message_id, cause in rows:
        if kind != "ack":
            ids.add(key(message_id))
        if cause:
            ids.add(key(cause))
    return b"".join(sorted(ids))


def loose(db: sqlite3.Connection) -> int:
    """Records behind the last block. Raises ``sqlite3.Error``."""
    sql = "SELECT count(*) FROM records WHERE seq > (SELECT coalesce(max(last), 0) FROM blocks)"
    (count,) = db.execute(sql).fetchone()
    return int(count)


def bind(db: sqlite3.Connection) -> int:
    """Make blocks of the loose records, within the caller's transaction; how many are loose afterwards. Raises
    ``sqlite3.Error``."""
    (last,) = db.execute("SELECT coalesce(max(last), 0) FROM blocks").fetchone()
    sql = "SELECT seq, time, kind, id, cause FROM records WHERE seq > ? ORDER BY seq LIMIT ?"
    while len(rows := db.execute(sql, (last, BLOCK)).fetchall()) == BLOCK:
        times, last = [row[1] for row in rows], rows[-1][0]
        block = (last, rows[0][0], min(times), max(times), ids_of(row[2:] for row in rows))
        db.execute("INSERT INTO blocks VALUES (?, ?, ?, ?, ?)", block)
    return len(rows)


def bind_anew(db: sqlite3.Connection) -> None:
    """After records were changed: within the same transaction. Raises ``sqlite3.Error``."""
    db.execute("DELETE FROM blocks")
    bind(db)
