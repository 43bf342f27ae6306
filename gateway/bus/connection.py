"""The connection to the broker: reconnecting for ever, saying in words what is wrong, every callback on the loop.

``client`` makes and drives paho's client.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from gateway.bus.client import CONNECT_TIMEOUT_S, RECEIVE_MAXIMUM, LoopSocket, connect_options, make_client
from gateway.bus.words import lost, refused, unreachable
from gateway.settings.models import Broker
from gateway.topics import OFFLINE, ONLINE

log = logging.getLogger(__name__)

KEEPALIVE_S = 15
"""A dead link is noticed after 1.5 times this, by the broker too, which then sends our last will."""
BACKOFF_S = (0.25, 2.0)
"""A pending stop waits at most this long after the broker is back; trying costs next to nothing."""
STEADY_S = 5.0
"""A connection that lasted this long was a good one; after shorter ones the wait before the next grows."""
MAX_QUEUED = 10_000
"""Outgoing QoS 1 messages held until acknowledged; beyond that ``publish`` answers False. paho reads as many
packets in one go as are held, so who must be quick beside a flood allows fewer."""
FAILURE = 128
"""MQTT 5's reason codes from here on."""
USUAL_INFLIGHT = 20
"""Unacknowledged messages where MQTT 3.1.1 has no way to say it: Mosquitto's default; others allow more."""


