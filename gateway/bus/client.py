"""A paho client as the bus wants it: made from the settings, its socket on the asyncio loop, without a thread.

paho's documented hooks for an external event loop are used, so every callback runs on the loop and a message
crosses no thread on its way to a machine (docs/decisions/0004-mqtt-client.md).
"""

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.bus.once import OnceClient
from gateway.errors import BusError
from gateway.settings.models import Broker
from gateway.settings.secrets import read_secret
from gateway.topics import OFFLINE

CONNECT_TIMEOUT_S = 5.0
SESSION_EXPIRY_S = 24 * 3600
"""How long the broker keeps events for a client with ``keep_session`` that is away."""
RECEIVE_MAXIMUM = 1000
"""Unacknowledged messages the broker may have under way to us: group commits hold acks back."""
LET_GO_S = 5.0
"""Seconds that another thread waits for the loop to let go of a socket."""


def make_client(
    b: Broker, client_id: str, base_dir: Path, *, keep_session: bool, manual_ack: bool, will: str | None
) -> OnceClient:
    """``will``: the topic where the broker says ``offline`` for us. Raises ``SettingsError`` or ``BusError``."""
    five = b.protocol == "v5"
    client = OnceClient(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=mqtt.MQTTv5 if five else mqtt.MQTTv311,
        clean_session=None if five else not keep_session,
        reconnect_on_failure=False,
        manual_ack=manual_ack,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    if b.username is not None:
        password = base_dir / b.password_file if b.password_file else None
        client.username_pw_set(b.username, read_secret(password, "broker.password_file") if password else None)
    if b.tls:
        ca = str(base_dir / b.ca_file) if b.ca_file else None
        try:
            client.tls_set(ca_certs=ca)
        except (OSError, ssl.SSLError) as e:
            raise BusError(f"broker.ca_file {ca}: {e}") from None
    if will:
        client.will_set(will, OFFLINE, qos=1, retain=True)
    return client


def connect_options(b: Broker, *, keep_session: bool) -> dict[str, Any]:
    """What ``connect`` is told beside the address."""
    if b.protocol != "v5":
        return {}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    if keep_session:
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
    return {"clean_start": not keep_session, "properties": properties}


class LoopSocket:
    """Reads and writes for one client. Made on the loop's thread, which is the only one to read and write."""

    def __init__(self, client: OnceClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._full = False  # the socket took no more: the loop says when it does again
        client.on_socket_open = self._opened
        client.on_socket_close = self._closed
        client.on_socket_register_write = self._want_write

    def _opened(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        self._full = False
        self._client.begin_anew()
        # Nagle plus delayed ack turns a 1 ms road into 88 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock.fileno(), self._read, sock)

    def _closed(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        fd = sock.fileno()
        if fd < 0:
            return
        if threading.get_ident() == self._thread:
            self._forget(fd)
        else:  # connect() drops a half-open socket from its own thread; the loop must let go of it first
            done = threading.Event()
            self._loop.call_soon_threadsafe(self._forget, fd)
            self._loop.call_soon_threadsafe(done.set)
            done.wait(LET_GO_S)

    def _forget(self, fd: int) -> None:
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)

    def _read(self, sock: Any) -> None:
        self._client.loop_read()
        # TLS may hold decoded bytes that select() does not see.
        while sock.fileno() >= 0 and (
            self._client.has_read_ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending())
        ):
            self._client.loop_read()

    def _want_write(self, _client: mqtt.Client, _data: object, sock: Any) -> None:
        # Once for all that is published in this turn of the loop. A socket nearly always takes it at once, and
        # asking the selector first would double what a message costs.
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._write, sock)
        else:
            self._loop.call_soon_threadsafe(self._write, sock)

    def _write(self, sock: Any) -> None:
        if sock.fileno() < 0:
            return
        self._client.loop_write()
        fd, full = sock.fileno(), self._client.want_write()
        if fd < 0 or full == self._full:  # below 0 it broke, and was closed
            return
        self._full = full
        if full:
            self._loop.add_writer(fd, self._write, sock)
        else:
            self._loop.remove_writer(fd)
