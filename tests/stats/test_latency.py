"""Percentiles of recent latencies."""

import pytest

from gateway.stats.latency import Latency


def test_without_data_there_is_no_number() -> None:
    assert Latency().percentile(50) is None


@pytest.mark.parametrize(("percent", "expected"), [(50, 50.0), (99, 99.0), (99.5, 100.0), (100, 100.0), (1, 1.0)])
def test_percentiles_are_values_that_happened(percent: float, expected: float) -> None:
    latency = Latency()
    for ms in range(100, 0, -1):
        latency.add(float(ms))
    assert latency.percentile(percent) == expected


def test_one_value_is_every_percentile() -> None:
    latency = Latency()
    latency.add(4.2)
    assert [latency.percentile(p) for p in (1, 50, 99)] == [4.2] * 3


def test_only_the_last_thousand_are_kept() -> None:
    latency = Latency()
    for ms in range(5000):
        latency.add(float(ms))
    assert len(latency) == 1000
    assert latency.percentile(0.1) == 4000.0
