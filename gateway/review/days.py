"""Days as a person names them, in the venue's timezone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.errors import StagewireError

Span = tuple[float | None, float | None]
"""[since, until) in seconds since 1970; None where it is open."""


def span(since: str | None, until: str | None, zone: str, now: float) -> Span:
    """From the beginning of the day ``since`` to the end of the day ``until``. A day is ``2026-11-22``, ``today``
    or ``yesterday``. Raises ``StagewireError`` in words."""
    here = ZoneInfo(zone)
    first = None if since is None else _day(since, here, now)
    last = None if until is None else _day(until, here, now)
    if first is not None and last is not None and last < first:
        raise StagewireError(f"--from {first} is after --to {last}: exchange them")
    return _begin(first, here), _begin(None if last is None else last + timedelta(days=1), here)


def _day(words: str, zone: ZoneInfo, now: float) -> date:
    today = datetime.fromtimestamp(now, zone).date()
    if words in ("today", "yesterday"):
        return today - timedelta(days=words == "yesterday")
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise StagewireError(f"{words!r} is no day: expected one such as {today}, today or yesterday") from None
    if not 1970 < day.year < 9999:
        raise StagewireError(f"{words!r} is no day of ours: expected one such as {today}")
    return day


def _begin(day: date | None, zone: ZoneInfo) -> float | None:
    return None if day is None else datetime.combine(day, time.min, zone).timestamp()
