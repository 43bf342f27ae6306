"""Stages under any run of viewers, and any clock."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.stages import advance, due
from tests.rules.happenings import NOW
from tests.rules.test_stages import hall

COUNTS = st.lists(st.tuples(st.integers(0, 120), st.floats(0.01, 15)), min_size=1, max_size=40)
LIMITS = {"two": (30, 5), "three": (80, 10)}
"""Minimum, and both delay (seconds) and retention (viewers), which are alike in these levels."""


@given(COUNTS)
def test_a_level_is_reached_and_left_only_by_what_the_last_delay_justifies(
    counts: list[tuple[int, float]],
) -> None:
    here, heard = hall(), [(NOW - 1000, 0)]
    for viewers, seconds in counts:
        heard.append((here.now, viewers))
        here.dated.clear()
        here.set(viewers)
        here.wait(seconds)
        for at, change in here.dated:
            minimum, delay = LIMITS[change.to_level if change.up else change.from_level]
            lately = _held(heard, at - delay, at)
            if change.up:
                assert viewers >= minimum + delay or min(lately) >= minimum
            else:
                assert viewers < minimum - delay or max(lately) < minimum
        assert here.at() == "one" or viewers >= LIMITS[here.at()][0] - LIMITS[here.at()][1]


@given(COUNTS)
def test_a_level_is_not_held_longer_than_its_delays_after_the_last_viewers_that_justify_it(
    counts: list[tuple[int, float]],
) -> None:
    here, heard = hall(), [(NOW - 1000, 0)]
    for viewers, seconds in counts:
        heard.append((here.now, viewers))
        here.set(viewers)
        here.wait(seconds)
        for minimum, longest, above in ((80, 10, {"three"}), (30, 15, {"two", "three"})):  # left one at a time
            if here.at() in above:
                assert max(_held(heard, here.now - longest, here.now)) >= minimum


def _held(heard: list[tuple[float, int]], since: float, until: float) -> list[int]:
    """The counts that held at some time from ``since`` to ``until``."""
    ends = [t for t, _ in heard[1:]] + [float("inf")]
    spans = zip(heard, ends, strict=True)
    return [count for (t, count), end in spans if t <= until and end > since + 1e-6]  # floats of this century


@given(COUNTS, st.integers(0, 120), st.sampled_from(["0s", "3s", "1m"]))
def test_with_a_constant_metric_it_settles_where_that_belongs_and_stays(
    counts: list[tuple[int, float]], viewers: int, dwell: str
) -> None:
    here = hall(dwell=dwell)
    for count, seconds in counts:
        here.set(count)
        here.wait(seconds)
    here.set(viewers)
    here.wait(200)
    assert here.at() == ("three" if viewers >= 80 else "two" if viewers >= 30 else "one")
    assert due(here.compiled, here.memories, here.now) is None
    here.told.clear()
    here.wait(10**6)
    assert here.advance() == here.told == []


@given(st.lists(st.tuples(st.integers(30, 34), st.floats(0, 4.9), st.integers(25, 29), st.floats(0, 4.9))))
def test_viewers_that_flap_around_the_minimum_do_not_flap_the_stage(
    flaps: list[tuple[int, float, int, float]],
) -> None:
    low, high = hall(), hall()
    high.set(40)
    for up, up_s, down, down_s in flaps:
        for here in (low, high):
            here.set(up)
            here.wait(up_s)
            here.set(down)
            here.wait(down_s)
    assert low.told == []
    assert [c.to_level for c in high.told] == ["two"]


@given(COUNTS, st.floats(0, 0.999), st.sampled_from(["0s", "7s"]))
def test_before_it_is_due_time_alone_changes_nothing(
    counts: list[tuple[int, float]], part: float, dwell: str
) -> None:
    here = hall(dwell=dwell)
    for viewers, seconds in counts:
        here.set(viewers)
        at = due(here.compiled, here.memories, here.now)
        soon = here.now + 10**6 if at is None else here.now + (at - here.now) * part
        assert advance(here.compiled, here.memories, here.read, soon) == ({}, [])
        here.wait(seconds)


@given(COUNTS, st.floats(-(10**9), 10**9), st.integers(0, 120))
def test_a_clock_that_is_set_back_freezes_no_stage(
    counts: list[tuple[int, float]], jump: float, viewers: int
) -> None:
    here = hall(dwell="3s")
    for count, seconds in counts:
        here.set(count)
        here.wait(seconds)
    here.now += jump
    soon = due(here.compiled, here.memories, here.now)
    assert soon is None or soon <= here.now + 10
    here.set(viewers)
    here.wait(3 + 10 + 5 + 6)
    assert here.at() == ("three" if viewers >= 80 else "two" if viewers >= 30 else "one")
