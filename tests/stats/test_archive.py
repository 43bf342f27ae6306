"""Sessions that ended: found by their time and account, read one by one, rewritten without a trace."""

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest

from gateway.errors import StorageError
from gateway.messages import Contribution, SessionRecord
from gateway.stats import archive
from gateway.stats.kept import Kept, Leaders
from gateway.stats.reader import StatsReader
from gateway.stats.writer import StatsStore
from tests.disk import read_only
from tests.records import NOON
from tests.stats.evenings import VIEWERS, leaders, record

YEAR = 365 * 86400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three sessions of mara, two of ayu a year later, one of mara's practice."""
    for n in range(3):
        archive.put(tmp_path, record(n), leaders(n + 1))
    for n in range(2):
        archive.put(tmp_path, record(account="ayu", at=NOON + YEAR + n), leaders(n + 1, "ayu"))
    archive.put(tmp_path, record(5, simulated=True), leaders(1, simulated=True))
    return tmp_path


def test_sessions_are_found_by_time_account_and_kind_newest_first(folder: Path) -> None:
    reader = StatsReader(folder)
    mara, ayu = [record(n).summary for n in (2, 1, 0)], [record(account="ayu", at=NOON + YEAR + n) for n in (1, 0)]
    assert reader.summaries() == [*(a.summary for a in ayu), *mara]
    assert reader.summaries(account="mara") == mara
    assert reader.summaries(since=NOON + 3600) == [*(a.summary for a in ayu), *mara[:2]]
    assert reader.summaries(until=NOON + 3600) == mara[2:]
    assert reader.summaries(since=NOON + 1, until=NOON + YEAR) == mara[:2]
    assert [s.simulated for s in reader.summaries(True)] == [True]
    assert list(reader.records_since("mara", False, NOON + 3600)) == [record(2), record(1)]
    assert list(reader.records_since("mara", True, 0)) == [record(5, simulated=True)]
    assert list(reader.records_since("zoe", False, 0)) == []
    assert reader.leaders("ayu") == leaders(2, "ayu")
    assert reader.leaders("zoe") == Leaders(account="zoe")


@pytest.mark.parametrize("name", ["", "no-such", "../stats", "sessions/x", "a" * 33, "x.practice"])
def test_a_session_that_does_not_exist_is_none(folder: Path, name: str) -> None:
    assert StatsReader(folder).record(name) is None


def test_an_empty_folder_has_no_sessions(tmp_path: Path) -> None:
    reader = StatsReader(tmp_path / "none")
    assert reader.summaries() == []
    assert reader.kept().accounts == []
    assert reader.record(record(0).summary.id) is None
    assert reader.damaged == {}


def test_a_damaged_session_is_left_out_and_named_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = archive.details_path(folder, record(1).summary.id, False)
    path.write_bytes(path.read_bytes()[:-40])
    reader = StatsReader(folder)
    for _ in range(3):
        assert list(reader.records_since("mara", False, 0)) == [record(2), record(0)]
        assert reader.record(record(1).summary.id) is None
    assert list(reader.damaged) == [path]
    assert f"{path} is damaged" in reader.damaged[path]
    assert [r.levelno for r in caplog.records if r.levelno > logging.DEBUG] == [logging.ERROR]
    assert len(reader.summaries(account="mara")) == 3  # what is known of it is still shown
    archive.put(folder, record(1), leaders(3))
    assert reader.record(record(1).summary.id) == record(1)
    assert reader.damaged == {}


def test_a_session_whose_details_are_gone_is_named(folder: Path) -> None:
    path = archive.details_path(folder, record(1).summary.id, False)
    path.unlink()
    reader = StatsReader(folder)
    assert list(reader.records_since("mara", False, 0)) == [record(2), record(0)]
    assert "is missing" in reader.damaged[path]


def test_what_may_not_be_read_is_an_error_in_words(folder: Path) -> None:
    path = folder / "sessions-2026.json"
    path.write_bytes(path.read_bytes().replace(b'"schema":2', b'"schema":3'))
    with pytest.raises(StorageError, match=r"sessions-2026\.json was written by a newer Stagewire"):
        StatsReader(folder).summaries()


