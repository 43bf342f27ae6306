"""What is too old goes; what is needed, or what only a wrong clock calls old, stays."""

import asyncio
import os
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.journal import Journal, JournalReader
from gateway.journal.months import months
from gateway.keeping.backup import make_backup
from gateway.keeping.retention import Plan, Retention, delete_months, drop_names, plan
from gateway.settings.load import Config
from gateway.settings.models import Backup, Gateway, RuleBook, Settings
from gateway.stats import archive
from gateway.stats.kept import Leaders
from gateway.stats.storage import CrashSafeFile
from tests.keeping.evening import NADIA, by, contributions, session
from tests.records import NOON

DAY = 86400.0


async def record(data: Path, *days: float, clock: float | None = None) -> None:
    """An event on each of these days (before noon of 22 November), each in its month's file."""
    now = NOON
    journal = Journal(data, clock=lambda: clock or now)
    for number, before in enumerate(sorted(days, reverse=True)):
        now = NOON - before * DAY
        if not number:
            await journal.open()
        journal.append(by(NADIA, "follow", f"{before}-{number}", now), state={"counters:n": str(number).encode()})
        await journal.flush()
    await journal.close()


def files(data: Path) -> list[str]:
    """Without the logs that readers leave behind, empty."""
    names = (path.name for path in data.iterdir() if path.name.startswith("journal-"))
    return sorted(name for name in names if not name.endswith(("-wal", "-shm")))


def apply(data: Path, planned: Plan) -> None:
    drop_names(data, planned)
    delete_months(data, planned)


