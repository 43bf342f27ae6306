"""Whether a stop would be heard: until then nothing starts."""

import asyncio
from collections.abc import Callable
from typing import Protocol

RETAINED_S = 0.2
"""A broker may answer what came behind a subscription so long before it sends what is retained there."""


class Fence(Protocol):
    def __call__(self, *, on_answer: Callable[[int], None]) -> bool: ...


class Hearing:
    """That a connection stands is not enough: somebody may have pressed the stop while it was away, and the broker
    tells that only after our subscriptions.

    ``fence`` publishes something on that connection; once the broker has answered, it has taken the subscriptions
    before it. ``on_change`` hears that ``now`` changed: whether a stop would be heard.
    """

    def __init__(self, fence: Fence, on_change: Callable[[], None]) -> None:
        self.now = False
        self._fence, self._on_change = fence, on_change
        self._timer: asyncio.TimerHandle | None = None

    def connected(self, connected: bool) -> None:
        """The connection was made, subscriptions and all, or lost."""
        self._wait_no_more()
        self._say(False)
        if connected and not self._fence(on_answer=self._answered):
            self._answered(0)  # too much is on its way: the time alone has to do

    def _answered(self, _code: int) -> None:
        self._wait_no_more()
        self._timer = asyncio.get_running_loop().call_later(RETAINED_S, self._say, True)

    def _say(self, now: bool) -> None:
        self.now = now
        self._on_change()

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