def test_a_data_folder_that_is_none_is_an_error_in_words_and_not_an_empty_list(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file")
    reader = StatsReader(folder)
    for ask in (reader.kept, reader.summaries, lambda: reader.leaders("mara")):
        with pytest.raises(StorageError, match="cannot be read"):
            ask()


def _others(contributions: list[Contribution]) -> list[Contribution]:
    return [c for c in contributions if c.name != VIEWERS[0]]


def _record_without(old: SessionRecord) -> SessionRecord:
    return msgspec.structs.replace(old, contributions=_others(old.contributions))


def _leaders_without(old: Leaders) -> Leaders:
    return msgspec.structs.replace(old, contributions=_others(old.contributions))


@pytest.mark.parametrize("copies", ["", ".prev"])
def test_a_list_that_was_damaged_is_complete_again_with_the_next_start(folder: Path, copies: str) -> None:
    before = StatsReader(folder).summaries(), StatsReader(folder).summaries(True)
    for path in folder.glob("sessions-*.json"):
        path.write_text("{}")
        if copies:
            path.with_name(path.name + copies).unlink(missing_ok=True)
    lost = archive.find_again(folder)
    again = StatsReader(folder)
    assert (again.summaries(), again.summaries(True)) == before
    assert again.damaged == {}
    assert lost  # even with a copy: that knows all but the last one
    assert archive.find_again(folder) == []


def test_a_list_that_was_deleted_is_made_anew_by_a_gateway_that_starts(folder: Path) -> None:
    before = StatsReader(folder).summaries()
    for path in folder.glob("sessions-*"):
        path.unlink()

    async def start() -> None:
        store = StatsStore(folder, Kept)
        await store.open()
        await store.close()

    asyncio.run(start())
    assert StatsReader(folder).summaries() == before


def test_rewriting_leaves_no_byte_of_what_was_there(folder: Path) -> None:
    archive.put(folder, record(1), leaders(3))  # archived again: it has a previous copy
    gone = VIEWERS[0].encode()
    assert sum(gone in p.read_bytes() for p in folder.rglob("*") if p.is_file()) >= 8
    assert len(archive.rewrite(folder, _record_without)) == 6
    assert sorted(archive.rewrite_leaders(folder, _leaders_without)) == ["ayu", "mara", "mara"]
    assert not [p for p in folder.rglob("*") if p.is_file() and gone in p.read_bytes()]
    reader = StatsReader(folder)
    for kept in reader.records_since("mara", False, 0):
        assert [c.name for c in kept.contributions] == list(VIEWERS[1:])
    assert [c.name for c in reader.leaders("mara").contributions] == list(VIEWERS[1:])
    assert reader.damaged == {}
    assert archive.rewrite(folder, lambda r: r) == []


def test_a_changed_summary_is_changed_in_the_list_too(folder: Path) -> None:
    def rename(r: SessionRecord) -> SessionRecord:
        return msgspec.structs.replace(r, summary=msgspec.structs.replace(r.summary, room="hall"))

    assert len(archive.rewrite(folder, rename)) == 6
    reader = StatsReader(folder)
    assert {s.room for s in (*reader.summaries(), *reader.summaries(True))} == {"hall"}
    assert len(reader.summaries()) == 5


def test_rewriting_uses_the_previous_copy_where_the_file_is_damaged_and_loses_neither(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive.put(folder, record(1), leaders(3))
    path = archive.details_path(folder, record(1).summary.id, False)
    path.write_bytes(b"{")
    assert archive.rewrite(folder, lambda r: r) == []
    assert StatsReader(folder).record(record(1).summary.id) == record(1)
    assert f"{path} is damaged" in caplog.text
    (aside,) = archive.set_aside(folder)
    assert aside.name.startswith(path.name)


def test_rewriting_on_a_read_only_disk_is_an_error_in_words(folder: Path) -> None:
    with read_only(folder / "sessions"), pytest.raises(StorageError, match="cannot be written"):
        archive.rewrite(folder, _record_without)
    assert len(archive.rewrite(folder, _record_without)) == 6
