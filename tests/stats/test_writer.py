"""The keeper of statistics: debounced, never in the loop's way, whole at every start."""

import asyncio
import threading
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.stats import archive
from gateway.stats.kept import Kept, Leaders
from gateway.stats.reader import StatsReader
from gateway.stats.writer import StatsStore
from tests.disk import until
from tests.stats.evenings import Evening, check_kept, kept, leaders, record
from tests.stats.faulty_files import file_operations


async def test_what_is_kept_survives_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "venue" / "data"
    evening = Evening()
    store = StatsStore(data, evening.snapshot)
    assert await store.open() == Kept()
    evening.gifts, evening.practice = 7, 2
    store.touch()
    await store.close()
    again = StatsStore(data, evening.snapshot)
    assert await again.open() == kept(7, practice=2)
    assert not again.upgraded
    await again.close()


async def test_a_session_that_ends_is_archived_at_once_with_details_summary_and_leaders(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=3600)
    await store.open()
    assert store.leaders("mara") == Leaders(account="mara")
    store.archive(*evening.session())
    assert store.leaders("mara") == leaders(1)  # before any disk
    await until((tmp_path / "stats.json").exists)
    reader = StatsReader(tmp_path)
    (summary,) = reader.summaries()
    assert reader.record(summary.id) == record(0)
    assert reader.leaders("mara") == leaders(1)
    assert check_kept(tmp_path) == kept(3, 1)
    await store.close()
    again = StatsStore(tmp_path, evening.snapshot)
    await again.open()
    assert again.leaders("mara") == leaders(1)
    assert again.leaders("mara", True) == Leaders(account="mara", simulated=True)
    await again.close()


async def test_details_are_on_disk_before_the_summary_and_everything_before_what_is_kept(tmp_path: Path) -> None:
    evening = Evening()
    evening.practice = 1
    store = StatsStore(tmp_path, evening.snapshot)
    await store.open()
    store.archive(*evening.session())
    order: list[str] = []

    def before(n: int, operation: object) -> None:
        order.extend({p.name for p in tmp_path.rglob("*.json")} - set(order))

    with file_operations(before):
        assert await store.flush()
    await store.close()
    assert order == [
        f"{record(0).summary.id}.json",
        "sessions-2026.json",
        "leaders.json",
        "stats-practice.json",
        "stats.json",
    ]


async def test_a_session_that_goes_on_is_archived_again_in_its_own_place(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, lambda: kept(3, 1))
    await store.open()
    store.archive(record(0), leaders(1))
    await store.flush()
    store.archive(record(0), leaders(1))
    await store.close()
    assert len(StatsReader(tmp_path).summaries()) == 1
    assert StatsReader(tmp_path).record(record(0).summary.id) == record(0)


async def test_many_changes_are_one_write_and_the_newest_wins(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.1)
    await store.open()
    for _ in range(500):
        evening.gifts += 1
        store.touch()
    assert not (tmp_path / "stats.json").exists()
    await until((tmp_path / "stats.json").exists)
    await store.close()
    assert check_kept(tmp_path) == kept(500)
    assert not (tmp_path / "stats.json.prev").exists()  # there was never a second write


async def test_nothing_is_written_before_something_changed(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, lambda: pytest.fail("nobody asked for it"))
    await store.open()
    assert await store.flush()
    await store.close()
    assert not list(tmp_path.iterdir())


async def test_a_change_after_closing_is_refused_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = StatsStore(tmp_path, lambda: kept(1), debounce=0.0)
    await store.open()
    await store.close()
    store.touch()
    store.archive(record(0), leaders(1))
    assert "a change came after closing" in caplog.text
    assert f"session {record(0).summary.id} came after closing" in caplog.text
    assert not list(tmp_path.iterdir())


