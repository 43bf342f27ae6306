"""Work on the journal's files while the gateway runs, and a disk that does not answer."""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Journal, writer
from tests.disk import full_disk, until
from tests.records import NOON, gift


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    yield journal
    await journal.close()


async def test_work_finds_all_that_was_appended_in_closed_files_and_its_result_comes_back(
    journal: Journal, tmp_path: Path
) -> None:
    def work(folder: Path) -> tuple[list[str], int]:
        with closing(sqlite3.connect(folder / "journal-2026-11.db")) as db:
            (count,) = db.execute("SELECT count(*) FROM records").fetchone()
        return sorted(path.name for path in tmp_path.iterdir()), count

    for n in range(50):
        journal.append(gift(f"g{n}"))
    assert await journal.exclusively(work) == (["journal-2026-11.db"], 50)
    journal.append(gift("after"))
    assert await journal.flush()
    assert journal.reader.last(1)[0].seq == 51


async def test_what_comes_during_the_work_waits_and_is_a_fault_only_when_it_takes_long(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, heard = threading.Event(), list[str]()
    task = asyncio.create_task(journal.exclusively(lambda _: go_on.wait(10)))
    await asyncio.sleep(0)
    journal.append(gift("g1"), urgent=True, on_durable=lambda: heard.append("g1"))
    await asyncio.sleep(0.05)  # an urgent record waits no longer for company
    assert (heard, journal.fault) == ([], "")
    monkeypatch.setattr(writer, "ALONE_S", 0.0)
    go_on.set()
    await task
    await until(lambda: heard)
    go_on.clear()
    task = asyncio.create_task(journal.exclusively(lambda _: go_on.wait(10)))
    await until(lambda: journal.fault)
    assert "the journal is being worked on for 0 s; 0 records wait in memory" in journal.fault
    go_on.set()
    await task
    assert journal.fault == ""


async def test_what_the_work_leaves_behind_counts_and_no_number_is_given_twice(journal: Journal) -> None:
    def forget(folder: Path) -> None:
        with closing(sqlite3.connect(folder / "journal-2026-11.db")) as db:
            db.execute("DELETE FROM records WHERE seq > 1")
            db.execute("UPDATE state SET value = ?", (b"erased",))
            db.commit()

    journal.append(gift("g1"), state={"note": b"otto"})
    journal.append(gift("g2"))
    await journal.exclusively(forget)
    journal.append(gift("g3"), state={"goal": b"1"})
    await journal.flush()
    assert [e.seq for e in journal.reader.since(0)] == [1, 3]
    assert journal.reader.state() == {"note": b"erased", "goal": b"1"}


async def test_work_that_fails_says_so_and_the_journal_goes_on(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError):
        await journal.exclusively(lambda _: 1 / 0)
    journal.append(gift("g1"))
    assert await journal.flush()


async def test_no_work_is_done_while_the_disk_refuses(journal: Journal) -> None:
    with full_disk():
        journal.append(gift("g1"))
        with pytest.raises(StorageError, match="cannot be written"):
            await journal.exclusively(lambda _: pytest.fail("it was done"))


async def test_a_disk_that_does_not_answer_is_a_fault_in_words_and_the_loop_never_waits(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer, "HANGS_S", 0.2)
    heard: list[str] = []
    journal.append(gift("g1"))
    await journal.flush()
    with closing(sqlite3.connect(tmp_path / "journal-2026-11.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite waits for it, in the writer's thread, for five seconds
        journal.append(gift("g2"), urgent=True, on_durable=lambda: heard.append("g2"))
        await until(lambda: journal.fault)
        assert "the disk has not answered for 0 s; 1 records wait in memory" in journal.fault
        journal.append(gift("g3"), on_durable=lambda: heard.append("g3"))
        assert "2 records wait" in journal.fault
        began = asyncio.get_running_loop().time()
        assert not await journal.flush()
        assert asyncio.get_running_loop().time() - began < 1
        assert heard == []
        other.execute("ROLLBACK")
    await until(lambda: heard == ["g2", "g3"])
    assert journal.fault == ""
    assert [e.id for e in journal.reader.since(0)] == ["g1", "g2", "g3"]
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(said) == 2
    assert "look at the card or disk that holds" in said[0]
    assert "journal: goes on after" in said[1]
