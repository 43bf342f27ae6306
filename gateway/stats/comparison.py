"""Two sessions side by side. Pure."""

from gateway.messages import ComparedGift, Comparison, Figure, Place, SessionRecord, SessionSummary, seconds
from gateway.stats.leaderboards import board

LEAST_HOURS = 1 / 6
"""Of less than ten minutes nothing is said by the hour: a gift would be sixty."""
TOP = 10
"""Places of each leaderboard that are compared."""
SUMS = (
    "gifts",
    "coins",
    "unpriced",
    "usd",
    "comments",
    "likes",
    "follows",
    "shares",
    "joins",
    "subscribes",
    "actions_done",
    "actions_not_done",
    "actions_owed",
)
"""What grows with time, and is therefore also compared by the hour."""
LEVELS = (
    "viewers",
    "peak_viewers",
    "average_viewers",
    "unique_viewers",
    "activity",
    "gaps",
    "gap_seconds",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
)
"""What does not: ten hours have not ten times the viewers of one."""


def compare(a: SessionRecord, b: SessionRecord) -> Comparison:
    """``b`` beside ``a``: usually the later beside the earlier. One that runs is compared as far as it is."""
    a_hours, b_hours = heard_hours(a.summary), heard_hours(b.summary)
    sums = [_figure(name, a.summary, b.summary, a_hours, b_hours) for name in SUMS]
    a_top, b_top = _top(a), _top(b)
    return Comparison(
        a=a.summary,
        b=b.summary,
        a_hours=a_hours,
        b_hours=b_hours,
        figures=sums + [_figure(name, a.summary, b.summary) for name in LEVELS],
        gifts=_gifts(a, b),
        common=[place for viewer, place in b_top.items() if viewer in a_top],
        new=[place for viewer, place in b_top.items() if viewer not in a_top],
        gone=[place for viewer, place in a_top.items() if viewer not in b_top],
    )


def heard_hours(summary: SessionSummary) -> float:
    """From the beginning to the end, or to when it was last heard of, without the gaps."""
    whole = seconds(summary.ended or summary.last) - seconds(summary.since)
    return max(0.0, whole - summary.gap_seconds) / 3600


def _figure(name: str, a: SessionSummary, b: SessionSummary, a_hours: float = 0.0, b_hours: float = 0.0) -> Figure:
    one: float | None = getattr(a, name)
    other: float | None = getattr(b, name)
    return Figure(
        name=name,
        a=one,
        b=other,
        difference=None if one is None or other is None else other - one,
        ratio=None if not one or other is None else other / one,
        a_per_hour=None if one is None or a_hours < LEAST_HOURS else one / a_hours,
        b_per_hour=None if other is None or b_hours < LEAST_HOURS else other / b_hours,
    )


def _gifts(a: SessionRecord, b: SessionRecord) -> list[ComparedGift]:
    ours, theirs = ({gift.name: gift for gift in record.gifts} for record in (a, b))
    gifts = []
    for name in ours | theirs:
        one, other = ours.get(name), theirs.get(name)
        gifts.append(
            ComparedGift(
                name=name,
                a_count=one.count if one else 0,
                b_count=other.count if other else 0,
                a_coins=one.coins if one else 0,
                b_coins=other.coins if other else 0,
            )
        )
    return sorted(gifts, key=lambda g: (-g.a_coins - g.b_coins, -g.a_count - g.b_count, g.name))


def _top(record: SessionRecord) -> dict[str, Place]:
    places = board(record, account=record.summary.account, top=TOP).places
    return {place.viewer: place for place in places}
