"""One file of the journal, open for reading, of whichever schema."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.journal import blocks
from gateway.journal.segments import MAX_SEQ

# ruff: noqa: S608 - what is put together here is all ours
_BEFORE = """SELECT {columns} FROM records WHERE id = :id AND kind <> 'ack' UNION
SELECT {columns} FROM records WHERE cause = :id AND kind <> 'event'"""
_ABOUT = """SELECT {columns}, kind, id FROM records WHERE seq BETWEEN :first AND :last
AND ((id = :id AND kind <> 'ack') OR (cause = :id AND kind <> 'event'))"""
_WITHIN = blocks.PARTS.format(where="until >= :since AND since < :until") + "SELECT first, last FROM parts"


class Month:
    """One that turns out to be damaged has no rows, and ``damaged`` names it."""

    def __init__(self, path: Path, db: sqlite3.Connection, damaged: dict[Path, str]) -> None:
        self._path, self._db, self._damaged = path, db, damaged
        (self.schema,) = db.execute("PRAGMA user_version").fetchone()

    def rows(self, sql: str, args: Mapping[str, object] | Sequence[object]) -> list[Any]:
        try:
            return self._db.execute(sql, args).fetchall()
        except sqlite3.Error as e:
            self._damaged[self._path] = str(e)
            return []

    def about(self, message_id: str, columns: str) -> list[Any]:
        """The event, decision and command of that id, and all that it caused."""
        if self.schema < blocks.SINCE_SCHEMA:
            return self.rows(_BEFORE.format(columns=columns), {"id": message_id})
        sql, found, began = _ABOUT.format(columns=columns), list[Any](), False
        for first, last in self._holding(message_id):
            rows = self.rows(sql, {"id": message_id, "first": first, "last": last})
            found += [row[:-2] for row in rows]
            if began:  # what it caused comes after it, or a little before a command: the block before was enough
                break
            began = any(row[-2] != "decision" and row[-1] == message_id for row in rows)
        return found

    def _holding(self, message_id: str) -> Iterator[tuple[int, int]]:
        """First and last seq of what is behind the last block, then of the blocks that hold that id, the newest
        first; and of the block before each."""
        sql = "SELECT last, first, ids FROM blocks WHERE last < ? ORDER BY last DESC LIMIT 200"
        ((newest,),) = self.rows("SELECT coalesce(max(last), 0) FROM blocks", {}) or ((0,),)
        yield newest + 1, MAX_SEQ
        key, before, wanted = blocks.key(message_id), newest + 1, True
        while rows := self.rows(sql, (before,)):
            for last, first, ids in rows:
                if (holds := key in ids) or wanted:
                    yield first, last
                wanted = holds
            before = rows[-1][0]

    def within(self, since: int, until: int) -> list[tuple[int, int]]:
        """Parts (first and last seq) outside of which nothing happened from ``since`` to ``until`` (ms)."""
        if self.schema < blocks.SINCE_SCHEMA:
            return [(1, MAX_SEQ)]
        return self.rows(_WITHIN, {"since": since, "until": until})
