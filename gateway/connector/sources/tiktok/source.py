"""One account's LIVE on TikTok as a ``Source``."""

import asyncio
import logging
import time
from collections import Counter
from typing import Any

from TikTokLive.events.proto_events import EVENT_MAPPINGS

from gateway import messages as m
from gateway.connector.sources import mapping
from gateway.connector.sources.base import Lost, Pace, Sink, Stalled, Stream
from gateway.connector.sources.tiktok.client import Client, Socket, set_addresses
from gateway.connector.sources.tiktok.signing import Signing
from gateway.connector.sources.tiktok.trouble import ASKING, LISTENING, in_words
from gateway.settings.models import TikTok

log = logging.getLogger(__name__)

KINDS_KEPT = 200
"""Kinds of unknown messages that are counted one by one."""
UNREADABLE = (ArithmeticError, AttributeError, EOFError, LookupError, TypeError, ValueError)
"""What decoding a message may raise when its bytes are not what they should be."""

_DECODERS: dict[str, type[Any]] = {method: EVENT_MAPPINGS[method] for method in mapping.METHODS}
for _decoder in _DECODERS.values():
    # The first parse of a class resolves its whole tree of types, some 50 ms: not during a LIVE.
    _decoder().parse(b"")


class TikTokSource:
    """See ``Source``. ``addresses`` name another platform that speaks as TikTok does, for the whole process.

    ``unreadable`` counts messages that could not be decoded, ``unknown`` the kinds nobody knows.
    """

    def __init__(self, stream: Stream, username: str, addresses: TikTok, signing: Signing, pace: Pace) -> None:
        self.unreadable = 0
        self.unknown: Counter[str] = Counter()
        self._stream = stream
        self._username = username
        self._signing = signing
        self._pace = pace
        self._socket: Socket | None = None
        self._room = ""
        set_addresses(addresses)

    @property
    def heard(self) -> float:
        return self._socket.heard if self._socket is not None else 0.0

    async def run(self, sink: Sink, room: str = "") -> None:
        over = asyncio.Event()

        def on_response(response: Any) -> None:
            if self._read(response, client.socket, sink):
                over.set()

        client = Client(self._username, self._signing, on_response)
        task: asyncio.Task[None] | None = None
        politely = True
        try:
            try:
                async with asyncio.timeout(self._pace.connect):
                    self._room = room or await client.find_room()
                    sink.on_found(self._room)
                    self._signing.check()
                    task = await client.open(self._room)
            except ASKING as e:
                raise in_words(e, self._username) from e
            try:
                await self._listen(client, task, over)
            except LISTENING as e:
                raise in_words(e, self._username) from e
        except Stalled:
            politely = False
            raise
        finally:
            await client.hang_up(task, politely=politely)

    async def _listen(self, client: Client, task: asyncio.Task[None], over: asyncio.Event) -> None:
        """Return when the LIVE is over. Raises ``Stalled`` when nothing comes, else what ended the connection."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        ended = asyncio.ensure_future(over.wait())
        try:
            while True:
                heard = client.socket.heard_at if client.socket is not None else began
                patience = heard + self._pace.stall - loop.time()
                if patience <= 0:
                    raise Stalled(f"TikTok has said nothing for {self._pace.stall:.0f} s; connecting again")
                await asyncio.wait((task, ended), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if over.is_set():
                    return
                if task.done():
                    task.result()
                    raise Lost("TikTok closed the connection; connecting again")
        finally:
            ended.cancel()

    def _read(self, response: Any, socket: Socket | None, sink: Sink) -> bool:
        """Hand one envelope's messages on; True when one says that the LIVE is over."""
        if response.is_first:
            self._socket = socket
            sink.on_live(self._room)
        received = (socket.arrived if socket is not None else 0.0) or time.time()
        over = False
        for message in response.messages:
            if message.is_history:  # it happened before we came, and was paid then if we were there
                continue
            event = self._decode(message, received)
            if event is not None:
                sink.on_event(event)
                over = over or isinstance(event, m.LiveEvent)
        return over

    def _decode(self, message: Any, received: float) -> m.Event | None:
        decoder = _DECODERS.get(message.method)
        if decoder is None:
            if message.method not in EVENT_MAPPINGS and len(self.unknown) < KINDS_KEPT:
                self.unknown[message.method] += 1
            return None
        try:
            decoded = decoder().parse(message.payload)
            return mapping.to_event(self._stream, self._room, message.method, decoded, message.msg_id, received)
        except UNREADABLE as e:
            self.unreadable += 1
            level = logging.WARNING if self.unreadable == 1 else logging.DEBUG
            log.log(level, "%s: cannot read a %s: %r", self._stream.account, message.method, e)
            return None
