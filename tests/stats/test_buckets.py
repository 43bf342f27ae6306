"""The ladder of buckets: everything in its place, in bounded memory."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages import Bucket, seconds
from gateway.stats.buckets import LADDER, Ladder
from tests.records import NOON


def add(ladder: Ladder, at: float, comments: int = 1) -> None:
    for tally in ladder.at(at):
        tally.add("comments", comments)


def comments(ladder: Ladder, interval: int) -> dict[float, int]:
    buckets = ladder.buckets()[str(interval)]
    return {seconds(b.since) - NOON: b.comments for b in buckets if b.comments}


@pytest.mark.parametrize("interval", LADDER)
def test_of_every_interval_the_newest_are_kept_and_no_more(interval: int) -> None:
    ladder, most = Ladder(), LADDER[interval]
    for n in range(most + 25):
        add(ladder, NOON + n * interval)
    buckets = ladder.buckets()[str(interval)]
    assert len(buckets) == most
    assert seconds(buckets[0].since) == NOON + 25 * interval
    assert ladder.total.comments == most + 25


def test_a_long_silence_keeps_no_more_than_a_busy_time() -> None:
    ladder = Ladder()
    add(ladder, NOON)
    add(ladder, NOON + 40 * 86_400)
    assert {k: len(v) for k, v in ladder.buckets().items()} == {
        "10": 1,
        "60": 1,
        "300": 1,
        "3600": 40 * 24 + 1,
    }
    assert comments(ladder, 10) == {40 * 86_400: 1}


def test_what_comes_a_little_late_goes_into_the_bucket_of_its_time() -> None:
    ladder = Ladder()
    for at in (0, 25, 8, 61, 59.9, -3):
        add(ladder, NOON + at)
    assert comments(ladder, 10) == {-10: 1, 0: 2, 20: 1, 50: 1, 60: 1}
    assert comments(ladder, 60) == {-60: 1, 0: 4, 60: 1}


def test_what_is_too_old_for_the_fine_buckets_still_counts_in_the_coarse_ones() -> None:
    ladder = Ladder()
    add(ladder, NOON + 10 * 3600)
    add(ladder, NOON)
    assert comments(ladder, 10) == {36_000: 1}
    assert comments(ladder, 60) == {0: 1, 36_000: 1}
    assert ladder.total.comments == 2


def test_a_gap_is_spread_over_the_buckets_it_covers() -> None:
    ladder = Ladder()
    ladder.gap(NOON + 55, NOON + 125)
    assert [b.gap_seconds for b in ladder.buckets()["60"]] == [5, 60, 5]
    assert [b.gap_seconds for b in ladder.buckets()["10"]] == [5, 10, 10, 10, 10, 10, 10, 5]
    assert all(b.viewers is None for b in ladder.buckets()["60"])


def test_a_gap_of_years_costs_no_more_than_the_buckets_that_are_kept() -> None:
    ladder = Ladder()
    ladder.gap(NOON - 10 * 365 * 86_400, NOON)
    assert [sum(b.gap_seconds for b in v) for v in ladder.buckets().values()] == [
        interval * (most - 1) for interval, most in LADDER.items()
    ]


def test_viewers_that_are_known_but_not_counted_yet_are_shown_and_stay_uncounted() -> None:
    ladder = Ladder()
    ladder.watched((NOON, NOON + 5, 10))
    for _ in range(2):
        first, second = ladder.buckets((NOON + 5, NOON + 15, 40))["10"]
        assert (first.viewers, first.peak_viewers, second.viewers, second.peak_viewers) == (25.0, 40, 40.0, 40)
    assert ladder.total.viewed_seconds == 5
    assert len(ladder.buckets((NOON + 5, NOON + 10, 40))["10"]) == 1


_times = st.floats(0, 20_000)


@given(
    st.lists(_times, max_size=60),
    st.lists(st.tuples(_times, st.floats(0.001, 4000), st.integers(0, 50)), max_size=9),
)
def test_every_interval_adds_up_to_the_total(events: list[float], spans: list[tuple[float, float, int]]) -> None:
    ladder = Ladder()
    for at in events:
        add(ladder, NOON + at)
    for start, length, viewers in spans:
        ladder.watched((NOON + start, NOON + start + length, viewers))
        ladder.gap(NOON + start, NOON + start + length)
    for interval in ("60", "300", "3600"):  # a day and more: nothing of this falls out of them
        buckets = ladder.buckets()[interval]
        assert sum(b.comments for b in buckets) == len(events)
        assert sum(b.gap_seconds for b in buckets) == pytest.approx(ladder.total.gap_seconds, abs=0.5)
        assert max((b.peak_viewers for b in buckets), default=0) == max((v for _, _, v in spans), default=0)
        _no_holes(buckets)


def _no_holes(buckets: list[Bucket]) -> None:
    for before, after in pairwise(buckets):
        assert seconds(after.since) - seconds(before.since) == before.seconds
