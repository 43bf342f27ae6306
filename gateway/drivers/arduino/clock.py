"""A board's millisecond clock brought to the gateway's."""

from collections import deque
from statistics import median

SAMPLES = 10
"""Heartbeats looked back on: one second. A ceramic resonator drifts up to 5 ms in a second, so no longer."""
DRIFT = 0.001
"""Seconds of error that a sample gains per second of age: typical of a ceramic resonator."""
_WRAP = 1 << 32


class BoardClock:
    """Learns from heartbeats; each gives the board's time at some moment between ``sent`` and ``received``.

    The best sample is the one with the shortest round trip, with a price on age. Times are seconds on the
    gateway's monotonic clock; the board's are its u32 milliseconds, which may wrap.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float, int]] = deque(maxlen=SAMPLES)  # at, round trip, board_ms

    @property
    def known(self) -> bool:
        """Something has been learnt."""
        return bool(self._samples)

    @property
    def round_trip(self) -> float | None:
        """Seconds from a question to its answer, the middle one of the latest; None before the first."""
        return median(taken for _, taken, _ in self._samples) if self._samples else None

    def learn(self, sent: float, received: float, board_ms: int) -> None:
        """``board_ms`` was read between the two times."""
        self._samples.append(((sent + received) / 2, received - sent, board_ms))

    def at(self, board_ms: int, now: float) -> float:
        """When the board's clock showed ``board_ms``; ``now`` when nothing has been learnt, and never later."""
        if not self._samples:
            return now
        at, reference = self._best(now)
        ahead = (board_ms - reference + _WRAP // 2) % _WRAP - _WRAP // 2
        return min(now, at + ahead / 1000)

    def board_ms(self, now: float) -> int:
        """What the board's clock shows now. Needs ``known``."""
        at, reference = self._best(now)
        return (reference + round((now - at) * 1000)) % _WRAP

    def _best(self, now: float) -> tuple[float, int]:
        at, _, reference = min(self._samples, key=lambda s: s[1] + (now - s[0]) * DRIFT)
        return at, reference
