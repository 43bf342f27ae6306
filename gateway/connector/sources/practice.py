"""A practice LIVE without a network: the crowd and the show of the practice platform, through the same decoder.

The one module of production that imports ``gateway.practice``, and only an account with ``source: practice``
imports it.
"""

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import cast, get_args

from gateway import messages as m
from gateway.connector.sources.base import (
    Finished,
    Lost,
    NotFound,
    Offline,
    Pace,
    Refused,
    Sink,
    Stalled,
    Stream,
)
from gateway.connector.sources.decoder import Decoder
from gateway.practice.tiktok import knobs
from gateway.practice.tiktok.acts import GIFTS, Act
from gateway.practice.tiktok.crowd import Crowd, in_room
from gateway.practice.tiktok.cues import Cue, Right, Wrong, act_out, cues
from gateway.practice.tiktok.faults import InRoom, Once, OnPlatform
from gateway.practice.tiktok.rates import Rates
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.show import Show, find, load
from gateway.practice.tiktok.stage import play
from gateway.webcast import webcast_pb2 as pb

log = logging.getLogger(__name__)

HEARTBEATS = 6
"""So many go into the time after which a silent LIVE counts as stalled, as with TikTok."""


class PracticeSource:
    """See ``Source``. Plays the show of ``file``, with the crowd that it asks for; without one, a crowd alone.

    The show's clock starts at the first connection and goes on whether the connector is connected or not; what
    happens meanwhile is lost, as on the platform. The crowd rests meanwhile. When the show has ended the LIVE and
    has no more cues, the source raises ``Finished``; whoever connects then sees it from its beginning.
    """

    def __init__(self, stream: Stream, file: str | None, base_dir: Path, pace: Pace) -> None:
        """Raises ``SettingsError`` with every mistake in the show. ``file``: see ``show.find``."""
        self.decoder = Decoder(stream)
        self.heard = 0.0
        self._stream = stream
        self._show = load(find(file, base_dir)) if file else None
        self._pace = pace
        self._stage: _Stage | None = None

    async def run(self, sink: Sink, room: str = "") -> None:
        stage = self._stage = self._stage or _Stage(self._stream, self._show)
        await stage.catch_up()
        self._check(stage)
        live, ear = stage.room, _Ear()
        sink.on_found(str(live.room_id))
        self.heard = time.time()
        sink.on_live(str(live.room_id))
        live.enter(ear)
        stage.begin()
        playing = [asyncio.create_task(stage.perform()), asyncio.create_task(stage.let_crowd_loose())]
        for task in playing:
            task.add_done_callback(ear.hear_of)
        try:
            await self._listen(live, ear, sink)
        finally:
            live.leave(ear)
            for task in playing:
                task.cancel()
            for task in playing:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _check(self, stage: "_Stage") -> None:
        name = self._stream.username
        if stage.room.hidden:
            raise NotFound(f"there is no account @{name}, says the show")
        if not stage.room.live and stage.over:
            self._stage = None
            raise Finished("the show has been played; disconnect and connect to see it again")
        if not stage.room.live:
            raise Offline(f"@{name} is not live now, says the show")
        if stage.room.private:
            raise Refused(f"the LIVE of @{name} is private, says the show")

    async def _listen(self, live: Room, ear: "_Ear", sink: Sink) -> None:
        """Return at the LIVE's end. Raises ``Stalled`` and ``Lost`` as the show wants it."""
        room = str(live.room_id)
        while True:
            frame: bytes | None = b""  # nothing was said, but the line stands
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pace.stall / HEARTBEATS):
                    frame = await ear.frames.get()
            try:
                async with asyncio.timeout(max(0.0, self.heard + self._pace.stall - time.time())):
                    await live.flows()
            except TimeoutError:
                raise Stalled(
                    f"the show has said nothing for {self._pace.stall:.0f} s; connecting again"
                ) from None
            if frame is None:
                raise Lost("the show cut the line; connecting again")
            self.heard = time.time()
            if frame and self._take(frame, room, live, ear, sink):
                return

    def _take(self, frame: bytes, room: str, live: Room, ear: "_Ear", sink: Sink) -> bool:
        """Hand one frame's events on; True when one says that the LIVE is over."""
        opened = self.decoder.unpack(frame)
        if opened is None:
            return False
        push, result = opened
        for envelope in result.messages:
            event = self.decoder.event(room, envelope, self.heard)
            if event is not None:
                sink.on_event(event)
                if isinstance(event, m.LiveEvent):
                    return True
        if result.need_ack:
            sink.on_frame(lambda: live.hear(pb.PushFrame(payload_type="ack", log_id=push.log_id), ear))
        return False


class _Ear:
    """Watches a room without a socket. None among the frames: the line was cut."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, frame: bytes) -> None:
        self.frames.put_nowait(frame)

    def hear_of(self, playing: asyncio.Task[None]) -> None:
        """A show or crowd that failed is heard no more; its error is raised when it is cleared away."""
        if not playing.cancelled() and playing.exception() is not None:
            self.abort()

    def abort(self) -> None:
        self.frames.put_nowait(None)


class _Stage:
    """The room of one performance, its crowd, and how far the show has come."""

    def __init__(self, stream: Stream, show: Show | None) -> None:
        self.room = Room(stream.username)
        self._account = stream.account
        self._cues = cues(show, stream.username) if show is not None else []
        self._done = 0
        self._began: float | None = None
        rates = show.rates if show is not None else Rates()
        seed = f"{show.seed if show is not None else 1}/{stream.username}"
        self._crowd = Crowd(seed, rates, GIFTS, stream.username).moments() if rates is not None else iter(())
        self._crowd_at = 0.0

    @property
    def over(self) -> bool:
        """No cue is left."""
        return self._done == len(self._cues)

    def begin(self) -> None:
        """The curtain rises, if it has not yet."""
        if self._began is None:
            self._began = asyncio.get_running_loop().time()

    async def catch_up(self) -> None:
        """Let happen what was due while nobody watched."""
        if self._began is None:
            return
        now = asyncio.get_running_loop().time() - self._began
        while not self.over and self._cues[self._done][0] <= now:
            await self._do(self._cues[self._done][1])

    async def perform(self) -> None:
        """The rest of the show, at its times."""
        assert self._began is not None
        await play(self._cues[self._done :], self._do, self._began)

    async def let_crowd_loose(self) -> None:
        """The crowd goes on where it was."""

        async def send(moment: tuple[float, Act]) -> None:
            self._crowd_at, act = moment
            self.room.send(in_room(act, self.room.room_id))

        began = asyncio.get_running_loop().time() - self._crowd_at
        await play(((t, (t, act)) for t, act in self._crowd), send, began)

    async def _do(self, cue: Cue) -> None:
        self._done += 1
        await act_out(cue, self.room, self)

    async def press(self, wrong: Wrong) -> None:
        fault = wrong.fault
        if fault in get_args(OnPlatform):
            log.warning(
                "%s: the show wants %s, which only the practice platform can play (`stagewire practice`)",
                self._account,
                fault,
            )
        elif fault in get_args(Once):
            knobs.happen(cast("Once", fault), self.room)
        else:
            knobs.turn_in_room(cast("InRoom", fault), self.room, on=True)

    async def release(self, right: Right) -> None:
        if right.fault in get_args(InRoom):
            knobs.turn_in_room(cast("InRoom", right.fault), self.room, on=False)
