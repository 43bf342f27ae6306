"""A diagnosis that tests listen to."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.connector.diagnosis.diagnose import Diagnosis
from gateway.practice.tiktok.acts import Viewer
from gateway.practice.tiktok.room import Room
from tests.connector.conftest import HURRIED, PATIENCE, Rig

OTTER = Viewer(6_900_000_000_000_000_042, "ada.otter", "Ada Otter", moderator=True, gifter_level=7)
HERON = Viewer(6_900_000_000_000_000_043, "bob.heron", "Bob Heron")


class Told:
    """One diagnosis of the account ``ada``, and what it said."""

    def __init__(self, rig: Rig, **options: Any) -> None:
        self.lines: list[str] = []
        options = {"settings": rig.settings("ada"), "pace": HURRIED, **options}
        self.diagnosis = Diagnosis(name="ada", say=self.lines.append, **options)

    async def run(self, seconds: float = 0.5) -> "Told":
        async with asyncio.timeout(PATIENCE):
            await self.diagnosis.run(seconds)
        return self

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def verdict(self) -> str:
        verdict = self.diagnosis.verdict
        return f"{'good' if verdict.good else 'bad'}: {verdict.words} {verdict.advice}"


async def listening(told: Told, room: Room) -> asyncio.Task[Told]:
    """A diagnosis that is connected."""
    task = asyncio.create_task(told.run(PATIENCE))
    await room.until(watchers=1, heartbeats=1)
    return task


async def stopped(task: asyncio.Task[Told]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)
