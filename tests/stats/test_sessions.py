"""When a session begins and ends, and what counts in it."""

import msgspec
import pytest
from hypothesis import given, settings

from gateway.errors import PayloadError
from gateway.messages import AccountStats, Ack, Event, SessionRecord, Status, decode, encode, stamp
from gateway.stats.account import AccountFold
from gateway.stats.buckets import COUNTS
from gateway.stats.gift_kinds import KINDS_MAX, OTHER_GIFTS
from gateway.stats.session import SessionFold
from gateway.stats.totals import Totals
from tests.records import NOON, ack, event, gift
from tests.stats.plans import Step, evenings, messages

MIN = 60.0
OTTO = {"id": "7", "name": "otto.quist"}


def fold(*events: Event) -> AccountFold:
    account = AccountFold("mara")
    for e in events:
        account.event(e)
    return account


def current(account: AccountFold) -> SessionFold:
    assert account.session is not None
    return account.session


def hand(name: str, at: float, phase: str, room: str = "") -> Event:
    return event("session", name, at, room=room, phase=phase, by="page")


def test_an_account_never_heard_of_has_zeros() -> None:
    assert Totals().stats("mara") == AccountStats(account="mara")


@pytest.mark.parametrize(
    ("silence", "room", "sessions"),
    [(30 * MIN, "room-1", 1), (30 * MIN + 1, "room-1", 2), (1, "room-2", 2), (30 * MIN, "", 1), (31 * MIN, "", 2)],
)
def test_the_same_room_within_thirty_minutes_continues_the_session(
    silence: float, room: str, sessions: int
) -> None:
    stats = fold(gift("g1"), gift("g2", NOON + silence, room=room)).stats()
    assert (stats.all_sessions, stats.gifts, stats.all_gifts) == (sessions, 2 if sessions == 1 else 1, 2)


def test_a_live_that_comes_back_in_the_same_room_goes_on() -> None:
    t = fold(
        event("live", "e1", NOON, phase="started"),
        gift("g1", NOON + 1),
        event("live", "e2", NOON + 2, phase="ended"),
        event("live", "e3", NOON + 20 * MIN, phase="started"),
        gift("g2", NOON + 21 * MIN),
    )
    assert (t.stats().all_sessions, t.stats().gifts, current(t).ended) == (1, 2, None)


def test_a_live_that_is_heard_after_its_end_goes_on_and_is_archived_again_at_its_next_end() -> None:
    t = fold(gift("g1"), event("live", "e1", NOON + 10, phase="ended"))
    session = current(t)
    assert t.event(gift("g2", NOON + 60)) is None
    assert session.summary(NOON + 60).ended is None
    assert t.event(event("live", "e2", NOON + 90, phase="ended")) is session
    assert (session.ended, session.summary(NOON + 90).gifts) == (NOON + 90, 2)


def test_what_comes_late_for_a_session_that_ended_is_counted_and_archived_again() -> None:
    t = fold(gift("g1"), event("live", "e1", NOON + 10, phase="ended"))
    session = current(t)
    assert t.event(gift("g2", NOON + 9)) is session
    assert (session.ended, session.summary(NOON).gifts) == (NOON + 10, 2)


def test_the_end_that_two_connectors_tell_is_the_first() -> None:
    t = fold(
        gift("g1"), event("live", "e1", NOON + 10, phase="ended"), event("live", "e2", NOON + 12, phase="ended")
    )
    assert current(t).ended == NOON + 10


def test_a_live_that_starts_in_no_named_room_is_a_new_one() -> None:
    t = fold(gift("g1"), event("live", "e1", NOON + 5, room="", phase="started"))
    assert (t.stats().all_sessions, current(t).opened) == (2, "live")


def test_the_session_before_is_handed_over_with_its_end() -> None:
    t = fold(gift("g1"), gift("g2", NOON + 60))
    before = t.session
    ended = t.event(gift("g3", NOON + 90, room="room-2"))
    assert ended is before
    assert ended is not None
    assert (ended.summary(NOON).gifts, ended.ended) == (2, NOON + 60)
    assert current(t).id != ended.id


def test_a_late_delivery_from_the_room_before_counts_for_the_account_and_ends_nothing() -> None:
    t = fold(gift("g1"), gift("g2", NOON + 60, room="room-2"))
    assert t.event(gift("g0", NOON + 30, room="room-1", count=9)) is None
    stats = t.stats()
    assert (stats.all_sessions, stats.gifts, stats.all_gifts) == (2, 1, 11)


def test_an_ended_live_or_a_gap_alone_begins_no_session() -> None:
    t = fold(
        event("live", "e1", phase="ended"),
        event("gap", "e2", start=stamp(NOON - 10), end=stamp(NOON), why="not heard"),
    )
    assert (t.stats().all_sessions, t.session) == (0, None)


