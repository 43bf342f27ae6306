"""A port that its driver lets go of for as long as another program needs it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any


class Loan:
    """``run`` holds what ``out`` takes away for a while."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._here = asyncio.Event()
        self._here.set()

    async def run(self, hold: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """``hold`` until cancelled, and anew each time that what was lent is back. What it raises is raised."""
        while True:
            await self._here.wait()
            task = self._task = asyncio.create_task(hold())
            try:
                await asyncio.wait([task])
            finally:
                await _end(task)
            if not task.cancelled():
                task.result()

    @contextlib.asynccontextmanager
    async def out(self) -> AsyncIterator[None]:
        """While this lasts, nobody holds it."""
        self._here.clear()
        try:
            if self._task is not None:
                await _end(self._task)
            yield
        finally:
            self._here.set()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
