"""How long a channel was on lately, as far as this gateway saw: to say when the board lets it run again."""

from collections import deque

from gateway.settings.stations import Duty
from gateway.settings.values import duration


class Cooling:
    """One channel with a duty limit. The board counts and decides; this only explains. Times are seconds."""

    def __init__(self, duty: Duty) -> None:
        self._percent = duty.percent
        self._window = duration(duty.window)
        self._runs: deque[tuple[float, float]] = deque()

    def ran(self, began: float, ended: float) -> None:
        """It was on from ``began`` to ``ended``."""
        self._forget(ended)
        self._runs.append((began, ended))

    def words(self, on_s: float, now: float) -> str:
        """Why a run of ``on_s`` is refused now, and when it would fit."""
        self._forget(now)
        since = now - self._window
        used = sum(ended - max(began, since) for began, ended in self._runs)
        excess = used + on_s - self._window * self._percent / 100
        if excess <= 0:  # it ran before this gateway began to look
            return f"cooling down: it may be on {self._percent:g} % of any {self._window:g} s; wait a moment"
        left = self._window
        for began, ended in self._runs:
            begin = max(began, since)
            if ended - begin >= excess:
                left = begin + excess - since
                break
            excess -= ended - begin
        share = 100 * used / self._window
        return f"cooling down: used {share:.0f} % of the last {self._window:g} s; about {left:.1f} s left"

    def _forget(self, now: float) -> None:
        while self._runs and self._runs[0][1] <= now - self._window:
            self._runs.popleft()
