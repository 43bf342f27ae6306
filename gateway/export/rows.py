"""Statistics as rows. Built once, whatever format they are written in."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.errors import PayloadError
from gateway.export.table import Row, Value
from gateway.messages import (
    Bucket,
    Contribution,
    Correlation,
    Finding,
    GiftTotal,
    Leaderboard,
    SessionRecord,
    SessionSummary,
    seconds,
)

_TIMES = frozenset({"since", "last", "ended"})
_NAMES = {"simulated": "practice"}
"""Fields that a person knows under another name."""
OF_SESSION = ("session", "account", "practice")
"""Columns that every row of a session's part begins with."""
SUMS = ("gifts", "coins", "usd", "comments", "likes", "follows", "shares", "joins", "subscribes")
SUMS_OF_HEARING = ("gaps", "gap_seconds", "actions_done", "actions_not_done", "actions_owed")
_FINDING = Finding.__struct_fields__


def columns(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(_NAMES.get(field, field) for field in kind.__struct_fields__)


SESSIONS = columns(SessionSummary)
BUCKETS = (*OF_SESSION, *columns(Bucket))
GIFTS = (*OF_SESSION, *columns(GiftTotal))
CONTRIBUTIONS = (*OF_SESSION, *columns(Contribution), "missing_at_most")
CORRELATIONS = (*OF_SESSION, "minutes", "enough", *_FINDING, "words")
LEADERBOARD = (
    "account", "practice", "by", "place", "score", "viewer", "name", "nickname", "exact", "missing_at_most"
)  # fmt: skip
SUMMARY = (
    "venue", "timezone", "account", "practice", "sessions", "first", "last", "hours", *SUMS, "peak_viewers",
    *SUMS_OF_HEARING,
)  # fmt: skip


def when(text: str | None, zone: ZoneInfo) -> Value:
    """A time of ours in the venue's timezone; the text itself where it was changed by hand."""
    if text is None:
        return None
    try:
        return datetime.fromtimestamp(seconds(text), zone)
    except PayloadError:
        return text


def session(summary: SessionSummary, zone: ZoneInfo) -> Row:
    return _values(summary, zone)


def buckets(record: SessionRecord, interval: int, zone: ZoneInfo) -> Iterator[Row]:
    for bucket in record.buckets.get(str(interval), ()):
        yield (*_of(record), *_values(bucket, zone))


def gifts(record: SessionRecord) -> Iterator[Row]:
    return ((*_of(record), gift.name, gift.count, gift.coins) for gift in record.gifts)


def contributions(record: SessionRecord, zone: ZoneInfo) -> Iterator[Row]:
    """Who gave most first; a last row sums up who is not named, so that it adds up."""
    for contribution in record.contributions:
        yield (*_of(record), *_values(contribution, zone), record.missing_at_most)
    if any(getattr(record.others, name) for name in ("coins", "gifts", "likes", "comments", "shares", "follows")):
        viewer, name, _, *numbers = _values(record.others, zone)
        yield (*_of(record), viewer, name, "(all others)", *numbers, record.missing_at_most)


def correlations(record: SessionRecord, found: Correlation) -> Iterator[Row]:
    """A row for each finding; without any, one row says why."""
    head = (*_of(record), found.minutes, found.enough)
    for finding in found.findings:
        yield (*head, *(getattr(finding, field) for field in _FINDING), found.words)
    if not found.findings:
        yield (*head, *(None for _ in _FINDING), found.words)


def leaderboard(board: Leaderboard) -> Iterator[Row]:
    for p in board.places:
        head = (board.account, board.simulated, board.by, p.place, p.score)
        yield (*head, p.viewer, p.name, p.nickname, board.exact, board.missing_at_most)


def summary(venue: str, zone: ZoneInfo, sessions: Iterable[SessionSummary]) -> Iterator[Row]:
    """A row for each account, practice apart."""
    accounts: dict[tuple[str, bool], list[SessionSummary]] = {}
    for one in sessions:
        accounts.setdefault((one.account, one.simulated), []).append(one)
    for (account, practice), some in sorted(accounts.items()):
        first, last = min(one.since for one in some), max(one.ended or one.last for one in some)
        yield (
            *(venue, zone.key, account, practice, len(some), when(first, zone), when(last, zone)),
            round(sum(map(_hours, some)), 2),
            *(_sum(some, name) for name in SUMS),
            max(one.peak_viewers for one in some),
            *(_sum(some, name) for name in SUMS_OF_HEARING),
        )


def _sum(sessions: list[SessionSummary], name: str) -> float | int:
    total: float | int = sum(getattr(one, name) for one in sessions)
    return round(total, 2) if isinstance(total, float) else total


def _hours(one: SessionSummary) -> float:
    try:
        return max(0.0, seconds(one.ended or one.last) - seconds(one.since)) / 3600
    except PayloadError:
        return 0.0


def _of(record: SessionRecord) -> Row:
    return record.summary.id, record.summary.account, record.summary.simulated


def _values(struct: Struct, zone: ZoneInfo) -> tuple[Any, ...]:
    fields = struct.__struct_fields__
    return tuple(
        when(getattr(struct, field), zone) if field in _TIMES else getattr(struct, field) for field in fields
    )
