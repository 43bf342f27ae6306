"""The gateway's own keeping of its data: backups, what is too old, and viewers who want to be forgotten."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

from gateway.deciding import Deciding
from gateway.journal import Journal
from gateway.keeping import erase
from gateway.keeping.erasures import Erasures
from gateway.keeping.inventory import data_folder
from gateway.keeping.memory import Memory
from gateway.keeping.retention import Retention
from gateway.keeping.schedule import Backups
from gateway.requests import Handler
from gateway.service import running
from gateway.settings.load import Config
from gateway.stats.writer import StatsStore


class Keeping:
    """``prepare`` before anything is opened, ``running`` while the gateway runs. ``handlers`` answer requests.
    ``forget``: who remembers viewers in memory, each called with the platform id. ``fault``: why the last backup
    is missing or not whole."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        store: StatsStore,
        deciding: Deciding,
        forget: Iterable[Callable[[str], object]],
        clock: Callable[[], float],
    ) -> None:
        self._data = data_folder(config)
        self._backups = Backups(config, clock)
        self._retention = Retention(config, journal, store, clock)
        erasures = Erasures(config, journal, store, Memory(deciding, journal, forget))
        self.handlers: dict[str, Handler] = {
            **self._backups.handlers,
            **self._retention.handlers,
            **erasures.handlers,
        }

    @property
    def fault(self) -> str:
        return self._backups.fault

    async def prepare(self) -> None:
        """An erasure that was cut off is finished first. Raises ``StorageError``."""
        await asyncio.to_thread(erase.finish, self._data)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with running("backups", self._backups.run), running("retention", self._retention.run):
            yield
