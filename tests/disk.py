"""Disks that refuse, for real: a limit on file size, and folders without rights (for root too)."""

import asyncio
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def full_disk(limit: int = 0) -> Iterator[None]:
    """No file of this process can be written beyond ``limit`` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """``folder`` and what is in it can be read but not written."""
    closed = [folder, *folder.iterdir()]
    opened = []  # pytest's folders are closed to others
    for parent in folder.parents:
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o001:
            opened.append((parent, parent.stat().st_mode))
            parent.chmod(opened[-1][1] | 0o011)
    modes = [(p, p.stat().st_mode) for p in closed]
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path, mode in (*modes, *opened):
            path.chmod(mode)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits for ``condition``; fails after ``seconds``."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
