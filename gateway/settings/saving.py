"""Reads and replaces a text file that people edit as well: whole at every moment, and never over their changes."""

import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

from gateway.errors import SettingsError
from gateway.settings.yamlfile import MAX_FILE

log = logging.getLogger(__name__)


def read_text(path: Path) -> str | None:
    """The file's text with its line ends as they are; None when there is no file. Raises ``SettingsError``."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_FILE else None
    except FileNotFoundError:
        return None
    except OSError as e:
        raise SettingsError([f"{path}: cannot be read: {e.strerror}"]) from None
    if data is None:
        raise SettingsError([f"{path}: larger than {MAX_FILE} bytes; is this the settings file?"])
    try:
        return data.decode()
    except UnicodeDecodeError as e:
        raise SettingsError([f"{path}: not UTF-8 text (byte {e.start})"]) from None


def save(path: Path, text: str, was: str | None) -> None:
    """Replace the file's text; returns when that would survive a power cut. It keeps its mode and owner, and a
    link its target. ``was``: what it said when it was read, None when it was not there; a file that says something
    else by now is left alone. Raises ``SettingsError``."""
    if read_text(path) != was:
        raise SettingsError(
            [f"{path}: somebody changed this file in the meantime; nothing was saved: read it again, then edit it"]
        )
    overwrite(path, text)


def overwrite(path: Path, text: str) -> None:
    """As ``save``, whatever stands there."""
    try:
        write_whole(path.resolve(), text.encode())
    except (OSError, RuntimeError) as e:
        if isinstance(e, RuntimeError):  # how `resolve` says it of links in a circle
            raise SettingsError([f"{path}: is a link that leads to itself"]) from None
        raise SettingsError(
            [f"{path}: cannot be saved: {e.strerror}; make room, or check the card and the folder's rights"]
        ) from e


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, under its name, whenever the power goes. Raises ``OSError``
    and leaves the old one."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("wb") as f:
            f.write(data)
            f.flush()
            _keep_rights(path, f.fileno())
            os.fsync(f.fileno())
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()  # gives the space back on a full disk
        raise
    _sync_folder(path.parent)


if sys.platform != "win32":

    def _sync_folder(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _keep_rights(path: Path, fd: int) -> None:
        """The new file belongs to whom the old one did, as far as this program may give it away."""
        try:
            old = path.stat()
        except FileNotFoundError:
            return
        new = os.fstat(fd)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            try:
                os.fchown(fd, old.st_uid, old.st_gid)
            except PermissionError:
                log.warning("%s belongs to user %d from now on, no longer to %d", path, new.st_uid, old.st_uid)
                with suppress(PermissionError):
                    os.fchown(fd, -1, old.st_gid)
        os.fchmod(fd, old.st_mode & 0o7777)

else:  # no handles of folders there, no owners: its file system keeps a rename by itself

    def _sync_folder(folder: Path) -> None:
        pass

    def _keep_rights(path: Path, fd: int) -> None:
        pass
