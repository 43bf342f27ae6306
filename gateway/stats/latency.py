"""Percentiles of the most recent latencies, in bounded memory."""

from collections import deque


class Latency:
    """The last ``size`` values, exact. Old ones leave: the page shows how it is now, not how it was."""

    def __init__(self, size: int = 1000) -> None:
        self._values: deque[float] = deque(maxlen=size)

    def add(self, ms: float) -> None:
        self._values.append(ms)

    def __len__(self) -> int:
        return len(self._values)

    def percentile(self, percent: float) -> float | None:
        """The nearest-rank percentile (0 < ``percent`` <= 100) of what is kept; None without data."""
        ordered = sorted(self._values)
        if not ordered:
            return None
        rank = int(-(-percent * len(ordered) // 100))  # rounded up
        return ordered[max(rank, 1) - 1]
