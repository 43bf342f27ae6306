"""Files of schema 1, as an earlier Stagewire wrote them on an evening with two accounts."""

import asyncio
import shutil
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.messages import GiftTotal
from gateway.stats import archive
from gateway.stats.kept import Kept, Leaders
from gateway.stats.reader import StatsReader
from gateway.stats.storage import CrashSafeFile, CrashSafeStorage
from gateway.stats.writer import StatsStore
from tests.records import NOON
from tests.stats.evenings import leaders, record

FIXTURES = Path(__file__).parent.parent / "fixtures"
EVENING = NOON + 7 * 3600
ENDED = "20261122-190000-24b51825"
AYU = "20261122-190140-f2bf0d3f"
RAN = "20261122-213000-155d02b8"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    shutil.copy(FIXTURES / "stats-schema1.json", tmp_path / "stats.json")
    shutil.copy(FIXTURES / "sessions-schema1-2026.json", tmp_path / "sessions-2026.json")
    return tmp_path


def check_accounts(kept: Kept) -> None:
    mara, ayu = kept.accounts
    assert (mara.account, mara.gifts, mara.coins, mara.sessions) == ("mara", 26, 30023, 2)
    assert (mara.base_gifts, mara.base_coins, mara.base_sessions) == (26, 30023, 2)
    assert (ayu.account, ayu.gifts, ayu.coins, ayu.sessions) == ("ayu", 2, 60, 1)
    assert mara.session is not None
    assert (mara.session.id, mara.session.gifts, mara.session.room) == (RAN, 3, "room-2")
    assert mara.session.ended == mara.session.last == "2026-11-22T21:30:20.000Z"  # the upgrade ended it
    assert ayu.session is not None
    assert ayu.session.ended == "2026-11-22T19:15:00.000Z"
    assert (mara.opening, mara.counted, kept.mark) == ("", "", 0)


def check_ended(reader: StatsReader) -> None:
    (summary,) = reader.summaries(account="mara", since=EVENING, until=EVENING + 9000)
    assert summary.id == ENDED
    assert (summary.gifts, summary.coins, summary.unpriced, round(summary.usd, 6)) == (23, 30020, 1, 150.1)
    assert (summary.likes, summary.comments, summary.peak_viewers) == (15, 1, 41)
    assert (summary.actions_done, summary.actions_not_done) == (2, 1)
    assert (summary.gaps, summary.gap_seconds) == (1, 60.0)
    assert summary.average_viewers is None
    whole = reader.record(ENDED)
    assert whole is not None
    assert whole.summary == summary
    assert whole.gifts == [
        GiftTotal(name="Rose", count=21, coins=21),
        GiftTotal(name="Lion", count=1, coins=29999),
        GiftTotal(name="Mystery", count=1, coins=0),
    ]
    assert whole.buckets == {}
    assert [r.summary.id for r in reader.records_since("ayu", False, 0)] == [AYU]
    assert reader.damaged == {}


def test_files_of_schema_1_are_read_without_being_touched(old: Path) -> None:
    before = {p.name: p.read_bytes() for p in old.iterdir()}
    reader = StatsReader(old)
    check_accounts(reader.kept())
    check_ended(reader)
    assert [s.id for s in reader.summaries()] == [AYU, ENDED]
    assert reader.leaders("mara") == Leaders(account="mara")
    assert {p.name: p.read_bytes() for p in old.iterdir()} == before


async def test_an_upgrade_keeps_every_number_and_archives_the_session_that_ran(old: Path) -> None:
    before = {p.name: p.read_bytes() for p in old.iterdir()}
    kept = Kept()
    store = StatsStore(old, lambda: kept)
    kept = await store.open()
    check_accounts(kept)
    assert store.upgraded
    assert await store.flush()
    assert {p.name: p.read_bytes() for p in old.iterdir()} == before  # nothing changed yet
    store.touch()
    await store.close()
    reader = StatsReader(old)
    assert reader.kept() == kept
    assert [s.id for s in reader.summaries()] == [RAN, AYU, ENDED]
    check_ended(reader)
    ran = reader.record(RAN)
    assert ran is not None
    assert ran.gifts == [GiftTotal(name="Rose", count=3, coins=3)]
    again = StatsStore(old, lambda: kept)
    assert await again.open() == kept
    assert not again.upgraded
    await again.close()
    for name in ("stats.json", "sessions-2026.json", "leaders.json"):
        file = CrashSafeFile(old / name)
        file.read(dict)
        assert file.schema == 2


async def test_work_on_the_files_finds_the_upgrade_done(old: Path) -> None:
    kept = Kept()
    store = StatsStore(old, lambda: kept)
    kept = await store.open()
    found = await store.exclusively(lambda folder: {s.id for s in StatsReader(folder).summaries()})
    assert found == {RAN, AYU, ENDED}
    await store.close()


async def test_an_upgrade_that_is_interrupted_is_done_again(old: Path) -> None:
    for path in ("stats.json", "sessions-2026.json"):
        kept = Kept()
        store = StatsStore(old, lambda: kept)  # noqa: B023 - used within the round
        kept = await store.open()
        assert store.upgraded
        store.touch()
        shutil.copy(old / path, old / f"{path}.kept")
        await store.close()
        (old / f"{path}.kept").replace(old / path)
    store = StatsStore(old, lambda: kept)
    kept = await store.open()
    await store.close()
    check_accounts(kept)
    assert sorted(s.id for s in StatsReader(old).summaries()) == sorted((RAN, AYU, ENDED))


def test_what_is_archived_later_leaves_the_older_sessions_as_they_were(old: Path) -> None:
    archive.put(old, record(1), leaders(1))
    reader = StatsReader(old)
    assert {s.id for s in reader.summaries()} == {AYU, ENDED, record(1).summary.id}
    check_ended(StatsReader(old))


def test_a_file_of_schema_1_with_something_else_in_it_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    storage = CrashSafeStorage(path)
    storage.file.newest = 1
    for something in ({"key": "mara", "value": {"gifts": 1}}, {"key": "mara"}, {"key": "mara", "value": "x"}):
        storage.write({"_default": {"1": something}})
        with pytest.raises(StorageError, match=r"stats\.json holds something else than statistics"):
            StatsReader(tmp_path).kept()
    store = StatsStore(tmp_path, Kept)
    assert asyncio.run(store.open()) == Kept()
    assert "move it away" in store.fault
