"""Percentiles of latencies over any time, in bounded memory. Pure."""

from ddsketch import DDSketch

ACCURACY = 0.01
"""Relative: what is said to be 100 ms is between 99 and 101 (Masson, Rim, Lee: DDSketch, VLDB 2019)."""
SHORTEST_MS, LONGEST_MS = 0.001, 3_600_000.0
"""Acks tell microseconds; beyond an hour it was no latency but a clock that was set. They bound the sketch to some
1 100 numbers."""


class Percentiles:
    """Of all latencies that were added."""

    def __init__(self) -> None:
        self._sketch = DDSketch(ACCURACY)

    def add(self, ms: float) -> None:
        """A latency in milliseconds; less than the shortest counts as that."""
        self._sketch.add(min(max(ms, SHORTEST_MS), LONGEST_MS))

    def percentile(self, percent: float) -> float | None:
        """Within one percent of the true one; None without any latency."""
        value: float | None = self._sketch.get_quantile_value(percent / 100)
        return None if value is None else round(value, 3)
