"""What is told of a LIVE after a gap, of gifts to others, of battles; and that a session can go on elsewhere."""

import asyncio
import time
from typing import Any, TypeVar

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.account.merge import INTERVAL
from gateway.connector.account.session import SEEN, Memory, Session
from gateway.connector.sources.base import Stream

STREAM = Stream("ada", "tiktok/@ada.live")
ROOM = "7"
AT = m.stamp(1_800_000_000)
WHERE: Any = {"source": STREAM.source, "time": AT, "received": AT, "account": "ada", "room": ROOM}

T = TypeVar("T")


class Told(list[m.Event]):
    def of(self, kind: type[T]) -> list[T]:
        return [e for e in self if isinstance(e, kind)]


def session(told: Told, *, guests: bool = False) -> Session:
    return Session(STREAM, told.append, streak=10.0, guests=guests)


def like(n: int, count: int, total: int) -> m.LikeEvent:
    return m.LikeEvent(id=f"l{n}", **WHERE, data=m.Like(user=m.User(id="1"), count=count, total=total))


def viewers(n: int, count: int) -> m.ViewersEvent:
    return m.ViewersEvent(id=f"v{n}", **WHERE, data=m.Viewers(count=count))


def comment(n: int) -> m.CommentEvent:
    return m.CommentEvent(id=f"c{n}", **WHERE, data=m.Comment(user=m.User(id="1"), text=str(n)))


def tap(n: int, total: int, *, ended: bool = False, to: str = "") -> m.GiftEvent:
    gift = m.Gift(
        user=m.User(id="1"), gift_id="5", name="Rose", count=0, total=total, streak="s", ended=ended, to=to
    )
    return m.GiftEvent(id=f"g{n}", **WHERE, data=gift)


def battle(n: int, phase: str, points: int = 0) -> m.BattleEvent:
    data = msgspec.convert({"battle": "9", "phase": phase, "sides": [{"id": "1", "points": points}]}, m.Battle)
    return m.BattleEvent(id=f"b{n}", **WHERE, data=data)


async def test_likes_that_nobody_heard_are_counted_once_after_the_gap_and_fire_nothing() -> None:
    told = Told()
    s = session(told)
    s.hear(ROOM)
    s.take(like(1, 10, 110))
    s.lose(time.time(), "the line was cut")
    s.hear(ROOM)
    s.take(like(2, 5, 145))
    s.take(like(3, 5, 150))
    s.pay_out()
    likes = told.of(m.LikeEvent)
    assert [(e.data.count, e.data.total, e.stale) for e in likes] == [
        (10, 110, False),
        (30, 140, True),
        (10, 150, False),
    ]
    assert likes[1].data.user is None
    assert len({e.id for e in likes}) == 3
    assert sum(e.data.count for e in likes) == 150 - 100
    assert [type(e) for e in told[2:4]] == [m.GapEvent, m.LikeEvent]


async def test_without_a_gap_or_without_a_total_before_it_no_likes_are_made_up() -> None:
    told = Told()
    s = session(told)
    s.hear(ROOM)
    s.take(like(1, 1, 1000))  # the LIVE had begun long before
    s.take(like(2, 1, 1100))  # the platform does not send all
    s.finish()
    s.hear("8")
    s.lose(time.time(), "cut")
    s.hear("8")
    s.take(like(3, 2, 500))
    s.pay_out()
    assert sum(e.data.count for e in told.of(m.LikeEvent)) == 4
    assert not any(e.stale for e in told)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30))
async def test_whatever_is_missed_the_likes_add_up_to_the_rooms_total_where_all_gaps_are_told(
    road: list[tuple[int, bool]],
) -> None:
    """Each step: so many likes, and whether they are heard."""
    told = Told()
    s = session(told)
    s.hear(ROOM)
    total = 1
    s.take(like(0, 1, total))
    heard_last = 1
    for n, (count, heard) in enumerate(road, 1):
        total += count
        if heard and count:
            s.take(like(n, count, total))
            heard_last = total
        elif count:
            s.lose(time.time(), "cut")
            s.hear(ROOM)
    s.pay_out()
    assert sum(e.data.count for e in told.of(m.LikeEvent)) == heard_last


