"""What is measured of a LIVE: sums that are exact, viewers that a glitch does not move, rates that always end."""

from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.rules.metrics import BUCKETS, LARGEST, METRICS, RATES, Metrics, add, value, values
from tests.rules.happenings import NOW, comment, event, gift, viewers

MOST = 2**63 - 1


def like(count: int = 1, **more: object) -> m.Event:
    return event(m.LikeEvent, m.Like(count=count), 0, **more)


def live(phase: Literal["started", "ended"], **more: object) -> m.Event:
    return event(m.LiveEvent, m.Live(phase=phase), 0, **more)


def fold(*events: m.Event, metrics: Metrics | None = None, now: float = NOW) -> Metrics:
    metrics = metrics or Metrics()
    for e in events:
        metrics = add(metrics, e, now)
    return metrics


def watched(*counts: int) -> list[tuple[int, int]]:
    """(viewers, peak) after each sample."""
    metrics, seen = Metrics(), []
    for count in counts:
        metrics = add(metrics, viewers(count), NOW)
        seen.append((metrics.viewers, metrics.peak_viewers))
    return seen


def test_every_metric_has_a_value_and_there_are_no_others() -> None:
    assert tuple(values(Metrics(), NOW)) == METRICS
    assert set(RATES) < set(METRICS)
    assert set(values(Metrics(), NOW).values()) == {0}


def test_each_kind_counts_what_it_says() -> None:
    person = m.Person(count=3)
    metrics = fold(
        like(7),
        gift(count=2, total=2, coins=50),
        gift(count=4, total=4, coins=None),
        comment(),
        event(m.FollowEvent, person),
        event(m.ShareEvent, person),
        event(m.JoinEvent, person),
        event(m.SubscribeEvent, person),
        viewers(12),
    )
    assert values(metrics, NOW) == {
        "likes": 7,
        "gifts": 6,
        "coins": 100,
        "comments": 1,
        "follows": 3,
        "shares": 3,
        "joins": 3,
        "subscribes": 3,
        "viewers": 12,
        "peak_viewers": 12,
        "likes_per_minute": 7,
        "comments_per_minute": 1,
        "gifts_per_minute": 6,
        "coins_per_minute": 100,
        "follows_per_minute": 3,
        "shares_per_minute": 3,
    }


def test_what_is_of_the_venue_or_counts_nothing_changes_nothing() -> None:
    before = fold(like(), live("started", room="r"), like(room="r"))
    venue: dict[str, object] = {"account": ""}
    nothing = [
        event(m.InputEvent, m.Input(station="cannon", channel="door", level=True), 0, **venue),
        event(m.PressEvent, m.Press(button="go"), 0, **venue),
        event(m.TopicEvent, m.TopicMessage(topic="a/b"), 0, **venue),
        event(m.TickEvent, m.Tick(timer="t"), 0, **venue),
        event(m.GapEvent, m.Gap(start=m.stamp(NOW - 9), end=m.stamp(NOW), why="silence"), room="r"),
        event(m.EnvelopeEvent, m.Envelope(coins=500), room="r"),
        event(m.BattleEvent, m.Battle(battle="b", phase="started"), room="r"),
        event(m.QuestionEvent, m.Question(text="why"), room="r"),
    ]
    assert fold(*nothing, metrics=before) is before


def test_a_stale_event_counts_but_makes_no_rate_and_no_viewers() -> None:
    metrics = fold(viewers(50), like(5, stale=True), gift(coins=9, stale=True), viewers(900, stale=True))
    assert (metrics.likes, metrics.gifts, metrics.coins, metrics.viewers) == (5, 1, 9, 50)
    assert metrics.samples == (50,)
    assert value(metrics, "likes_per_minute", NOW) == value(metrics, "coins_per_minute", NOW) == 0


@pytest.mark.parametrize("glitch", [0, 3, 9000, MOST])
def test_a_single_glitch_sample_moves_neither_viewers_nor_peak(glitch: int) -> None:
    assert watched(120, 120, 120, glitch, 120, 120, glitch, 120, 120) == [(120, 120)] * 9
    seen, peak = zip(*watched(118, 120, 119, glitch, 121, 119), strict=True)
    assert set(seen) <= {118, 119, 120, 121}
    assert max(peak) <= 121


def test_the_viewer_filter_goes_down_as_readily_as_up() -> None:
    """The predecessor's only went up."""
    up = [seen for seen, _ in watched(50, 50, 50, 400, 410, 420)]
    down = [seen for seen, _ in watched(420, 420, 420, 70, 60, 50)]
    assert up == [50, 50, 50, 50, 400, 410]
    assert down == [420, 420, 420, 420, 70, 60]


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=20), st.integers(0, 10**6))
def test_two_equal_samples_are_always_believed_whatever_came_before(before: list[int], count: int) -> None:
    seen, peak = watched(*before, count, count)[-1]
    assert seen == count
    assert count <= peak <= max(*before, count)


