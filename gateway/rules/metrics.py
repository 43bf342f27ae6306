"""What is measured of an account's LIVE: totals, viewers without glitches, rates of the last minute. Pure."""

from typing import assert_never

from msgspec import Struct
from msgspec.structs import replace

from gateway.messages import (
    BattleEvent,
    CommentEvent,
    EnvelopeEvent,
    Event,
    FollowEvent,
    GapEvent,
    GiftEvent,
    InputEvent,
    JoinEvent,
    LikeEvent,
    LiveEvent,
    PressEvent,
    QuestionEvent,
    SessionEvent,
    ShareEvent,
    SubscribeEvent,
    TickEvent,
    TopicEvent,
    ViewersEvent,
    seconds,
)
from gateway.settings.stages import METRICS as METRICS

BUCKET_S = 5.0
"""Seconds that are counted together for the rates."""
BUCKETS = 12
"""A minute of them; the newest is not full yet, so a rate covers the last 55 to 60 seconds."""
LARGEST = 2**53
"""Totals go no higher: up to here a float is exact and JSON can write them; no LIVE comes near."""
RATES = {
    "likes_per_minute": "likes",
    "comments_per_minute": "comments",
    "gifts_per_minute": "gifts",
    "coins_per_minute": "coins",
    "follows_per_minute": "follows",
    "shares_per_minute": "shares",
}
"""Metrics that fall by time alone, and what they count."""


class Bucket(Struct, frozen=True, array_like=True):
    """What came in one span of ``BUCKET_S``; ``slot`` numbers them since 1970."""

    slot: int
    likes: int = 0
    comments: int = 0
    gifts: int = 0
    coins: int = 0
    follows: int = 0
    shares: int = 0


class Metrics(Struct, frozen=True, omit_defaults=True):
    """One account's LIVE so far. ``room`` and ``since`` (when it was first heard) tell it from the one before.

    ``viewers`` is the middle one of the last three ``samples``: of three in a row one may be wrong, too high or
    too low, and changes nothing; a real change is taken with the second sample that tells it, down as readily as
    up. The first sample counts at once; until there are three, ``peak_viewers`` believes none of them for good.
    ``recent``: the buckets of the rates, oldest first, at most ``BUCKETS``.
    """

    likes: int = 0
    gifts: int = 0
    coins: int = 0
    comments: int = 0
    follows: int = 0
    shares: int = 0
    joins: int = 0
    subscribes: int = 0
    viewers: int = 0
    peak_viewers: int = 0
    samples: tuple[int, ...] = ()
    recent: tuple[Bucket, ...] = ()
    room: str = ""
    since: str = ""


def add(metrics: Metrics, event: Event, now: float) -> Metrics:
    """The metrics with one more event, heard at ``now`` (seconds since 1970).

    A stale event counts in the totals only. A LIVE in another room begins anew; the same room that is told to have
    started is the same LIVE. What comes late from the LIVE before counts nothing.
    """
    if isinstance(event, LiveEvent) or event.room != metrics.room:
        live = _live(metrics, event)
        if live is None:
            return metrics
        metrics = live
    match event:
        case LikeEvent(data=like):
            recent = _recent(metrics, event, now, likes=like.count)
            return replace(metrics, likes=_sum(metrics.likes, like.count), recent=recent)
        case CommentEvent():
            recent = _recent(metrics, event, now, comments=1)
            return replace(metrics, comments=_sum(metrics.comments, 1), recent=recent)
        case GiftEvent(data=gift):
            coins = gift.count * (gift.coins or 0)
            return replace(
                metrics,
                gifts=_sum(metrics.gifts, gift.count),
                coins=_sum(metrics.coins, coins),
                recent=_recent(metrics, event, now, gifts=gift.count, coins=coins),
            )
        case FollowEvent(data=person):
            recent = _recent(metrics, event, now, follows=person.count)
            return replace(metrics, follows=_sum(metrics.follows, person.count), recent=recent)
        case ShareEvent(data=person):
            recent = _recent(metrics, event, now, shares=person.count)
            return replace(metrics, shares=_sum(metrics.shares, person.count), recent=recent)
        case JoinEvent(data=person):
            return replace(metrics, joins=_sum(metrics.joins, person.count))
        case SubscribeEvent(data=person):
            return replace(metrics, subscribes=_sum(metrics.subscribes, person.count))
        case ViewersEvent(data=viewers):
            return metrics if event.stale else _watched(metrics, min(viewers.count, LARGEST))
        case LiveEvent(data=live_data):
            return replace(metrics, viewers=0) if live_data.phase == "ended" else metrics
        case QuestionEvent() | EnvelopeEvent() | BattleEvent() | GapEvent():
            return metrics  # nothing of them is measured
        case InputEvent() | PressEvent() | TopicEvent() | TickEvent() | SessionEvent():
            return metrics  # of the venue, not of a LIVE
        case _:
            assert_never(event)