async def test_a_number_of_viewers_that_waited_when_the_line_broke_for_a_moment_is_told_with_what_follows() -> (
    None
):
    told = Told()
    s = session(told)
    s.hear(ROOM)
    s.take(viewers(1, 10))
    s.take(viewers(2, 11))
    s.lose(time.time(), "cut")
    s.hear(ROOM)
    s.take(like(1, 1, 100))
    s.take(like(2, 1, 101))
    s.take(tap(1, 1))
    async with asyncio.timeout(5):
        while len(told.of(m.ViewersEvent)) < 2 or len(told.of(m.LikeEvent)) < 2:
            await asyncio.sleep(0.01)
    assert [e.data.count for e in told.of(m.ViewersEvent)] == [10, 11]
    s.pay_out()


async def test_viewers_are_told_at_once_after_a_gap() -> None:
    told = Told()
    s = session(told)
    s.hear(ROOM)
    s.take(viewers(1, 50))
    s.take(viewers(2, 51))
    assert len(told.of(m.ViewersEvent)) == 1
    s.lose(time.time(), "cut")
    s.hear(ROOM)
    s.take(viewers(3, 20))
    assert [e.data.count for e in told.of(m.ViewersEvent)] == [50, 20]


async def test_gifts_to_other_hosts_are_dropped_or_kept_as_the_account_says() -> None:
    for guests in (False, True):
        told = Told()
        s = session(told, guests=guests)
        s.hear(ROOM)
        s.take(tap(1, 3, to="guest"))
        s.take(tap(2, 3, ended=True, to="guest"))
        assert sum(e.data.count for e in told.of(m.GiftEvent)) == (3 if guests else 0)


async def test_a_battles_points_are_merged_and_its_beginning_and_end_never() -> None:
    told = Told()
    s = session(told)
    s.hear(ROOM)
    s.take(battle(1, "started"))
    for n in range(2, 20):
        s.take(battle(n, "points", n))
    s.take(battle(20, "ended", 19))
    battles = told.of(m.BattleEvent)
    assert [(e.data.phase, e.data.sides[0].points) for e in battles] == [
        ("started", 0),
        ("points", 2),
        ("points", 19),
        ("ended", 19),
    ]
    assert INTERVAL == 0.5


async def test_a_session_goes_on_elsewhere_exactly_where_it_stopped() -> None:
    told = Told()
    first = session(told)
    first.hear(ROOM)
    first.take(tap(1, 2))
    first.take(comment(1))
    first.take(like(1, 1, 10))
    first.take(like(2, 2, 12))
    memory = msgspec.json.decode(msgspec.json.encode(first.memory(5.0)), type=Memory)
    second = session(told)
    second.restore(memory)
    second.hear(ROOM)
    for event in (tap(1, 2), comment(1), like(2, 2, 12), tap(2, 5), comment(2), tap(3, 5, ended=True)):
        second.take(event)
    second.finish()
    assert sum(e.data.count for e in told.of(m.GiftEvent)) == 5
    assert [e.data.ended for e in told.of(m.GiftEvent)] == [False, False, True]
    assert [e.data.text for e in told.of(m.CommentEvent)] == ["1", "2"]
    assert sum(e.data.count for e in told.of(m.LikeEvent)) == 3
    assert [e.data.phase for e in told.of(m.LiveEvent)] == ["started", "ended"]
    assert told.of(m.GapEvent) == []


async def test_a_full_memory_fits_a_line_and_is_written_within_milliseconds() -> None:
    s = session(Told())
    s.hear(ROOM)
    for n in range(SEEN + 10):
        s.take(comment(n))
    began = time.perf_counter()
    line = msgspec.json.encode(s.memory(0.0))
    assert time.perf_counter() - began < 0.05
    assert len(msgspec.json.decode(line, type=Memory).seen) == SEEN
