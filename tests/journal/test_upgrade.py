"""Files that older versions wrote, as they left them (tests/fixtures), and one of today's."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.journal import Entry, Journal, JournalReader, Query, blocks, packing
from gateway.journal.segments import SCHEMA
from tests.records import NOON, event, gift

FIXTURES = Path(__file__).parents[1] / "fixtures"
SCHEMAS = sorted(FIXTURES.glob("journal-schema*.db"))
RECORDS = {1: 21, 2: 27, 3: 27}
STATE = {"counter/goal": b"5", "note/last": b'"Otto"', "seen/5": b"1"}


@pytest.fixture(params=SCHEMAS, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    shutil.copy(request.param, tmp_path / "journal-2026-11.db")
    return tmp_path / "journal-2026-11.db", int(request.param.stem[-1])


def raw(path: Path) -> list[Entry]:
    """Without our reader, of a file whose bodies are plain."""
    with closing(sqlite3.connect(path)) as db:
        return [Entry(*row) for row in db.execute("SELECT * FROM records ORDER BY seq")]


def look_everywhere(reader: JournalReader, number: int, schema: int) -> None:
    entries = reader.since(0)[:number]
    assert len(entries) == number == len(reader.page(Query(before=entries[-1].seq + 1)).entries)
    for entry in entries:
        entry.message()
        if entry.kind == "event":
            assert reader.seq_of(entry.id) == entry.seq
        assert entry in reader.trace(entry.cause or entry.id)
    kinds = [e.kind for e in reader.trace("7530-75002/bell/0")]
    assert kinds == ["event", *["decision"] * (schema > 1), "command", "ack"]
    assert len(reader.page(Query(user="otto 🦊", kinds=("event",))).entries) == 9
    assert len(reader.page(Query(text="grusse AUS wien")).entries) == 3
    assert [g.data.total for g in reader.recent_gifts(3, NOON)] == [4, 5, 6]
    within = Query(since=round((NOON + 10) * 1000), until=round((NOON + 20) * 1000), types=("gift",))
    assert [e.id for e in reader.page(within).entries] == ["7530-75001"]
    assert reader.state() == (STATE if schema > 1 else {})
    assert reader.damaged == {}


def test_a_closed_month_of_any_schema_is_read_as_it_is(old: tuple[Path, int]) -> None:
    path, schema = old
    before = path.read_bytes()
    reader = JournalReader(path.parent)
    if schema < 3:
        assert reader.since(0) == raw(path)
    look_everywhere(reader, RECORDS[schema], schema)
    assert path.read_bytes() == before


async def test_a_month_that_is_written_on_is_brought_up_to_date_and_loses_nothing(old: tuple[Path, int]) -> None:
    path, schema = old
    before = JournalReader(path.parent).since(0)
    journal = Journal(path.parent, clock=lambda: NOON + 600)
    await journal.open()
    journal.append(gift("7530-75000"))  # redelivered
    journal.append(event("share", "new", user={"id": "9"}), state={"counter/new": b"1"})
    await journal.close()
    reader = journal.reader
    assert reader.since(0)[:-1] == before
    assert [e.id for e in reader.last(1)] == ["new"]
    assert reader.state() == (STATE if schema > 1 else {}) | {"counter/new": b"1"}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    again = Journal(path.parent, clock=lambda: NOON + 600)
    await again.open()
    again.append(gift("7530-75001"))
    again.keep({"counter/new": None})
    await again.close()
    assert len(reader.since(0)) == RECORDS[schema] + 1
    look_everywhere(reader, RECORDS[schema], schema)


@pytest.mark.parametrize("number", [0, 1, blocks.BLOCK - 1, blocks.BLOCK, 3 * blocks.BLOCK + 5])
async def test_a_long_month_of_an_old_schema_is_found_through_its_blocks(number: int, tmp_path: Path) -> None:
    path = tmp_path / "journal-2026-11.db"
    shutil.copy(FIXTURES / "journal-schema2.db", path)
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("SELECT * FROM records WHERE kind = 'event'").fetchone()
        rows = [
            (seq, NOON * 1000 + seq, *row[2 : 6 - 0], f"more-{seq}", *row[7:]) for seq in range(100, 100 + number)
        ]
        db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.commit()
    before = JournalReader(tmp_path).since(0, limit=10_000)
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    await journal.close()
    reader = journal.reader
    assert reader.since(0, limit=10_000) == before
    for entry in random.Random(1).sample(before, 20) + before[-1:]:
        assert reader.seq_of(entry.cause or entry.id) is not None
        assert entry in reader.trace(entry.cause or entry.id)
        at = reader.page(Query(since=entry.time, until=entry.time + 1)).entries
        assert entry in at


def test_what_was_packed_once_is_unpacked_for_ever() -> None:
    body = b'{"type":"stagewire.comment","specversion":"1.0","id":"7530-1","data":{"text":"Gr\xc3\xbc\xc3\x9fe"}}'
    packed = bytes.fromhex("01a3d0cb3033a181ea5e7478cfe1f9c0ce562d00")
    assert packing.unpack(packed, 1_795_348_800_123, "mara", "7530-1") == body
