"""An event loop whose time passes as fast as the machine computes: for back-tests, and for tests."""

import asyncio
import selectors


class _Leap(selectors.DefaultSelector):
    """Waits for nothing: where a loop would sleep, the clock jumps."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing will ever happen again"
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at ``start``: where that is seconds since 1970, the loop's clock is the world's."""

    def __init__(self, start: float = 1000.0) -> None:
        self._leap = _Leap()
        self._leap.now = start
        super().__init__(self._leap)
        # What is due within so much is due now. asyncio's own nanosecond is nothing beside the seconds since 1970:
        # floats of that size lie a quarter of a microsecond apart, and nothing would ever be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._leap.now

    def leap(self, to: float) -> None:
        """It is ``to`` at once, unless that is over already; what was due meanwhile is late."""
        self._leap.now = max(self._leap.now, to)
