"""A connector with the real TikTokLive client, a practice TikTok, and a bus that remembers."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway import messages as m
from gateway.connector import Connector
from gateway.connector.sources.base import Pace
from gateway.practice.tiktok.acts import Viewer
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.settings.models import Account, Settings, TikTok
from gateway.settings.models import Connector as ConnectorSettings
from gateway.topics import parse

if importlib.util.find_spec("TikTokLive"):  # by the module that knows how to without its warnings
    import gateway.connector.sources.tiktok  # noqa: F401

HURRIED = Pace(
    poll=0.4, not_found=0.8, refused=0.3, first=0.05, longest=0.2, steady=0.2, stall=0.8, streak=0.3, sign=0.01
)
"""The same patience as in life, some hundred times quicker."""
HEARTBEAT = 0.1
PATIENCE = 15.0
"""Seconds that a test waits for a condition; all are met within one on an idle machine."""

T = TypeVar("T")


def viewer(n: int, **kwargs: Any) -> Viewer:
    return Viewer(6_800_000_000_000_000_000 + n, f"viewer.{n}", f"Viewer {n}", **kwargs)


class Recorder:
    """The bus's ``publish``: remembers everything, or refuses everything while ``away``."""

    def __init__(self) -> None:
        self.away = False
        self.published: list[tuple[str, bytes, int, bool]] = []
        self._changed = asyncio.Event()

    def __call__(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        on_ack: Callable[[bool], None] | None = None,
    ) -> bool:
        if self.away:
            return False
        self.published.append((topic, payload, qos, retain))
        if on_ack is not None:
            asyncio.get_running_loop().call_soon(on_ack, True)
        self._changed.set()
        return True

    def everything(self, account: str) -> list[m.Event]:
        """All events of an account, in order."""
        found = []
        for topic, payload, _, _ in self.published:
            address = parse(topic)
            assert address is not None
            if (address.id, address.facet) == (account, "event"):
                event = m.decode_event(payload)
                assert m.KINDS[type(event)] == address.detail
                found.append(event)
        return found

    def events(self, account: str, kind: type[T]) -> list[T]:
        """An account's events of one kind."""
        found: list[T] = []
        for event in self.everything(account):
            if isinstance(event, kind):
                found.append(event)  # noqa: PERF401  (a comprehension loses the type)
        return found

    def states(self, account: str) -> list[m.AccountState]:
        return [
            m.decode(payload, m.AccountState)
            for topic, payload, _, _ in self.published
            if payload and topic.endswith(f"/account/{account}/state")
        ]

    def cleared(self, account: str) -> int:
        """How often an account's retained state was taken away."""
        return sum(not p and t.endswith(f"/account/{account}/state") for t, p, _, _ in self.published)

    def phases(self, account: str) -> list[str]:
        """The phases told, without repetitions."""
        phases: list[str] = []
        for state in self.states(account):
            if phases[-1:] != [state.phase]:
                phases.append(state.phase)
        return phases

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Rig:
    """``start`` runs the connector; everything is stopped at the end of the test."""

    def __init__(self, tiktok: PracticeTikTok, folder: Path) -> None:
        self.tiktok = tiktok
        self.folder = folder
        self.bus = Recorder()
        self.connector: Connector
        self._task: asyncio.Task[None] | None = None

    def settings(self, *names: str, **tiktok: Any) -> Settings:
        addresses = {
            "app_url": self.tiktok.app_url,
            "webcast_url": self.tiktok.webcast_url,
            "sign_url": self.tiktok.sign_url,
            "simulated": True,
            **tiktok,
        }
        return Settings(
            venue="hall",
            connector=ConnectorSettings(tiktok=TikTok(**addresses)),
            accounts={name: Account(username=f"{name}.live") for name in names},
        )

    def room(self, name: str, **kwargs: Any) -> Room:
        return self.tiktok.add_room(f"{name}.live", **kwargs)

    def start(self, *names: str, pace: Pace = HURRIED, **kwargs: Any) -> None:
        options = {"base_dir": self.folder, "outbox": "rig", **kwargs}
        self.connector = Connector(self.settings(*names), self.bus, pace=pace, **options)
        self._task = asyncio.create_task(self.connector.run())

    async def live(self, name: str, **kwargs: Any) -> Room:
        """Start with one account and wait until it is live."""
        room = self.room(name)
        self.start(name, **kwargs)
        await self.bus.until(lambda: "live" in self.bus.phases(name))
        return room

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        await self.tiktok.stop()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    tiktok = PracticeTikTok(heartbeat=HEARTBEAT)
    await tiktok.start()
    rig = Rig(tiktok, tmp_path)
    yield rig
    await rig.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left running: {left}"
