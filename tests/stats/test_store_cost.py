"""What a flush costs does not grow with history."""

import shutil
from pathlib import Path

from gateway.messages import SessionSummary, stamp
from gateway.stats import archive
from gateway.stats.kept import Leaders
from gateway.stats.storage import CrashSafeFile
from gateway.stats.tables import Database
from gateway.stats.writer import StatsStore
from tests.records import NOON
from tests.stats.evenings import kept, leaders, record
from tests.stats.faulty_files import file_operations

DAY = 86_400.0
SAME = kept(700, 7)


def archived(folder: Path, sessions: int, *, days: float) -> None:
    """So many sessions in the ``days`` before noon, as if they had been archived one by one."""
    years: dict[str, list[SessionSummary]] = {}
    first = archive.details_path(folder, "first", False)
    CrashSafeFile(first).write(record())
    for n in range(sessions):
        at = NOON - days * DAY * (n + 1) / sessions
        summary = record(at=at, account=f"a{n}").summary
        years.setdefault(stamp(at)[:4], []).append(summary)
        shutil.copy(first, archive.details_path(folder, summary.id, False))
    first.unlink()
    for year, summaries in years.items():
        db = Database(archive.year_path(folder, year, False))
        db.put_all("sessions", summaries)
        db.save()
    db = Database(archive.leaders_path(folder, False))
    db.put_all("leaders", [leaders(7)])
    db.save()


async def written(folder: Path, *, ended: bool) -> tuple[int, int]:
    """(bytes, file operations) of one flush."""
    store = StatsStore(folder, lambda: SAME)
    await store.open()
    store.touch()
    await store.flush()  # what the first one finds out stays out of the count
    with file_operations() as operations:
        store.touch()
        if ended:
            store.archive(record(8), leaders(7))
        assert await store.flush()
    await store.close()
    return sum(o.size for o in operations), len(operations)


async def test_a_flush_writes_the_same_bytes_after_1_and_after_2000_sessions_and_after_3_years(
    tmp_path: Path,
) -> None:
    costs = set()
    for name, sessions, days in (("one", 1, 1), ("many", 2000, 300), ("years", 2000, 3 * 365)):
        archived(tmp_path / name, sessions, days=days)
        costs.add(await written(tmp_path / name, ended=False))
    ((size, operations),) = costs
    assert 0 < size < 3000
    assert operations < 15


async def test_a_session_that_ends_writes_itself_and_its_own_year_only(tmp_path: Path) -> None:
    costs = {}
    for name, sessions, days in (("one", 1, 1), ("year", 700, 300), ("years", 2100, 900)):
        archived(tmp_path / name, sessions, days=days)
        costs[name], _ = await written(tmp_path / name, ended=True)
    a_summary = (costs["year"] - costs["one"]) / 699
    assert a_summary < 800
    this_year = 760  # of the 2100
    assert costs["years"] < costs["one"] + 1.02 * this_year * a_summary


def test_leaders_of_an_account_take_the_older_ones_place(tmp_path: Path) -> None:
    for n in range(5):
        archive.put(tmp_path, record(n), leaders(n + 1))
    assert archive.read_leaders(tmp_path, False) == [leaders(5)]
    assert archive.read_leaders(tmp_path, True) == list[Leaders]()
