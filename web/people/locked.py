"""A lock that processes share; it goes with a killed one."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import StorageError

PATIENCE_S = 5.0
"""Others hold it for one write of a small file."""
LOOK_S = 0.01

if sys.platform != "win32":
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

else:
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of this file, which is made with its folder. Raises ``StorageError``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as e:
        raise StorageError(f"{path} cannot be made ({e.strerror}); check the card and the folder's rights") from e
    try:
        _wait(handle, path)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, path: Path) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _take(handle)
        except OSError:
            if time.monotonic() > give_up:
                raise StorageError(
                    f"{path} is held by another process for {PATIENCE_S:.0f} s: try again"
                ) from None
            time.sleep(LOOK_S)
