"""The journal on disks that are full, read-only, damaged or taken away; and a program killed at any point."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from gateway.journal import Journal, JournalReader, writer
from tests.disk import full_disk, read_only, until
from tests.records import NOON, command, gift


@pytest.fixture(autouse=True)
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "data", clock=lambda: NOON, waiting_max=50)
    await journal.open()
    yield journal
    await journal.close()


async def test_a_full_disk_is_said_once_and_nothing_is_called_durable_until_there_is_room(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[int] = []
    with full_disk():
        for n in range(20):
            journal.append(gift(f"g{n}"), urgent=True, on_durable=partial(heard.append, n))
        await until(lambda: journal.fault)
        await asyncio.sleep(0.2)  # several more attempts
        assert heard == []
        assert "cannot be written" in journal.fault
        assert "make room" in journal.fault
        assert "20 records wait in memory (at most 50)" in journal.fault
        assert [r.levelno for r in caplog.records] == [logging.WARNING]
    await until(lambda: len(heard) == 20)
    assert heard == list(range(20))
    assert journal.fault == ""
    assert "writes again; 0 records were lost" in caplog.text
    assert journal.reader.recent_event_ids(100) == [f"g{n}" for n in range(20)]


async def test_memory_is_bounded_while_the_disk_is_full_and_the_oldest_are_lost(journal: Journal) -> None:
    heard: list[int] = []
    with full_disk():
        for n in range(130):
            journal.append(gift(f"g{n}"), urgent=True, on_durable=partial(heard.append, n))
        await until(lambda: journal.fault)
        assert journal.lost == 80
        assert "80 already lost" in journal.fault
    await until(lambda: len(heard) == 50)
    assert heard == list(range(80, 130))


async def test_closing_on_a_full_disk_ends_and_says_what_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path)
    await journal.open()
    with full_disk():
        journal.append(gift("g1"))
        await journal.close()
    assert "closing without 1 records" in caplog.text


async def test_a_read_only_folder_at_start_degrades_and_recovers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    journal = Journal(data, clock=lambda: NOON)
    heard: list[str] = []
    with read_only(data):
        await journal.open()
        assert "cannot be written" in journal.fault
        journal.append(gift("g1"), on_durable=lambda: heard.append("g1"))
        assert not await journal.flush()
    await until(lambda: heard)
    assert journal.fault == ""
    await journal.close()


async def test_a_closed_journal_is_read_from_a_read_only_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    journal = Journal(data, clock=lambda: NOON)
    await journal.open()
    journal.append(gift("g1"))
    await journal.close()
    with read_only(data):
        assert [e.id for e in JournalReader(data).last(5)] == ["g1"]


async def test_a_file_deleted_under_the_gateway_is_begun_anew(journal: Journal, tmp_path: Path) -> None:
    journal.append(gift("g1"))
    await journal.flush()
    for path in (tmp_path / "data").iterdir():
        path.unlink()
    journal.append(gift("g2"))
    assert await journal.flush()
    assert journal.reader.recent_event_ids(5) == ["g2"]


@pytest.mark.parametrize("damage", ["header", "pages", "zeros", "cut"])
async def test_a_damaged_file_is_moved_aside_and_the_evening_goes_on(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal-2026-11.db"
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    for n in range(200):
        journal.append(gift(f"g{n}"))
        journal.append(command(f"c{n}", f"g{n}"))
    await journal.close()
    whole = path.read_bytes()
    match damage:
        case "header":
            path.write_bytes(b"\xff" * 100 + whole[100:])
        case "pages":
            path.write_bytes(whole[:4096] + bytes(random.Random(1).randbytes(len(whole) - 4096)))
        case "zeros":
            path.write_bytes(bytes(len(whole)))
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
    again = Journal(tmp_path, clock=lambda: NOON)
    await again.open()
    again.append(gift("after"))
    assert await again.flush()
    await again.close()
    assert again.reader.recent_event_ids(5) == ["after"]
    assert [p.name for p in tmp_path.glob("*damaged*")] == ["journal-2026-11.db.damaged-20261122T120000Z"]
    assert "is damaged; it was moved to" in caplog.text


async def test_a_month_that_cannot_be_read_is_left_out_and_named(journal: Journal, tmp_path: Path) -> None:
    broken = tmp_path / "data" / "journal-2026-10.db"
    broken.write_bytes(b"this is not a database, but it is long enough to be looked at" * 100)
    journal.append(gift("g1"))
    await journal.flush()
    reader = JournalReader(tmp_path / "data")
    assert [e.id for e in reader.last(5)] == ["g1"]
    assert list(reader.damaged) == [broken]
    broken.unlink()
    reader.last(5)
    assert reader.damaged == {}
