"""Events and states on their way to the broker; what it does not take waits, in order."""

import asyncio
import logging
from collections import deque
from types import TracebackType
from typing import Protocol, Self

from gateway import messages as m
from gateway.topics import Topics

log = logging.getLogger(__name__)

WAITING = 20_000
"""Events held while the broker is away, some 12 MB; beyond them the oldest are lost, and that is logged."""

DRAIN_INTERVAL = 0.25
"""Seconds between two tries to hand over what waits: the bus also refuses when it is too far behind."""


class Publish(Protocol):
    """``Bus.publish``: never blocks, False while the broker is away."""

    def __call__(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool: ...


class Delivery:
    """The way to the bus, for all accounts of a connector; a context that must be entered before ``send``.

    ``lost`` counts events given up because the broker was away too long.
    """

    def __init__(self, topics: Topics, publish: Publish) -> None:
        self.lost = 0
        self._topics = topics
        self._publish = publish
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._drain_timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drain_timer is not None:
            self._drain_timer.cancel()

    def tell(self, state: m.AccountState) -> None:
        """An account's state; only the newest counts, so it is not kept."""
        self._publish(self._topics.account_state(state.account), m.encode(state), qos=1, retain=True)

    def send(self, event: m.Event) -> None:
        """An event, now or when the broker takes it. Merged kinds are for now only."""
        kind = m.KINDS[type(event)]
        topic, payload = self._topics.account_event(event.account, kind), m.encode(event)
        if kind in m.MERGED_KINDS:
            self._publish(topic, payload, qos=0)
        elif self._waiting or not self._publish(topic, payload, qos=1):  # never past those that wait
            self._wait(topic, payload)

    def on_bus(self, connected: bool) -> None:
        """The broker came or went."""
        if connected and self._waiting:
            log.info("the broker is back: sending %d events that waited", len(self._waiting))
            self._drain()

    def _wait(self, topic: str, payload: bytes) -> None:
        self._waiting.append((topic, payload))
        if len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.lost += 1
            if self.lost == 1:
                log.error("the broker has been away too long: the oldest events are being lost")
        if self._drain_timer is None:
            self._drain_timer = asyncio.get_running_loop().call_later(DRAIN_INTERVAL, self._drain)

    def _drain(self) -> None:
        """Send what waits, in order, as far as the bus takes it."""
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self._drain_timer = None
        while self._waiting and self._publish(*self._waiting[0], qos=1):
            self._waiting.popleft()
        if self._waiting:
            self._drain_timer = asyncio.get_running_loop().call_later(DRAIN_INTERVAL, self._drain)
