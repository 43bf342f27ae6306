"""Is the journal sound? Every file, every record, and what belongs together. Reads only."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from heapq import merge
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from gateway.errors import PayloadError
from gateway.journal import blocks, state
from gateway.journal.entry import Entry
from gateway.journal.month import Month
from gateway.journal.months import parts
from gateway.journal.packing import unpack
from gateway.journal.segments import SCHEMA, NotAllowed, connect_read_only, segments
from gateway.messages import MAX_PAYLOAD, Ack, Command, Decided

AT_ONCE = 1000
"""Records read at a time."""
WINDOW = 200_000
"""Ids of at least so many records are known at any time; for older ones the index is asked."""
RESTORE = "restore the file from a backup (stagewire restore)"
RENAME = "or move it away: the gateway then goes on without that month"
_BARE = "seq, time, kind, type, account, station, id, cause, simulated, body"


class Checked(Struct):
    """A file: its schema, and how many records could be read."""

    path: Path
    schema: int
    records: int = 0
    size: int = 0


class Report(Struct):
    """``problems``: what is wrong, where, and what to do; empty when all is well. ``notes``: what is as it should
    be, though it may surprise."""

    files: list[Checked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def records(self) -> int:
        return sum(file.records for file in self.files)


def verify(folder: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> Report:
    """Looks at everything in ``folder``. ``progress`` hears how many records were looked at, and of how many;
    what it raises ends the work. Raises ``OSError`` for a folder that cannot be read."""
    report, found = Report(), _Findings()
    with ExitStack() as stack:
        open_files: list[_File] = []
        for path in reversed(segments(folder)):
            try:
                db = stack.enter_context(closing(connect_read_only(path)))
                if (file := _opened(path, db, report, found)) is not None:
                    open_files.append(file)
            except NotAllowed as e:
                found.add(path, "cannot be read", str(e))
            except sqlite3.Error as e:
                found.add(path, f"cannot be read: {e}", f"{RESTORE}, {RENAME}")
        _read_all(open_files, report, found, progress)
    report.notes += [
        f"{aside.name} was damaged and moved aside by the gateway; delete it when nobody wants it any more"
        for aside in sorted(folder.glob("*.db.damaged-*Z"))
    ]
    report.problems = found.words()
    return report


class _Findings:
    """Each sort of trouble of a file once, with how often and where first."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], tuple[int, str]] = {}

    def add(self, path: Path, what: str, advice: str, where: str = "") -> None:
        count, first = self._found.get((path.name, what, advice), (0, where))
        self._found[path.name, what, advice] = count + 1, first

    def words(self) -> list[str]:
        return [
            f"{name}: {what}" + (f" ({'first ' if count > 1 else ''}{where})" if where else "")
            + (f", {count} times" if count > 1 else "") + f"; {advice}"
            for (name, what, advice), (count, where) in self._found.items()
        ]  # fmt: skip


class _File:
    def __init__(self, path: Path, db: sqlite3.Connection, checked: Checked, last: int) -> None:
        self.path, self.db, self.checked, self.last = path, db, checked, last
        self.month = Month(path, db, {})
        self.block: list[tuple[Any, ...]] = []
        self.blocks: Iterator[Any] = iter(())
        if checked.schema >= blocks.SINCE_SCHEMA:
            self.blocks = iter(
                db.execute("SELECT last, first, since, until, ids FROM blocks ORDER BY last").fetchall()
            )
        self.next = next(self.blocks, None)


