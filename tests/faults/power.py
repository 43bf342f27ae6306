"""A disk whose power can be cut at any moment, as often as one likes, while a program goes on writing.

An ext4 file system lies in a file on btrfs, and its loop device writes with direct I/O: that file has what the
kernel gave to the disk, and not what waits in memory. A clone of it (``cp --reflink``, atomic) is therefore what a
disk holds when the power fails. This loses the page cache, as a power cut does; it does not reorder what is in the
disk's own cache.

Mounts belong to the mount namespace of the process (``in_private``) and loop devices to their mounts: when the
process ends, in whatever way, nothing is left.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

POOL_MB, DISK_MB = 2048, 256
"""Sizes of the files, most of which is never written."""
PROGRAMS = ("mkfs.btrfs", "mkfs.ext4", "e2fsck", "losetup", "unshare", "mount", "umount", "findmnt")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Disk:
    """Its file system is mounted at ``path``. ``folder`` is where the files lie; within ``in_private``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = folder / "pool"
        self._image = self._pool / "disk.img"
        self.path = folder / "disk"
        self._mounts = ExitStack()
        self._mounted: ExitStack | None = None

    def __enter__(self) -> "Disk":
        with ExitStack() as stack:
            pool = self._folder / "pool.img"
            stack.callback(pool.unlink, missing_ok=True)
            _sparse(pool, POOL_MB)
            _run("mkfs.btrfs", "-q", str(pool))
            stack.enter_context(_mount(pool, self._pool))
            _sparse(self._image, DISK_MB)
            _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self._image))
            self._mounted = stack.enter_context(ExitStack())
            self._mounted.enter_context(_mount(self._image, self.path, direct=True))
            self._mounts = stack.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._mounts.close()

    @contextmanager
    def cut(self) -> Iterator[Path]:
        """What the disk holds if the power fails now, mounted; it must be a sound file system, or this raises
        ``RuntimeError``. The disk itself goes on meanwhile."""
        image = self._pool / "cut.img"
        _run("cp", "--reflink=always", str(self._image), str(image))
        with _mount(image, self._folder / "cut"):  # ext4 plays its journal back
            yield self._folder / "cut"
        _run("e2fsck", "-fn", str(image))

    def go_on_from_the_cut(self) -> None:
        """The power has come back: the disk is as the last cut left it. Nobody may be using ``path``."""
        assert self._mounted is not None
        self._mounted.close()
        (self._pool / "cut.img").replace(self._image)
        self._mounted.enter_context(_mount(self._image, self.path, direct=True))


def in_private(*command: str) -> list[str]:
    """``command`` as it is to be started: its mounts are its own and end with it."""
    return ["unshare", "--mount", "--propagation", "private", "--", *command]


def missing_here() -> str:
    """Why this machine cannot cut the power, whatever is installed; empty where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root may mount"
    if not Path("/dev/loop-control").exists():
        return "there is no /dev/loop-control"
    if "btrfs" not in Path("/proc/filesystems").read_text() and _status("modprobe", "-q", "btrfs"):
        return "the kernel has no btrfs"
    if _status("unshare", "--mount", "true"):
        return "mounting is forbidden (a container without CAP_SYS_ADMIN?)"
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(1 << 20)
        if _status("sh", "-c", 'd=$(losetup --find --show "$0") && losetup --detach "$d"', file.name):
            return "loop devices cannot be used"
    return ""


def installed() -> bool:
    return all(shutil.which(program, path=_PATH) for program in PROGRAMS)


@contextmanager
def _mount(image: Path, where: Path, *, direct: bool = False) -> Iterator[None]:
    where.mkdir(exist_ok=True)
    _run("mount", "-o", "loop", str(image), str(where))  # frees its loop device by itself, whenever that is
    try:
        if direct:
            device = _run("findmnt", "--noheadings", "--output", "SOURCE", "--mountpoint", str(where)).strip()
            _run("losetup", "--direct-io=on", device)
        yield
    finally:
        _run("umount", str(where))


def _sparse(path: Path, megabytes: int) -> None:
    with path.open("wb") as file:
        file.truncate(megabytes << 20)


def _status(*command: str) -> int:
    try:
        return subprocess.run(command, capture_output=True, env={**os.environ, "PATH": _PATH}).returncode
    except FileNotFoundError:
        return 127


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": _PATH})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout
