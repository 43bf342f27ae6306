"""Events and states on their way to the broker; what it does not take waits, on disk if that takes long.

An event that is no merged one is kept until the broker says that somebody got it (its PUBACK), and for another
``KEEP_S`` in case the broker forgets: a PUBACK is no promise that it was written down. What comes twice of that
has the same id. While the broker answers quickly nothing touches the disk (``safekeeping``).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Protocol, Self

import msgspec

from gateway import messages as m
from gateway.connector.delivery.lanes import Entry, Lanes
from gateway.connector.delivery.outbox import Outbox
from gateway.connector.delivery.safekeeping import Safekeeping
from gateway.errors import PayloadError
from gateway.topics import Topics

log = logging.getLogger(__name__)

KEEP_S = 10.0
"""So long a broker may forget what it had acknowledged: Mosquitto writes its database seconds later, if at all."""
KEPT = 20_000
"""Acknowledged events kept for that, at most."""
WINDOW = 20
"""Events under way without an answer: what every broker takes (Mosquitto's default, and paho's own)."""
DRAIN_PER_S = 500
"""Of what waited, sent per second, beside what comes in: a Raspberry Pi's gateway keeps up with it, and Mosquitto
drops what it has acknowledged to us when a thousand messages wait for a client that does not."""
BURST = 500
"""Sent at once nevertheless."""
UNSAVED = 20_000
"""Events held in memory while the disk refuses; beyond them the oldest are lost. Some 20 MB."""
TICK_S = 1.0
REFUSED_S = 0.25
"""Until the next try when the bus, though connected, takes nothing: it is too far behind."""
CLOSE_S = 0.5
"""So long the end waits for the broker's answers."""
PAID_KINDS = frozenset({"gift", "subscribe"})
"""A viewer's money is in them: given up last, and kept for as long as nobody listens."""
UNHEARD = (
    "%s: nobody listens to these events: is the gateway running? Gifts and subscribes are kept until somebody "
    "does, others for half a minute"
)


class Publish(Protocol):
    """``Bus.publish``: never blocks, False while the broker is away or too far behind."""

    def __call__(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_ack: Callable[[bool], None] | None = None,
    ) -> bool: ...


