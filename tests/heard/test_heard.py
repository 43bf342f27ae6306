"""Every gift counts once, whoever tells it: what two connectors see differently, and a gateway adds up."""

import random
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import heard
from gateway import messages as m
from gateway.connector.account.streaks import Streaks
from gateway.heard import Heard

NOW = "2026-11-22T12:00:00.000Z"


def tap(streak: str, total: int, *, ended: bool = False, count: int = 0, event_id: str = "") -> m.GiftEvent:
    data = m.Gift(
        user=m.User(id="7"),
        gift_id="1",
        name="Rose",
        count=count,
        total=total,
        streak=streak,
        ended=ended,
        coins=1,
    )
    return m.GiftEvent(
        id=event_id or f"{streak}-{total}-{ended}", source="/t", time=NOW, received=NOW, account="ada", data=data
    )


def true_messages(lengths: list[int]) -> list[m.GiftEvent]:
    """What the platform says of streaks ``0``, ``1``...: every tap, and the end."""
    messages = []
    for n, length in enumerate(lengths):
        messages += [tap(f"s{n}", total) for total in range(1, length + 1)]
        messages.append(tap(f"s{n}", length, ended=True))
    return messages


def connector(messages: list[m.GiftEvent], rng: random.Random) -> tuple[list[m.Event], list[m.GiftEvent]]:
    """What one connector publishes that hears some of it, some twice and out of order, and restarts now and then;
    and what it heard."""
    heard_by_it = [message for message in messages if rng.random() < 0.8]
    heard_by_it += rng.choices(messages, k=len(messages) // 4) if messages else []
    order = sorted(range(len(heard_by_it)), key=lambda n: n + rng.uniform(0, 6))
    streaks, seen, told, now = Streaks(), set[str](), list[m.Event](), 0.0
    for n in order:
        now += rng.uniform(0, 4)
        if rng.random() < 0.1:
            if rng.random() < 0.5:  # a clean stop ends the open streaks, a kill does not
                told += streaks.close_overdue(now, NOW, everything=True)
            streaks, seen = Streaks(), set()
        told += streaks.close_overdue(now, NOW)
        event = heard_by_it[n]
        if event.id in seen:
            continue
        seen.add(event.id)
        paid = streaks.pay(event, now)
        if paid is not None:
            told.append(paid)
    return told, heard_by_it


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_two_connectors_with_different_views_restarts_losses_and_copies_add_up_exactly(
    lengths: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    messages = true_messages(lengths)
    (one, heard_by_one), (other, heard_by_other) = connector(messages, rng), connector(messages, rng)
    published = [(rng.uniform(0, 8) + n, event) for told in (one, other) for n, event in enumerate(told)]
    arrived = [event for _, event in sorted(published, key=lambda p: p[0])]
    arrived += rng.choices(arrived, k=3) if arrived else []
    gateway, counted, ends, journal = Heard(), Counter[str](), Counter[str](), list[m.GiftEvent]()
    for n, event in enumerate(arrived):
        if n == len(arrived) // 2:  # the gateway restarts, too
            gateway = Heard()
            gateway.remember((e.id for e in journal), journal)
        if event in gateway:
            continue
        event = gateway.add(event)
        assert isinstance(event, m.GiftEvent)
        journal.append(event)
        counted[event.data.streak] += event.data.count
        ends[event.data.streak] += event.data.ended
    greatest: defaultdict[str, int] = defaultdict(int)
    for event in (*heard_by_one, *heard_by_other):
        greatest[event.data.streak] = max(greatest[event.data.streak], event.data.total)
    assert dict(counted) == dict(greatest)
    assert max(ends.values(), default=0) <= 1


def test_what_a_lost_message_would_have_added_comes_with_the_next() -> None:
    gateway = Heard()
    assert _count(gateway, tap("s", 2, count=2)) == 2
    assert _count(gateway, tap("s", 7, count=1)) == 5  # the connector told 2..6 before, and that never came
    assert _count(gateway, tap("s", 6, count=6, event_id="standby")) == 0
    assert _count(gateway, tap("s", 7, ended=True)) == 0


def test_a_streak_ends_once_and_practice_is_another_one() -> None:
    gateway = Heard()
    ends = [gateway.add(tap("s", 3, ended=True, event_id=i)) for i in ("a-closed", "b-closed")]
    assert [e.data.ended for e in ends if isinstance(e, m.GiftEvent)] == [True, False]
    practice = m.GiftEvent(
        id="p", source="/t", time=NOW, received=NOW, account="ada", simulated=True, data=tap("s", 3).data
    )
    again = gateway.add(practice)
    assert isinstance(again, m.GiftEvent)
    assert again.data.count == 3


def test_what_is_no_streak_counts_as_it_says() -> None:
    gift = tap("", 4, count=4)
    assert Heard().add(gift) is gift


def test_memory_is_bounded() -> None:
    gateway = Heard()
    for n in range(heard.REMEMBERED_STREAKS + 10):
        gateway._fold(tap(f"s{n}", 1))
    assert len(gateway._streaks) == heard.REMEMBERED_STREAKS


def _count(gateway: Heard, event: m.GiftEvent) -> int:
    counted = gateway.add(event)
    assert isinstance(counted, m.GiftEvent)
    return counted.data.count


def likes(n: int, count: int, total: int, room: str = "1") -> m.LikeEvent:
    return m.LikeEvent(
        id=f"l{n}",
        source="/t",
        time=NOW,
        received=NOW,
        account="ada",
        room=room,
        data=m.Like(count=count, total=total),
    )


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_likes_that_two_connectors_merge_differently_count_once(taps: list[int], rng: random.Random) -> None:
    heard, n, counted, total = Heard(), 0, 0, 100
    waiting = [0, 0]  # what each connector has not told yet

    def tell(who: int) -> None:
        nonlocal n, counted
        n += 1
        event = heard.add(likes(n, waiting[who], total))
        assert isinstance(event, m.LikeEvent)
        counted += event.data.count
        waiting[who] = 0

    for tap_count in taps:
        total += tap_count
        for who in (0, 1):
            waiting[who] += tap_count
            if rng.random() < 0.5:
                tell(who)
    for who in (0, 1):
        tell(who)
    assert counted == total - 100


def test_likes_without_a_total_count_as_they_are_told_and_another_room_begins_anew() -> None:
    heard = Heard()
    told = [(3, 0, "1"), (3, 0, "1"), (5, 500, "1"), (5, 505, "1"), (4, 490, "1"), (2, 7, "2"), (9, 9, "1")]
    counted = []
    for n, (count, total, room) in enumerate(told):
        event = heard.add(likes(n, count, total, room))
        assert isinstance(event, m.LikeEvent)
        counted.append(event.data.count)
    assert counted == [3, 3, 5, 5, 0, 2, 9]  # the late one had been counted already


def likes_at(n: int, count: int, total: int, received: float) -> m.LikeEvent:
    return replace(likes(n, count, total), received=m.stamp(received))


def test_likes_of_minutes_in_which_nothing_was_heard_count_but_do_not_fire() -> None:
    """The broker or the connector was away: a machine must not make up for it afterwards, all at once."""
    heard, began = Heard(), 1_800_000_000.0
    added = [
        heard.add(likes_at(0, 5, 1_000, began)),
        heard.add(likes_at(1, 5, 1_400, began + 20)),  # the platform does not tell each one
        heard.add(likes_at(2, 5, 9_400, began + 620)),
        heard.add(likes_at(3, 5, 9_500, began + 621)),
        heard.add(likes_at(4, 5, 9_520, began + 1221)),  # it was quiet
    ]
    assert [(e.data.count, e.stale) for e in added if isinstance(e, m.LikeEvent)] == [
        (5, False),
        (400, False),
        (8_000, True),
        (100, False),
        (20, False),
    ]


def test_a_total_that_leaps_fires_nothing_and_one_that_cannot_be_is_not_believed() -> None:
    heard = Heard()
    added = [heard.add(likes(n, 5, total)) for n, total in enumerate([1_000, 90_000, 2**63 - 1, 90_010, 90_020])]
    assert [(e.data.count, e.stale) for e in added if isinstance(e, m.LikeEvent)] == [
        (5, False),
        (89_000, True),
        (5, False),
        (5, False),
        (10, False),
    ]
