"""One account's practice LIVE: who watches its socket, and what is sent into it."""

import asyncio
import contextlib
import itertools
import time
from collections import deque

from aiohttp import web

from gateway.practice.tiktok import frames
from gateway.practice.tiktok.acts import (
    Act,
    Comment,
    End,
    Follow,
    Gift,
    Join,
    Likes,
    Share,
    Subscribe,
    Tap,
    Viewer,
    Watching,
)
from gateway.webcast import webcast_pb2 as pb

HISTORY = 6
"""Comments that a client is sent again when it joins; TikTok's ``history_comment_count``."""
MAX_BEHIND = 10_000
"""Frames waiting for one socket before it is dropped."""

_ids = itertools.count(1)


def snowflake() -> int:
    """A new id in the manner of the platform: milliseconds in the upper bits, so never used before."""
    return (int(time.time() * 1000) << 22) | (next(_ids) & 0x3FFFFF)


class Watcher:
    """One client's socket and the frames that wait for it."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.transport = request.transport
        self.frames: asyncio.Queue[bytes] = asyncio.Queue(MAX_BEHIND)

    def send(self, frame: bytes) -> None:
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.abort()

    def abort(self) -> None:
        """Cut the line: no close frame, as when a router dies."""
        if self.transport is not None:
            self.transport.abort()


class Streak:
    """A gift streak of one viewer under way; ``tap`` as often as the viewer does, then ``end``."""

    def __init__(self, room: "Room", viewer: Viewer, gift: Gift) -> None:
        self.group = snowflake()
        self.count = 0
        self._room, self._viewer, self._gift = room, viewer, gift

    def tap(self, times: int = 1) -> int:
        """Count on; one message whatever ``times`` is. Returns its msg_id."""
        self.count += times
        return self._send(ended=False)

    def end(self) -> int:
        """The closing message, which repeats the count. Returns its msg_id."""
        return self._send(ended=True)

    def _send(self, *, ended: bool) -> int:
        return self._room.send(Tap(self._viewer, self._gift, self.count, ended, self.group))[0]


class Room:
    """What an account's LIVE says, and the knobs with which it fails.

    ``acks``, ``heartbeats`` and ``entered`` count what clients sent. Everything that is sent goes to
    every watcher; with nobody watching it is gone, as on the platform.
    """

    def __init__(self, username: str, *, live: bool = True, title: str = "Practice") -> None:
        self.username = username
        self.title = title
        self.live = live
        self.room_id = snowflake()
        self.likes = 0
        self.watching = 0
        self.visits = 0
        self.acks = self.heartbeats = self.entered = 0
        self.watchers: list[Watcher] = []
        self._history: deque[tuple[Act, frames.Stamp]] = deque(maxlen=HISTORY)
        self._log_ids = itertools.count(1)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._changed = asyncio.Condition()

    # -- what viewers do -------------------------------------------------------------------------

    def gift(self, viewer: Viewer, gift: Gift, count: int = 1) -> None:
        """``count`` gifts: a whole streak with its end where the gift can be one, else one message each."""
        if gift.streak:
            streak = self.streak(viewer, gift)
            for _ in range(count):
                streak.tap()
            streak.end()
        else:
            for _ in range(count):
                self.send(Tap(viewer, gift))

    def streak(self, viewer: Viewer, gift: Gift) -> Streak:
        """Begin a streak whose messages the caller sends one by one."""
        return Streak(self, viewer, gift)

    def comment(self, viewer: Viewer, text: str) -> int:
        return self.send(Comment(viewer, text))[0]

    def like(self, viewer: Viewer, count: int = 1) -> int:
        return self.send(Likes(viewer, count))[0]

    def follow(self, viewer: Viewer) -> int:
        return self.send(Follow(viewer))[0]

    def share(self, viewer: Viewer) -> int:
        return self.send(Share(viewer))[0]

    def join(self, viewer: Viewer) -> int:
        return self.send(Join(viewer))[0]

    def subscribe(self, viewer: Viewer) -> int:
        return self.send(Subscribe(viewer))[0]

    def viewers(self, count: int) -> int:
        return self.send(Watching(count))[0]

    def send(self, *acts: Act, msg_id: int | None = None) -> list[int]:
        """Send acts in one frame; returns their msg_ids. With ``msg_id`` the first repeats that id."""
        now_ms = int(time.time() * 1000)
        envelopes = []
        for act in acts:
            self._count(act)
            at = frames.Stamp(self.room_id, msg_id or snowflake(), now_ms, self.likes, self.watching, self.visits)
            msg_id = None
            if isinstance(act, Comment):
                self._history.append((act, at))
            envelopes.append(frames.envelope(act, at))
        self._send(envelopes, now_ms)
        return [e.msg_id for e in envelopes]

    def send_history(self) -> None:
        """Repeat the last comments as history, as the platform does when a client joins."""
        self._send(self.history(), int(time.time() * 1000))

    def history(self) -> list[pb.Envelope]:
        return [frames.envelope(act, at, history=True) for act, at in self._history]

    # -- on and off ------------------------------------------------------------------------------

    def go_live(self) -> None:
        """A new LIVE, with a room id of its own."""
        self.live = True
        self.room_id = snowflake()
        self.likes = self.visits = 0
        self._history.clear()

    def end(self) -> None:
        """The streamer ends the LIVE."""
        self.live = False
        self.send(End())

    def abort(self) -> None:
        """Cut every socket without a close frame."""
        for watcher in self.watchers:
            watcher.abort()

    def stall(self) -> None:
        """Say nothing more, not even to heartbeats, while the sockets stay open; until ``resume``."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    async def until(self, *, watchers: int | None = None, acks: int = 0, heartbeats: int = 0) -> None:
        """Wait until so many sockets are open and so many acks and heartbeats have come."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: (
                    (watchers is None or len(self.watchers) == watchers)
                    and self.acks >= acks
                    and self.heartbeats >= heartbeats
                )
            )

    # -- the socket ------------------------------------------------------------------------------

    async def serve(self, watcher: Watcher) -> None:
        """Speak with one client until it goes. The caller has prepared the socket."""
        writer = asyncio.create_task(self._write(watcher))
        self.watchers.append(watcher)
        await self._notify()
        if not self.live:
            watcher.send(self._frame([frames.envelope(End(), self._stamp())]))
        try:
            async for message in watcher.socket:
                if message.type is web.WSMsgType.BINARY:
                    self._hear(watcher, pb.PushFrame.FromString(message.data))
                    await self._notify()
        finally:
            self.watchers.remove(watcher)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            await self._notify()

    async def _write(self, watcher: Watcher) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                frame = await watcher.frames.get()
                await self._flowing.wait()
                await watcher.socket.send_bytes(frame)

    def _hear(self, watcher: Watcher, frame: pb.PushFrame) -> None:
        match frame.payload_type:
            case "ack":
                self.acks += 1
            case "hb":
                self.heartbeats += 1
                watcher.send(frames.heartbeat(self.room_id))
            case "im_enter_room":
                self.entered += 1

    def _count(self, act: Act) -> None:
        match act:
            case Likes(_, count):
                self.likes += count
            case Watching(count):
                self.watching = count
            case Join():
                self.visits += 1

    def _stamp(self) -> frames.Stamp:
        return frames.Stamp(self.room_id, snowflake(), int(time.time() * 1000))

    def _frame(self, envelopes: list[pb.Envelope]) -> bytes:
        return frames.push(envelopes, next(self._log_ids), int(time.time() * 1000))

    def _send(self, envelopes: list[pb.Envelope], now_ms: int) -> None:
        if not self.watchers or not envelopes:
            return
        frame = frames.push(envelopes, next(self._log_ids), now_ms)
        for watcher in self.watchers:
            watcher.send(frame)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
