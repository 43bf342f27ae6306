"""The outbox's thread: work goes in order, answers come on the loop, and a disk that refuses is tried again."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gateway.connector.delivery.outbox import Outbox, Row, Waiting
from gateway.errors import StagewireError, StorageError

log = logging.getLogger(__name__)

RETRY_S = 2.0
"""Between two tries on a disk that refuses."""

T = TypeVar("T")


class Disk:
    """Belongs to one loop. ``fault`` says in words what is wrong, empty when all is well; ``busy``: work is under
    way."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.fault = ""
        self._retry_at = 0.0
        self._under_way = 0
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")

    @property
    def busy(self) -> bool:
        return self._under_way > 0

    @property
    def patience(self) -> float:
        """Seconds until the disk may be asked again; 0 while it works."""
        return max(0.0, self._retry_at - self._loop.time()) if self.fault else 0.0

    async def open(self) -> Waiting | None:
        """What waits; None when the disk refuses. Raises ``ServiceError`` when another process has the outbox."""
        try:
            return await self._loop.run_in_executor(self._thread, self.outbox.open)
        except StorageError as e:
            self._refused(e)
            return None

    def run(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[], None]) -> None:
        """Do ``work`` on the thread; then call one of the others on the loop, in the order of the calls."""
        self._under_way += 1
        future = self._loop.run_in_executor(self._thread, work)
        future.add_done_callback(partial(self._ended, done, failed))

    async def close(self, rest: Sequence[Row], delete: Sequence[int]) -> None:
        """A last commit, then let go of the file."""
        try:
            await self._loop.run_in_executor(self._thread, self.outbox.commit, rest, delete)
        except StagewireError as e:
            log.error("%d events that the broker did not take are lost: %s", len(rest), e)
        await self._loop.run_in_executor(self._thread, self.outbox.close)
        self._thread.shutdown(wait=False)

    def _ended(self, done: Callable[[T], None], failed: Callable[[], None], future: asyncio.Future[T]) -> None:
        self._under_way -= 1
        error = future.exception()
        if error is None:
            if self.fault:
                log.warning("the outbox %s works again", self.outbox.path)
                self.fault = ""
            done(future.result())
            return
        if not isinstance(error, StagewireError):
            log.error("the outbox %s failed", self.outbox.path, exc_info=error)
        self._refused(error)
        failed()

    def _refused(self, error: BaseException) -> None:
        if not self.fault:
            log.error("%s. Until then events wait in memory alone, and a crash loses them", error)
        self.fault = str(error) or repr(error)
        self._retry_at = self._loop.time() + RETRY_S
