"""The journal: every event, decision, command and ack, append-only, in SQLite. The only user of ``sqlite3``.

One file a month (UTC), ``journal-2026-11.db``: forgetting is then deleting a file (no rewriting of
an SD card), a damaged file costs one month at most, and a closed month can simply be copied.
``seq`` grows over all files. WAL with ``synchronous=FULL``: what was committed survives a power cut.

Beside them stands what the rules remember (``state``), in the same commit as the event it comes from
(docs/decisions/0014-state-in-the-journal.md).

The loop never waits for the disk: ``Journal.append`` puts a row into memory, a timer hands what
waits to the one writer thread, and callbacks run on the loop after the commit is on disk.
"""

from gateway.journal.entry import Entry
from gateway.journal.query import Page, Query
from gateway.journal.reader import JournalReader
from gateway.journal.rows import Record
from gateway.journal.segments import Kind
from gateway.journal.state import Changes
from gateway.journal.writer import Journal

__all__ = ["Changes", "Entry", "Journal", "JournalReader", "Kind", "Page", "Query", "Record"]
