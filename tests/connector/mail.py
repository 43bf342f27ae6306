"""A connector's delivery on a real broker, and a listener who keeps what comes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.delivery.delivery import Delivery
from gateway.connector.delivery.outbox import Outbox
from gateway.topics import Topics
from tests.broker import Mosquitto

TOPICS = Topics("hall")
ANYTHING = "stagewire/1/hall/account/+/event/+"
MUCH = 64_000_000


def gift(n: int, account: str = "ada", *, received: float | None = None) -> m.GiftEvent:
    now = m.stamp(time.time() if received is None else received)
    data = m.Gift(user=m.User(id="7", name="vera.viewer"), gift_id="1", name="Rose", count=1, total=1, coins=1)
    return m.GiftEvent(id=f"g-{n}", source="/test", time=now, received=now, account=account, data=data)


def comment(n: int, account: str = "ada") -> m.CommentEvent:
    now = m.stamp(time.time())
    data = m.Comment(user=m.User(id="7"), text=f"hello {n}")
    return m.CommentEvent(id=f"c-{n}", source="/test", time=now, received=now, account=account, data=data)


def like(n: int) -> m.LikeEvent:
    now = m.stamp(time.time())
    return m.LikeEvent(id=f"l-{n}", source="/test", time=now, received=now, account="ada", data=m.Like(count=1))


async def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def connected(bus: Bus) -> AsyncIterator[None]:
    task = asyncio.create_task(bus.run())
    try:
        await until(lambda: bus.connected)
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class Listener:
    """Subscribes to ``what`` with a session that the broker keeps; ``ids`` in the order of coming, once each."""

    def __init__(self, broker: Mosquitto, what: str = ANYTHING) -> None:
        self.events: dict[str, m.Event] = {}
        self.copies = 0
        self.bus = Bus(broker.settings, f"listener-{id(self)}", on_message=self._hear, keep_session=True)
        self.bus.subscribe(what)

    def _hear(self, message: Message) -> None:
        event = m.decode_event(message.payload)
        self.copies += 1
        self.events.setdefault(event.id, event)

    @property
    def ids(self) -> list[str]:
        return list(self.events)


class Post:
    """A delivery with a bus of its own, as a connector has it."""

    def __init__(self, broker: Mosquitto, folder: Path, limit: int = MUCH, stale_after: float = 60.0) -> None:
        self.outbox = Outbox(folder, "post", limit)
        self.bus = Bus(broker.settings, "post", on_state=lambda up, _: self.delivery.on_bus(up))
        self.delivery = Delivery(TOPICS, self.bus.publish, self.outbox, stale_after=stale_after)

    @contextlib.asynccontextmanager
    async def open(self, *, wait: bool = True) -> AsyncIterator["Post"]:
        task = asyncio.create_task(self.bus.run())
        try:
            async with self.delivery:
                if wait:
                    await until(lambda: self.bus.connected)
                yield self
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def sent(self) -> None:
        """Until everything is PUBACKed."""
        d = self.delivery
        await until(lambda: not d._lanes and not d._flying)

    def send(self, *events: m.Event) -> list[str]:
        for event in events:
            self.delivery.send(event)
        return [event.id for event in events]
