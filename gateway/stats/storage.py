"""A TinyDB storage that survives a power cut at any byte, and a file damaged by hand.

A file is ``{"schema": 1, "crc32": ..., "data": {...}}``, the checksum over the bytes of ``data``. Writing:
temporary file, fsync, the old file kept as ``.prev``, rename, fsync of the folder. So under its own name
there is always one whole file, old or new, also for a reader in another process. Costs the space of
three copies while writing.
"""

import os
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from tinydb.storages import Storage

from gateway.errors import StorageError

SCHEMA = 1
"""Version of the layout inside ``data``; a higher one is refused, never overwritten."""

Tables = dict[str, dict[str, Any]]


class _File(Struct):
    schema: int
    crc32: int
    data: msgspec.Raw


class CrashSafeStorage(Storage):
    """``read_only`` (page, command line) touches nothing; else a damaged file is moved aside on reading.

    Every error is a ``StorageError``. ``trouble`` says in words what the last ``read`` had to do without.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path, self._read_only = path, read_only
        self.trouble = ""

    def read(self) -> Tables | None:
        """The newest whole copy, or None when there is none."""
        self.trouble = ""
        damaged = []
        for path in (self._path, _previous(self._path)):
            try:
                tables = _decode(path.read_bytes(), path)
            except FileNotFoundError:
                continue
            except OSError as e:
                raise StorageError(f"{path} cannot be read ({e}); check the card and the file's rights") from e
            except _Damaged as e:
                damaged.append(f"{path} is damaged ({e})" + self._aside(path))
                continue
            if path != self._path:
                how = "; ".join(damaged) or f"{self._path} is missing"
                self.trouble = f"{how}; the previous copy, a few seconds older, was taken instead"
            return tables
        if damaged:
            self.trouble = "; ".join(damaged) + "; no whole copy is left, counting begins at zero"
        return None

    def write(self, data: Tables) -> None:
        """Returns when ``data`` is on disk. Fails without touching what was there."""
        if self._read_only:
            raise StorageError(f"{self._path} was opened for reading only")
        body = msgspec.json.encode(data)
        whole = msgspec.json.encode(_File(SCHEMA, zlib.crc32(body), msgspec.Raw(body)))
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as f:
                f.write(whole)
                f.flush()
                os.fsync(f.fileno())
            self._keep_previous()
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as e:
            with suppress(OSError):
                fresh.unlink()  # gives the space back on a full disk
            raise StorageError(
                f"{self._path} cannot be written ({e}); make room, or check the card and the folder's rights"
            ) from e

    def _keep_previous(self) -> None:
        previous = _previous(self._path)
        link = previous.with_name(previous.name + ".new")
        with suppress(FileNotFoundError):
            link.unlink()
        with suppress(FileNotFoundError):  # the first write has nothing to keep
            link.hardlink_to(self._path)  # a link, not a rename: the name itself is never missing
            link.replace(previous)

    def _aside(self, path: Path) -> str:
        if self._read_only:
            return ""
        aside = path.with_name(time.strftime(f"{path.name}.damaged-%Y%m%dT%H%M%SZ", time.gmtime()))
        try:
            path.replace(aside)  # else the next write would keep it as the previous copy
        except OSError as e:
            return f" and cannot be moved aside ({e})"
        return f" and was moved to {aside.name}"


class _Damaged(Exception):
    pass


def _decode(whole: bytes, path: Path) -> Tables:
    try:
        file = msgspec.json.decode(whole, type=_File)
        if zlib.crc32(bytes(file.data)) != file.crc32:
            raise _Damaged("its checksum does not match: it was cut, or edited by hand")
        if file.schema > SCHEMA:
            raise StorageError(
                f"{path} was written by a newer Stagewire (schema {file.schema}, this one knows {SCHEMA}); "
                "install that version again, or name another data folder"
            )
        tables: Tables = msgspec.json.decode(file.data, type=Tables)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise _Damaged(e) from None
    return tables


def _previous(path: Path) -> Path:
    return path.with_name(path.name + ".prev")


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
