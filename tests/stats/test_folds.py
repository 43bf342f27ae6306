"""The numbers of a hand-made evening, and when a session begins and ends."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import PayloadError
from gateway.messages import AccountStats, Event, GiftEvent, GiftTotal, Status, stamp
from gateway.stats.folds import (
    GIFT_KINDS_MAX,
    OTHER_GIFTS,
    AccountTotals,
    Session,
    Totals,
    account_from_dict,
    session_from_dict,
    to_dict,
)
from tests.records import NOON, ack, event, gift

MIN = 60.0
OTTO = {"id": "7", "name": "otto.quist"}


def fold(*events: Event) -> AccountTotals:
    totals = AccountTotals(account="mara")
    for e in events:
        totals.event(e)
    return totals


def test_an_evening_counted_by_hand() -> None:
    t = Totals().of("mara")
    assert t.event(event("live", "e1", NOON, phase="started")) is None
    t.event(event("viewers", "e2", NOON + 10, count=40))
    t.event(gift("e3", NOON + 20, count=3, name="Rose", coins=1))
    t.event(gift("e4", NOON + 25, count=0, name="Rose", coins=1))  # the streak's closing message
    t.event(gift("e5", NOON + 30, count=2, name="Galaxy", coins=1000))
    t.event(gift("e6", NOON + 40, count=5, name="Mystery", coins=None))
    t.event(event("comment", "e7", NOON + 50, user=OTTO, text="hello"))
    t.event(event("comment", "e8", NOON + 51, user=OTTO, text="hello"))
    t.event(event("like", "e9", NOON + 60, count=15, total=900))
    t.event(event("like", "e10", NOON + 61, count=7, total=907))
    t.event(event("follow", "e11", NOON + 70, user=OTTO))
    t.event(event("share", "e12", NOON + 80, user=OTTO))
    t.event(event("join", "e13", NOON + 90, count=4))
    t.event(event("subscribe", "e14", NOON + 95, user=OTTO))
    t.event(event("viewers", "e15", NOON + 100, count=120))
    t.event(event("viewers", "e16", NOON + 110, count=90))
    t.event(event("gap", "e17", NOON + 200, start=stamp(NOON + 120), end=stamp(NOON + 150.5), why="not heard"))
    endings = [Status.DONE, Status.DONE, Status.FAILED, Status.EXPIRED, Status.BLOCKED]
    for n, status in enumerate([Status.ACCEPTED, Status.QUEUED, Status.RUNNING, *endings]):
        assert t.ack(ack(f"c{n}", "e3", status)) is (status in endings)
    assert t.session is not None
    assert t.stats() == AccountStats(
        account="mara",
        session=t.session.id,
        since="2026-11-22T12:00:00.000Z",
        gifts=3 + 2 + 5,
        coins=3 * 1 + 2 * 1000,
        unpriced=5,
        comments=2,
        likes=22,
        follows=1,
        shares=1,
        joins=4,
        subscribes=1,
        viewers=90,
        peak_viewers=120,
        actions_done=2,
        actions_not_done=3,
        gap_seconds=30.5,
        all_gifts=10,
        all_coins=2003,
        all_sessions=1,
    )
    assert t.session.by_gift == {
        "Rose": GiftTotal(name="Rose", count=3, coins=3),
        "Galaxy": GiftTotal(name="Galaxy", count=2, coins=2000),
        "Mystery": GiftTotal(name="Mystery", count=5, coins=0),
    }
    ended = t.event(event("live", "e18", NOON + 300, phase="ended"))
    assert ended is t.session
    assert ended is not None
    assert ended.ended == stamp(NOON + 300)
    assert (t.stats().viewers, t.stats().peak_viewers) == (0, 120)


def test_an_account_never_heard_of_has_zeros() -> None:
    assert Totals().of("mara").stats() == AccountStats(account="mara")


@pytest.mark.parametrize(
    ("silence", "room", "sessions"),
    [(30 * MIN, "room-1", 1), (30 * MIN + 1, "room-1", 2), (1, "room-2", 2), (30 * MIN, "", 1), (31 * MIN, "", 2)],
)
def test_the_same_room_within_thirty_minutes_continues_the_session(
    silence: float, room: str, sessions: int
) -> None:
    t = fold(gift("g1"), gift("g2", NOON + silence, room=room))
    assert t.sessions == sessions
    assert t.stats().gifts == (2 if sessions == 1 else 1)
    assert t.stats().all_gifts == 2


def test_a_live_that_comes_back_in_the_same_room_goes_on() -> None:
    t = fold(
        event("live", "e1", NOON, phase="started"),
        gift("g1", NOON + 1),
        event("live", "e2", NOON + 2, phase="ended"),
        event("live", "e3", NOON + 20 * MIN, phase="started"),
        gift("g2", NOON + 21 * MIN),
    )
    assert (t.sessions, t.stats().gifts) == (1, 2)
    assert t.session is not None
    assert t.session.ended is None


def test_a_live_that_starts_in_no_named_room_is_a_new_one() -> None:
    t = fold(gift("g1"), event("live", "e1", NOON + 5, room="", phase="started"))
    assert t.sessions == 2


def test_the_session_before_is_handed_over_with_its_end() -> None:
    t = fold(gift("g1"), gift("g2", NOON + 60))
    before = t.session
    ended = t.event(gift("g3", NOON + 90, room="room-2"))
    assert ended is before
    assert ended is not None
    assert (ended.gifts, ended.ended) == (2, stamp(NOON + 60))
    assert t.session is not None
    assert t.session.id != ended.id


def test_a_late_delivery_from_the_room_before_counts_for_the_account_and_ends_nothing() -> None:
    t = fold(gift("g1"), gift("g2", NOON + 60, room="room-2"))
    assert t.event(gift("g0", NOON + 30, room="room-1", count=9)) is None
    assert (t.sessions, t.stats().gifts, t.stats().all_gifts) == (2, 1, 11)


def test_an_ended_live_or_a_gap_alone_begins_no_session() -> None:
    t = fold(
        event("live", "e1", phase="ended"),
        event("gap", "e2", start=stamp(NOON - 10), end=stamp(NOON), why="not heard"),
    )
    assert (t.sessions, t.session) == (0, None)


def test_overlapping_gaps_and_what_lay_before_the_session_count_once() -> None:
    def gap(n: int, start: float, end: float) -> Event:
        return event("gap", f"e{n}", NOON + 99, start=stamp(NOON + start), end=stamp(NOON + end), why="x")

    t = fold(gift("g1"), gap(1, -30, 10), gap(2, 5, 25), gap(3, 0, 20), gap(4, 40, 41), gap(5, 60, 50))
    assert t.stats().gap_seconds == 10 + 15 + 1


def test_practice_and_real_never_meet() -> None:
    totals = Totals()
    totals.of("mara").event(gift("g1"))
    totals.of("mara", simulated=True).event(gift("g2", count=100, simulated=True))
    assert totals.of("mara").stats().gifts == 1
    practice = totals.of("mara", simulated=True).stats()
    assert (practice.gifts, practice.simulated) == (100, True)
    ids = [a.session.id for a in totals if a.session]
    assert len(set(ids)) == 2


def test_a_flood_of_gift_names_stays_bounded_and_every_coin_is_counted() -> None:
    t = fold(*(gift(f"g{n}", name=f"Gift {n}", coins=2) for n in range(GIFT_KINDS_MAX + 30)))
    assert t.session is not None
    assert len(t.session.by_gift) == GIFT_KINDS_MAX + 1
    assert t.session.by_gift[OTHER_GIFTS].coins == 60
    assert t.stats().coins == 2 * (GIFT_KINDS_MAX + 30)


def test_a_session_id_fits_a_topic_and_is_the_same_in_every_replay() -> None:
    first, again = (fold(gift("g1")).session for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.id == again.id
    assert first.id.startswith("20261122-120000-")
    assert len(first.id) <= 32


def test_a_time_that_does_not_exist_is_refused() -> None:
    bad = msgspec.structs.replace(gift("g1"), received="2026-02-30T12:00:00Z")
    with pytest.raises(PayloadError, match="is not a time"):
        AccountTotals(account="mara").event(bad)


_events = st.lists(
    st.tuples(st.integers(0, 7), st.floats(0, 4000), st.sampled_from(["room-1", "room-2", ""])), max_size=40
)


@given(_events, st.integers(0, 40))
def test_kept_and_loaded_at_any_moment_it_counts_on_as_if_nothing_happened(
    plan: list[tuple[int, float, str]], cut: int
) -> None:
    def build(n: int, which: int, at: float, room: str) -> Event:
        t = NOON + at
        match which:
            case 0:
                return event("live", f"e{n}", t, room=room, phase="started")
            case 1:
                return event("live", f"e{n}", t, room=room, phase="ended")
            case 2:
                return event("gap", f"e{n}", t, room=room, start=stamp(t - 60), end=stamp(t), why="x")
            case 3:
                return event("viewers", f"e{n}", t, room=room, count=n)
            case _:
                return gift(f"e{n}", t, room=room, count=n, name=f"Gift {which}", coins=which - 4 or None)

    events = [build(n, *entry) for n, entry in enumerate(plan)]
    whole = fold(*events)
    half = fold(*events[:cut])
    resumed = account_from_dict(msgspec.json.decode(msgspec.json.encode(to_dict(half))))
    for e in events[cut:]:
        resumed.event(e)
    assert resumed == whole
    everything = sum(e.data.count for e in events if isinstance(e, GiftEvent))
    assert whole.gifts == everything
    if whole.session is not None:
        assert session_from_dict(to_dict(whole.session)) == whole.session
        assert isinstance(whole.session, Session)
