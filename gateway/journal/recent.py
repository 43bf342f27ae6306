"""What was written lately: a record that comes again is not written again."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from gateway.journal.segments import Row, connect_read_only, segments

REMEMBERED = 65_536
"""At least so many of the last records are known: more events than the filter of duplicates remembers
(``gateway.heard.REMEMBERED_EVENTS``), so that whatever passes there is new here."""


class Recent:
    """Events, decisions and commands by their ids; an ack never is the same. Two halves, of which the older one is
    forgotten when the newer is full: so memory stays below 10 MB."""

    def __init__(self, folder: Path) -> None:
        """As it was before a restart. A file that cannot be read is left out. Raises ``OSError``."""
        found: list[tuple[int, str, str]] = []
        for path in segments(folder):
            sql = "SELECT seq, kind, id FROM records WHERE kind <> 'ack' ORDER BY seq DESC LIMIT ?"
            # What cannot be read is said elsewhere, and a file that is just being created has no tables.
            with suppress(sqlite3.Error), closing(connect_read_only(path)) as db:
                found += db.execute(sql, (REMEMBERED,))
        self._newer = {hash((kind, i)) for _, kind, i in sorted(found)[-REMEMBERED:]}
        self._older = set[int]()

    def fresh(self, rows: list[Row]) -> list[Row]:
        """Those that are not known, each once, in order."""
        found: list[Row] = []
        now: set[int] = set()
        for row in rows:
            if row[1] != "ack":
                name = hash((row[1], row[5]))  # 64 bits: no two of so few are the same
                if name in self._newer or name in self._older or name in now:
                    continue
                now.add(name)
            found.append(row)
        return found

    def remember(self, rows: list[Row]) -> None:
        """They are on disk."""
        if len(self._newer) >= REMEMBERED:
            self._newer, self._older = set(), self._newer
        self._newer |= {hash((row[1], row[5])) for row in rows if row[1] != "ack"}
