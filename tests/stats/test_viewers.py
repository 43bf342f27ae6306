"""Viewers: glitches change nothing, real changes are followed, and what is not known is not made up."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.stats.buckets import Span
from gateway.stats.viewers import HOLDS_S, Watching


def watch(*samples: int, every: float = 5.0) -> tuple[Watching, list[Span]]:
    watching, spans = Watching(), []
    for n, viewers in enumerate(samples):
        span = watching.sample(viewers, n * every)
        if span is not None:
            spans.append(span)
    return watching, spans


def test_f10_the_viewer_filter_follows_down_as_readily_as_up() -> None:
    up, _ = watch(100, 100, 100, 500, 500)
    down, _ = watch(500, 500, 500, 100, 100)
    assert (up.shown, down.shown) == (500, 100)
    emptied, _ = watch(500, 500, 500, 0, 0)
    assert emptied.shown == 0


@given(st.lists(st.integers(0, 10), min_size=3, max_size=30), st.data())
def test_one_wrong_sample_makes_no_peak_and_is_in_no_mean(samples: list[int], data: st.DataObject) -> None:
    samples[data.draw(st.integers(0, len(samples) - 1))] = 1_000_000
    watching, spans = watch(*samples)
    assert watching.peak <= 10
    assert all(viewers <= 10 for _, _, viewers in spans)


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(-5, 200)), max_size=30))
def test_no_second_is_counted_twice_and_none_beyond_what_a_sample_tells(steps: list[tuple[int, float]]) -> None:
    watching, now, last = Watching(), 0.0, float("-inf")
    for viewers, step in steps:
        now += step
        span = watching.sample(viewers, now)
        if span is not None:
            assert last <= span[0] < span[1] <= span[0] + HOLDS_S
            last = span[1]
    assert watching.peak <= max((viewers for viewers, _ in steps), default=0)


def test_the_first_sample_is_shown_at_once_and_believed_for_good_by_nobody() -> None:
    watching, spans = watch(90_000)
    assert (watching.shown, watching.peak, spans) == (90_000, 90_000, [])
    assert watching.known(5.0) == (0.0, 5.0, 90_000)
    watching.sample(40, 5.0)
    assert watching.sample(42, 10.0) == (0.0, 10.0, 42)
    assert (watching.shown, watching.peak) == (42, 42)


def test_a_number_that_is_old_is_none_any_more() -> None:
    watching, _ = watch(10, 10, 10)
    assert watching.known(1e6) == (10.0, 10.0 + HOLDS_S, 10)


def test_in_a_gap_nothing_is_known_and_after_it_everything_begins_anew() -> None:
    watching, _ = watch(10, 10, 10)
    assert watching.pause(20.0, 50.0) == (10.0, 20.0, 10)
    assert watching.known(60.0) is None
    assert watching.sample(500, 55.0) is None
    assert watching.sample(20, 60.0) is None
    assert watching.sample(21, 65.0) == (55.0, 65.0, 21)
    assert watching.peak == 21


def test_after_the_end_nobody_watches_and_the_peak_stays() -> None:
    watching, _ = watch(10, 12, 14)
    assert watching.over(15.0) == (10.0, 15.0, 12)
    assert (watching.shown, watching.peak, watching.known(20.0)) == (0, 12, None)
