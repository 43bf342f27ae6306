"""A connector with real worker processes, a real broker, a practice TikTok, and somebody who hears it all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.service import Parent
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.settings.models import Account, Settings, TikTok
from gateway.settings.models import Connector as ConnectorSettings
from gateway.topics import parse
from tests.broker import Mosquitto
from tests.connector.conftest import HEARTBEAT, HURRIED

START = 40.0
"""Seconds for worker processes to start; each imports for 2 s on an idle machine."""

T = TypeVar("T")


class Hall:
    """``events`` and ``states`` are what arrived, in order."""

    def __init__(self, tiktok: PracticeTikTok, settings: Settings) -> None:
        self.tiktok = tiktok
        self.settings = settings
        self.rooms: dict[str, Room] = {}
        self.events: list[m.Event] = []
        self.states: list[m.AccountState] = []
        self.cleared: list[str] = []
        self.parent: Parent
        self.listener: Bus
        self._changed = asyncio.Event()

    def hear(self, message: Message) -> None:
        address = parse(message.topic)
        if address is None:
            return
        if address.facet == "event":
            self.events.append(m.decode_event(message.payload))
        elif (address.kind, address.facet) == ("account", "state"):
            if message.payload:
                self.states.append(m.decode(message.payload, m.AccountState))
            else:
                self.cleared.append(address.id)
        self._changed.set()

    def of(self, account: str, kind: type[T]) -> list[T]:
        found: list[T] = []
        for event in self.events:
            if isinstance(event, kind) and event.account == account:
                found.append(event)  # noqa: PERF401  (a comprehension loses the type)
        return found

    def phase(self, account: str) -> str:
        return next((s.phase for s in reversed(self.states) if s.account == account), "")

    def live(self, accounts: Sequence[str] | None = None) -> bool:
        return all(self.phase(name) == "live" for name in accounts or list(self.rooms))

    def on(self, worker: int) -> list[str]:
        """The accounts of a worker."""
        return [c.name for c in self.parent.fleet.charges.values() if c.where == worker]

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):  # conditions on processes make no sound
                        await self._changed.wait()

    async def workers_up(self, count: int) -> None:
        workers = self.parent.fleet.workers
        await self.until(lambda: sum(w.up for w in workers.values()) == count == len(workers), START)


@contextlib.asynccontextmanager
async def hall(folder: Path, names: Sequence[str], least: int, most: int, **options: Any) -> AsyncIterator[Hall]:
    """Everything running and all accounts live."""
    tiktok = PracticeTikTok(heartbeat=HEARTBEAT)
    await tiktok.start()
    with Mosquitto(folder) as broker:
        addresses = TikTok(
            app_url=tiktok.app_url, webcast_url=tiktok.webcast_url, sign_url=tiktok.sign_url, simulated=True
        )
        settings = Settings(
            venue="hall",
            broker=broker.settings,
            connector=ConnectorSettings(tiktok=addresses),
            accounts={name: Account(username=f"{name}.live") for name in names},
        )
        here = Hall(tiktok, settings)
        here.rooms = {name: tiktok.add_room(f"{name}.live") for name in names}
        listener = Bus(broker.settings, "listener", on_message=here.hear)
        here.listener = listener
        listener.subscribe("stagewire/1/hall/account/#")
        bus = Bus(
            broker.settings,
            "parent",
            on_message=lambda message: here.parent.on_message(message),
            on_state=lambda connected, words: here.parent.on_bus(connected, words),
        )
        here.parent = Parent(settings, bus.publish, least, most, base_dir=folder, pace=HURRIED, **options)
        tasks = [asyncio.create_task(work) for work in (listener.run(), bus.run(), here.parent.run())]
        try:
            await here.until(lambda: here.live() or tasks[2].done(), START)
            yield here
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])
            await tiktok.stop()
