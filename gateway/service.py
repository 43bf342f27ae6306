"""Services of one program: started in order, restarted after a crash with backoff, stopped in reverse."""

import asyncio
import contextlib
import errno
import fcntl
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn, Self

from gateway.errors import ServiceError

log = logging.getLogger(__name__)

BACKOFF_S = (0.5, 30.0)
STOP_TIMEOUT_S = 2.0
"""A service that has not ended this long after its cancellation is named and left behind."""


COLLECT_AFTER = 20_000
"""New objects before one look for garbage; Python's own 700 are a look at every twentieth gift, for cycles that
this program hardly makes."""


def calm_collector() -> None:
    """What stands now stays: else each full look for garbage goes through all of it, for 100 ms and more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def supervise(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run ``run()`` for ever: when it fails it is logged and started again, ever more slowly."""
    delay = BACKOFF_S[0]
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await run()
            log.error("%s ended by itself; starting it again", name)
        except Exception:  # a service's top: nothing may take the others down with it
            log.exception("%s crashed; starting it again in %.1f s", name, delay)
        if asyncio.get_running_loop().time() - began > BACKOFF_S[1]:
            delay = BACKOFF_S[0]
        await asyncio.sleep(delay)
        delay = min(delay * 2, BACKOFF_S[1])


@contextlib.asynccontextmanager
async def running(name: str, run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """A supervised service for the length of a ``with`` block, so blocks nest in order and end in reverse."""
    task = asyncio.create_task(supervise(name, run), name=name)
    try:
        yield
    finally:
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=STOP_TIMEOUT_S)
        if not done:
            log.error("%s did not stop within %.0f s", name, STOP_TIMEOUT_S)


class FolderLock:
    """Held until ``close``, the end of its ``with``, or the process's."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def own_folder(folder: Path) -> FolderLock:
    """Take the data folder for this process. One that cannot be written is taken as well: the show goes on from
    memory, and who writes there says so.

    Raises ``ServiceError`` when another gateway has it: two writers would count every gift twice.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # viewers' names will stand in it
        try:
            descriptor = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as e:
            if e.errno not in (errno.EROFS, errno.EACCES, errno.ENOSPC):
                raise
            descriptor = os.open(folder, os.O_RDONLY)
    except OSError as e:
        raise ServiceError(
            f"the data folder {folder} (gateway.data) cannot be used: {e.strerror}; check the card, the folder's "
            "rights and who runs the gateway, or name another folder"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ServiceError(f"another gateway runs on the data folder {folder}: stop it first") from None
    return FolderLock(descriptor)


async def until_signalled() -> None:
    """Return at SIGINT or SIGTERM. Raises ``ServiceError`` where signals cannot be watched."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    except (NotImplementedError, RuntimeError, ValueError):
        # Windows, or not the main thread: Ctrl-C arrives as KeyboardInterrupt instead.
        if not hasattr(signal, "CTRL_C_EVENT"):
            raise ServiceError("signals can be watched from the main thread only") from None
    await stop.wait()


async def first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Until one of them is done; the others are cancelled. Raises what that one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def begin_again() -> NoReturn:
    """Replace this process by a new one with the same command line, in the same folder: the same to whoever
    started it, also where nobody would start it again. To be called when everything of it has ended."""
    log.warning("starting again")
    logging.shutdown()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