async def test_a_month_goes_when_all_of_it_is_older_than_what_is_kept(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    before = files(tmp_path)
    planned = plan(tmp_path, 90, NOON)
    assert files(tmp_path) == before  # looking changes nothing
    # 90 days before 22 November is 24 August: of August something is still kept.
    assert [gone.file for gone in planned.months] == [f"journal-2026-0{n}.db" for n in (5, 6, 7)]
    assert planned.why == ""
    assert all(gone.records > 0 and gone.bytes > 0 and gone.until < "2026-08" for gone in planned.months)
    apply(tmp_path, planned)
    assert files(tmp_path) == [f"journal-2026-{n:02}.db" for n in (8, 9, 10, 11)]
    assert not plan(tmp_path, 90, NOON).anything


async def test_what_rules_remember_outlives_every_month(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    before = JournalReader(tmp_path).state()
    apply(tmp_path, plan(tmp_path, 1, NOON))
    assert files(tmp_path) == ["journal-2026-11.db"]
    assert JournalReader(tmp_path).state() == before


async def test_the_file_with_the_rules_state_stays_though_a_wrong_clock_put_it_into_an_old_month(
    tmp_path: Path,
) -> None:
    await record(tmp_path, *range(0, 60, 5))
    await record(tmp_path, 0, clock=NOON - 400 * DAY)  # the clock fell back: the state moved to 2025
    apply(tmp_path, plan(tmp_path, 20, NOON))
    (needed, newest) = files(tmp_path)
    assert (needed, newest) == ("journal-2025-10.db", "journal-2026-11.db")
    assert JournalReader(tmp_path).state() == {"counters:n": b"0"}


@pytest.mark.parametrize("years", [1, 5, 60])
async def test_a_clock_that_jumps_years_ahead_makes_little_old(tmp_path: Path, years: int) -> None:
    await record(tmp_path, *range(0, 200, 5))
    later = NOON + years * 365 * DAY
    planned = plan(tmp_path, 90, later)
    assert f"newest record is {years * 365} days old" in planned.why
    # The gateway writes on under the wrong clock, so that the newest record is of now.
    await record(tmp_path, -years * 365.0)
    planned = plan(tmp_path, 90, later)
    apply(tmp_path, planned)
    kept = [month.path.name for month in months(tmp_path)]
    assert "journal-2026-10.db" in kept  # of what is really 59 days old nothing went
    assert "journal-2026-11.db" in kept


async def test_names_go_from_old_sessions_and_their_sums_stay(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    old = session()
    summary = m.SessionSummary(
        id="20260601t120000-mara", account="mara", since=m.stamp(NOON - 170 * DAY), last=m.stamp(NOON - 170 * DAY)
    )
    old = m.SessionRecord(summary=summary, contributions=old.contributions, others=old.others)
    for made in (old, session()):
        archive.put(tmp_path, made, Leaders(account="mara", contributions=contributions()))
    planned = plan(tmp_path, 90, NOON)
    assert planned.sessions == [summary.id]
    apply(tmp_path, planned)
    after = CrashSafeFile(archive.details_path(tmp_path, summary.id, False)).read(m.SessionRecord)
    assert after is not None
    assert after.contributions == []
    assert (after.others.viewer, after.others.coins, after.others.gifts, after.others.comments) == ("", 17, 4, 1)
    young = CrashSafeFile(archive.details_path(tmp_path, session().summary.id, False)).read(m.SessionRecord)
    assert young == session()
    assert archive.read_leaders(tmp_path, False)[0].contributions == contributions()


async def test_a_month_that_cannot_be_read_is_not_deleted(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    (tmp_path / "journal-2026-06.db").write_bytes(b"no database" * 1000)
    apply(tmp_path, plan(tmp_path, 90, NOON))
    assert files(tmp_path) == ["journal-2026-06.db", *(f"journal-2026-{n:02}.db" for n in (8, 9, 10, 11))]


async def test_a_file_moved_aside_as_damaged_goes_in_its_time(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    for name, before in (
        ("journal-2026-07.db.damaged-1", 140),
        ("journal-2026-11.db.damaged-2", 3),
    ):
        (tmp_path / name).write_bytes(b"?")
        os.utime(tmp_path / name, (NOON - before * DAY,) * 2)
    apply(tmp_path, plan(tmp_path, 90, NOON))
    assert [name for name in files(tmp_path) if "damaged" in name] == ["journal-2026-11.db.damaged-2"]


async def test_a_kill_between_the_parts_of_a_month_leaves_it_to_the_next_time(tmp_path: Path) -> None:
    await record(tmp_path, *range(0, 200, 5))
    (tmp_path / "journal-2026-05.db-wal").write_bytes(b"")
    planned = plan(tmp_path, 90, NOON)
    (tmp_path / "journal-2026-05.db-wal").unlink()  # a kill came here
    assert plan(tmp_path, 90, NOON).months[0].file == planned.months[0].file
    apply(tmp_path, planned)
    apply(tmp_path, planned)  # again, as after a kill
    assert "journal-2026-05.db" not in files(tmp_path)


class Store:
    """In the place of the statistics' writer, which has a thread and no more to do with this."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def exclusively(self, work):  # type: ignore[no-untyped-def]  # as the protocol says
        return await asyncio.to_thread(work, self.folder)


def config(tmp_path: Path, backup: Backup | None = None) -> Config:
    settings = Settings(venue="hall", gateway=Gateway(keep_days=90, backup=backup))
    (tmp_path / "stagewire.yaml").write_text("venue: hall\n")
    return Config(settings=settings, rules=RuleBook(rules={}), base_dir=tmp_path)


async def test_the_gateway_applies_it_by_itself_and_goes_on_writing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    await record(data, *range(0, 200, 5))
    journal = Journal(data, clock=lambda: NOON)
    await journal.open()
    journal.append(by(NADIA, "follow", "while-it-runs", NOON))
    gone = await Retention(config(tmp_path), journal, Store(data), lambda: NOON).once()
    assert len(gone.months) == 3
    assert "gone, since it is older than 90 days: 3 months of the journal" in caplog.text
    journal.append(by(NADIA, "follow", "afterwards", NOON))
    assert await journal.flush()
    assert {"while-it-runs", "afterwards"} <= set(JournalReader(data).recent_event_ids(100))
    await journal.close()
    assert files(data) == [f"journal-2026-{n:02}.db" for n in (8, 9, 10, 11)]


async def test_where_backups_are_wanted_nothing_goes_before_one_holds_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "data"
    await record(data, *range(0, 200, 5))
    wanted = config(tmp_path, Backup())
    journal = Journal(data, clock=lambda: NOON)
    await journal.open()
    retention = Retention(wanted, journal, Store(data), lambda: NOON)
    assert "no backup holds journal-2026-07.db yet" in (await retention.once()).why
    assert "journal-2026-05.db" in files(data)
    await asyncio.to_thread(make_backup, wanted, clock=lambda: NOON - 3600)
    assert len((await retention.once()).months) == 3
    await journal.close()
    assert "journal-2026-05.db" not in files(data)


async def test_asked_it_shows_and_only_told_to_it_applies(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await record(data, *range(0, 200, 5))
    journal = Journal(data, clock=lambda: NOON)
    await journal.open()
    ask = Retention(config(tmp_path), journal, Store(data), lambda: NOON).handlers["retention"]
    error, result = await ask(m.Request(transaction="1"))
    assert (error, len(result["months"])) == ("", 3)
    assert "journal-2026-05.db" in files(data)
    await ask(m.Request(transaction="2", params={"apply": True}))
    assert "journal-2026-05.db" not in files(data)
    await journal.close()
