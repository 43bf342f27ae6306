"""TinyDB's store: debounced, never in the loop's way, whole for every reader, and killed at any point."""

import asyncio
import logging
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from gateway.stats.folds import AccountTotals
from gateway.stats.store import StatsReader, StatsStore
from tests.disk import full_disk, read_only, until
from tests.records import NOON, event, gift


async def test_totals_and_sessions_survive_a_restart(tmp_path: Path) -> None:
    store = StatsStore(tmp_path / "data")
    mara = (await store.open()).of("mara")
    for n in range(3):
        store.save(mara, mara.event(gift(f"g{n}", NOON + n)))
    store.save(mara, mara.event(event("live", "end", NOON + 9, phase="ended")))
    store.save(mara, mara.event(gift("g9", NOON + 86400, room="room-2", count=5)))
    await store.close()
    again = StatsStore(tmp_path / "data")
    totals = await again.open()
    assert list(totals) == [mara]
    assert totals.of("mara").stats().all_gifts == 8
    await again.close()
    reader = StatsReader(tmp_path / "data")
    assert reader.accounts() == [mara]
    (session,) = reader.sessions()
    assert (session.gifts, session.room, session.account) == (3, "room-1", "mara")
    assert (tmp_path / "data" / "sessions-2026.json").exists()


async def test_many_changes_are_one_write_and_the_newest_wins(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, debounce=0.1)
    mara = (await store.open()).of("mara")
    for n in range(500):
        store.save(mara, mara.event(gift(f"g{n}")))
    assert not (tmp_path / "stats.json").exists()
    await until((tmp_path / "stats.json").exists)
    await store.close()
    assert StatsReader(tmp_path).accounts()[0].gifts == 500
    assert not (tmp_path / "stats.json.prev").exists()  # there was never a second write


async def test_a_change_after_closing_is_refused_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = StatsStore(tmp_path, debounce=0.0)
    mara = (await store.open()).of("mara")
    await store.close()
    store.save(mara, mara.event(gift("g1")))
    assert "after closing" in caplog.text
    assert not list(tmp_path.iterdir())


async def test_practice_has_files_of_its_own(tmp_path: Path) -> None:
    store = StatsStore(tmp_path)
    totals = await store.open()
    for simulated, count in ((False, 1), (True, 100)):
        account = totals.of("mara", simulated=simulated)
        store.save(account, account.event(gift("g1", count=count, simulated=simulated)))
        store.save(account, account.event(event("live", "end", simulated=simulated, phase="ended")))
    await store.close()
    reader = StatsReader(tmp_path)
    for simulated, count in ((False, 1), (True, 100)):
        assert [a.gifts for a in reader.accounts(simulated=simulated)] == [count]
        assert [s.gifts for s in reader.sessions(simulated=simulated)] == [count]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "sessions-2026.json",
        "sessions-practice-2026.json",
        "stats-practice.json",
        "stats.json",
    ]
    again = StatsStore(tmp_path)
    loaded = await again.open()
    assert (loaded.of("mara").gifts, loaded.of("mara", simulated=True).gifts) == (1, 100)
    await again.close()


async def test_a_full_disk_is_said_once_and_kept_again_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = StatsStore(tmp_path, debounce=0.02)
    mara = (await store.open()).of("mara")
    with full_disk():
        store.save(mara, mara.event(gift("g1")))
        store.save(mara, mara.event(event("live", "end", phase="ended")))
        await until(lambda: store.fault)
        await asyncio.sleep(0.1)  # several more attempts
        assert "counted but not kept" in store.fault
        assert [r.levelno for r in caplog.records] == [logging.WARNING]
    await until(lambda: not store.fault)
    assert "kept again" in caplog.text
    assert StatsReader(tmp_path).accounts() == [mara]
    assert len(StatsReader(tmp_path).sessions()) == 1
    await store.close()


async def test_a_read_only_folder_degrades(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    store = StatsStore(data)
    with read_only(data):
        mara = (await store.open()).of("mara")
        store.save(mara, mara.event(gift("g1")))
        assert not await store.flush()
        assert "cannot be written" in store.fault
    assert await store.flush()
    await store.close()


async def test_a_file_that_cannot_be_understood_is_never_overwritten(tmp_path: Path) -> None:
    store = StatsStore(tmp_path)
    mara = (await store.open()).of("mara")
    store.save(mara, mara.event(gift("g1")))
    await store.close()
    path = tmp_path / "stats.json"
    path.write_bytes(path.read_bytes().replace(b'"schema":1', b'"schema":9'))
    before = path.read_bytes()
    older = StatsStore(tmp_path)
    totals = await older.open()
    assert "newer Stagewire" in older.fault
    older.save(totals.of("mara"), totals.of("mara").event(gift("g2")))
    await older.close()
    assert path.read_bytes() == before


async def test_a_damaged_file_is_restored_from_the_previous_copy_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = StatsStore(tmp_path)
    mara = (await store.open()).of("mara")
    for n in range(2):
        store.save(mara, mara.event(gift(f"g{n}")))
        await store.flush()
    await store.close()
    (tmp_path / "stats.json").write_text('{"gifts": "a lot"}')
    again = StatsStore(tmp_path)
    assert (await again.open()).of("mara").gifts == 1
    assert "stats.json is damaged" in caplog.text
    assert again.fault == ""
    await again.close()


async def test_a_reader_beside_the_writer_always_sees_a_whole_file(tmp_path: Path) -> None:
    store = StatsStore(tmp_path, debounce=0.0)
    mara = (await store.open()).of("mara")
    reader = StatsReader(tmp_path)

    def read_often() -> list[AccountTotals]:
        seen: list[AccountTotals] = []
        until_then = time.monotonic() + 20
        while len({a.gifts for a in seen}) < 20 and time.monotonic() < until_then:
            seen += reader.accounts()
        return seen

    reading = asyncio.create_task(asyncio.to_thread(read_often))
    n = 0
    while not reading.done():
        n += 1
        for i in range(n % 200):
            mara.event(gift(f"g{n}-{i}", name=f"Gift {i}"))
        store.save(mara)
        await store.flush()
    await store.close()
    seen = await reading
    assert len({a.gifts for a in seen}) >= 20
    assert [a.gifts for a in seen] == sorted(a.gifts for a in seen)
    for account in seen:
        assert account.session is not None
        assert sum(g.count for g in account.session.by_gift.values()) == account.gifts


async def test_kill_9_at_random_points_leaves_a_whole_file_and_loses_nothing_that_was_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(20261122)
    kept = 0
    for _ in range(20):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stats.store_child", str(tmp_path)), stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        said = [int(await asyncio.wait_for(child.stdout.readline(), 20))]
        await asyncio.sleep(rng.uniform(0, 0.06))
        child.send_signal(signal.SIGKILL)
        said += [int(line) for line in (await child.stdout.read()).split()]
        await child.wait()
        (mara,) = StatsReader(tmp_path).accounts()
        assert said[0] == kept + 1
        assert mara.gifts in (said[-1], said[-1] + 1)  # the last may be on disk and unsaid
        kept = mara.gifts
        sessions = StatsReader(tmp_path).sessions()
        assert [s.gifts for s in sessions] == [20] * len(sessions)
        assert len(sessions) >= (kept - 1) // 20
    assert kept > 60
    assert "damaged" not in caplog.text
    assert not list(tmp_path.glob("*damaged*"))