def test_a_manual_start_is_always_a_new_session_even_in_the_same_room() -> None:
    t = fold(gift("g1"))
    before = current(t)
    assert t.event(hand("h1", NOON + 0.2, "started", "room-1")) is before
    t.event(gift("g2", NOON + 0.4))
    assert t.event(hand("h2", NOON + 0.6, "started", "room-1")) is not None
    t.event(gift("g3", NOON + 0.8, count=4))
    stats = t.stats()
    assert (stats.all_sessions, stats.gifts, current(t).opened) == (3, 4, "hand")
    assert len({before.id, current(t).id}) == 2


def test_sessions_that_begin_in_the_same_second_have_ids_of_their_own() -> None:
    t, ids = AccountFold("mara"), set()
    for n in range(4):
        t.event(hand(f"h{n}", NOON + n / 10, "started", "room-1"))
        ids.add(current(t).id)
    assert len(ids) == 4


def test_a_session_begun_by_hand_takes_the_live_that_starts_in_it() -> None:
    t = fold(hand("h1", NOON, "started"), event("live", "e1", NOON + 60, phase="started"), gift("g1", NOON + 61))
    assert (t.stats().all_sessions, current(t).room, t.stats().gifts) == (1, "room-1", 1)


def test_after_a_manual_end_what_is_heard_begins_a_new_session() -> None:
    t = fold(gift("g1"))
    before = current(t)
    assert t.event(hand("h1", NOON + 10, "ended")) is before
    assert before.ended == NOON + 10
    assert t.event(gift("late", NOON + 5)) is None  # heard before: it counts, and begins nothing
    assert t.event(event("live", "e1", NOON + 20, phase="ended")) is None
    assert t.session is before
    t.event(gift("g2", NOON + 30))
    stats = t.stats()
    assert (stats.all_sessions, stats.gifts, stats.all_gifts, before.ended) == (2, 1, 3, NOON + 10)


def test_a_manual_end_where_nothing_runs_does_nothing() -> None:
    t = fold(hand("h1", NOON, "ended"))
    assert (t.session, t.stats().all_sessions) == (None, 0)


def test_overlapping_gaps_and_what_lay_before_the_session_count_once() -> None:
    def gap(n: int, start: float, end: float) -> Event:
        return event("gap", f"e{n}", NOON + 99, start=stamp(NOON + start), end=stamp(NOON + end), why="x")

    t = fold(gift("g1"), gap(1, -30, 10), gap(2, 5, 25), gap(3, 0, 20), gap(4, 40, 41), gap(5, 60, 50))
    assert (t.stats().gap_seconds, t.stats().gaps) == (10 + 15 + 1, 3)


def test_a_gap_cannot_lie_in_the_future_or_after_the_end() -> None:
    t = fold(gift("g1"), event("gap", "e1", NOON + 10, start=stamp(NOON + 5), end=stamp(NOON + 1e9), why="x"))
    t.event(event("live", "e2", NOON + 20, phase="ended"))
    t.event(event("gap", "e3", NOON + 60, start=stamp(NOON + 15), end=stamp(NOON + 60), why="x"))
    assert t.stats().gap_seconds == 5 + 5


def test_practice_and_real_never_meet() -> None:
    totals = Totals()
    totals.event(gift("g1"))
    totals.event(gift("g2", count=100, simulated=True))
    assert (totals.stats("mara").gifts, totals.stats("mara", simulated=True).gifts) == (1, 100)
    real, practice = totals.session("mara"), totals.session("mara", simulated=True)
    assert real is not None
    assert practice is not None
    assert real.id != practice.id
    assert practice.record(NOON).summary.simulated


def test_f11_no_total_is_summed_twice_and_no_practice_is_shown_as_real() -> None:
    totals = Totals()
    for n in range(50):
        totals.event(gift(f"g{n}", NOON + n, count=2, coins=3))
        totals.event(gift(f"p{n}", NOON + n, count=7, coins=11, simulated=True))
    session = totals.session("mara")
    assert session is not None
    record = session.record(NOON + 49)
    for interval in record.buckets.values():
        assert (sum(b.gifts for b in interval), sum(b.coins for b in interval)) == (100, 300)
    assert (sum(c.coins for c in record.contributions), sum(g.coins for g in record.gifts)) == (300, 300)
    assert (record.summary.coins, totals.stats("mara").all_coins) == (300, 300)
    assert (totals.catalogue()[0].count, totals.catalogue()[0].coins) == (100, 3)