async def test_practice_has_files_of_its_own(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, lambda: kept(3, 1, practice=9))
    await store.open()
    for simulated in (False, True):
        store.archive(
            record(0, simulated=simulated, account="ayu" if simulated else "mara"),
            leaders(1, "ayu" if simulated else "mara", simulated=simulated),
        )
    await store.close()
    reader = StatsReader(tmp_path)
    assert [a.gifts for a in reader.kept(False).accounts] == [3]
    assert [a.gifts for a in reader.kept(True).accounts] == [9]
    assert [s.account for s in reader.summaries(False)] == ["mara"]
    assert [s.account for s in reader.summaries(True)] == ["ayu"]
    assert (len(reader.leaders("ayu").contributions), len(reader.leaders("ayu", True).contributions)) == (0, 3)
    found = reader.record(record(0, account="ayu").summary.id)
    assert found is not None
    assert found.summary.simulated
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.json")) == [
        "leaders-practice.json",
        "leaders.json",
        "sessions-2026.json",
        "sessions-practice-2026.json",
        f"sessions/{record(0, account='ayu').summary.id}.practice.json",
        f"sessions/{record(0).summary.id}.json",
        "stats-practice.json",
        "stats.json",
    ]


async def test_files_of_a_newer_version_are_never_overwritten(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, lambda: kept(3))
    await store.open()
    store.touch()
    await store.close()
    path = tmp_path / "stats.json"
    path.write_bytes(path.read_bytes().replace(b'"schema":2', b'"schema":9'))
    before = path.read_bytes()
    older = StatsStore(tmp_path, lambda: kept(4))
    assert await older.open() == Kept()
    assert "newer Stagewire" in older.fault
    older.touch()
    older.archive(record(0), leaders(1))
    with pytest.raises(StorageError, match="newer Stagewire"):
        await older.exclusively(lambda folder: None)
    await older.close()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["stats.json"]


async def test_work_on_the_files_has_them_for_itself_and_everything_on_disk(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0)
    await store.open()
    store.archive(*evening.session())

    def forget(folder: Path) -> str:
        check_kept(folder)
        archive.rewrite_leaders(folder, lambda one: Leaders(account=one.account))
        return threading.current_thread().name

    assert (await store.exclusively(forget)).startswith("stats")
    assert store.leaders("mara") == Leaders(account="mara")
    evening.gifts += 1
    store.touch()
    await store.close()
    assert StatsReader(tmp_path).kept() == kept(4, 1)


async def test_a_session_that_ends_during_work_on_the_files_is_worked_on_too(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0)
    await store.open()
    store.archive(*evening.session())
    loop, rounds = asyncio.get_running_loop(), 0

    def end(ended: threading.Event) -> None:
        store.archive(*evening.session())
        ended.set()

    def forget(folder: Path) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            ended = threading.Event()
            loop.call_soon_threadsafe(end, ended)
            assert ended.wait(10)
        archive.rewrite_leaders(folder, lambda one: Leaders(account=one.account, through=one.through))
        return len(StatsReader(folder).summaries())

    assert await store.exclusively(forget) == 2
    assert rounds == 2
    assert store.leaders("mara") == Leaders(account="mara", through=record(1).summary.id)
    await store.close()
    assert StatsReader(tmp_path).leaders("mara").contributions == []


async def test_work_that_nobody_waits_for_any_more_is_done_and_known(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0)
    await store.open()
    store.archive(*evening.session())
    begun, go = threading.Event(), threading.Event()

    def forget(folder: Path) -> None:
        begun.set()
        assert go.wait(10)
        archive.rewrite_leaders(folder, lambda one: Leaders(account=one.account))

    working = asyncio.create_task(store.exclusively(forget))
    await until(begun.is_set)
    working.cancel()
    await asyncio.wait([working])
    assert working.cancelled()
    go.set()
    await until(lambda: store.leaders("mara") == Leaders(account="mara"))
    await store.close()
    assert StatsReader(tmp_path).leaders("mara") == Leaders(account="mara")


async def test_work_that_fails_says_so_and_counting_goes_on(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0)
    await store.open()

    def fails(folder: Path) -> None:
        raise StorageError("no")

    with pytest.raises(StorageError, match="no"):
        await store.exclusively(fails)
    store.archive(*evening.session())
    await store.close()
    assert check_kept(tmp_path) == kept(3, 1)