def _opened(path: Path, db: sqlite3.Connection, report: Report, found: _Findings) -> _File | None:
    """The file, looked at as a whole; None where there is nothing in it to be read."""
    (schema,) = db.execute("PRAGMA user_version").fetchone()
    if not schema:
        report.notes.append(f"{path.name} is empty: the gateway is just beginning it, or was killed then")
        return None
    if schema > SCHEMA:
        found.add(path, f"was written by a newer Stagewire (schema {schema})", "look at it with that version")
        return None
    for (trouble,) in db.execute("PRAGMA integrity_check(5)"):
        if trouble != "ok":
            found.add(path, f"is damaged: {trouble}", f"{RESTORE}, {RENAME}")
    if schema >= state.SINCE_SCHEMA:
        if db.execute("SELECT count(*) FROM generation").fetchone() != (1,):
            found.add(path, "does not say whether its counters count", RESTORE)
        state.read(db)
    (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
    checked = Checked(path, schema, size=sum(part.stat().st_size for part in parts(path) if part.exists()))
    report.files.append(checked)
    return _File(path, db, checked, last)


def _rows(file: _File, found: _Findings) -> Iterator[tuple[tuple[Any, ...], _File]]:
    """What is there now, oldest first; the writer is never held up."""
    seq = -1
    sql = f"SELECT {_BARE} FROM records WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {AT_ONCE}"  # noqa: S608 - all ours
    while True:
        try:
            rows = file.db.execute(sql, (seq, file.last)).fetchall()
        except sqlite3.Error as e:
            found.add(file.path, f"cannot be read further: {e}", f"{RESTORE}, {RENAME}", f"after record {seq}")
            return
        if not rows:
            return
        seq = rows[-1][0]
        yield from ((row, file) for row in rows)


def _read_all(files: list[_File], report: Report, found: _Findings, progress: Callable[[int, int], None]) -> None:
    """All records in the order of their numbers, whichever file they stand in."""
    total = sum(row[0] for file in files for row in file.month.rows("SELECT count(*) FROM records", {}))
    known = _Known(files)
    before, first = 0, None
    rows = merge(*(_rows(file, found) for file in files), key=lambda pair: pair[0][0])
    for n, (row, file) in enumerate(rows):
        seq, kind, where = row[0], row[2], f"record {row[0]}"
        first = seq if first is None else first
        if seq <= before:
            found.add(file.path, "has a number that another record has too", RESTORE, where)
        before = seq
        file.checked.records += 1
        _check_body(row, file, found, where)
        _check_block(row, file, found)
        if kind != "ack" and known.seen(kind, row[6]):
            found.add(file.path, f"has the same {kind} twice", "nothing to do; say so to the developers", where)
        caused_by = {"decision": "event", "ack": "command"}.get(kind)
        if caused_by and not known.has(caused_by, row[6]):
            words = f"has a{'n' if kind == 'ack' else ''} {kind} whose {caused_by} is missing"
            if first > 1:  # months were deleted
                report.notes.append(f"{file.path.name} {words}: it stood in a month that is gone ({where})")
            else:
                advice = "records were lost while the disk refused, or a file was removed; the rest is good"
                found.add(file.path, words, advice, where)
        if n % AT_ONCE == 0:
            progress(n, total)
    if len(report.notes) > 10:
        report.notes[10:] = [f"and {len(report.notes) - 10} more of that kind"]
    progress(total, total)


def _check_body(row: tuple[Any, ...], file: _File, found: _Findings, where: str) -> None:
    """It is whole, and says what its columns say."""
    seq, at, kind, type_, account, station, message_id, cause, simulated, body = row
    try:
        entry = Entry(
            seq, at, kind, type_, account, station, message_id, cause, simulated,
            unpack(body, at, account, message_id),
        )  # fmt: skip
        message = entry.message()
    except (ValueError, PayloadError) as e:
        words = "has a record that cannot be read" if len(body) <= MAX_PAYLOAD else "has a record that is too long"
        found.add(file.path, words, f"{RESTORE}; all other records can be read", f"{where}: {e}")
        return
    own = message.event if isinstance(message, Decided) else message.id
    if own != message_id or message.account != account:
        found.add(file.path, "has a record whose columns say something else than its body", RESTORE, where)
    elif isinstance(message, Command | Ack) and (message.cause or message.id) != cause:
        found.add(file.path, "has a record that names another cause than its body", RESTORE, where)


def _check_block(row: tuple[Any, ...], file: _File, found: _Findings) -> None:
    """The file's own index holds what the records hold."""
    if file.next is None:
        return
    file.block.append(row)
    last, first, since, until, ids = file.next
    if row[0] < last:
        return
    times = [r[1] for r in file.block]
    if (first, last, since, until, ids) != (
        file.block[0][0], row[0], min(times), max(times), blocks.ids_of((r[2], r[6], r[7]) for r in file.block)
    ):  # fmt: skip
        words = "has an index that does not fit its records: a trace or a search may miss some"
        found.add(file.path, words, RESTORE, f"records {first} to {last}")
    file.block, file.next = [], next(file.blocks, None)


class _Known:
    """Which events and commands there are: those read lately by memory, older ones by the files' indices."""

    def __init__(self, files: list[_File]) -> None:
        self._files = files
        self._newer, self._older = set[int](), set[int]()

    def seen(self, kind: str, message_id: str) -> bool:
        """Whether it was there before; it is from now on."""
        name = hash((kind, message_id))
        if name in self._newer or name in self._older:
            return True
        if len(self._newer) >= WINDOW:
            self._newer, self._older = set(), self._newer
        self._newer.add(name)
        return False

    def has(self, kind: str, message_id: str) -> bool:
        name = hash((kind, message_id))
        if name in self._newer or name in self._older:
            return True
        return any((kind,) in file.month.about(message_id, "kind") for file in self._files)
