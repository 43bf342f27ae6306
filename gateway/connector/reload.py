"""Reads the settings again when their file changes: looked at every second, which works on every system."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.errors import SettingsError
from gateway.settings.load import Config, load

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks. A change is read when it has stood for one: editors write in several goes."""


async def follow(path: Path, apply: Callable[[Config], None], interval: float = INTERVAL) -> None:
    """Call ``apply`` with every new, good version of the file, until cancelled.

    A version with mistakes is refused: every mistake is logged, and what runs goes on.
    """
    read = seen = _stamp(path)
    while True:
        await asyncio.sleep(interval)
        now = _stamp(path)
        if now == seen != read and now is not None:
            read = now
            try:
                apply(await asyncio.to_thread(load, path))  # 50 ms of work that no account shall wait for
            except SettingsError as e:
                log.error("%s changed, but is not used, for it has mistakes; all goes on as before:", path)
                for mistake in e.mistakes:
                    log.error("%s", mistake)
            except Exception:  # the top of a service: the accounts go on, whatever is the matter with a file
                log.exception("%s changed, but is not used, by a fault of the connector", path)
            else:
                log.info("%s changed and was read again", path)
        seen = now


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does; None while it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
