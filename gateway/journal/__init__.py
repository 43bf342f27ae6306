"""The journal: every event, command and ack, append-only, in SQLite. The only user of ``sqlite3``.

One file a month (UTC), ``journal-2026-11.db``: forgetting is then deleting a file (no rewriting of
an SD card), a damaged file costs one month at most, and a closed month can simply be copied.
``seq`` grows over all files. WAL with ``synchronous=FULL``: what was committed survives a power cut.

The loop never waits for the disk: ``Journal.append`` puts a row into memory, a timer hands what
waits to the one writer thread, and callbacks run on the loop after the commit is on disk.
"""

from gateway.journal.reader import Entry, JournalReader
from gateway.journal.writer import Journal, Record

__all__ = ["Entry", "Journal", "JournalReader", "Record"]