def values(metrics: Metrics, now: float) -> dict[str, float]:
    """Every metric by its name; those of ``METRICS``. For one or two of them ``value`` is cheaper."""
    minute = _minute(metrics, now)
    return {metric: _value(metrics, metric, minute) for metric in METRICS}


def value(metrics: Metrics, metric: str, now: float) -> float:
    """One of ``METRICS`` at ``now``."""
    return _value(metrics, metric, _minute(metrics, now) if metric in RATES else [])


def _minute(metrics: Metrics, now: float) -> list[Bucket]:
    newest = int(now // BUCKET_S)
    # One may lie ahead of now: a clock that is a little behind.
    return [bucket for bucket in metrics.recent if -1 <= newest - bucket.slot < BUCKETS]


def _value(metrics: Metrics, metric: str, minute: list[Bucket]) -> float:
    counted = RATES.get(metric)
    if counted is None:
        total: int = getattr(metrics, metric)
        return total
    rate: int = sum([getattr(bucket, counted) for bucket in minute])
    return min(rate, LARGEST)


def _sum(total: int, more: int) -> int:
    total += more
    return total if total < LARGEST else LARGEST  # min() takes twice as long, several times an event


def _live(metrics: Metrics, event: Event) -> Metrics | None:
    """The metrics of the event's LIVE; None when it is an earlier one."""
    begins = isinstance(event, LiveEvent) and event.data.phase == "started"
    if not event.room:  # a source that names no room: whatever runs, or what begins now
        return Metrics(since=event.received) if begins else metrics
    if event.room == metrics.room:
        return metrics
    if not metrics.room and not begins:
        return replace(metrics, room=event.room, since=metrics.since or event.received)
    if metrics.since and seconds(event.received) < seconds(metrics.since):
        return None
    return Metrics(room=event.room, since=event.received)


def _recent(metrics: Metrics, event: Event, now: float, **counts: int) -> tuple[Bucket, ...]:
    recent = metrics.recent
    if event.stale:
        return recent
    slot = int(now // BUCKET_S)
    if recent and slot <= recent[-1].slot <= slot + 1:  # a clock a little behind does not cost a bucket
        kept, last = recent[:-1], recent[-1]
    else:  # after a clock was set back, what lies ahead is forgotten: it would count for ever
        kept, last = tuple(b for b in recent if 0 < slot - b.slot < BUCKETS), Bucket(slot)
    sums = {kind: _sum(getattr(last, kind), count) for kind, count in counts.items()}
    return (*kept, replace(last, **sums))


def middle(samples: tuple[int, ...]) -> int:
    """How many viewers there are by the last three ``samples``."""
    return sorted(samples)[1] if len(samples) == 3 else samples[0]


def _watched(metrics: Metrics, count: int) -> Metrics:
    samples = (*metrics.samples[-2:], count)
    viewers = middle(samples)
    sure = len(metrics.samples) == 3
    peak = max(metrics.peak_viewers, viewers) if sure else viewers
    return replace(metrics, viewers=viewers, peak_viewers=peak, samples=samples)
