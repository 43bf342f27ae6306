"""Whatever happens to a flush, and wherever in it: what is on disk is whole, and loses at most that flush."""

import asyncio
import errno
import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.stats.reader import StatsReader
from gateway.stats.storage import CrashSafeStorage
from gateway.stats.writer import StatsStore
from tests.disk import full_disk, read_only, until
from tests.stats.evenings import Evening, check_kept, kept, leaders, record, unfinished
from tests.stats.faulty_files import Operation, file_operations
from tests.stats.store_kills import keep


@pytest.mark.parametrize("sessions", [0, 2], ids=["the first flush", "a later flush"])
async def test_tinydb_467_a_flush_killed_at_any_file_operation_leaves_whole_files_and_loses_itself_at_most(
    tmp_path: Path, sessions: int, caplog: pytest.LogCaptureFixture
) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.stats.store_kills", str(tmp_path), str(sessions)],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    kills = said.stdout.split()
    assert kills.count("torn") == 5  # five files: details, year, leaders, practice, the rest
    assert {"write", "fsync", "replace", *(["link"] if sessions else [])} <= set(kills)
    seen = []
    for n in range(len(kills) + 1):  # the last ran through
        folder = tmp_path / str(n)
        seen.append(check_kept(folder).mark)
        again = StatsStore(folder, lambda: kept(0))
        then = Evening(await again.open())
        await again.close()
        assert not unfinished(folder)
        assert then.ended in (sessions, sessions + 1)
        if then.ended == sessions:  # the unflushed session ends again, as the journal tells it
            then.practice = sessions
            shutil.copytree(folder, tmp_path / "again" / str(n))
            await keep(tmp_path / "again" / str(n), 1)
            assert check_kept(tmp_path / "again" / str(n)) == check_kept(tmp_path / str(len(kills)))
            assert StatsReader(tmp_path / "again" / str(n)).leaders("mara") == leaders(sessions + 1)
    assert seen == sorted(seen)
    assert set(seen) == {3 * sessions, 3 * sessions + 3}
    assert "damaged" not in caplog.text


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "from then on"])
async def test_a_disk_that_is_full_at_any_file_operation_leaves_whole_files_and_everything_is_written_later(
    tmp_path: Path, for_good: bool, caplog: pytest.LogCaptureFixture
) -> None:
    await keep(tmp_path / "base", 1)
    full_at, steps = 0, 1
    while full_at < steps:
        shutil.copytree(tmp_path / "base", tmp_path / str(full_at))
        steps = await full_disk_at(tmp_path / str(full_at), full_at, for_good)
        full_at += 1
    assert full_at > 50
    assert "damaged" not in caplog.text


async def full_disk_at(folder: Path, full_at: int, for_good: bool) -> int:
    """A session ends. The number of file operations that were tried."""
    evening = Evening()
    store = StatsStore(folder, lambda: evening.snapshot())
    evening = Evening(await store.open())
    evening.practice += 1
    store.archive(*evening.session())

    def before(n: int, operation: Operation) -> None:
        if operation.name in ("close", "unlink"):
            return  # these need no room
        if n == full_at or (for_good and n > full_at):
            raise OSError(errno.ENOSPC, "No space left on device")

    with file_operations(before) as operations:
        went = await store.flush()
        steps = len(operations)
    assert check_kept(folder).mark in (3, 6)
    assert went == (not store.fault)
    if not went:
        assert "No space left" in store.fault
        assert "make room" in store.fault
        assert not unfinished(folder)
    assert await store.flush()
    assert store.fault == ""
    assert check_kept(folder) == kept(6, 2)
    assert StatsReader(folder).leaders("mara") == leaders(2)
    await store.close()
    return steps


