"""After a kill, what was kept and the journal together give what was counted."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.messages import Ack, Event, SessionRecord, StationStats, seconds
from gateway.stats.catch_up import CatchUp
from gateway.stats.kept import Kept
from gateway.stats.session import CONTINUES_S
from gateway.stats.totals import Totals
from tests.records import NOON, ack, event, gift
from tests.stats.plans import Step, evenings, messages

Journal = Sequence[Event | Ack]
"""Its rows; each one's ``seq`` is its place, from 1 on."""


def fold(rows: Journal, totals: Totals | None = None) -> Totals:
    totals = Totals() if totals is None else totals
    for row in rows:
        if isinstance(row, Ack):
            totals.ack(row)
        else:
            totals.event(row)
    return totals


def through_json(kept: Kept) -> Kept:
    return msgspec.json.decode(msgspec.json.encode(kept), type=Kept)


def caught_up(kept: Kept, journal: Journal) -> CatchUp:
    """As the gateway does it at its start: from the earliest row that is needed."""
    beyond = [row for row in journal[kept.mark :] if not isinstance(row, Ack)]
    catch_up = CatchUp(kept, min((seconds(e.received) for e in beyond), default=NOON))
    needed = [seq for seq, row in enumerate(journal, 1) if row.id in catch_up.openings]
    start = min([kept.mark + 1, *needed])
    for seq, row in enumerate(journal[start - 1 :], start):
        catch_up.feed(seq, row)
    return catch_up


def records(totals: Totals, now: float) -> list[SessionRecord]:
    return [a.session.record(now) for a in totals if a.session is not None]


def wear(totals: Totals) -> list[StationStats]:
    """Without latencies: of all its time they are those since the start."""
    none = {"latency_p50_ms": None, "latency_p95_ms": None, "latency_p99_ms": None}
    return [replace(s, **none) for s in totals.stations(NOON)]


@settings(max_examples=400, deadline=None)
@given(evenings, st.data())
def test_killed_at_any_moment_nothing_is_lost_and_nothing_counted_twice(
    plan: list[Step], data: st.DataObject
) -> None:
    journal = messages(plan)
    cut = data.draw(st.integers(0, len(journal)), label="killed after")
    counted = data.draw(st.integers(0, cut), label="kept after")
    mark = data.draw(st.integers(0, counted), label="mark")
    kept = through_json(fold(journal[:counted]).kept(mark))
    catch_up = caught_up(kept, journal[:cut])
    totals = catch_up.totals()
    assert {s.id for s in catch_up.ended()} >= ended_between(journal, counted, cut)
    for goes_on in ((), journal[cut:]):  # as it stands, and when it has gone on for a while
        fold(goes_on, totals)
        uncut = fold(journal[: cut + len(goes_on)])
        now = NOON + 1e6
        assert {(a.account, a.simulated) for a in totals} == {(a.account, a.simulated) for a in uncut}
        for account in uncut:
            again = totals.stats(account.account, simulated=account.simulated)
            alone = {name: getattr(again, name) for name in ("all_gifts", "all_coins", "all_sessions", "session")}
            assert alone == {name: getattr(account.stats(), name) for name in alone}
        assert totals.catalogue() == uncut.catalogue()
        assert wear(totals) == wear(uncut)
        by_id = {r.summary.id: r for r in records(totals, now)}
        for record in records(uncut, now):
            again_record = by_id[record.summary.id]
            if _long_over(record, journal[:cut], kept):
                assert again_record.summary.gifts == record.summary.gifts  # the archive has the rest of it
            else:
                assert again_record == record


def ended_between(journal: Journal, counted: int, cut: int) -> set[str]:
    """Sessions that were to be archived after the last look that was kept."""
    totals = fold(journal[:counted])
    changed = [totals.ack(row) if isinstance(row, Ack) else totals.event(row) for row in journal[counted:cut]]
    return {s.id for s in changed if s is not None and s.ended is not None}


def _long_over(record: SessionRecord, journal: Journal, kept: Kept) -> bool:
    """It could not go on any more when the first record came that was not kept."""
    beyond = [seconds(row.received) for row in journal[kept.mark :] if not isinstance(row, Ack)]
    now = min(beyond, default=NOON)
    return record.summary.ended is not None and now - seconds(record.summary.last) > 2 * CONTINUES_S


