"""Sessions in words, for a terminal of 100 columns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from gateway.errors import PayloadError
from gateway.messages import (
    Bucket,
    Comparison,
    Correlation,
    GiftTotal,
    Leaderboard,
    SessionSummary,
    StationStats,
    seconds,
)
from gateway.review.ledger import GiftLedger
from gateway.review.review import ORIGINS, Review
from gateway.text import clean
from gateway.wording import lasting, several, wait

TOP_GIFTS = 8
PLOT = 36
"""Characters of the longest bar."""
NAME = 24
OPENED = {"live": "began when the LIVE started", "heard": "the LIVE ran already", "hand": "begun by hand"}


def table(sessions: Sequence[SessionSummary], zone: ZoneInfo) -> Iterator[str]:
    """One line each, under a heading."""
    head = ("session", "began", "length", "account", "coins", "gifts", "viewers", "peak", "gaps")
    yield "{:<26}{:<16}{:>8}  {:<13}{:>8}{:>7}{:>8}{:>7}{:>5}".format(*head).rstrip()
    for s in sessions:
        viewers = "-" if s.average_viewers is None else f"{s.average_viewers:.0f}"
        length = "runs" if s.ended is None else span(duration(s))
        yield (
            f"{s.id:<26}{_local(s.since, zone):%Y-%m-%d %H:%M}{length:>8}  {s.account[:12]:<13}{s.coins:>8}"
            f"{s.gifts:>7}{viewers:>8}{s.peak_viewers:>7}{s.gaps or '-':>5}"
        )


def cards(review: Review, zone: ZoneInfo) -> Iterator[str]:
    s = review.summary
    practice = click.style(" PRACTICE", fg="yellow") if s.simulated else ""
    yield click.style(f"session {s.id} of {s.account}", bold=True) + practice
    until = "runs" if s.ended is None else f"ended {_local(s.ended, zone):%Y-%m-%d %H:%M:%S}"
    yield f"  began {_local(s.since, zone):%Y-%m-%d %H:%M:%S}, {until}, {span(duration(s))}; {OPENED[s.opened]}"
    if review.origin != "archive":
        yield click.style(f"  {ORIGINS[review.origin]}", fg="yellow")
    unpriced = f"; {several(s.unpriced, 'gift')} of unknown price not in it" if s.unpriced else ""
    yield _card("coins", f"{s.coins} (about {s.usd:.2f} USD){unpriced}")
    yield _card("gifts", s.gifts)
    average = "not known" if s.average_viewers is None else f"{s.average_viewers:.1f} on average"
    yield _card("viewers", f"{average}, peak {s.peak_viewers}; {s.unique_viewers} did something")
    yield _card("comments", s.comments)
    yield _card("likes", s.likes)
    others = ((s.follows, "follow"), (s.shares, "share"), (s.subscribes, "subscribe"), (s.joins, "join"))
    yield _card("others", ", ".join(several(number, what) for number, what in others))
    yield _card("activity", f"{s.activity:.1f} points a minute")
    gaps = f"{span(s.gap_seconds)} in {several(s.gaps, 'gap')}"
    yield _card("not heard", gaps if s.gaps else "nothing: all of it was heard")
    owed = f", {s.actions_owed} owed" if s.actions_owed else ""
    yield _card("actions", f"{s.actions_done} done, {s.actions_not_done} not done{owed}")
    if s.latency_p50_ms is not None:
        known = ((50, s.latency_p50_ms), (95, s.latency_p95_ms), (99, s.latency_p99_ms))
        yield _card("gift to motion", ", ".join(f"p{p} {wait(ms)}" for p, ms in known if ms is not None))


def gifts(some: Sequence[GiftTotal]) -> Iterator[str]:
    if some:
        yield click.style(f"{'gifts':<{NAME + 2}}{'times':>8}{'coins':>10}", bold=True)
    for gift in some[:TOP_GIFTS]:
        yield f"  {clean(gift.name, NAME):<{NAME}}{gift.count:>8}{gift.coins:>10}"
    if len(some) > TOP_GIFTS:
        yield f"  and {several(len(some) - TOP_GIFTS, 'other kind')}"


def leaders(board: Leaderboard) -> Iterator[str]:
    exact = "" if board.exact else f" (each may be too small by {board.missing_at_most})"
    if board.places:
        yield click.style(f"leaderboard by {board.by}{exact}", bold=True)
    for place in board.places:
        who = clean(place.nickname or place.name or place.viewer, NAME)
        yield f"  {place.place:>3}. {who:<{NAME}} {place.score:>9}"


def rising(found: Correlation) -> Iterator[str]:
    yield click.style("what makes viewers rise?", bold=True)
    yield f"  {found.words}"
    for f in found.findings:
        sure = "clear" if f.clear else "may be chance"
        yield (
            f"  {f.metric:<9} {f.lag:>2} min before  {f.strength:+.2f} ({f.low:+.2f} to {f.high:+.2f})  "
            f"{f.n} minutes, p {f.p:.2f}, {sure}"
        )


def endings(ledger: GiftLedger) -> Iterator[str]:
    if ledger.gifts:
        yield click.style("what became of each gift", bold=True)
        # Not as many as the card says: taps that came together are one message, and have one ending.
        yield f"  {several(ledger.gifts, 'gift message')}: {_counts(ledger.endings)}"
    if ledger.actions:
        yield f"  {several(sum(ledger.actions.values()), 'action')} of theirs: {_counts(ledger.actions)}"


def stations(some: Sequence[StationStats]) -> Iterator[str]:
    if some:
        yield click.style("stations", bold=True)
    for s in some:
        success = "" if s.success is None else f", {s.success:.0%} of all that ended"
        yield f"  {s.station:<16} {s.cycles:>6} done{success}, on for {span(s.on_seconds)}"


def comparison(found: Comparison) -> Iterator[str]:
    """B against A, each figure with its difference; what is a sum also by the hour that was heard."""
    a, b = found.a, found.b
    yield click.style(f"{'':<18}{'A':>12}{'B':>12}{'B - A':>12}{'A an hour':>14}{'B an hour':>12}", bold=True)
    yield f"{'session':<18}{a.account:>12}{b.account:>12}"
    yield f"{'hours heard':<18}{found.a_hours:>12.2f}{found.b_hours:>12.2f}{found.b_hours - found.a_hours:>+12.2f}"
    for f in found.figures:
        hours = f"{_figure(f.a_per_hour):>14}{_figure(f.b_per_hour):>12}" if f.a_per_hour is not None else ""
        difference = "-" if f.difference is None else f"{round(f.difference, 1):+.10g}"
        title = f.name.replace("_", " ")
        yield f"{title:<18}{_figure(f.a):>12}{_figure(f.b):>12}{difference:>12}{hours}".rstrip()
    if found.gifts:
        yield click.style(f"{'gifts':<{NAME + 2}}{'times':>18}{'coins':>22}", bold=True)
    for gift in found.gifts[:TOP_GIFTS]:
        times, coins = f"{gift.a_count} -> {gift.b_count}", f"{gift.a_coins} -> {gift.b_coins}"
        yield f"  {clean(gift.name, NAME):<{NAME}}{times:>18}{coins:>22}"
    for title, some in (
        ("on both leaderboards", found.common),
        ("new", found.new),
        ("no more", found.gone),
    ):
        if some:
            yield f"{title}: {', '.join(clean(p.nickname or p.name or p.viewer, NAME) for p in some)}"


def plot(buckets: Sequence[Bucket], zone: ZoneInfo) -> Iterator[str]:
    """A line for each bucket; the bar is its viewers. What was not heard is said, not drawn."""
    most = max((bucket.viewers or 0.0 for bucket in buckets), default=0.0)
    yield f"{'time':<14}{'viewers':>8} {'':<{PLOT}}{'coins':>7}{'gifts':>6}{'comm.':>7}{'likes':>7}"
    for b in buckets:
        bar = "█" * round(PLOT * (b.viewers or 0.0) / most) if most else ""
        if b.gap_seconds >= b.seconds / 2:
            bar = f"{bar} (not heard for {span(b.gap_seconds)})".strip()
        viewers = "-" if b.viewers is None else f"{b.viewers:.0f}"
        yield (
            f"{_local(b.since, zone):%d. %H:%M:%S}  {viewers:>8} {bar:<{PLOT}}"
            f"{b.coins:>7}{b.gifts:>6}{b.comments:>7}{b.likes:>7}"
        )


def duration(s: SessionSummary) -> float:
    """Seconds from the beginning to the end, or as far as it was heard."""
    try:
        return max(0.0, seconds(s.ended or s.last) - seconds(s.since))
    except PayloadError:  # changed by hand
        return 0.0


def span(length: float) -> str:
    """As ``lasting``, for a column: ``"2 h 05"``."""
    return lasting(length, hours="{} h {:02}")


def _card(title: str, words: object) -> str:
    return f"  {title:<15} {words}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds(text), zone)


def _figure(number: float | None) -> str:
    return "-" if number is None else f"{round(number, 1):.10g}"
