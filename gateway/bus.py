"""The only MQTT client code: paho on the asyncio loop, reconnecting for ever, saying in words what is wrong.

paho's documented hooks for an external event loop are used rather than its thread, so every callback runs
on the loop and a message crosses no thread on its way to a machine (docs/decisions/0004-mqtt-client.md).
"""

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.broker_words import lost, refused, unreachable
from gateway.errors import BusError
from gateway.settings.models import Broker
from gateway.settings.secrets import read_secret
from gateway.topics import OFFLINE, ONLINE

log = logging.getLogger(__name__)

KEEPALIVE_S = 15
"""A dead link is noticed after 1.5 times this, by the broker too, which then sends our last will."""
CONNECT_TIMEOUT_S = 5.0
BACKOFF_S = (0.25, 2.0)
"""A pending stop waits at most this long after the broker is back; trying costs next to nothing."""
SESSION_EXPIRY_S = 24 * 3600
"""How long the broker keeps events for a client with ``keep_session`` that is away."""
STEADY_S = 5.0
"""A connection that lasted this long was a good one; after shorter ones the wait before the next grows."""
MAX_QUEUED = 10_000
"""Outgoing QoS 1 messages held until acknowledged; beyond that ``publish`` answers False. paho reads as many
packets in one go as are held, so who must be quick beside a flood allows fewer."""
RECEIVE_MAXIMUM = 1000
"""Unacknowledged messages the broker may have under way to us: group commits hold acks back."""
USUAL_INFLIGHT = 20
"""The same where MQTT 3.1.1 has no way to say it: Mosquitto's default; others allow more."""


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
        self._max_queued = max_queued
        self._sibling = sibling
        self._subscriptions: dict[str, int] = {}
        self._unacknowledged: set[object] = set()
        self._patience = (RECEIVE_MAXIMUM if broker.protocol == "v5" else USUAL_INFLIGHT) // 2
        self._trouble = ""
        self._short = 0  # connections in a row that did not last
        self._changed = asyncio.Event()
        self._client_id = client_id
        self._client = self._make_client(client_id, base_dir)

    # -- for the rooms ---------------------------------------------------------------------------

    def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Ask for a topic; remembered and asked for again after every reconnect."""
        self._subscriptions[topic_filter] = qos
        if self.connected:
            self._client.subscribe(topic_filter, qos)

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Hand a message to the connection. Never blocks; False when it is away or too far behind.

        A QoS 1 message that was taken is repeated over reconnects until the broker has it.
        """
        if not self.connected:
            return False
        return self._client.publish(topic, payload, qos, retain).rc == mqtt.MQTT_ERR_SUCCESS

    @property
    def crowded(self) -> bool:
        """Half of what the broker sends without our acknowledgement is under way: acknowledge soon."""
        return len(self._unacknowledged) >= self._patience

    async def run(self) -> None:
        """Own the connection until cancelled, then say ``offline`` and close it."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
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

    def _make_client(self, client_id: str, base_dir: Path) -> mqtt.Client:
        b = self._broker
        five = b.protocol == "v5"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=mqtt.MQTTv5 if five else mqtt.MQTTv311,
            clean_session=None if five else not self._keep_session,
            reconnect_on_failure=False,
            manual_ack=self._manual_ack,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_queued_messages_set(self._max_queued)
        if b.username is not None:
            password = base_dir / b.password_file if b.password_file else None
            client.username_pw_set(b.username, read_secret(password, "broker.password_file") if password else None)
        if b.tls:
            ca = str(base_dir / b.ca_file) if b.ca_file else None
            try:
                client.tls_set(ca_certs=ca)
            except (OSError, ssl.SSLError) as e:
                raise BusError(f"broker.ca_file {ca}: {e}") from None
        if self._availability:
            client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        client.on_connect = self._connacked
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._written
        return client

    async def _connect(self) -> bool:
        """One try; True when the broker accepted us."""
        b = self._broker
        self._changed.clear()
        options: dict[str, Any] = {}
        if b.protocol == "v5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            if self._keep_session:
                properties.SessionExpiryInterval = SESSION_EXPIRY_S
            options = {"clean_start": not self._keep_session, "properties": properties}
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

    def _socket_open(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        # Nagle plus delayed ack turns a 1 ms road into 88 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock.fileno(), self._read, sock)

    def _socket_close(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        fd = sock.fileno()
        if fd < 0:
            return
        if threading.get_ident() == self._thread:
            self._forget(fd)
        else:  # connect() drops a half-open socket from its own thread; the loop must let go of it first
            done = threading.Event()
            self._loop.call_soon_threadsafe(self._forget, fd)
            self._loop.call_soon_threadsafe(done.set)
            done.wait(CONNECT_TIMEOUT_S)

    def _forget(self, fd: int) -> None:
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)

    def _read(self, sock: Any) -> None:
        self._client.loop_read()
        # TLS may hold decoded bytes that select() does not see.
        while isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0 and sock.pending():
            self._client.loop_read()

    def _want_write(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        self._loop.call_soon_threadsafe(self._add_writer, sock)

    def _add_writer(self, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._client.loop_write)

    def _written(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        if sock.fileno() >= 0:
            self._loop.remove_writer(sock.fileno())

    def _say(self, words: str) -> None:
        """Tell the room and the log; the same trouble is a warning only once."""
        again = words == self._trouble
        log.log(logging.DEBUG if again or self._sibling else logging.WARNING, "%s", words)
        if not again:
            self._trouble = words
            self._on_state(False, words)