async def test_a_full_disk_is_said_once_and_everything_is_kept_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.02)
    await store.open()
    with full_disk():
        store.touch()
        for _ in range(3):
            store.archive(*evening.session())
        await until(lambda: store.fault)
        tries = len([*tmp_path.glob("*")])
        await asyncio.sleep(0.1)  # several more attempts
        assert "counted but not kept" in store.fault
        assert [r.levelno for r in caplog.records] == [logging.WARNING]
        assert tries == len([*tmp_path.glob("*")])
        assert store.leaders("mara") == leaders(3)
    await until(lambda: not store.fault)
    assert "kept again" in caplog.text
    await store.close()
    assert check_kept(tmp_path) == kept(9, 3)
    assert len(StatsReader(tmp_path).summaries()) == 3


async def test_a_read_only_folder_degrades_to_memory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await keep(data, 1)
    evening = Evening()
    store = StatsStore(data, lambda: evening.snapshot())
    with read_only(data):
        evening = Evening(await store.open())
        assert evening.gifts == 3
        evening.gifts += 1
        store.touch()
        assert not await store.flush()
        assert "stats.json cannot be written" in store.fault
    assert await store.flush()
    await store.close()
    assert check_kept(data) == kept(4, 1)


async def test_a_disk_that_hangs_is_said_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0, hangs=0.05)
    await store.open()
    answers = threading.Event()

    def before(n: int, operation: Operation) -> None:
        if operation.name == "fsync":
            assert answers.wait(20)

    with file_operations(before):
        store.archive(*evening.session())
        await until(lambda: store.fault)
        assert "has not answered for 0.05 s" in store.fault
        store.archive(*evening.session())
        assert not await store.flush()
        with pytest.raises(StorageError, match="has not answered"):
            await store.exclusively(lambda folder: None)
        answers.set()
        await until(lambda: not store.fault)
        assert await store.flush()
    await store.close()
    assert check_kept(tmp_path) == kept(6, 2)


def test_a_file_cut_at_any_byte_is_taken_from_the_copy_before_it_aloud(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    storage = CrashSafeStorage(path)
    old = {"_default": {"1": {"n": 1}}}
    storage.write(old)
    storage.write({"_default": {"1": {"n": 2, "name": "ö🌹"}}})
    whole = path.read_bytes()
    assert len(whole) > 60
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        seen = CrashSafeStorage(path, read_only=True)
        assert seen.read() == old
        assert f"{path} is damaged" in seen.trouble
        assert f"{path}.prev, was taken" in seen.trouble


async def test_a_file_damaged_by_hand_is_restored_from_the_copy_before_it_and_both_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await keep(tmp_path, 2)
    (tmp_path / "stats.json").write_text('{"gifts": "a lot"}')
    reader = StatsReader(tmp_path)
    assert reader.kept() == kept(3, 1)
    assert list(reader.damaged) == [tmp_path / "stats.json"]
    caplog.clear()
    store = StatsStore(tmp_path, lambda: kept(4, 1))
    assert (await store.open()).accounts[0] == kept(3, 1).accounts[0]
    (loud,) = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert f"{tmp_path / 'stats.json'} is damaged" in loud
    assert f"{tmp_path / 'stats.json.prev'}, was taken" in loud
    assert store.fault == ""
    store.touch()
    await store.close()
    assert reader.kept() == kept(4, 1)
    assert reader.damaged == {}
    assert [p.name[:18] for p in tmp_path.glob("*damaged*")] == ["stats.json.damaged"]


async def test_what_a_killed_writer_left_half_done_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    await keep(tmp_path, 1)
    stale = [
        tmp_path / "stats.json.new",
        tmp_path / "stats.json.prev.new",
        tmp_path / "sessions-2026.json.new",
        tmp_path / "sessions" / f"{record(7).summary.id}.json.new",
    ]
    for path in stale:
        path.write_bytes(b'{"schema":2,"crc')
    check_kept(tmp_path)
    store = StatsStore(tmp_path, lambda: kept(0))
    assert (await store.open()).mark == 3
    await store.close()
    assert not unfinished(tmp_path)
    assert not [p for p in stale if os.path.lexists(p)]
    check_kept(tmp_path)
