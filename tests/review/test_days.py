"""Days are the venue's, and the last one counts in whole."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.errors import StagewireError
from gateway.review.days import span

LATE = datetime(2026, 11, 22, 23, 30, tzinfo=UTC).timestamp()
"""In Jakarta it is the 23rd already."""


def at(*args: int, zone: str) -> float:
    return datetime(*args, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]  # year, month, day


def test_a_day_is_the_venues_and_the_last_one_counts_in_whole() -> None:
    assert span("2026-11-22", "2026-11-22", "Asia/Jakarta", LATE) == (
        at(2026, 11, 22, zone="Asia/Jakarta"),
        at(2026, 11, 23, zone="Asia/Jakarta"),
    )
    assert span(None, None, "UTC", LATE) == (None, None)
    assert span("today", None, "Asia/Jakarta", LATE) == (at(2026, 11, 23, zone="Asia/Jakarta"), None)
    assert span(None, "yesterday", "UTC", LATE) == (None, at(2026, 11, 22, zone="UTC"))


def test_the_day_on_which_clocks_are_set_has_25_hours() -> None:
    since, until = span("2026-10-25", "2026-10-25", "Europe/Berlin", LATE)
    assert since is not None
    assert until is not None
    assert until - since == 25 * 3600


@pytest.mark.parametrize("words", ["22.11.2026", "2026-02-30", "tomorrow", "", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_is_told_with_an_example(words: str) -> None:
    with pytest.raises(StagewireError, match="expected one such as 2026-11-22"):
        span(words, None, "UTC", LATE)


def test_days_in_the_wrong_order_are_told() -> None:
    with pytest.raises(StagewireError, match="--from 2026-11-22 is after --to 2026-11-21"):
        span("2026-11-22", "2026-11-21", "UTC", LATE)