def evening() -> list[Event | Ack]:
    return [
        event("live", "e1", NOON, phase="started"),
        gift("e2", NOON + 10, count=3),
        ack("e2/boom/0", "e2"),
        event("viewers", "e3", NOON + 20, count=40),
        gift("e4", NOON + 30, count=2),
        event("live", "e5", NOON + 40, phase="ended"),
    ]


def test_a_session_that_ended_in_the_last_seconds_before_a_kill_is_still_archived() -> None:
    journal = evening()
    catch_up = caught_up(fold(journal[:3]).kept(2), journal)
    assert [s.record(NOON).summary.gifts for s in catch_up.ended()] == [5]
    assert catch_up.ended()[0].ended == NOON + 40


def test_a_session_that_nobody_ended_before_another_began_is_archived_too() -> None:
    journal = [*evening()[:5], gift("e6", NOON + 60, room="room-2")]
    catch_up = caught_up(fold(journal[:2]).kept(0), journal)
    assert [(s.room, s.ended) for s in catch_up.ended()] == [("room-1", NOON + 30)]
    assert catch_up.totals().stats("mara").gifts == 1


def test_without_the_journal_the_sums_stand_as_they_were_kept() -> None:
    journal = evening()
    kept = fold(journal[:5]).kept(5)
    catch_up = caught_up(kept, [])
    stats = catch_up.totals().stats("mara")
    assert (stats.gifts, stats.coins, stats.all_gifts, stats.actions_done) == (5, 5, 5, 1)
    assert catch_up.openings == {"e1"}  # what did not come
    totals = fold([gift("e9", NOON + 60)], catch_up.totals())
    session = totals.session("mara")
    assert session is not None
    record = session.record(NOON + 60)
    assert (record.summary.gifts, sum(g.count for g in record.gifts)) == (6, 6)
    assert record.contributions[0].gifts + record.others.gifts == 6
    assert (record.exact, record.missing_at_most) == (False, 5)  # otto may have given the five before


def test_an_old_session_of_which_only_the_summary_is_left_never_replaces_its_archive() -> None:
    journal = evening()
    kept = fold(journal).kept(6)
    catch_up = CatchUp(kept, NOON + 86_400)
    assert catch_up.openings == set()
    totals = catch_up.totals()
    assert totals.event(gift("late", NOON + 35)) is None
    assert totals.ack(ack("e4/boom/0", "e4")) is None
    assert (totals.stats("mara").gifts, totals.stats("mara").all_gifts) == (5, 6)


def test_only_sessions_that_may_go_on_need_the_journal_from_their_beginning() -> None:
    kept = fold(evening()).kept(6)
    assert CatchUp(kept, NOON + 60).openings == {"e1"}
    assert CatchUp(kept, NOON + 2 * 86_400).openings == set()
    running = fold(evening()[:5]).kept(5)
    assert CatchUp(running, NOON + 2 * 86_400).openings == {"e1"}


@pytest.mark.parametrize("mark", [0, 2, 4])
def test_what_was_counted_beyond_the_mark_is_not_counted_again(mark: int) -> None:
    journal = [*evening(), gift("f1", NOON + 7200, account="juno"), ack("f1/boom/0", "f1")]
    kept = fold(journal).kept(mark)
    totals = caught_up(kept, journal).totals()
    assert totals.kept(mark) == kept


def test_what_is_kept_of_ten_accounts_is_small() -> None:
    totals = Totals()
    for n in range(10):
        for k in range(600):
            e = gift(f"g{n}-{k}", NOON + k, account=f"a{n}", name=f"Gift number {k}")
            data = msgspec.structs.replace(e.data, gift_id=str(5000 + k))
            totals.event(msgspec.structs.replace(e, data=data))
            totals.ack(ack(f"g{n}-{k}/boom/0", f"g{n}-{k}"))
    assert len(msgspec.json.encode(totals.kept(1))) < 200_000
    assert len(totals.kept(1).catalogue) == 600
