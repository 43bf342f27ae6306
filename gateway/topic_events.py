"""MQTT topics of others that rules listen to: each message becomes an event."""

import itertools
from collections.abc import Callable, Iterable
from hashlib import blake2b

from gateway.bus import Bus, Message
from gateway.messages import TopicEvent, TopicMessage, stamp

LONGEST = 1_000
"""Characters of a payload that rules see."""


class TopicEvents:
    """``on_event`` hears of each message, but of retained ones: those are old. A topic that rules once listened to
    stays subscribed until the gateway restarts, and what comes there is left alone."""

    def __init__(self, bus: Bus, on_event: Callable[[TopicEvent], object], clock: Callable[[], float]) -> None:
        self._bus, self._on_event, self._clock = bus, on_event, clock
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: set[str] = set()
        self._numbers = itertools.count()

    def listen(self, topics: Iterable[str]) -> None:
        """To these, and no others."""
        wanted = frozenset(topics)
        for topic in sorted(wanted - self._subscribed):
            self._bus.subscribe(topic)
        self._subscribed |= wanted
        self._wanted = wanted

    def heard(self, message: Message) -> bool:
        """False for a message that was never a rule's business."""
        if message.topic in self._wanted and not message.retain:
            now = stamp(self._clock())
            payload = message.payload[: 4 * LONGEST].decode(errors="replace")[:LONGEST]
            name = blake2b(message.topic.encode(), digest_size=6).hexdigest()
            event_id = f"topic/{name}/{now}/{next(self._numbers)}"
            data = TopicMessage(topic=message.topic, payload=payload)
            self._on_event(TopicEvent(id=event_id, source="/topic", time=now, received=now, data=data))
        return message.topic in self._subscribed
