"""An account that hears a LIVE through somebody else, and everything a room can say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from gateway import messages as m
from gateway.connector.account.account import Account
from gateway.connector.sources.base import Pace
from gateway.connector.sources.make import Sources
from gateway.practice.tiktok.acts import GIFTS, Tap
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.settings import models
from tests.connector.conftest import HURRIED, PATIENCE, viewer

ROSE, COMET = GIFTS[0], GIFTS[-1]

T = TypeVar("T")


class Listener:
    """The account ``ada``, whose @name is ``ada.live``, made from its settings as the connector does it."""

    def __init__(self, source: Any, base_dir: Path, settings: models.Connector, *, pace: Pace = HURRIED) -> None:
        self.events: list[m.Event] = []
        self.states: list[m.AccountState] = []
        account = models.Account(username="ada.live", source=source)
        sources = Sources(settings, base_dir, pace)
        stream = sources.stream("ada", account)
        self.source: Any = sources(stream, account)
        self._account = Account(
            stream, account.username, self.source, self._send, self._tell, sources.pace(account)
        )
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._account.run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._account.switch_off("the test is over")

    def of(self, kind: type[T]) -> list[T]:
        return [e for e in self.events if isinstance(e, kind)]

    def words(self) -> str:
        """What its states said."""
        return "\n".join(state.detail for state in self.states)

    def phases(self) -> list[str]:
        return [s.phase for n, s in enumerate(self.states) if n == 0 or self.states[n - 1].phase != s.phase]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_live(self) -> None:
        await self.until(lambda: "live" in self.phases())

    async def until_said(self, words: str) -> None:
        await self.until(lambda: words in self.words())

    def _send(self, event: m.Event) -> None:
        self.events.append(event)
        self._changed.set()

    def _tell(self, state: m.AccountState) -> None:
        self.states.append(state)
        self._changed.set()


class Sink:
    """Whom a source tells what it hears."""

    def __init__(self) -> None:
        self.rooms: list[str] = []
        self.events: list[Any] = []

    def on_waiting(self, words: str) -> None: ...

    def on_found(self, room: str) -> None: ...

    def on_live(self, room: str) -> None:
        self.rooms.append(room)

    def on_event(self, event: m.Event) -> None:
        self.events.append(event)

    def on_frame(self, acknowledge: Callable[[], None]) -> None: ...


Direct = tuple[Listener, Room]


@pytest.fixture
async def direct(tmp_path: Path) -> AsyncIterator[Direct]:
    """The same account heard from practice TikTok itself, live."""
    tiktok = PracticeTikTok(heartbeat=0.1)
    await tiktok.start()
    room = tiktok.add_room("ada.live")
    addresses = models.TikTok(
        app_url=tiktok.app_url, webcast_url=tiktok.webcast_url, sign_url=tiktok.sign_url, simulated=True
    )
    listener = Listener("tiktok", tmp_path, models.Connector(tiktok=addresses))
    listener.start()
    await listener.until_live()
    yield listener, room
    await listener.stop()
    await tiktok.stop()


def play(room: Room) -> None:
    """Something of every kind that all relays pass on; the last is a comment "fin"."""
    fan = viewer(1, follower=True, moderator=True, fan_level=7, gifter_level=21)
    sub = viewer(2, subscriber=True)
    streak = room.streak(fan, ROSE)
    streak.tap()
    streak.tap(4)
    streak.end()
    room.gift(sub, COMET)
    room.send(Tap(viewer(3), COMET, priced=False))
    room.comment(fan, "Ｌéédak! 🎉")
    room.follow(viewer(4))
    room.share(viewer(5))
    room.join(sub)
    room.subscribe(viewer(6))
    room.like(viewer(7), 15)
    room.viewers(42)
    room.comment(viewer(8), "fin")


def complete(events: list[m.Event]) -> bool:
    """All of ``play`` has arrived."""
    fin = any(isinstance(e, m.CommentEvent) and e.data.text == "fin" for e in events)
    return fin and {m.LikeEvent, m.JoinEvent, m.ViewersEvent} <= {type(e) for e in events}


def played(events: list[m.Event]) -> list[m.Event]:
    """The events without what differs from one road to another: where and when they were heard, and under which
    ids. Those that are merged come when they are due, so here they come last; not every relay says when there
    were how many viewers."""
    plain: list[m.Event] = [
        msgspec.structs.replace(e, id="-", source="-", received="-", room="-", simulated=False)
        for e in events
        if not isinstance(e, m.LiveEvent)
    ]
    plain = [msgspec.structs.replace(e, time="-") if isinstance(e, m.ViewersEvent) else e for e in plain]
    merged = [e for e in plain if m.KINDS[type(e)] in m.MERGED_KINDS]
    return [e for e in plain if e not in merged] + sorted(merged, key=lambda e: m.KINDS[type(e)])
