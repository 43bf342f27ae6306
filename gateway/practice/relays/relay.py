"""What passes a practice room's messages on to WebSockets, and the server that they connect to."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from aiohttp import web

from gateway.practice.tiktok.door import STOP_TIMEOUT, Door
from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import unpack

MAX_BEHIND = 10_000
"""Messages waiting for one socket before it is dropped."""

Translate = Callable[[pb.PushFrame, pb.FetchResult], Iterable[str | bytes]]
"""From one frame of the room to the messages of the relay."""


class Relay:
    """A room's watcher. ``close_with`` ends the connection politely, after what waits has been sent."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, translate: Translate) -> None:
        self._socket = socket
        self._transport = request.transport
        self._translate = translate
        self._waiting: asyncio.Queue[str | bytes | int] = asyncio.Queue(MAX_BEHIND)

    def send(self, frame: bytes) -> None:
        push, result = unpack(frame)
        if result is not None:
            for message in self._translate(push, result):
                self.say(message)

    def say(self, message: str | bytes) -> None:
        self._put(message)

    def close_with(self, code: int) -> None:
        self._put(code)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def watch(self, room: Room) -> None:
        """Until the client goes, or is sent away."""
        writer = asyncio.create_task(self._write(room))
        room.enter(self)
        try:
            async for _ in self._socket:
                pass
        finally:
            room.leave(self)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    def _put(self, item: str | bytes | int) -> None:
        try:
            self._waiting.put_nowait(item)
        except asyncio.QueueFull:
            self.abort()

    async def _write(self, room: Room) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                item = await self._waiting.get()
                await room.flows()
                if isinstance(item, int):
                    await self._socket.close(code=item)
                elif isinstance(item, str):
                    await self._socket.send_str(item)
                else:
                    await self._socket.send_bytes(item)


class RelayServer:
    """Serves WebSockets on 127.0.0.1, each of which hears a practice room; ``url`` is known once it started."""

    def __init__(self) -> None:
        self._relays: list[Relay] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._door: Door | None = None

    @property
    def url(self) -> str:
        assert self._door is not None, "not started"
        return f"ws://127.0.0.1:{self._door.port}"

    @property
    def clients(self) -> int:
        return len(self._relays)

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/", self._socket)
        self._door = Door(app)
        await self._door.open(port)

    async def stop(self) -> None:
        for relay in self._relays:
            relay.abort()
        if self._door is not None:
            await self._door.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=STOP_TIMEOUT)

    def say_raw(self, message: str | bytes) -> None:
        """Anything, to every client."""
        for relay in self._relays:
            relay.say(message)

    def close_with(self, code: int) -> None:
        """End every connection with a close code."""
        for relay in self._relays:
            relay.close_with(code)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Answer one client; ends with ``_serve``."""
        raise NotImplementedError

    async def _serve(self, relay: Relay, room: Room) -> None:
        self._relays.append(relay)
        serving = asyncio.create_task(relay.watch(room))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        try:
            await serving
        finally:
            self._relays.remove(relay)
