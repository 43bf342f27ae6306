"""One account's practice LIVE: who watches it, what is sent into it, and the knobs with which it fails."""

import asyncio
import itertools
import time
from collections import Counter, deque
from typing import Protocol

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
from gateway.practice.tiktok.ids import snowflake
from gateway.practice.tiktok.mischief import Message, Mischief
from gateway.practice.tiktok.receipts import Receipts, SentGift
from gateway.webcast import webcast_pb2 as pb

HISTORY = 6
"""Comments that a client is sent again when it joins; TikTok's ``history_comment_count``."""


class Watcher(Protocol):
    """Who hears the room: a client's socket, or a source without one."""

    def send(self, frame: bytes) -> None:
        """One frame; must return at once."""

    def abort(self) -> None:
        """Cut the line."""


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
    """What an account's LIVE says. Everything that is sent goes to every watcher; with nobody watching it is
    gone, as on the platform.

    ``acks``, ``heartbeats`` and ``entered`` count what clients sent; ``sent`` counts acts by kind, whether
    somebody watched or not.

    The knobs that are attributes:
    ``live``: False makes it offline; the sockets that are open stay so.
    ``hidden``: the platform says that there is no such account.
    ``age_restricted``: no room info without a login; the rest goes on, as on the platform.
    ``private``: only friends may watch: every socket is refused, and no reason given.
    ``closes_in_handshake``: the streamer begins anew whenever a signature has been given out, so that the room
    asked for is gone when its socket is opened.
    ``mischief``: messages forgotten, doubled, late; None for a sound room.
    """

    def __init__(self, username: str, *, live: bool = True, title: str = "Practice") -> None:
        self.username = username
        self.title = title
        self.live = live
        self.hidden = self.age_restricted = self.private = self.closes_in_handshake = False
        self.room_id = snowflake()
        self.likes = 0
        self.watching = 0
        self.visits = 0
        self.acks = self.heartbeats = self.entered = 0
        self.sent: Counter[type[Act]] = Counter()
        self.watchers: list[Watcher] = []
        self._mischief: Mischief | None = None
        self._history: deque[tuple[Act, frames.Stamp]] = deque(maxlen=HISTORY)
        self._log_ids = itertools.count(1)
        self._receipts = Receipts()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._changed = asyncio.Event()

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
        messages = []
        for act in acts:
            self._count(act)
            at = frames.Stamp(self.room_id, msg_id or snowflake(), now_ms, self.likes, self.watching, self.visits)
            msg_id = None
            if isinstance(act, Comment):
                self._history.append((act, at))
            messages.append(Message(act, frames.envelope(act, at)))
        ids = [m.envelope.msg_id for m in messages]
        if self._mischief is not None:
            ends = any(isinstance(act, End) for act in acts)  # nobody would hear what comes after it
            before = self._mischief.settle() if ends else []
            messages = before + (messages if ends else self._mischief.disturb(messages))
        self._push(messages)
        return ids

    def send_history(self) -> None:
        """Repeat the last comments as history, as the platform does when a client joins."""
        self._push_envelopes(self.history())

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

    # -- knobs of the line -----------------------------------------------------------------------

    def abort(self) -> None:
        """Cut every socket without a close frame."""
        for watcher in list(self.watchers):
            watcher.abort()

    def stall(self) -> None:
        """Say nothing more, not even to heartbeats, while the sockets stay open; until ``resume``."""
        self._flowing.clear()

    def resume(self) -> None:
        self._flowing.set()

    async def flows(self) -> None:
        """Return when the room is not stalled."""
        await self._flowing.wait()

    @property
    def mischief(self) -> Mischief | None:
        return self._mischief

    @mischief.setter
    def mischief(self, mischief: Mischief | None) -> None:
        """What the one before held back is sent now."""
        held = self._mischief.settle() if self._mischief is not None else []
        self._mischief = mischief
        self._push(held)

    def send_raw(self, frame: bytes) -> None:
        """Any bytes as one frame, such as those of ``badframes``."""
        for watcher in self.watchers:
            watcher.send(frame)

    # -- who watches -----------------------------------------------------------------------------

    def enter(self, watcher: Watcher) -> None:
        """From now on the watcher hears the room; of one that has ended it hears that."""
        self.watchers.append(watcher)
        if not self.live:
            stamp = frames.Stamp(self.room_id, snowflake(), int(time.time() * 1000))
            watcher.send(self._frame(next(self._log_ids), [frames.envelope(End(), stamp)]))
        self._notify()

    def leave(self, watcher: Watcher) -> None:
        self.watchers.remove(watcher)
        self._notify()

    def hear(self, frame: pb.PushFrame, watcher: Watcher) -> None:
        """What a client says."""
        match frame.payload_type:
            case "ack":
                self.acks += 1
                self._receipts.acknowledge(frame.log_id)
            case "hb":
                self.heartbeats += 1
                watcher.send(frames.heartbeat(self.room_id))
            case "im_enter_room":
                self.entered += 1
        self._notify()

    def sent_gifts(self) -> list[SentGift]:
        """The gift messages that went to a watcher, in the order in which they were sent."""
        return self._receipts.gifts(acknowledged=False)

    def acknowledged_gifts(self) -> list[SentGift]:
        """Those of ``sent_gifts`` that a client has acknowledged: they must not get lost any more."""
        return self._receipts.gifts(acknowledged=True)

    async def until(self, *, watchers: int | None = None, acks: int = 0, heartbeats: int = 0) -> None:
        """Wait until so many are watching and so many acks and heartbeats have come."""
        while not (
            (watchers is None or len(self.watchers) == watchers)
            and self.acks >= acks
            and self.heartbeats >= heartbeats
        ):
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # -- frames ----------------------------------------------------------------------------------

    def _count(self, act: Act) -> None:
        self.sent[type(act)] += 1
        match act:
            case Likes(_, count):
                self.likes += count
            case Watching(count):
                self.watching = count
            case Join():
                self.visits += 1

    def _push(self, messages: list[Message]) -> None:
        if not self.watchers or not messages:
            return
        log_id = self._push_envelopes([m.envelope for m in messages])
        self._receipts.sent(self.room_id, log_id, messages)

    def _push_envelopes(self, envelopes: list[pb.Envelope]) -> int:
        log_id = next(self._log_ids)
        if self.watchers and envelopes:
            self.send_raw(self._frame(log_id, envelopes))
        return log_id

    def _frame(self, log_id: int, envelopes: list[pb.Envelope]) -> bytes:
        return frames.push(envelopes, log_id, int(time.time() * 1000))
