"""What the rules remember, in the journal: over restarts, months, wrong clocks and disks that refuse."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, Journal, JournalReader, writer
from tests.disk import full_disk, read_only, until
from tests.records import NOON, gift

MONTH = 31 * 86400.0


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def journal(tmp_path: Path, clock: Clock) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path, clock=clock, waiting_max=50)
    await journal.open()
    yield journal
    await journal.close()


def months(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.db"))


async def test_the_last_value_of_each_key_stands_and_none_forgets_it(journal: Journal) -> None:
    assert journal.reader.state() == {}
    journal.append(gift("g1"), state={"goal": b"1", "gone": b"x"})
    journal.append(gift("g2"), state={"goal": b"2", "gone": None, "back": None})
    journal.append(gift("g3"), state={"back": b"y"})
    await journal.flush()
    assert journal.reader.state() == {"goal": b"2", "back": b"y"}
    journal.append(gift("g4"), state={"back": None, "never there": None})
    await journal.flush()
    assert journal.reader.state() == {"goal": b"2"}


async def test_state_without_a_record_comes_to_the_disk_by_itself_and_in_order(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LAZY_S", 0.05)
    journal.append(gift("g1"), state={"timer": b"running"})
    journal.keep({"timer": b"ended"})
    await until(lambda: journal.reader.state() == {"timer": b"ended"})
    journal.keep({"timer": None})
    await until(lambda: journal.reader.state() == {})


async def test_close_brings_state_to_the_disk_too_and_later_state_is_refused_aloud(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    journal.keep({"goal": b"1"})
    await journal.close()
    assert journal.reader.state() == {"goal": b"1"}
    journal.keep({"goal": b"2"})
    assert "after closing" in caplog.text


async def test_a_new_month_takes_over_the_state_of_the_old_one(
    journal: Journal, clock: Clock, tmp_path: Path
) -> None:
    journal.append(gift("g1"), state={"goal": b"1", "stage": b"low"})
    await journal.flush()
    clock.now += MONTH
    journal.append(gift("g2"), state={"goal": b"2"})
    await journal.flush()
    assert months(tmp_path) == ["journal-2026-11.db", "journal-2026-12.db"]
    (tmp_path / "journal-2026-11.db").rename(tmp_path / "elsewhere.db")
    assert journal.reader.state() == {"goal": b"2", "stage": b"low"}


async def test_a_month_that_begins_with_a_restart_takes_over_too(tmp_path: Path, clock: Clock) -> None:
    told: list[Changes] = [{"goal": b"1", "stage": b"low"}, {"goal": b"2"}, {"stage": None}]
    for month, change in enumerate(told):
        clock.now = NOON + month * MONTH
        journal = Journal(tmp_path, clock=clock)
        await journal.open()
        journal.keep(change)
        await journal.close()
    assert months(tmp_path) == ["journal-2026-11.db", "journal-2026-12.db", "journal-2027-01.db"]
    assert JournalReader(tmp_path).state() == {"goal": b"2"}


@pytest.mark.parametrize("restart", [False, True])
async def test_a_clock_set_back_takes_neither_the_state_nor_the_order_back(
    restart: bool, tmp_path: Path, clock: Clock
) -> None:
    journal = Journal(tmp_path, clock=clock)
    await journal.open()
    for number, month in enumerate((0, 5, 0, 5)):  # the clock was wrong for a while, twice
        if restart:
            await journal.close()
            journal = Journal(tmp_path, clock=clock)
            clock.now = NOON + month * MONTH
            await journal.open()
        clock.now = NOON + month * MONTH
        journal.append(gift(f"g{number}"), state={"goal": str(number).encode(), f"g{number}": b""})
        await journal.flush()
        assert journal.reader.state()["goal"] == str(number).encode()
    await journal.close()
    assert journal.reader.state() == {"goal": b"3", "g0": b"", "g1": b"", "g2": b"", "g3": b""}
    assert journal.reader.recent_event_ids(10) == ["g0", "g1", "g2", "g3"]
    assert [entry.seq for entry in journal.reader.last(10)] == [4, 3, 2, 1]


async def test_a_disk_that_fills_up_while_a_month_begins_leaves_the_old_state_and_later_has_the_new_one(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    journal = Journal(tmp_path, clock=clock)
    await journal.open()
    journal.append(gift("g1"), state={"goal": b"1"} | {f"ballast/{n}": bytes(1000) for n in range(200)})
    await journal.flush()
    clock.now += MONTH
    with full_disk(100_000):  # the new file's tables fit, its state does not
        journal.append(gift("g2"), urgent=True, state={"goal": b"2"})
        await until(lambda: journal.fault)
        assert months(tmp_path) == ["journal-2026-11.db", "journal-2026-12.db"]
        assert JournalReader(tmp_path).state()["goal"] == b"1"
        assert len(JournalReader(tmp_path).state()) == 201
    await until(lambda: journal.fault == "")
    assert journal.reader.state()["goal"] == b"2"
    assert len(journal.reader.state()) == 201
    await journal.close()


async def test_state_outlives_the_records_that_memory_has_no_room_for(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    with full_disk():
        for n in range(130):
            journal.append(gift(f"g{n}"), urgent=True, state={"goal": str(n).encode(), f"viewer/{n}": b"1"})
        await until(lambda: journal.fault)
        journal.keep({"timer": b"ended"})
        assert journal.lost == 80
    await until(lambda: journal.fault == "")
    await journal.flush()
    state = journal.reader.state()
    assert (state["goal"], state["timer"], len(state)) == (b"129", b"ended", 132)


async def test_what_came_during_a_commit_that_failed_is_newer_than_what_failed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", 0.02)
    journal = Journal(tmp_path / "data", clock=clock, batch_max=1)
    (tmp_path / "data").mkdir()
    with read_only(tmp_path / "data"):
        await journal.open()
        for n in range(200):
            journal.append(gift(f"g{n}"), state={"goal": str(n).encode(), f"g{n - 1}": None, f"g{n}": b""})
            assert not await journal.flush()
            if n % 10:
                journal.keep({"timer": str(n).encode()})
    await until(lambda: journal.fault == "")
    assert journal.reader.state() == {"goal": b"199", "g199": b"", "timer": b"199"}
    await journal.close()


async def test_a_damaged_or_deleted_file_takes_no_counter_with_it_while_the_gateway_runs(
    journal: Journal, tmp_path: Path
) -> None:
    journal.append(gift("g1"), state={"goal": b"1", "stage": b"low"})
    await journal.flush()
    for path in tmp_path.iterdir():
        path.unlink()
    journal.append(gift("g2"), state={"goal": b"2"})
    await journal.flush()
    assert journal.reader.state() == {"goal": b"2", "stage": b"low"}


async def test_a_start_with_a_damaged_file_has_the_state_of_the_month_before(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for month in range(2):
        clock.now = NOON + month * MONTH
        journal = Journal(tmp_path, clock=clock)
        await journal.open()
        journal.keep({"goal": str(month).encode()})
        await journal.close()
    (tmp_path / "journal-2026-12.db").write_bytes(b"this is not a database, but it is long enough" * 200)
    journal = Journal(tmp_path, clock=clock)
    await journal.open()
    await journal.close()
    assert journal.reader.state() == {"goal": b"0"}
    assert "is damaged; it was moved to" in caplog.text
    assert "The rules' counters are those with which the month began" in caplog.text


async def test_a_month_that_cannot_be_read_is_left_out_and_named(
    journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "journal-2026-10.db"
    broken.write_bytes(b"this is not a database, but it is long enough to be looked at" * 100)
    journal.keep({"goal": b"1"})
    await journal.flush()
    assert journal.reader.state() == {"goal": b"1"}
    assert list(journal.reader.damaged) == [broken]
    assert caplog.records[-1].levelno == logging.WARNING


async def test_a_month_of_a_newer_version_is_refused_however_the_clock_stands(
    tmp_path: Path, clock: Clock
) -> None:
    with closing(sqlite3.connect(tmp_path / "journal-2026-10.db")) as db:
        db.execute("PRAGMA user_version = 99")
    journal = Journal(tmp_path, clock=clock)
    with pytest.raises(StorageError, match=r"journal-2026-10\.db was written by a newer Stagewire"):
        await journal.open()
    await journal.close()
    assert months(tmp_path) == ["journal-2026-10.db"]
