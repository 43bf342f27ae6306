"""Likes, joins and viewer counts are merged; nothing is counted twice and nothing is lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.account.merge import INTERVAL, Merged, Merger

AT = m.stamp(1_800_000_000)


def like(n: int, count: int = 1, user: str = "1") -> m.LikeEvent:
    data = m.Like(user=m.User(id=user), count=count, total=n * 10)
    return m.LikeEvent(id=f"r-{n}", source="t", time=AT, received=AT, account="a", room="r", data=data)


def join(n: int, user: str) -> m.JoinEvent:
    data = m.Person(user=m.User(id=user))
    return m.JoinEvent(id=f"r-{n}", source="t", time=AT, received=AT, account="a", room="r", data=data)


def watching(n: int, count: int) -> m.ViewersEvent:
    data = m.Viewers(count=count)
    return m.ViewersEvent(id=f"r-{n}", source="t", time=AT, received=AT, account="a", room="r", data=data)


def test_the_first_goes_at_once_and_the_next_ones_together() -> None:
    merger = Merger()
    assert merger.add(like(1), 0.0) == like(1)
    assert merger.add(like(2, 3), 0.1) is None
    assert merger.add(like(3, 4), 0.2) is None
    assert merger.due == INTERVAL
    assert merger.take_due(0.4) == []
    (merged,) = merger.take_due(INTERVAL)
    assert isinstance(merged, m.LikeEvent)
    assert (merged.id, merged.data.count, merged.data.total) == ("r-3", 7, 30)
    assert merged.data.user == m.User(id="1")
    assert merger.due is None


def test_likes_of_several_users_name_none_of_them() -> None:
    merger = Merger()
    merger.add(like(1), 0.0)
    merger.add(like(2, user="1"), 0.1)
    merger.add(like(3, user="2"), 0.2)
    merger.add(like(4, user="1"), 0.3)
    (merged,) = merger.take_due(INTERVAL)
    assert isinstance(merged, m.LikeEvent)
    assert merged.data.user is None


def test_joins_are_counted_and_of_viewer_counts_the_newest_stays() -> None:
    merger = Merger()
    merger.add(join(1, "1"), 0.0)
    merger.add(join(2, "2"), 0.1)
    merger.add(join(3, "3"), 0.2)
    merger.add(watching(4, 10), 0.2)
    merger.add(watching(5, 11), 0.3)
    merger.add(watching(6, 12), 0.4)
    joins, viewers = merger.take_due(9.0)
    assert isinstance(joins, m.JoinEvent)
    assert isinstance(viewers, m.ViewersEvent)
    assert (joins.data.count, joins.data.user) == (2, None)
    assert viewers == watching(6, 12)


@given(st.lists(st.tuples(st.floats(0, 0.4), st.integers(1, 9)), min_size=1, max_size=60))
def test_no_like_is_lost_and_none_comes_sooner_than_allowed(stream: list[tuple[float, int]]) -> None:
    merger, now = Merger(), 0.0
    sent: list[tuple[float, Merged]] = []
    for n, (gap, count) in enumerate(stream):
        now += gap
        while merger.due is not None and merger.due <= now:
            due = merger.due
            sent += [(due, e) for e in merger.take_due(due)]
        event = merger.add(like(n, count), now)
        sent += [(now, event)] if event else []
    sent += [(now + INTERVAL, e) for e in merger.take_due(now + INTERVAL)]
    assert sum(e.data.count for _, e in sent if isinstance(e, m.LikeEvent)) == sum(count for _, count in stream)
    times = [t for t, _ in sent]
    assert all(b - a > INTERVAL - 1e-9 for a, b in pairwise(times[:-1]))


def points(n: int, own: int) -> m.BattleEvent:
    data = m.Battle(battle="7", phase="points", sides=[m.Side(id="1", points=own, own=True)])
    return m.BattleEvent(id=f"r-{n}", source="t", time=AT, received=AT, account="a", room="r", data=data)


def test_of_a_battles_points_the_newest_stays_and_can_be_had_before_its_time() -> None:
    merger = Merger()
    assert merger.add(points(1, 5), 0.0) == points(1, 5)
    assert merger.add(points(2, 6), 0.1) is None
    assert merger.add(points(3, 9), 0.2) is None
    assert merger.take(m.BattleEvent) == points(3, 9)
    assert merger.take(m.BattleEvent) is None


def test_a_kind_set_free_goes_at_once_and_one_sent_past_the_merger_holds_the_next_back() -> None:
    merger = Merger()
    merger.add(watching(1, 10), 0.0)
    merger.free(m.ViewersEvent)
    assert merger.add(watching(2, 11), 0.1) == watching(2, 11)
    merger.sent(m.LikeEvent, 0.2)
    assert merger.add(like(3), 0.3) is None
    assert merger.due == 0.2 + INTERVAL
