"""The journal's months as a whole: what is in each, and deleting one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from gateway.errors import StorageError
from gateway.journal import blocks, state
from gateway.journal.segments import connect_read_only, segments, version_of


class Month(Struct, frozen=True, kw_only=True):
    """One file. ``first`` and ``last``: the oldest and newest record's time, ms since 1970, None in an empty one.
    ``needed``: it is the newest, or what rules remember stands in it."""

    path: Path
    first: int | None
    last: int | None
    bytes: int
    needed: bool


def months(folder: Path) -> list[Month]:
    """All of them, oldest first; one that cannot be read is left out, and so never deleted. Raises ``OSError``."""
    files = list(reversed(segments(folder)))
    found = [(path, look) for path in files if (look := _look(path)) is not None]
    newest = max((generation for _, (*_, generation) in found), default=0)
    last_seq = max((seq for _, (_, _, seq, _) in found), default=0)
    return [
        Month(
            path=path,
            first=first,
            last=last,
            bytes=sum(part.stat().st_size for part in parts(path) if part.exists()),
            needed=path == files[-1] or generation == newest or seq == last_seq,
        )
        for path, (first, last, seq, generation) in found
    ]


def count(path: Path) -> int:
    """How many records a month has; reads all of it. Raises ``StorageError``."""
    try:
        with closing(connect_read_only(path)) as db:
            return int(db.execute("SELECT count(*) FROM records").fetchone()[0])
    except sqlite3.Error as e:
        raise StorageError(
            f"{path} cannot be read ({e}): `stagewire journal verify` says what is wrong and what to do"
        ) from e


def delete(path: Path) -> None:
    """The file last: until it is gone, all of it will be deleted at the next call. Raises ``OSError``."""
    for part in reversed(parts(path)):
        part.unlink(missing_ok=True)


def parts(path: Path) -> list[Path]:
    """The file, its log and the log's index."""
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def _look(path: Path) -> tuple[int | None, int | None, int, int] | None:
    """First and last time, last seq, and the generation of its state."""
    try:
        with closing(connect_read_only(path)) as db:
            version = version_of(path, db)
            if not version:
                return None
            (last_seq,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
            generation = state.number_of(db) if version >= state.SINCE_SCHEMA else 0
            return (*_times(db, version), last_seq, generation)
    except (sqlite3.Error, StorageError):
        return None


def _times(db: sqlite3.Connection, version: int) -> tuple[int | None, int | None]:
    if version < blocks.SINCE_SCHEMA:  # with an index
        first, last = db.execute("SELECT min(time), max(time) FROM records").fetchone()
        return first, last
    sql = (
        "SELECT min(since), max(until) FROM (SELECT since, until FROM blocks UNION ALL "
        "SELECT time, time FROM records WHERE seq > (SELECT coalesce(max(last), 0) FROM blocks))"
    )
    first, last = db.execute(sql).fetchone()
    return first, last