@settings(max_examples=200, deadline=None)
@given(evenings)
def test_all_parts_of_a_session_add_up_to_its_summary(plan: list[Step]) -> None:
    totals, sessions = Totals(), dict[str, SessionFold]()
    for message in messages(plan):
        _ = totals.ack(message) if isinstance(message, Ack) else totals.event(message)
        sessions |= {a.session.id: a.session for a in totals if a.session is not None}
    for session in sessions.values():
        record: SessionRecord = decode(encode(session.record(NOON + 1e6)), SessionRecord)
        summary = record.summary
        for interval in ("60", "300", "3600"):  # of the fine ones a long session has lost its first
            buckets = record.buckets[interval]
            for name in COUNTS:
                assert sum(getattr(b, name) for b in buckets) == getattr(summary, name)
            assert sum(b.gap_seconds for b in buckets) == pytest.approx(summary.gap_seconds, abs=0.1)
            assert max((b.peak_viewers for b in buckets), default=0) <= summary.peak_viewers
        for name in ("coins", "gifts", "likes", "comments", "shares", "follows"):
            given_ = sum(getattr(c, name) for c in (*record.contributions, record.others))
            assert given_ == getattr(summary, name)
        assert sum(g.coins for g in record.gifts) == summary.coins
        assert sum(s.cycles for s in record.stations) == summary.actions_done
        assert sum(s.not_done for s in record.stations) == summary.actions_not_done
        assert summary.since <= summary.last
        assert record == session.record(NOON + 1e6)


def test_a_command_that_ends_after_the_live_still_counts_in_it_and_one_of_the_next_day_does_not() -> None:
    t = fold(gift("g1"), event("live", "e1", NOON + 10, phase="ended"))
    assert t.ack(_ended_at(ack("g1/boom/0", "g1"), NOON + 12)) is current(t)
    assert t.ack(_ended_at(ack("g1/boom/0", "g1"), NOON + 86_400)) is None
    assert t.stats().actions_done == 1


def _ended_at(a: Ack, at: float) -> Ack:
    times = msgspec.structs.replace(a.times, ended=stamp(at))
    return msgspec.structs.replace(a, times=times)


def test_only_endings_count() -> None:
    totals = Totals()
    totals.event(gift("g1"))
    for n, status in enumerate(Status):
        totals.ack(ack(f"c{n}", "g1", status))
    stats = totals.stats("mara")
    assert (stats.actions_done, stats.actions_not_done) == (1, 6)


def test_a_flood_of_gift_names_stays_bounded_and_every_coin_is_counted() -> None:
    t = fold(*(gift(f"g{n}", name=f"Gift {n}", coins=2) for n in range(KINDS_MAX + 30)))
    record = current(t).record(NOON)
    assert len(record.gifts) == KINDS_MAX + 1
    assert {g.name: g.coins for g in record.gifts}[OTHER_GIFTS] == 60
    assert record.summary.coins == 2 * (KINDS_MAX + 30)


def test_sums_beyond_any_number_that_json_can_write_are_shown_as_the_largest() -> None:
    t = fold(*(gift(f"g{n}", count=2**62, coins=2**62) for n in range(3)))
    t.event(event("viewers", "v1", count=2**63 - 1))
    record = current(t).record(NOON)
    assert decode(encode(record), type(record)).summary.coins == 2**53
    assert decode(encode(t.stats()), AccountStats).all_coins == 2**53
    encode(t.kept())


def test_a_session_id_fits_a_topic_and_is_the_same_in_every_replay() -> None:
    first, again = (current(fold(gift("g1"))).id for _ in range(2))
    assert first == again
    assert first.startswith("20261122-120000-")
    assert len(first) <= 32


def test_a_time_that_does_not_exist_is_refused() -> None:
    bad = msgspec.structs.replace(gift("g1"), received="2026-02-30T12:00:00Z")
    with pytest.raises(PayloadError, match="is not a time"):
        Totals().event(bad)


def test_what_belongs_to_no_account_is_not_counted() -> None:
    totals = Totals()
    assert totals.event(event("press", "b1", account="", button="red")) is None
    assert list(totals) == []


def test_the_activity_of_the_first_seconds_is_not_blown_up() -> None:
    t = fold(event("comment", "c1", user=OTTO, text="hi"))
    assert t.stats().activity == 1.0
    assert current(t).summary(NOON + 10 * MIN).activity == 0.1


def test_owed_actions_are_told_by_who_knows_them() -> None:
    t = fold(gift("g1"))
    assert (t.stats(owed=3).actions_owed, current(t).summary(NOON, owed=2).actions_owed) == (3, 2)


def test_the_estimate_in_dollars_follows_the_settings() -> None:
    totals = Totals(usd_per_coin=0.01)
    totals.event(gift("g1", coins=250))
    assert totals.stats("mara").usd == 2.5
    assert Totals.restored(totals.kept(1), usd_per_coin=0.02).stats("mara").usd == 5.0


def test_a_message_of_every_kind_can_be_counted() -> None:
    side = {"id": "7", "points": 5, "own": True}
    t = fold(
        event("question", "q1", user=OTTO, text="when?"),
        event("envelope", "n1", user=OTTO, coins=100),
        event("battle", "t1", battle="b", phase="points", sides=[side]),
    )
    assert (t.stats().unique_viewers, t.stats().coins) == (1, 0)