def test_the_first_sample_counts_at_once_and_a_wrong_one_leaves_no_peak() -> None:
    assert watched(9000, 40, 42, 41) == [(9000, 9000), (9000, 9000), (42, 42), (41, 42)]


def test_the_end_of_the_live_leaves_no_viewers_and_keeps_the_peak() -> None:
    metrics = fold(viewers(90), viewers(90), viewers(90), live("ended"))
    assert (metrics.viewers, metrics.peak_viewers) == (0, 90)


def test_a_rate_covers_the_last_minute_and_ends_by_itself() -> None:
    metrics = fold(like(30))
    assert value(metrics, "likes_per_minute", NOW + 54) == 30
    assert value(metrics, "likes_per_minute", NOW + 61) == 0
    assert metrics.likes == 30


@given(st.lists(st.floats(0, 7), min_size=1, max_size=60))
def test_a_rate_is_at_most_the_last_minutes_and_at_least_the_last_55_seconds(pauses: list[float]) -> None:
    now, times, metrics = NOW, [], Metrics()
    for pause in pauses:
        now += pause
        times.append(now)
        metrics = add(metrics, like(), now)
    rate = value(metrics, "likes_per_minute", now)
    assert sum(now - t < 55 for t in times) <= rate <= sum(now - t <= 60 for t in times)
    assert len(metrics.recent) <= BUCKETS


@given(st.lists(st.tuples(st.floats(-(10**5), 10**5), st.integers(0, MOST)), min_size=1, max_size=40))
def test_a_clock_that_jumps_never_gives_negative_or_endless_numbers(jumps: list[tuple[float, int]]) -> None:
    now, metrics = NOW, Metrics()
    for jump, count in jumps:
        now += jump
        metrics = add(metrics, gift(count=count, coins=MOST), now)
        metrics = add(metrics, like(count), now)
        assert all(0 <= v <= LARGEST for v in values(metrics, now).values())
        assert value(metrics, "likes_per_minute", now) >= min(count, LARGEST)
        assert value(metrics, "likes_per_minute", now + 120) == 0
        assert max(msgspec.structs.astuple(metrics.recent[-1])[1:]) <= LARGEST
        assert len(metrics.recent) <= BUCKETS
        assert msgspec.json.decode(msgspec.json.encode(metrics), type=Metrics) == metrics


def test_a_clock_that_goes_back_again_and_again_leaves_no_pile_behind() -> None:
    metrics, now = Metrics(), NOW
    for _ in range(3 * BUCKETS):
        metrics = add(metrics, like(), now)
        now -= 100
    assert len(metrics.recent) == 1
    assert value(metrics, "likes_per_minute", now) == value(metrics, "likes_per_minute", NOW) == 0


def test_a_clock_that_is_a_moment_behind_forgets_nothing() -> None:
    edge = NOW // 5 * 5
    metrics = add(fold(like(10), now=edge + 0.1), like(1), edge - 0.1)
    assert value(metrics, "likes_per_minute", edge - 0.1) == 11


def test_a_new_live_begins_at_nothing_and_the_same_room_goes_on() -> None:
    first = fold(live("started", room="a"), like(5, room="a"), viewers(80, room="a"))
    assert fold(live("started", room="a"), like(room="a"), metrics=first).likes == 6
    assert values(fold(live("started", room="b"), metrics=first), NOW) == values(Metrics(), NOW)


def test_a_live_whose_start_nobody_told_is_a_new_one_by_its_room() -> None:
    first = fold(like(5, room="a"))
    later = fold(like(2, room="b"), metrics=first)
    assert (later.likes, later.room) == (2, "b")


def test_what_ran_before_a_named_live_began_is_not_part_of_it() -> None:
    metrics = fold(like(5), live("started", room="a"), like(1, room="a"))
    assert (metrics.likes, metrics.room) == (1, "a")


def test_what_comes_late_from_the_live_before_counts_nothing() -> None:
    second = fold(live("started", room="b"), like(2, room="b"))
    late = {"room": "a", "received": m.stamp(NOW - 60), "stale": True}
    assert fold(like(50, **late), live("started", **late), live("ended", **late), metrics=second) is second


def test_a_source_that_names_no_room_counts_in_what_runs() -> None:
    metrics = fold(like(1), like(2, room="a"), like(4))
    assert (metrics.likes, metrics.room) == (7, "a")
    assert fold(live("started"), metrics=metrics).likes == 0


def test_what_is_remembered_of_a_busy_live_is_small() -> None:
    metrics = Metrics()
    for i in range(2000):
        metrics = fold(like(15), gift(coins=100), comment(), viewers(1000 + i), metrics=metrics, now=NOW + i)
    assert len(metrics.recent) == BUCKETS
    assert len(msgspec.json.encode(metrics)) < 800
