"""Retained states: the latest of each topic, sent when it changed, and anew after a reconnect."""

import asyncio
from typing import Protocol

from msgspec import Struct

from gateway.messages import encode

INTERVAL_S = 0.1
"""Coalescing time: a state that changes faster is sent at most ten times a second."""


class Publish(Protocol):
    def __call__(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool: ...


class RetainedStates:
    """``put`` as often as you like; ``run`` sends what differs from what the broker was last given, also when
    it is cancelled."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._wanted: dict[str, Struct | bytes] = {}
        self._sent: dict[str, bytes] = {}
        self._fresh: dict[str, None] = {}  # topics to look at: there are many, and few change
        self._changed = asyncio.Event()

    def put(self, topic: str, message: Struct | bytes) -> None:
        self._wanted[topic] = message
        self._fresh[topic] = None
        self._changed.set()

    def resend(self) -> None:
        """Forget what was sent: called after a reconnect, since the broker may have lost everything."""
        self._sent.clear()
        self._fresh = dict.fromkeys(self._wanted)
        self._changed.set()

    def flush(self) -> None:
        """Send what changed now. What the bus cannot take stays wanted."""
        fresh, self._fresh = self._fresh, {}
        for topic in fresh:
            message = self._wanted[topic]
            payload = message if isinstance(message, bytes) else encode(message)
            if self._sent.get(topic) == payload:
                continue
            if self._publish(topic, payload, retain=True):
                self._sent[topic] = payload
            else:
                self._fresh[topic] = None

    async def run(self) -> None:
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                self.flush()
                await asyncio.sleep(INTERVAL_S)
        finally:
            self.flush()  # the last words of a stop: stations offline, boards disarmed
