"""Reading in order, and pages of what a person looks for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.journal import Entry, Journal, JournalReader, Page, Query, search
from gateway.messages import Decided, Outcome, Reason, stamp
from tests.records import NOON, ack, command, decided, event, gift

MONTH = 31 * 86400.0
ANYONE = {"id": "7", "name": "otto.quist", "nickname": "Ótto 🦊 Quist"}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path, clock=lambda: NOON)
    await journal.open()
    yield journal
    await journal.close()


def ids(page: Page) -> list[str]:
    return [entry.id for entry in page.entries]


def all_pages(reader: JournalReader, query: Query, limit: int, newest_first: bool) -> list[Entry]:
    """Asking on until it is complete."""
    found: list[Entry] = []
    for _ in range(1000):
        page = reader.page(query, limit, newest_first=newest_first)
        found += page.entries
        if page.complete:
            assert page.next is None
            return found
        assert page.next is not None
        forth = {"before": page.next} if newest_first else {"after": page.next}
        query = replace(query, **forth)
    raise AssertionError("it never ends")


async def test_records_are_read_in_order_over_months_whatever_the_clock_said(tmp_path: Path) -> None:
    now = [NOON]
    journal = Journal(tmp_path, clock=lambda: now[0])
    await journal.open()
    for n, month in enumerate((0, 0, 5, 5, 0, 1, 1)):
        now[0] = NOON + month * MONTH
        journal.append(gift(f"g{n}"))
        await journal.flush()
        assert journal.durable == journal.reader.last_seq() == n + 1
    reader = journal.reader
    assert [e.id for e in reader.since(0)] == [f"g{n}" for n in range(7)]
    assert [e.seq for e in reader.since(2, limit=3)] == [3, 4, 5]
    assert [e.seq for e in reader.since(2, until=4)] == [3, 4]
    assert reader.since(7) == []
    assert [reader.seq_of(f"g{n}") for n in (0, 4, 6, 7)] == [1, 5, 7, None]
    await journal.close()
    again = Journal(tmp_path, clock=lambda: now[0])
    assert again.durable == 0
    await again.open()
    assert again.durable == 7
    await again.close()


async def test_an_empty_journal_has_an_empty_page(tmp_path: Path) -> None:
    reader = JournalReader(tmp_path)
    assert reader.last_seq() == 0
    assert reader.seq_of("g1") is None
    assert reader.page(Query()) == Page(entries=[], next=None, scanned=0, complete=True)
    assert reader.page(Query(), newest_first=False) == Page(entries=[], next=None, scanned=0, complete=True)


@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_follow_each_other_without_gaps_in_either_direction(
    newest_first: bool, tmp_path: Path
) -> None:
    now = [NOON]
    journal = Journal(tmp_path, clock=lambda: now[0])
    await journal.open()
    for n in range(600):
        now[0] = NOON + (n // 250) * MONTH
        journal.append(gift(f"g{n}", account="mara" if n % 3 else "ines"))
        if n % 250 == 249:
            await journal.flush()
    await journal.close()
    order = range(599, -1, -1) if newest_first else range(600)
    assert [e.id for e in all_pages(journal.reader, Query(), 7, newest_first)] == [f"g{n}" for n in order]
    ines = all_pages(journal.reader, Query(accounts=("ines",)), 13, newest_first)
    assert [e.id for e in ines] == [f"g{n}" for n in order if n % 3 == 0]
    some = all_pages(journal.reader, Query(accounts=("ines",), after=100, before=500), 13, newest_first)
    assert [e.seq for e in some] == [n + 1 for n in order if n % 3 == 0 and 100 < n + 1 < 500]


async def test_every_filter_leaves_out_what_is_not_meant(journal: Journal) -> None:
    journal.append(gift("g1", NOON, account="ines"))
    journal.append(decided("g1", ("bell", Outcome.FIRED)))
    journal.append(command("g1/bell", "g1"))
    journal.append(ack("g1/bell", "g1"))
    journal.append(event("comment", "c1", NOON + 60, user=ANYONE, text="hello"))
    journal.append(gift("g2", NOON + 120, simulated=True))
    await journal.flush()
    reader = journal.reader
    assert ids(reader.page(Query(accounts=("ines",)))) == ["g1"]
    assert ids(reader.page(Query(kinds=("event",)))) == ["g2", "c1", "g1"]
    assert ids(reader.page(Query(kinds=("command", "decision")))) == ["g1/bell", "g1"]
    assert ids(reader.page(Query(types=("comment", "done")))) == ["c1", "g1/bell"]
    assert ids(reader.page(Query(stations=("bell",)), newest_first=False)) == ["g1/bell", "g1/bell"]
    assert ids(reader.page(Query(simulated=True))) == ["g2"]
    assert ids(reader.page(Query(simulated=False, kinds=("event",)))) == ["c1", "g1"]
    minute = round((NOON + 60) * 1000)
    assert ids(reader.page(Query(since=minute))) == ["g2", "c1"]
    assert ids(reader.page(Query(since=minute, until=minute + 1))) == ["c1"]
    assert ids(reader.page(Query(until=minute, kinds=("event",)))) == ["g1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(user="@Otto"), ["c1", "c2", "g1"]),
        (Query(user="ÓTTO QUIST"), []),
        (Query(user="otto 🦊"), ["c1"]),
        (Query(user="8"), ["c2", "k1"]),
        (Query(text="FEUERWERK"), ["c1"]),
        (Query(text="très"), ["c2"]),
        (Query(text="Tres", user="otto"), ["c2"]),
        (Query(text="quist"), ["c1", "g1"]),
        (Query(text="paper crane"), ["g1"]),
        (Query(text="cools down"), ["g1"]),
        (Query(text="Ada"), ["k1"]),
        (Query(text="nobody wrote this"), []),
    ],
)
async def test_text_is_found_whatever_its_case_and_accents(
    query: Query, found: list[str], journal: Journal
) -> None:
    journal.append(event("comment", "c1", user=ANYONE, text="Feuerwerk!!"))
    journal.append(event("comment", "c2", user={"id": "8", "name": "otto2"}, text="TRÈS bien"))
    journal.append(event("viewers", "v1", count=5))
    journal.append(gift("g1", name="Paper Crane"))
    why = Reason(rule="bell", outcome=Outcome.COOLDOWN, words="it cools down")
    journal.append(Decided(event="g1", time=stamp(NOON), reasons=[why]))
    journal.append(replace(command("k1", ""), user="Ada", viewer="8"))
    await journal.flush()
    assert ids(journal.reader.page(query, newest_first=False)) == found


async def test_a_search_rests_when_it_took_long_and_goes_on_where_it_was(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1000):
        journal.append(event("comment", f"c{n}", NOON + n, user=ANYONE, text="needle" if n == 100 else "hay"))
    await journal.flush()
    monkeypatch.setattr(search, "SEARCH_S", -1.0)
    page = journal.reader.page(Query(text="Needle"))
    assert (page.entries, page.next, page.scanned, page.complete) == ([], 745, 256, False)
    assert page.reached == round((NOON + 744) * 1000)
    assert [e.id for e in all_pages(journal.reader, Query(text="needle"), 5, True)] == ["c100"]
    assert [e.id for e in all_pages(journal.reader, Query(text="needle"), 5, False)] == ["c100"]


async def test_a_month_that_cannot_be_read_is_left_out_and_named(journal: Journal, tmp_path: Path) -> None:
    journal.append(gift("g1"))
    await journal.flush()
    broken = tmp_path / "journal-2026-10.db"
    broken.write_bytes(b"this is not a database, but it is long enough to be looked at" * 100)
    assert ids(journal.reader.page(Query())) == ["g1"]
    assert list(journal.reader.damaged) == [broken]
