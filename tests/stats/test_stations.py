"""Wear, success and latency of stations."""

import random

import pytest
from msgspec import structs

from gateway.messages import Ack, Status, Times, stamp
from gateway.stats.actions import STATIONS_MAX
from gateway.stats.percentiles import LONGEST_MS, Percentiles
from gateway.stats.stations import StationWear
from gateway.stats.totals import Totals
from tests.records import NOON, ack, gift


def done(on: float, number: int = 0, **more: object) -> Ack:
    a = ack(f"g1/boom/{number}", "g1")
    times = Times(moved=stamp(NOON), ended=stamp(NOON + on))
    return structs.replace(a, times=times, trigger="gift", **more)


def test_on_time_cycles_duty_and_success_are_counted() -> None:
    wear = StationWear("bell", NOON)
    wear.ack(done(2.5))
    wear.ack(done(0.5, action="chime"))
    wear.ack(structs.replace(done(9.0), status=Status.CANCELLED))
    stats = wear.stats(NOON + 60)
    assert (stats.cycles, stats.not_done, stats.on_seconds, stats.duty) == (2, 1, 3.0, 0.05)
    assert (stats.success, stats.actions) == (0.6667, {"ring": 1, "chime": 1})


def test_before_the_first_ending_there_is_no_rate_of_success() -> None:
    stats = StationWear("bell", NOON).stats(NOON)
    assert (stats.success, stats.duty, stats.latency_p50_ms) == (None, 0.0, None)


def test_practice_wears_the_machine_too_and_says_so() -> None:
    totals = Totals()
    totals.ack(done(1.0))
    totals.ack(done(1.0, simulated=True))
    stats = totals.station("bell", NOON)
    assert stats is not None
    assert (stats.cycles, stats.practice, stats.on_seconds) == (2, 1, 2.0)


@pytest.mark.parametrize("on", [-86_400.0, 86_400.0])
def test_a_clock_that_was_set_during_an_action_adds_no_on_time(on: float) -> None:
    wear = StationWear("bell", NOON)
    wear.ack(done(on))
    assert (wear.stats(NOON).cycles, wear.stats(NOON).on_seconds) == (1, 0.0)


def test_only_the_first_step_of_a_gifts_run_tells_a_latency() -> None:
    wear = StationWear("bell", NOON)
    wear.ack(done(1.0, latency_ms=40.0))
    wear.ack(done(1.0, number=1, latency_ms=9000.0))
    wear.ack(structs.replace(done(1.0, latency_ms=9000.0), trigger="comment"))
    wear.ack(done(1.0, latency_ms=None))
    assert wear.stats(NOON).latency_p99_ms == pytest.approx(40.0, rel=0.01)


def test_percentiles_are_within_one_percent_whatever_the_distribution() -> None:
    dice = random.Random(7)
    values = [dice.lognormvariate(3, 1.5) for _ in range(5000)]
    percentiles = Percentiles()
    for value in values:
        percentiles.add(value)
    values.sort()
    for percent in (50, 95, 99):
        exact = values[int(percent / 100 * (len(values) - 1))]
        assert percentiles.percentile(percent) == pytest.approx(exact, rel=0.0101)


def test_a_clock_that_was_set_breaks_no_percentile() -> None:
    percentiles = Percentiles()
    for value in (-5.0, 0.0, 1e300):
        percentiles.add(value)
    assert percentiles.percentile(99) is not None
    assert (percentiles.percentile(100) or 0) <= LONGEST_MS * 1.01


def test_orders_to_stations_that_do_not_exist_do_not_fill_the_memory() -> None:
    totals = Totals()
    totals.event(gift("g1"))
    for n in range(STATIONS_MAX + 50):
        totals.ack(structs.replace(done(1.0), station=f"s{n}"))
    assert len(totals.stations(NOON)) == STATIONS_MAX
    session = totals.session("mara")
    assert session is not None
    assert len(session.record(NOON).stations) == STATIONS_MAX
    assert session.summary(NOON).actions_done == STATIONS_MAX + 50
