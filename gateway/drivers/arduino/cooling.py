"""How long a channel was on lately, as far as this gateway saw: to say when the board lets it run again."""

from collections import deque
from math import inf

from gateway.settings.stations import Duty
from gateway.settings.values import duration

LOOKS_BACK = 1.25
"""Windows. The board counts in quarters of its window (firmware/station/src/duty.cpp): what is older than a window
and a quarter never counts."""


class Cooling:
    """One channel with a duty limit. The board counts and decides; this only foresees. Times are seconds."""

    def __init__(self, duty: Duty) -> None:
        self._percent = duty.percent
        self._window = duration(duty.window)
        self._runs: deque[tuple[float, float]] = deque()

    def ran(self, began: float, ended: float) -> None:
        """It was on from ``began`` to ``ended``; what a run before it had of that time counts once."""
        self._forget(ended)
        if self._runs:
            began = max(began, self._runs[-1][1])
        if began < ended:
            self._runs.append((began, ended))

    def at_least(self, on_s: float, now: float) -> float:
        """The board surely refuses a run of ``on_s`` for so long, for its window ends with the run."""
        return self._left(on_s, now, self._window - on_s)

    def at_most(self, on_s: float, now: float) -> float:
        """The board surely allows a run of ``on_s`` in so long; ``inf``: never. 0: nothing is against it."""
        return self._left(on_s, now, self._window * LOOKS_BACK)

    def share(self, now: float) -> float:
        """Of its window, on until now: 0 to 1."""
        self._forget(now)
        return self._used(now, self._window) / self._window

    def words(self, on_s: float, now: float) -> str:
        """Why a run of ``on_s`` is refused now, and when it would fit."""
        left = min(self._left(on_s, now, self._window), self._window)
        if not left:  # it ran before this gateway began to look
            return f"cooling down: it may be on {self._percent:g} % of any {self._window:g} s; wait a moment"
        share = 100 * self._used(now, self._window) / self._window
        return f"cooling down: used {share:.0f} % of the last {self._window:g} s; about {left:.1f} s left"

    def _left(self, on_s: float, now: float, back_s: float) -> float:
        """Until a run of ``on_s`` fits beside those of the last ``back_s``."""
        self._forget(now)
        most = self._window * self._percent / 100
        if on_s > most:
            return inf
        excess = self._used(now, back_s) + on_s - most
        left = 0.0
        for began, ended in self._runs:
            if excess <= 0:
                break
            begin = max(began, now - back_s)
            counts = max(0.0, min(excess, ended - begin))
            left, excess = begin + counts - (now - back_s), excess - counts
        return left

    def _used(self, now: float, back_s: float) -> float:
        return sum(max(0.0, ended - max(began, now - back_s)) for began, ended in self._runs)

    def _forget(self, now: float) -> None:
        while self._runs and self._runs[0][1] <= now - self._window * LOOKS_BACK:
            self._runs.popleft()
