"""Clocks and opening hours, over the two days of the year on which clocks are set."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SettingsError
from gateway.settings.rules import Day, Hours
from gateway.settings.schedule import Schedule, within, zone
from gateway.settings.triggers import OnTime

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    """Seconds since 1970 of a local time in Berlin; one with an offset or Z says itself where."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).timestamp()


def strikes(cron: str, after: str, n: int) -> list[str]:
    """The next ``n`` times in Berlin, with their offset."""
    schedule, t, found = Schedule(OnTime(cron=cron), BERLIN), at(after), []
    for _ in range(n):
        t = schedule.next(t)
        found.append(datetime.fromtimestamp(t, BERLIN).strftime("%m-%d %H:%M%z"))
    return found


def test_every_so_long_is_counted_from_midnight_utc_and_not_from_the_start() -> None:
    every = Schedule(OnTime(every="10m"), BERLIN)
    assert every.next(at("2026-05-01T12:03:17Z")) == at("2026-05-01T12:10:00Z")
    assert every.next(at("2026-05-01T12:10:00Z")) == at("2026-05-01T12:20:00Z")
    assert Schedule(OnTime(every="24h"), BERLIN).next(at("2026-05-01T12:00:00Z")) == at("2026-05-02T00:00:00Z")


def test_friday_at_eight_is_at_eight_in_summer_and_in_winter() -> None:
    assert strikes("0 20 * * fri", "2026-03-25T00:00", 2) == ["03-27 20:00+0100", "04-03 20:00+0200"]
    assert strikes("0 20 * * FRI", "2026-10-23T20:00", 1) == ["10-30 20:00+0100"]


def test_a_time_that_the_clock_leaps_over_comes_when_it_has() -> None:
    assert strikes("30 2 * * *", "2026-03-28T12:00", 3) == [
        "03-29 03:00+0200",
        "03-30 02:30+0200",
        "03-31 02:30+0200",
    ]


def test_a_time_that_comes_twice_counts_once_also_when_asked_in_the_second_hour() -> None:
    assert strikes("30 2 * * *", "2026-10-24T12:00", 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]
    assert strikes("30 2 * * *", "2026-10-25T02:10+01:00", 1) == ["10-26 02:30+0100"]
    assert strikes("*/30 2 * * *", "2026-10-25T02:10+01:00", 1) == ["10-25 02:30+0100"]


def test_what_comes_every_few_minutes_goes_on_evenly_through_both_hours() -> None:
    assert strikes("*/30 * * * *", "2026-10-25T01:40", 5) == [
        "10-25 02:00+0200", "10-25 02:30+0200", "10-25 02:00+0100", "10-25 02:30+0100", "10-25 03:00+0100",
    ]  # fmt: skip
    assert strikes("0 * * * *", "2026-03-29T00:59", 3) == [
        "03-29 01:00+0100",
        "03-29 03:00+0200",
        "03-29 04:00+0200",
    ]


@given(
    st.sampled_from(["30 2 * * *", "*/7 * * * *", "0 20 * * fri", "15 1,2,3 * * *", "0 0 29 2 *", "* 2 25 10 *"]),
    st.floats(0, 4e9),
    st.sampled_from(["Europe/Berlin", "UTC", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]),
)
def test_the_next_time_is_strictly_later_and_the_times_come_in_order(cron: str, after: float, where: str) -> None:
    schedule = Schedule(OnTime(cron=cron), zone(where))
    first = schedule.next(after)
    assert after < first < schedule.next(first)


@given(st.sampled_from(["1s", "7s", "1.5s", "10m", "7m", "24h"]), st.floats(0, 4e9))
def test_every_is_strictly_later_and_no_more_than_that(every: str, after: float) -> None:
    schedule = Schedule(OnTime(every=every), UTC)
    at = schedule.next(after)
    assert after < at < schedule.next(at)


def test_a_day_that_comes_once_in_decades_is_found_and_one_that_never_comes_is_refused() -> None:
    assert Schedule(OnTime(cron="0 0 * 2 mon#5"), BERLIN).next(at("2026-01-01")) > at("2027-01-01")  # 2044
    with pytest.raises(SettingsError, match="not one that never comes"):
        Schedule(OnTime(cron="0 0 30 2 *"), BERLIN)


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 20 * *", "expected five fields: minute hour day month weekday, such as 0 20 * * fri; found 4"),
        ("* * * * * *", "found 6"),
        ("@daily", "found 1"),
        ("60 * * * *", "the first field is the minute, 0 to 59; found '60 * * * *'"),
        ("0 24 * * *", "the second field is the hour"),
        ("0 20 * * fry", "the fifth field is the day of the week"),
        ("0 20 * 13 *", "the fourth field is the month"),
        ("*/0 * * * *", "the first field"),
    ],
)
def test_a_bad_cron_is_refused_in_words(cron: str, said: str) -> None:
    with pytest.raises(SettingsError) as e:
        Schedule(OnTime(cron=cron), BERLIN)
    assert said in str(e.value)


@given(st.text(st.sampled_from("0123456789*/-,#LWl monfri"), max_size=30))
def test_whatever_stands_there_is_a_cron_or_is_refused_in_words(cron: str) -> None:
    schedule = None
    with contextlib.suppress(SettingsError):
        schedule = Schedule(OnTime(cron=cron), UTC)
    assert schedule is None or schedule.next(0.0) > 0


@pytest.mark.parametrize(
    ("now", "days", "open_"),
    [
        ("2026-05-01T17:59:59", [], False),
        ("2026-05-01T18:00:00", [], True),
        ("2026-05-02T01:59:59", [], True),
        ("2026-05-02T02:00:00", [], False),
        ("2026-05-01T23:00:00", ["fri"], True),  # a Friday
        ("2026-05-02T01:00:00", ["fri"], True),  # Saturday morning is still Friday's evening
        ("2026-05-02T23:00:00", ["fri"], False),
        ("2026-05-01T01:00:00", ["fri"], False),
        ("2026-05-04T01:00:00", ["sun"], True),
        ("2026-10-25T02:30:00+01:00", [], False),
        ("2026-10-25T01:59:00", ["sat"], True),
    ],
)
def test_opening_hours_go_over_midnight_and_belong_to_the_day_on_which_they_begin(
    now: str, days: list[Day], open_: bool
) -> None:
    assert within(Hours(from_="18:00", to="2:00", days=days), BERLIN, at(now)) is open_


def test_opening_hours_of_one_day_end_at_midnight_without_a_gap() -> None:
    weekend = Hours(days=["sat", "sun"])
    assert within(weekend, BERLIN, at("2026-05-02T23:59:59.9"))
    assert within(weekend, BERLIN, at("2026-05-03T00:00:00"))
    assert not within(weekend, BERLIN, at("2026-05-04T00:00:00"))
    morning = Hours(from_="09:30", to="12:00")
    assert [within(morning, BERLIN, at(f"2026-05-02T{t}")) for t in ("09:29:59", "09:30", "11:59", "12:00")] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "Mars", "Europe", "../../etc/passwd", "/etc/passwd", "Europe/Berln"])
def test_a_timezone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="there is no timezone"):
        zone(name)
