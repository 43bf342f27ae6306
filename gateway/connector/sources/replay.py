"""A recorded session, played again as if it happened now."""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway import messages as m
from gateway.connector.recording.session_file import SessionReader
from gateway.connector.sources.base import Finished, Refused, Sink, Stream
from gateway.errors import StorageError

log = logging.getLogger(__name__)

MAX_ID = 120
"""Characters of an event's id; the contract's limit."""
BREATH = 0.005
"""Seconds of events without a pause after which the loop gets a turn: other accounts have theirs."""


class ReplaySource:
    """See ``Source``. ``speed`` 60 plays an hour in a minute.

    The Events are those of the file, with the times at which they happened (``time``) and the distances
    between them; ``received`` is now. Ids, rooms and streaks get a prefix, another one in every run of the file,
    so that nothing of a second run is taken for a repetition. Account and source are those of the account that
    plays it; ``simulated`` is always set.

    A connection plays one LIVE of the file, the next connection the next LIVE, whatever time lay between them.
    After the last one comes ``Finished``; whoever connects then plays the file from its beginning. Who was
    disconnected in the middle of a LIVE goes on there.
    """

    def __init__(self, stream: Stream, path: Path, speed: float) -> None:
        self.heard = 0.0
        self._stream = stream
        self._path = path
        self._speed = speed
        self._tape: _Tape | None = None

    async def run(self, sink: Sink, room: str = "") -> None:
        try:
            tape = self._tape = self._tape or _Tape(self._path)
            if (first := tape.next) is not None:
                await self._play(sink, tape, first)
            if tape.next is not None:
                return
        except StorageError as e:
            self._tape = None
            raise Refused(str(e)) from e
        self._tape = None
        if trouble := tape.reader.trouble:
            log.warning("%s: %s", self._stream.account, trouble)
        raise Finished(f"{self._path.name} has been played; disconnect and connect to play it again")

    async def _play(self, sink: Sink, tape: "_Tape", first: m.Event) -> None:
        """One LIVE, from where the tape stands."""
        loop = asyncio.get_running_loop()
        recorded = first.room
        room = f"{tape.run}-{recorded}" if recorded else tape.run
        sink.on_found(room)
        sink.on_live(room)
        origin, began = m.seconds(first.received), loop.time()
        rested = began
        while (event := tape.next) is not None and event.room == recorded:
            # From the beginning, not from the event before: so no delay adds up.
            delay = began + (m.seconds(event.received) - origin) / self._speed - loop.time()
            if delay > 0 or loop.time() - rested > BREATH:
                await asyncio.sleep(max(0.0, delay))
                rested = loop.time()
            tape.forward()
            ended = isinstance(event, m.LiveEvent)
            if isinstance(event, m.LiveEvent) and event.data.phase == "started":
                continue  # told by ``on_live``
            self.heard = time.time()
            sink.on_event(self._renewed(event, tape.run, room))
            if ended:
                return

    def _renewed(self, event: m.Event, run: str, room: str) -> m.Event:
        changes: dict[str, Any] = {}
        if isinstance(event, m.GiftEvent) and event.data.streak:
            changes["data"] = replace(event.data, streak=f"{run}-{event.data.streak}")
        return replace(
            event,
            id=_prefixed(run, event.id),
            source=self._stream.source,
            received=m.stamp(self.heard),
            account=self._stream.account,
            room=room,
            simulated=True,
            **changes,
        )


class _Tape:
    """An open file in one run; ``next`` is the event to come, None at the end."""

    def __init__(self, path: Path) -> None:
        self.run = secrets.token_hex(4)
        self.reader = SessionReader(path)
        self._events: Iterator[m.Event] = self.reader.events()
        self.next: m.Event | None = next(self._events, None)

    def forward(self) -> None:
        self.next = next(self._events, None)


def _prefixed(run: str, event_id: str) -> str:
    whole = f"{run}-{event_id}"
    if len(whole) <= MAX_ID:
        return whole
    return f"{run}-{hashlib.blake2b(event_id.encode(), digest_size=16).hexdigest()}"
