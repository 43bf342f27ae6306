"""A month of the journal, copied as it stood at one moment while the gateway goes on writing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal.segments import connect_read_only, version_of

PAGES = 256
"""Copied between two calls of ``progress``: 1 MB, so that Ctrl-C is heard and little memory is held."""


_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNREADABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ}


class Damaged(StorageError):
    """It is this file, and not the place where it is copied to."""


def copy_month(path: Path, to: Path, progress: Callable[[int], None] = lambda copied: None) -> None:
    """SQLite's online backup of a month to the new file ``to``, and a look whether it is sound.

    ``progress`` is told how many bytes are copied by now; what it raises ends the copying. Raises ``Damaged``,
    and ``StorageError`` where ``to`` cannot be written.
    """
    try:
        with (
            closing(connect_read_only(path)) as source,
            closing(sqlite3.connect(to, isolation_level=None)) as target,
        ):
            # It is thrown away when anything goes wrong, so nothing in it has to survive that.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            # One reader's view for all steps: else each commit of the gateway would begin the copy anew.
            source.execute("BEGIN")
            (size,) = source.execute("PRAGMA page_size").fetchone()
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            source.backup(
                target, pages=PAGES, progress=lambda _status, left, total: progress((total - left) * size)
            )
        if trouble := unsound(to):
            raise Damaged(f"{path} is damaged: {trouble}")
    except sqlite3.Error as e:
        code = getattr(e, "sqlite_errorcode", 0)
        if code & 0xFF in _DAMAGED or code in _UNREADABLE:
            raise Damaged(f"{path} is damaged: {e}") from None
        raise StorageError(f"{path} cannot be copied to {to.parent}: {e}") from e


def unsound(path: Path) -> str:
    """What SQLite finds wrong in the build of a file, in its words; "" when nothing."""
    try:
        with closing(connect_read_only(path)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as e:
        return str(e)
    return "" if found == "ok" else str(found)


def refuse_newer(path: Path) -> None:
    """Raises ``StorageError`` for a file that a newer Stagewire wrote; not for one that cannot be read."""
    with suppress(sqlite3.Error), closing(connect_read_only(path)) as db:
        version_of(path, db)
