"""One client's WebSocket, and the frames that wait for it."""

import asyncio
import contextlib

from aiohttp import web
from google.protobuf.message import DecodeError

from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb

MAX_BEHIND = 10_000
"""Frames waiting for one socket before it is dropped."""


class SocketWatcher:
    """Watches a room through ``socket``, which the caller has prepared for ``request``."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._transport = request.transport
        self._frames: asyncio.Queue[bytes] = asyncio.Queue(MAX_BEHIND)

    def send(self, frame: bytes) -> None:
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """Cut the line: no close frame, as when a router dies."""
        if self._transport is not None:
            self._transport.abort()

    async def watch(self, room: Room) -> None:
        """Speak with the client until it goes."""
        writer = asyncio.create_task(self._write(room))
        room.enter(self)
        try:
            async for message in self._socket:
                if message.type is web.WSMsgType.BINARY:
                    with contextlib.suppress(DecodeError):
                        room.hear(pb.PushFrame.FromString(message.data), self)
        finally:
            room.leave(self)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    async def _write(self, room: Room) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await self._frames.get()
                await room.flows()
                await self._socket.send_bytes(frame)
