"""One account's LIVE on TikTok as a ``Source``."""

import asyncio
import time
from functools import partial
from typing import Any

from TikTokLive.events.proto_events import EVENT_MAPPINGS
from TikTokLive.proto import (
    HeartBeatMessage,
    ProtoMessageFetchResult,
    WebcastImEnterRoomMessage,
    WebcastPushFrame,
)

from gateway import messages as m
from gateway.connector.sources.base import Lost, Pace, Sink, Stalled, Stream
from gateway.connector.sources.decoder import Decoder
from gateway.connector.sources.tiktok.client import Client, Socket, set_addresses
from gateway.connector.sources.tiktok.signing import Signing
from gateway.connector.sources.tiktok.trouble import ASKING, LISTENING, in_words
from gateway.settings.models import TikTok
from gateway.webcast.frame import acknowledgement

KNOWN = frozenset(EVENT_MAPPINGS)
"""The kinds of messages that TikTokLive knows; others are new."""
for _kind in (ProtoMessageFetchResult, WebcastPushFrame, HeartBeatMessage, WebcastImEnterRoomMessage):
    # The first use of a class resolves its whole tree of types, some 50 ms: not during a LIVE.
    bytes(_kind().parse(b""))


class TikTokSource:
    """See ``Source``. ``addresses`` name another platform that speaks as TikTok does, for the whole process.

    ``decoder`` counts what could not be read.
    """

    def __init__(self, stream: Stream, username: str, addresses: TikTok, signing: Signing, pace: Pace) -> None:
        self.decoder = Decoder(stream)
        self._stream = stream
        self._username = username
        self._signing = signing
        self._pace = pace
        self._socket: Socket | None = None
        self._room = ""
        set_addresses(addresses)

    @property
    def unknown(self) -> dict[str, int]:
        """How often messages came of kinds that TikTokLive does not know either, by name."""
        return {kind: n for kind, n in self.decoder.skipped.items() if kind not in KNOWN}

    @property
    def heard(self) -> float:
        return self._socket.heard if self._socket is not None else 0.0

    async def run(self, sink: Sink, room: str = "") -> None:
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_live(response: Any) -> None:
            self._socket = client.socket
            sink.on_live(self._room)
            for envelope in response.messages:
                self._hand_on(envelope, sink, over)

        async def take(frame: bytes) -> None:
            try:
                await self._take(frame, sink, over)
            except Exception as e:  # noqa: BLE001  (websockets would take it for a broken connection)
                if not over.done():
                    over.set_exception(e)

        client = Client(self._username, self._signing, on_live, take)
        task: asyncio.Task[None] | None = None
        politely = True
        try:
            try:
                async with asyncio.timeout(self._pace.connect) as limit:
                    self._room = room or await client.find_room()
                    sink.on_found(self._room)
                    limit.reschedule(None)  # the others' turns may take longer than a connection
                    await self._signing.turn(self._stream.account)
                    limit.reschedule(asyncio.get_running_loop().time() + self._pace.connect)
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
            if not over.cancel() and not over.cancelled():
                over.exception()  # looked at, so that asyncio does not complain of an unseen one
            await client.hang_up(task, politely=politely)

    async def _listen(self, client: Client, task: asyncio.Task[None], over: asyncio.Future[None]) -> None:
        """Return when the LIVE is over. Raises ``Stalled`` when nothing comes, else what ended the connection."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            heard = client.socket.heard_at if client.socket is not None else began
            patience = heard + self._pace.stall - loop.time()
            if patience <= 0:
                raise Stalled(f"TikTok has said nothing for {self._pace.stall:.0f} s; connecting again")
            await asyncio.wait((task, over), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                return over.result()
            if task.done():
                task.result()
                raise Lost("TikTok closed the connection; connecting again")

    async def _take(self, frame: bytes, sink: Sink, over: asyncio.Future[None]) -> None:
        """Hand one frame's events on, and how to acknowledge them."""
        opened = self.decoder.unpack(frame)
        socket = self._socket
        if opened is None or socket is None:
            return
        push, result = opened
        for envelope in result.messages:
            self._hand_on(envelope, sink, over)
            if socket.turn_is_over:
                await socket.next_turn()
        if result.need_ack and not over.done():
            sink.on_frame(partial(socket.push, acknowledgement(push.log_id, result.internal_ext)))

    def _hand_on(self, envelope: Any, sink: Sink, over: asyncio.Future[None]) -> None:
        if over.done():  # its last word was spoken, or nobody listens any more
            return
        received = self._socket.heard if self._socket is not None else time.time()
        event = self.decoder.event(self._room, envelope, received)
        if event is not None:
            sink.on_event(event)
            if isinstance(event, m.LiveEvent):
                over.set_result(None)
