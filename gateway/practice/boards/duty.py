"""The duty limit as ``firmware/station/src/duty.cpp`` keeps it."""

from gateway.drivers.arduino.wire import TableEntry

QUARTERS = 4


class Duty:
    """How long a channel was energised in any window: in the quarter that runs and the four before it, of which
    the oldest has partly left the window; what cannot be known better counts as energised. Times in seconds;
    ``since``: energised since then and not yet charged, None when it is not.
    """

    def __init__(self, entry: TableEntry, now: float) -> None:
        self.window_s = float(entry.duty_window_s)
        self._most = entry.duty_permille * entry.duty_window_s / 1000
        self._quarter_s = self.window_s / QUARTERS
        self._began = now  # the quarter that runs
        self._used = 0.0  # in it
        self._before = [0.0] * QUARTERS  # newest first

    def charge(self, since: float, now: float) -> None:
        """It was energised from ``since`` until now."""
        self._roll(since, now)
        self._used += now - max(since, self._began)

    def allows(self, on_s: float, since: float | None, now: float) -> bool:
        """Whether it may be energised for another ``on_s`` from now."""
        return on_s <= self._most and self._in_window(on_s, since, now) + on_s <= self._most

    def allows_spread(self, on_s: float, times: int, now: float) -> bool:
        """Whether it may be energised for ``on_s`` so many times, at any time from now."""
        return self._in_window(0.0, None, now) + on_s * times <= self._most

    def _in_window(self, in_s: float, since: float | None, now: float) -> float:
        """Of the time before now, what a window that ends ``in_s`` from now may hold."""
        self._roll(since, now)
        running = 0.0 if since is None else now - max(since, self._began)
        left = self._quarter_s - (now - self._began)
        return self._used + running + sum(self._before[:-1]) + min(self._before[-1], max(0.0, left - in_s))

    def _roll(self, since: float | None, now: float) -> None:
        if since is None and now - self._began > (QUARTERS + 1) * self._quarter_s:
            self._began, self._used, self._before = now, 0.0, [0.0] * QUARTERS  # long ago
        while now - self._began >= self._quarter_s:
            end = self._began + self._quarter_s
            running = 0.0 if since is None else max(0.0, end - max(since, self._began))
            self._before = [self._used + running, *self._before[:-1]]
            self._began, self._used = end, 0.0