class Delivery:
    """The way to the bus, for all accounts of a process; a context that must be entered before ``send``.

    Without an ``outbox`` all that waits is in memory. ``lost`` counts events given up for want of room. Events
    sent later than ``stale_after`` seconds after they were received are marked ``stale``.
    Entering raises ``ServiceError`` when another process has the outbox.
    """

    def __init__(
        self, topics: Topics, publish: Publish, outbox: Outbox | None = None, *, stale_after: float = 60.0
    ) -> None:
        self.lost = 0
        self._topics = topics
        self._publish = publish
        self._stale_after = stale_after
        self._lanes = Lanes()
        self._safe = Safekeeping(self._lanes, outbox, self._pump, self._lose)
        self._flying: dict[int, Entry] = {}
        self._recent: deque[tuple[float, Entry]] = deque()
        self._deaf: set[str] = set()
        self._settling = False
        self._allowance, self._allowed_at = float(BURST), 0.0
        self._tick_timer: asyncio.TimerHandle | None = None
        self._again: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._safe.open()
        self._tick()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end = self._loop.time() + CLOSE_S
        while self._flying and self._loop.time() < end:  # noqa: ASYNC110 - at the very end, and bounded
            await asyncio.sleep(0.005)
        for timer in (self._tick_timer, self._again):
            if timer is not None:
                timer.cancel()
        await self._safe.close()

    # -- for the accounts --------------------------------------------------------------------------

    def tell(self, state: m.AccountState) -> None:
        """An account's state; only the newest counts, so it is not kept."""
        self._publish(self._topics.account_state(state.account), m.encode(state), qos=1, retain=True)

    def send(self, event: m.Event) -> None:
        """An event, now or when the broker takes it. Merged kinds are for now only."""
        kind = m.KINDS[type(event)]
        topic, payload = self._topics.account_event(event.account, kind), m.encode(event)
        if kind in m.MERGED_KINDS:
            self._publish(topic, payload, qos=0)
            return
        entry = self._safe.note(topic, payload, kind in PAID_KINDS)
        if self._lanes or len(self._flying) >= WINDOW or not self._transmit(entry):  # never past those that wait
            self._allowance += 1  # however much comes in, what waits grows less
            self._lanes.add(entry)
            if len(self._flying) < WINDOW:
                self._pump()
            if self._lanes.held > UNSAVED:
                self._make_room()

    def when_safe(self, callback: Callable[[], None]) -> None:
        """Call back once all events sent so far are on disk or known to the broker; at once if they are.

        Not for events that wait in memory alone because the disk refuses or there is no outbox.
        """
        self._safe.when_safe(callback)

    def on_bus(self, connected: bool) -> None:
        """The broker came or went."""
        if self._tick_timer is None:  # not entered yet, so nothing waits
            return
        if connected:
            if self._lanes:
                log.info("the broker is back: sending %d events that waited", len(self._lanes))
            self._pump()
            return
        # What was under way is not answered any more, and what was answered lately may be forgotten.
        self._lanes.hear_anew()
        self._deaf.clear()
        again = [entry for _, entry in self._recent] + list(self._flying.values())
        self._recent.clear()
        self._flying.clear()
        for entry in again:
            self._lanes.put_back(entry)
        self._safe.doubt(again)

    def adopt(self) -> None:
        """Send what waits in outboxes of the same folder whose process is gone, too."""
        self._safe.adopt()

    # -- to the broker -----------------------------------------------------------------------------

    def _transmit(self, entry: Entry) -> bool:
        payload = entry.payload
        # Received in our future: the clock was set back since, and nobody knows how old it is.
        if abs(time.time() - entry.received) > self._stale_after:
            payload = _stale(entry)
        self._flying[entry.seq] = entry
        if self._publish(entry.topic, payload, qos=1, on_ack=partial(self._answered, entry)):
            return True
        self._flying.pop(entry.seq, None)
        return False

    def _answered(self, entry: Entry, heard: bool) -> None:
        if self._flying.pop(entry.seq, None) is None:
            return
        now = self._loop.time()
        if heard:
            entry.safe = True
            self._recent.append((now, entry))
            if self._lanes and self._lanes.heard(entry.topic):
                self._deaf.discard(entry.topic)
                log.info("%s: somebody listens again", entry.topic)
        elif self._lanes.unheard(entry, now):
            log.log(logging.DEBUG if self._deaf else logging.WARNING, UNHEARD, entry.topic)
            self._deaf.add(entry.topic)
        if not self._settling:  # once for all answers that came together
            self._settling = True
            self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        self._settling = False
        self._safe.settle()
        if self._lanes:
            self._pump()

    def _pump(self) -> None:
        """Send what waits, in order, as far as the bus takes it."""
        now = self._loop.time()
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * DRAIN_PER_S)
        self._allowed_at = now
        while len(self._flying) < WINDOW:
            if self._allowance < 1:
                self._pump_after(1 / DRAIN_PER_S)
                break
            if (entry := self._lanes.take(now)) is None:
                break
            if not self._transmit(entry):
                self._lanes.put_back(entry)
                self._pump_after(REFUSED_S)
                return
            self._allowance -= 1
        self._safe.read_on()

    def _pump_after(self, seconds: float) -> None:
        if self._again is None:
            self._again = self._loop.call_later(seconds, self._pump_again)

    def _pump_again(self) -> None:
        self._again = None
        self._pump()

    def _tick(self) -> None:
        now = self._loop.time()
        while self._recent and (self._recent[0][0] < now - KEEP_S or len(self._recent) > KEPT):
            self._safe.forget(self._recent.popleft()[1])
        for entry in self._lanes.expire(now, time.time()):
            self._safe.forget(entry)
        self._safe.tick()
        self._pump()
        self._tick_timer = self._loop.call_later(TICK_S, self._tick)

    # -- too much ----------------------------------------------------------------------------------

    def _make_room(self) -> None:
        gone = self._lanes.make_room(max(1, UNSAVED // 20))
        for entry in gone:
            self._safe.forget(entry)  # nobody need wait for it any more
        self._lose(len(gone), "too many events wait in memory")

    def _lose(self, count: int, why: str) -> None:
        if count:
            level = logging.DEBUG if self.lost else logging.ERROR
            self.lost += count
            log.log(level, "%s: %d events are lost, the oldest, and gifts after all others", why, self.lost)


def _stale(entry: Entry) -> bytes:
    try:
        return m.encode(msgspec.structs.replace(m.decode_event(entry.payload), stale=True))
    except PayloadError as e:
        log.warning("%s: an event in the outbox cannot be read (%s)", entry.topic, e)
        return entry.payload