class Message(Struct, frozen=True):
    """One received message. ``ack`` must be called when the bus was made with ``manual_ack``; a second call
    does nothing."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    ack: Callable[[], None]


def _nothing(*_: object) -> None:
    pass


class Bus:
    """A connection to the broker that comes back by itself.

    ``availability`` is a topic: ``online`` is published there, retained, at every connect, and the broker
    (last will) or a clean close leaves ``offline``. ``on_state(connected, words)`` is called at every change
    and once per distinct trouble while connecting. With ``keep_session`` the broker keeps QoS 1 messages
    for this ``client_id`` while it is away. ``sibling`` is for the further connections of one program: what
    all of them meet, the first one logs.

    Raises ``SettingsError`` or ``BusError`` from the constructor when a password or CA file cannot be read.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        on_message: Callable[[Message], None] = _nothing,
        on_state: Callable[[bool, str], None] = _nothing,
        availability: str | None = None,
        keep_session: bool = False,
        manual_ack: bool = False,
        max_queued: int = MAX_QUEUED,
        sibling: bool = False,
        base_dir: Path = Path(),
    ) -> None:
        self.connected = False
        self._broker = broker
        self._on_message = on_message
        self._on_state = on_state
        self._availability = availability
        self._keep_session = keep_session
        self._manual_ack = manual_ack
        self._sibling = sibling
        self._subscriptions: dict[str, int] = {}
        self._unacknowledged: set[object] = set()
        self._patience = (RECEIVE_MAXIMUM if broker.protocol == "v5" else USUAL_INFLIGHT) // 2
        self._trouble = ""
        self._refusal = ""
        self._short = 0  # connections in a row that did not last
        self._changed = asyncio.Event()
        self._client_id = client_id
        self._client = client = make_client(
            broker, client_id, base_dir, keep_session=keep_session, manual_ack=manual_ack, will=availability
        )
        client.max_queued_messages_set(max_queued)
        client.on_connect = self._connacked
        client.on_disconnect = self._disconnected
        client.on_message = self._received

    # -- for the rooms ---------------------------------------------------------------------------

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for a topic; remembered and asked for again after every reconnect."""
        self._subscriptions[topic_filter] = qos
        if self.connected:
            self._client.subscribe(topic_filter, qos)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_ack: Callable[[bool], None] | None = None,
        on_answer: Callable[[int], None] | None = None,
    ) -> bool:
        """Hand a message to the connection. Never blocks; False when it is away or too far behind.

        A QoS 1 message that was taken is repeated over reconnects until the broker has it. With ``on_ack`` its
        caller does that: it is called on the loop when the broker has answered for the message, with False when
        nobody subscribes to it (MQTT 3.1.1 cannot tell: True) or the broker refused it. When the connection
        breaks first (``on_state``), it is not called and the message is not repeated. ``on_answer`` is the same
        with MQTT 5's reason code: 0, 16 when nobody subscribes, from 128 on refused.
        """
        if not self.connected:
            return False
        if on_ack is not None:
            return self._client.publish_once(topic, payload, partial(self._answered, on_ack), retain=retain)
        if on_answer is not None:
            return self._client.publish_once(topic, payload, partial(self._coded, on_answer), retain=retain)
        if qos == 0 and not retain:
            return self._client.publish_once(topic, payload)
        return self._client.publish(topic, payload, qos, retain).rc == mqtt.MQTT_ERR_SUCCESS

    @property
    def crowded(self) -> bool:
        """Half of what the broker sends without our acknowledgement is under way: acknowledge soon."""
        return len(self._unacknowledged) >= self._patience

    async def run(self) -> None:
        """Own the connection until cancelled, then say ``offline`` and close it."""
        self._loop = asyncio.get_running_loop()
        LoopSocket(self._client)
        delay = BACKOFF_S[0]
        try:
            while True:
                began = self._loop.time()
                if await self._connect():
                    await self._serve()
                    if self._loop.time() - began > STEADY_S:
                        delay, self._short = BACKOFF_S[0], 0
                await asyncio.sleep(delay * random.uniform(0.8, 1.2))
                delay = min(delay * 2, BACKOFF_S[1])
        finally:
            await self._close()

    # -- the connection --------------------------------------------------------------------------

    async def _connect(self) -> bool:
        """One try; True when the broker accepted us."""
        b = self._broker
        self._changed.clear()
        options = connect_options(b, keep_session=self._keep_session)
        try:
            # connect() blocks in name look-up and TCP; everything after it runs on the loop.
            connect = partial(self._client.connect, b.host, b.port, KEEPALIVE_S, **options)
            opening = self._loop.run_in_executor(None, connect)
            try:
                await asyncio.shield(opening)
            except asyncio.CancelledError:
                await asyncio.wait([opening])  # its socket must be ours before we can close it
                opening.exception()  # nobody waits for it any more
                raise
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._changed.wait()
        except TimeoutError:
            self._client.disconnect()
            self._say(f"the broker {b.host}:{b.port} takes connections but does not answer MQTT")
        except (OSError, ValueError) as e:
            self._say(unreachable(b, e))
        return self.connected

    async def _serve(self) -> None:
        while self.connected:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._changed.wait()
            self._client.loop_misc()  # keep-alive; notices a dead link

    async def _close(self) -> None:
        if self.connected:
            last = None
            if self._availability:
                last = self._client.publish(self._availability, OFFLINE, qos=1, retain=True)
            for _ in range(30):  # at most 0.3 s: a close must not hang on a dead broker
                # The last one is sent when all before it were: only so many are under way at a time.
                behind = last is not None and last.rc == mqtt.MQTT_ERR_SUCCESS and not last.is_published()
                if not behind and not self._client.want_write():
                    break
                await asyncio.sleep(0.01)
        self.connected = False
        self._client.disconnect()
        with contextlib.suppress(OSError, ValueError):
            self._client.loop_write()

    # -- paho's callbacks ------------------------------------------------------------------------

    def _connacked(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        self._changed.set()
        if reason.is_failure:
            self._say(refused(self._broker, reason))
            return
        # After a reconnect the broker sends unacknowledged messages anew, under new ids.
        self._unacknowledged.clear()
        self.connected = True
        self._trouble = ""
        for topic_filter, qos in self._subscriptions.items():
            client.subscribe(topic_filter, qos)
        if self._availability:
            client.publish(self._availability, ONLINE, qos=1, retain=True)
        words = f"connected to the broker {self._broker.host}:{self._broker.port}"
        log.log(logging.DEBUG if self._sibling else logging.INFO, "%s", words)
        self._on_state(True, words)

    def _disconnected(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _props: object
    ) -> None:
        self._changed.set()
        if self.connected:
            self.connected = False
            self._short += 1
            self._say(lost(self._broker, self._client_id, reason, self._short))

    def _received(self, _client: mqtt.Client, _data: object, m: mqtt.MQTTMessage) -> None:
        ack: Callable[[], None] = _nothing
        if self._manual_ack and m.qos:
            receipt = object()
            self._unacknowledged.add(receipt)
            ack = partial(self._ack, receipt, m.mid)
        try:
            self._on_message(Message(m.topic, bytes(m.payload), m.qos, m.retain, ack))
        except Exception:  # paho's parser must survive whatever a receiver does
            log.exception("%s: a receiver failed on this message, which is given up", m.topic)
            ack()  # else it would come again at every reconnect, and take the place of others until then

    def _ack(self, receipt: object, mid: int) -> None:
        if receipt in self._unacknowledged and self.connected:
            self._unacknowledged.remove(receipt)
            self._client.ack(mid, 1)

    def _answered(self, on_ack: Callable[[bool], None], code: int) -> None:
        self._coded(lambda code: on_ack(code == 0), code)

    def _coded(self, on_answer: Callable[[int], None], code: int) -> None:
        if code >= FAILURE:
            reason = ReasonCode(PacketTypes.PUBACK, identifier=code)
            if (words := f"the broker refuses what we publish: {reason}") != self._refusal:
                self._refusal = words
                log.warning("%s; check the rights of %r in its ACL", words, self._client_id)
        try:
            on_answer(code)
        except Exception:  # paho's parser must survive whatever a sender does
            log.exception("a sender failed on the broker's answer to its message")

    def _say(self, words: str) -> None:
        """Tell the room and the log; the same trouble is a warning only once."""
        again = words == self._trouble
        log.log(logging.DEBUG if again or self._sibling else logging.WARNING, "%s", words)
        if not again:
            self._trouble = words
            self._on_state(False, words)
