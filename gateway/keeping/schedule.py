"""Backups that the gateway makes by itself, and those that somebody asks it for."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable

from gateway.errors import StagewireError, StorageError
from gateway.keeping.backup import Made, kept, make_backup, prune, time_of
from gateway.keeping.inventory import backup_folder
from gateway.messages import Request, seconds, stamp
from gateway.requests import Answer, Handler
from gateway.settings.load import Config
from gateway.settings.schedule import Schedule
from gateway.settings.triggers import OnTime
from gateway.text import clean
from gateway.wording import size

log = logging.getLogger(__name__)

SETTLE_S = 120.0
"""After a start the boards and the broker come first; then a backup that was missed is made up for."""
RETRY_S = 3600.0
"""A backup that failed is tried again this much later."""
LOOK_S = 30.0
"""The clock is looked at this often: it may be set, and the machine may sleep."""


class Backups:
    """``run`` is the service. ``handlers`` answer requests, also where the settings want no regular backups.

    ``last``: when the newest backup in the folder was made, "" for never. ``fault``: in words, why the last
    attempt failed, or what it could not keep; empty when all is well.
    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.time, *, look: float = LOOK_S) -> None:
        self._config, self._clock, self._look = config, clock, look
        self._settings = config.settings.gateway.backup
        self._lock = asyncio.Lock()
        self._retry_at = self._last = 0.0
        self.fault = ""
        self.handlers: dict[str, Handler] = {"backup": self._asked}

    async def run(self) -> None:
        """Make backups when it is time, until cancelled."""
        if self._settings is None:
            await asyncio.Event().wait()
            return
        schedule = Schedule(OnTime(cron=self._settings.at), self._config.settings.zone)
        settled = self._clock() + SETTLE_S
        self._last = await asyncio.to_thread(self._newest)
        while True:
            now = self._clock()
            # One "made" later than now was made when the clock was wrong.
            last = self._last if self._last <= now else 0.0
            if now >= max(schedule.next(last), settled, self._retry_at):
                with contextlib.suppress(StagewireError):  # said in `fault`
                    await self.make()
            await asyncio.sleep(self._look)

    async def make(self) -> Made:
        """Make one now; of those that the settings want regularly, the oldest go. Raises ``StorageError``."""
        if self._lock.locked():
            raise StorageError("a backup is being made already: ask again when it is done")
        async with self._lock:
            stop = threading.Event()
            try:
                made = await asyncio.to_thread(self._make, stop)
            except asyncio.CancelledError:
                stop.set()  # the thread clears away what it began
                raise
            except StagewireError as e:
                self._failed(str(e))
                raise
        self._last, self._retry_at = seconds(made.manifest.made), 0.0
        lost = "; ".join(f"{left.what}: {left.why}" for left in made.manifest.left_out if left.lost)
        self.fault = f"the backup {made.path.name} is not complete: {lost}" if lost else ""
        log.log(
            logging.WARNING if lost else logging.INFO,
            "backup: made %s, %s",
            made.path,
            f"{size(made.size)}; {lost}" if lost else size(made.size),
        )
        return made

    @property
    def last(self) -> str:
        return stamp(self._last) if self._last else ""

    def _make(self, stop: threading.Event) -> Made:
        def progress(done: int, total: int) -> None:
            if stop.is_set():
                raise StorageError("the gateway stops")

        made = make_backup(self._config, clock=self._clock, progress=progress)
        if self._settings is not None:
            try:
                for path in prune(made, self._settings.keep):
                    log.info("backup: deleted %s, %d are kept", path, self._settings.keep)
            except OSError as e:
                log.warning("backup: an old one cannot be deleted: %s", e)
        return made

    def _failed(self, why: str) -> None:
        self._retry_at = self._clock() + RETRY_S
        log.log(logging.DEBUG if self.fault else logging.WARNING, "backup: %s", why)
        since = f"since {self.last}" if self._last else "so far"
        again = f"; it is tried again at {stamp(self._retry_at)}" if self._settings else ""
        self.fault = f"no backup {since}: {why}{again}"

    def _newest(self) -> float:
        """When the last one was made that is in the folder, seconds since 1970; 0 for none."""
        found = kept(backup_folder(self._config), self._config.settings.venue)
        now = self._clock()
        return next((at for at in map(time_of, found) if at <= now), 0.0)

    async def _asked(self, request: Request) -> Answer:
        made = await self.make()
        log.info("backup: asked for by %s", clean(request.by, 100) or "somebody")
        left_out = [f"{left.what}: {left.why}" for left in made.manifest.left_out]
        return "", {"file": str(made.path), "size": made.size, "left_out": left_out}
