"""Two sessions side by side, with numbers worked out by hand."""

import pytest
from msgspec.structs import replace

from gateway.messages import (
    Comparison,
    Contribution,
    Figure,
    GiftTotal,
    SessionRecord,
    SessionSummary,
    stamp,
)
from gateway.stats.comparison import LEVELS, SUMS, compare, heard_hours
from tests.records import NOON

MONDAY = SessionRecord(
    summary=SessionSummary(
        id="20261123-190000-aa",
        account="mara",
        since=stamp(NOON),
        last=stamp(NOON + 2.5 * 3600),
        ended=stamp(NOON + 2.5 * 3600),
        gifts=40,
        coins=1000,
        likes=9000,
        peak_viewers=80,
        average_viewers=50.0,
        gaps=1,
        gap_seconds=1800.0,
        latency_p95_ms=90.0,
    ),
    gifts=[GiftTotal(name="Rose", count=30, coins=30), GiftTotal(name="Galaxy", count=1, coins=970)],
    contributions=[Contribution(viewer=str(n), name=f"viewer.{n}", coins=1000 - n) for n in range(11)],
)
FRIDAY = SessionRecord(
    summary=SessionSummary(
        id="20261127-190000-aa",
        account="mara",
        since=stamp(NOON + 4 * 86400),
        last=stamp(NOON + 4 * 86400 + 3600),
        gifts=30,
        coins=1500,
        peak_viewers=60,
        average_viewers=45.0,
    ),
    gifts=[GiftTotal(name="Rose", count=20, coins=20), GiftTotal(name="Rocket", count=10, coins=1480)],
    contributions=[
        Contribution(viewer="0", name="viewer.0", coins=1400),
        Contribution(viewer="10", name="viewer.10", coins=60),
        Contribution(viewer="77", name="viewer.77", coins=40),
    ],
)


@pytest.fixture(scope="module")
def both() -> Comparison:
    return compare(MONDAY, FRIDAY)


def figure(comparison: Comparison, name: str) -> Figure:
    (found,) = (f for f in comparison.figures if f.name == name)
    return found


def test_sums_are_compared_as_they_are_and_by_the_hour_that_was_heard(both: Comparison) -> None:
    assert (both.a_hours, both.b_hours) == (2.0, 1.0)
    assert figure(both, "coins") == Figure(
        name="coins", a=1000, b=1500, difference=500, ratio=1.5, a_per_hour=500, b_per_hour=1500
    )
    assert figure(both, "gifts") == Figure(
        name="gifts", a=40, b=30, difference=-10, ratio=0.75, a_per_hour=20, b_per_hour=30
    )
    assert figure(both, "likes") == Figure(
        name="likes", a=9000, b=0, difference=-9000, ratio=0, a_per_hour=4500, b_per_hour=0
    )


def test_levels_are_not_divided_by_hours(both: Comparison) -> None:
    assert figure(both, "average_viewers") == Figure(name="average_viewers", a=50, b=45, difference=-5, ratio=0.9)
    assert figure(both, "peak_viewers") == Figure(name="peak_viewers", a=80, b=60, difference=-20, ratio=0.75)


def test_what_one_of_them_does_not_know_is_not_compared(both: Comparison) -> None:
    assert figure(both, "latency_p95_ms") == Figure(name="latency_p95_ms", a=90.0)
    assert figure(both, "latency_p50_ms") == Figure(name="latency_p50_ms")


def test_nothing_is_divided_by_nothing(both: Comparison) -> None:
    assert figure(compare(FRIDAY, MONDAY), "likes") == Figure(
        name="likes", a=0, b=9000, difference=9000, a_per_hour=0, b_per_hour=4500
    )
    unheard = replace(MONDAY, summary=replace(MONDAY.summary, gap_seconds=9e9))
    assert heard_hours(unheard.summary) == 0
    assert figure(compare(unheard, FRIDAY), "coins").a_per_hour is None


def test_gifts_are_compared_by_kind_those_that_brought_most_first(both: Comparison) -> None:
    assert [(g.name, g.a_count, g.b_count, g.a_coins, g.b_coins) for g in both.gifts] == [
        ("Rocket", 0, 10, 0, 1480),
        ("Galaxy", 1, 0, 970, 0),
        ("Rose", 30, 20, 30, 20),
    ]


def test_top_viewers_stayed_came_or_went(both: Comparison) -> None:
    assert [(p.viewer, p.place, p.score) for p in both.common] == [("0", 1, 1400)]
    # Viewer 10 was there on Monday, but not among the top ten.
    assert [(p.viewer, p.place, p.score) for p in both.new] == [("10", 2, 60), ("77", 3, 40)]
    assert [(p.viewer, p.place) for p in both.gone] == [(str(n), n + 1) for n in range(1, 10)]


def test_every_figure_of_a_summary_is_compared() -> None:
    others = {"id", "account", "simulated", "room", "opened", "since", "last", "ended"}
    assert {*SUMS, *LEVELS} == set(SessionSummary.__struct_fields__) - others
    assert [f.name for f in compare(MONDAY, FRIDAY).figures] == [*SUMS, *LEVELS]


def test_a_session_beside_itself_differs_in_nothing() -> None:
    same = compare(MONDAY, MONDAY)
    assert all(f.difference in (0, None) for f in same.figures)
    assert (same.new, same.gone) == ([], [])
