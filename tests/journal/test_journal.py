"""The journal on a disk that works."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import StorageError
from gateway.journal import Changes, Journal, JournalReader, writer
from gateway.journal.segment_writer import SegmentWriter
from gateway.journal.segments import Row
from gateway.messages import Outcome, Status
from tests.disk import until
from tests.records import NOON, ack, command, decided, event, gift


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    yield journal
    await journal.close()


async def test_a_gift_is_traced_from_event_to_ack_by_either_id(journal: Journal, tmp_path: Path) -> None:
    given = [gift("g1"), command("g1/bell", "g1"), ack("g1/bell", "g1", Status.RUNNING), ack("g1/bell", "g1")]
    for record in (event("comment", "c0", user={"id": "8"}, text="hi"), *given, command("other", "c0")):
        journal.append(record)
    assert await journal.flush()
    reader = JournalReader(tmp_path)
    entries = reader.trace("g1")
    assert entries == reader.trace("g1/bell")
    assert [e.message() for e in entries] == given
    kinds = [("event", "gift"), ("command", "ring"), ("ack", "running"), ("ack", "done")]
    assert [(e.kind, e.type) for e in entries] == kinds
    assert {e.time for e in entries} == {round(NOON * 1000)}
    assert (entries[0].account, entries[1].station, entries[0].simulated) == ("mara", "bell", False)
    assert reader.trace("never heard of") == []


async def test_a_command_nobody_caused_is_traced_to_its_acks(journal: Journal) -> None:
    journal.append(command("test-button", ""))
    journal.append(ack("test-button", ""))
    await journal.flush()
    assert [e.kind for e in journal.reader.trace("test-button")] == ["command", "ack"]


async def test_what_the_rules_said_of_an_event_is_kept_once_and_found_by_event_and_command(
    journal: Journal,
) -> None:
    said = decided("g1", ("bell", Outcome.FIRED), ("calm", Outcome.COOLDOWN))
    for record in (gift("g1"), said, command("g1/bell", "g1"), ack("g1/bell", "g1"), gift("g2")):
        journal.append(record)
    journal.append(decided("g1", ("late", Outcome.STALE)))
    await journal.flush()
    entries = journal.reader.trace("g1")
    assert entries == journal.reader.trace("g1/bell")
    assert [e.kind for e in entries] == ["event", "decision", "command", "ack"]
    entry = entries[1]
    assert entry.message() == said
    assert (entry.id, entry.cause, entry.account, entry.type) == ("g1", "g1", "mara", "fired")
    assert [e.id for e in journal.reader.last(5, kind="event")] == ["g2", "g1"]
    assert [e.id for e in journal.reader.last(5, kind="event", type_="gift", before=entry.seq)] == ["g1"]
    assert journal.reader.recent_event_ids(5) == ["g1", "g2"]
    assert journal.reader.recent_command_ids(5) == ["g1/bell"]


@pytest.mark.parametrize(
    ("outcomes", "gist"),
    [
        ([Outcome.NO_MATCH, Outcome.BUDGET, Outcome.FIRED, Outcome.WAITING], "fired"),
        ([Outcome.WAITING, Outcome.BUSY, Outcome.NOT_MEANT], "blocked"),
        ([Outcome.NOT_MEANT, Outcome.WAITING, Outcome.NO_MATCH], "waiting"),
        ([Outcome.NO_MATCH, Outcome.NOT_MEANT], "not meant"),
        ([Outcome.NO_MATCH], "no match"),
        ([], "no match"),
    ],
)
async def test_decisions_are_found_by_their_gist(outcomes: list[Outcome], gist: str, journal: Journal) -> None:
    journal.append(decided("g1", *((f"rule-{o.value}", o) for o in outcomes)), simulated=True)
    await journal.flush()
    assert [e.id for e in journal.reader.last(1, kind="decision", type_=gist, simulated=True)] == ["g1"]


async def test_commands_left_without_an_ending_are_found_between_decisions(journal: Journal) -> None:
    for n in range(30):
        journal.append(gift(f"g{n}"))
        journal.append(decided(f"g{n}", ("bell", Outcome.FIRED)))
        journal.append(command(f"g{n}/bell", f"g{n}"))
        if n % 10:
            journal.append(ack(f"g{n}/bell", f"g{n}"))
    await journal.flush()
    assert [c.id for c in journal.reader.unfinished(25)] == ["g10/bell", "g20/bell"]


async def test_practice_is_marked(journal: Journal) -> None:
    journal.append(gift("g1", simulated=True))
    journal.append(command("c1", "g1"), simulated=True)
    journal.append(gift("g2"))
    await journal.flush()
    assert [e.id for e in journal.reader.last(10, simulated=True)] == ["c1", "g1"]
    assert [e.id for e in journal.reader.last(10, simulated=False)] == ["g2"]


async def test_pages_go_back_in_time_without_gaps(journal: Journal) -> None:
    for n in range(10):
        journal.append(gift(f"g{n}", account="mara" if n % 2 else "ines"))
    await journal.flush()
    first = journal.reader.last(4)
    second = journal.reader.last(4, before=first[-1].seq)
    assert [e.id for e in first + second] == [f"g{n}" for n in range(9, 1, -1)]
    assert [e.id for e in journal.reader.last(2, kind="event", account="ines")] == ["g8", "g6"]


async def test_on_durable_runs_in_order_on_the_loop_and_only_after_the_record_is_on_disk(
    journal: Journal, tmp_path: Path
) -> None:
    heard: list[int] = []
    seen_on_disk: list[bool] = []
    loop = asyncio.get_running_loop()

    def durable(n: int) -> None:
        assert asyncio.get_running_loop() is loop
        heard.append(n)
        if n % 50 == 0:
            seen_on_disk.append(bool(JournalReader(tmp_path).trace(f"g{n}")))

    for n in range(1001):
        journal.append(gift(f"g{n}"), urgent=n % 7 == 0, on_durable=partial(durable, n))
        if n % 40 == 0:
            await asyncio.sleep(0)
    await until(lambda: len(heard) == 1001)
    assert heard == list(range(1001))
    assert seen_on_disk == [True] * 21


async def test_an_urgent_record_takes_the_lazy_ones_with_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LAZY_S", 3600.0)
    heard: list[str] = []
    journal.append(gift("lazy"), on_durable=lambda: heard.append("lazy"))
    await asyncio.sleep(0.1)  # three times what an urgent one would wait
    assert heard == []
    journal.append(gift("urgent"), urgent=True, on_durable=lambda: heard.append("urgent"))
    await until(lambda: heard == ["lazy", "urgent"])


async def test_an_urgent_ack_waits_a_little_longer_than_an_urgent_event_and_not_as_long_as_the_rest(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LAZY_S", 3600.0)
    monkeypatch.setattr(writer, "URGENT_S", 3600.0)
    heard: list[str] = []
    journal.append(gift("g1"), urgent=True, on_durable=lambda: heard.append("g1"))
    await asyncio.sleep(0.1)
    assert heard == []
    journal.append(ack("c1", "g1"), urgent=True, on_durable=lambda: heard.append("c1"))
    await until(lambda: heard == ["g1", "c1"])
    monkeypatch.setattr(writer, "SOON_S", 3600.0)
    journal.append(ack("c2", "g1"), urgent=True, on_durable=lambda: heard.append("c2"))
    await asyncio.sleep(0.1)
    assert heard == ["g1", "c1"]


async def test_a_full_batch_does_not_wait(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LAZY_S", 3600.0)
    heard: list[int] = []
    for n in range(199):
        journal.append(gift(f"g{n}"), on_durable=partial(heard.append, n))
    await asyncio.sleep(0.1)
    assert heard == []
    journal.append(gift("g199"), on_durable=partial(heard.append, 199))
    await until(lambda: len(heard) == 200)


async def test_a_backlog_is_one_commit_so_that_no_event_stands_without_its_commands(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    commit = SegmentWriter.commit

    def watched(writer: SegmentWriter, rows: list[Row], changes: Changes) -> int:
        commits.append(len(rows))
        return commit(writer, rows, changes)

    monkeypatch.setattr(SegmentWriter, "commit", watched)
    for n in range(3000):
        journal.append(gift(f"g{n}"))
        journal.append(command(f"c{n}", f"g{n}"))
    assert await journal.flush()
    assert commits == [6000]
    assert len(journal.reader.recent_event_ids(9999)) == len(journal.reader.recent_command_ids(9999)) == 3000


async def test_a_lazy_record_is_on_disk_without_further_ado(journal: Journal) -> None:
    heard: list[str] = []
    journal.append(gift("g1"), on_durable=lambda: heard.append("g1"))
    await until(lambda: heard)


async def test_an_urgent_record_during_a_commit_is_committed_next(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LAZY_S", 3600.0)
    heard: list[str] = []
    for n in range(200):
        journal.append(gift(f"g{n}"))
    await asyncio.sleep(0)  # the commit of the two hundred is under way now, or over
    journal.append(gift("late"), urgent=True, on_durable=lambda: heard.append("late"))
    await until(lambda: heard)


async def test_a_redelivered_event_is_kept_once_and_acknowledged_again(journal: Journal) -> None:
    heard: list[int] = []
    for n in range(2):
        journal.append(gift("g1"), on_durable=partial(heard.append, n))
        await journal.flush()
    assert heard == [0, 1]
    assert [e.id for e in journal.reader.last(10)] == ["g1"]


async def test_a_callback_that_fails_does_not_stop_the_others(journal: Journal) -> None:
    told: list[object] = []
    heard: list[int] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    failing: Callable[[], None] = lambda: 1 / 0  # type: ignore[assignment]  # it only fails  # noqa: E731
    journal.append(gift("g1"), on_durable=failing)
    journal.append(gift("g2"), on_durable=lambda: heard.append(2))
    await journal.flush()
    assert heard == [2]
    assert isinstance(told[0], ZeroDivisionError)


async def test_after_a_restart_the_recent_ids_are_known_oldest_first(journal: Journal, tmp_path: Path) -> None:
    for n in range(6):
        journal.append(gift(f"g{n}"))
        journal.append(command(f"c{n}", f"g{n}"))
        journal.append(ack(f"c{n}", f"g{n}"))
    await journal.close()
    again = Journal(tmp_path, clock=lambda: NOON)
    await again.open()
    assert again.reader.recent_event_ids(4) == ["g2", "g3", "g4", "g5"]
    assert again.reader.recent_command_ids(100) == [f"c{n}" for n in range(6)]
    await again.close()


async def test_close_flushes_and_a_later_record_is_refused_aloud(
    journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []
    journal.append(gift("g1"), on_durable=lambda: heard.append("g1"))
    await journal.close()
    assert heard == ["g1"]
    journal.append(gift("g2"), on_durable=lambda: heard.append("g2"))
    assert "after closing" in caplog.text
    assert [e.id for e in JournalReader(tmp_path).last(5)] == ["g1"]


async def test_a_new_month_begins_a_new_file_and_the_chain_holds_across(tmp_path: Path) -> None:
    now = [NOON]
    journal = Journal(tmp_path, clock=lambda: now[0])
    await journal.open()
    journal.append(gift("g1"))
    await journal.flush()
    now[0] += 15 * 86400
    journal.append(command("c1", "g1"))
    journal.append(ack("c1", "g1"))
    await journal.flush()
    now[0] -= 15 * 86400  # the clock was wrong and is set back
    journal.append(gift("g2"))
    await journal.close()
    assert sorted(p.name for p in tmp_path.glob("*.db")) == ["journal-2026-11.db", "journal-2026-12.db"]
    trace = journal.reader.trace("c1")
    assert [e.kind for e in trace] == ["event", "command", "ack"]
    assert [e.seq for e in trace] == [1, 2, 3]
    assert journal.reader.recent_event_ids(10) == ["g1", "g2"]


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal-2026-11.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    journal = Journal(tmp_path, clock=lambda: NOON)
    with pytest.raises(StorageError, match=r"journal-2026-11\.db was written by a newer Stagewire"):
        await journal.open()
    await journal.close()
    assert path.read_bytes() == before


async def test_a_file_in_place_of_the_data_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    journal = Journal(tmp_path / "data")
    with pytest.raises(StorageError, match="data is a file"):
        await journal.open()
    await journal.close()
