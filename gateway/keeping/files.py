"""Files and folders as backups need them: copied with their checksum, locked, told apart by owner."""

import errno
import fcntl
import grp
import hashlib
import os
import pwd
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import StorageError

CHUNK = 1 << 18
"""Bytes in memory at a time."""


def copied(file: Path, to: Path, advance: Callable[[int], None]) -> tuple[int, str]:
    """Copies what ``file`` holds; returns its size and SHA-256. Raises ``OSError``."""
    size, digest = 0, hashlib.sha256()
    with file.open("rb") as source, to.open("wb") as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            advance(len(chunk))
    return size, digest.hexdigest()


def sha256(file: Path) -> str:
    with file.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@contextmanager
def alone_in(folder: Path, otherwise: str) -> Iterator[None]:
    """Takes ``folder`` for this process. Raises ``StorageError`` with the words ``otherwise`` when another has it;
    the lock goes with a killed process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(otherwise) from None
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """What was renamed in it survives a power cut from here on. Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def owner(found: os.stat_result) -> tuple[str, str]:
    """User and group by name, "" for one that has none."""
    try:
        user = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        user = ""
    try:
        return user, grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        return user, ""


def give(handle: int, user: str, group: str) -> None:
    """As tar does: only root can, and only to those whom this machine knows. Raises ``OSError``."""
    if os.geteuid() != 0:
        return
    uid = gid = -1
    try:
        uid = pwd.getpwnam(user).pw_uid
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        pass
    os.fchown(handle, uid, gid)


def strangers(users: Iterable[str]) -> list[str]:
    """Those whom ``give`` cannot give their files, since this machine does not know them; none but for root."""
    if os.geteuid() != 0:
        return []
    known = {user.pw_name for user in pwd.getpwall()}
    return sorted({user for user in users if user} - known)


def words(e: OSError) -> str:
    """What the system said, and what to do."""
    where = f"{e.filename}: " if e.filename else ""
    said = f"{where}{e.strerror or e}"
    match e.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return f"{said}; make room, or name another folder"
        case errno.EACCES | errno.EPERM:
            return f"{said}; run it as the user whose files these are, such as `sudo -u stagewire stagewire ...`"
        case errno.EROFS:
            return f"{said}; name a folder on another disk"
        case _:
            return f"{said}; look at the disk or card"
