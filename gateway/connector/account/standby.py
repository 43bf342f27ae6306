"""A second connection to an account's LIVE, made before the first one ends, so that a move leaves no gap."""

import asyncio
import logging
from collections.abc import Callable

from gateway import messages as m
from gateway.connector.sources.base import Sink, Source
from gateway.errors import SourceError

log = logging.getLogger(__name__)

HELD = 20_000
"""Happenings kept until the account comes; more would mean that it never comes."""


class Standby:
    """Connects and keeps what it hears; ``go_on`` then gives all of it to the account and goes on listening.

    What the account knows already it drops by id. ``on_live`` is called once the connection stands.
    """

    def __init__(self, source: Source, room: str, on_live: Callable[[], None]) -> None:
        self.source = source
        self._on_live = on_live
        self._live = False
        self._held: list[Callable[[Sink], None]] = []
        self._sink: Sink | None = None
        self._task = asyncio.create_task(source.run(_Ear(self), room), name=f"standby {room}")
        self._task.add_done_callback(self._ended)

    @property
    def live(self) -> bool:
        """The connection stands."""
        return self._live and not self._task.done()

    async def go_on(self, sink: Sink) -> None:
        """As ``Source.run``; may be called once."""
        for give in self._held:
            give(sink)
        self._held.clear()
        self._sink = sink
        await self._task

    def hang_up(self) -> None:
        """Nobody needs it any more."""
        self._task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._sink is None and error is not None:
            level = logging.DEBUG if isinstance(error, SourceError) else logging.ERROR
            log.log(level, "a second connection ended before it was needed: %s", error)

    def hear(self, happening: Callable[[Sink], None], *, live: bool = False) -> None:
        if self._sink is not None:
            happening(self._sink)
            return
        if len(self._held) >= HELD:
            self._task.cancel()
            return
        self._held.append(happening)
        if live and not self._live:
            self._live = True
            self._on_live()


class _Ear:
    """What the source talks to."""

    def __init__(self, standby: Standby) -> None:
        self._standby = standby

    def on_waiting(self, words: str) -> None:
        pass

    def on_found(self, room: str) -> None:
        pass  # the account is live already, in the eyes of everybody

    def on_live(self, room: str) -> None:
        self._standby.hear(lambda sink: sink.on_live(room), live=True)

    def on_event(self, event: m.Event) -> None:
        self._standby.hear(lambda sink: sink.on_event(event))

    def on_frame(self, acknowledge: Callable[[], None]) -> None:
        self._standby.hear(lambda sink: sink.on_frame(acknowledge))
