"""Files that survive a power cut at any byte, and a hand that damaged them; and a TinyDB storage made of one.

A file is ``{"schema": 2, "crc32": ..., "data": {...}}``, the checksum over the bytes of ``data``. Writing:
temporary file, fsync, the old file kept as ``.prev``, rename, fsync of the folder. So under its own name
there is always one whole file, old or new, also for a reader in another process. Costs the space of
three copies while writing.
"""

import os
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from tinydb.storages import Storage

from gateway.errors import StorageError

SCHEMA = 2
"""Version of the layout inside ``data``; a higher one is refused, never overwritten."""

Tables = dict[str, dict[str, Any]]
T = TypeVar("T")


class _File(Struct):
    schema: int
    crc32: int
    data: msgspec.Raw


class CrashSafeFile:
    """One file. ``read_only`` (page, command line) touches nothing; else a damaged file is moved aside on reading.

    Every error is a ``StorageError``. ``trouble`` says in words what the last ``read`` had to do without, and
    ``schema`` which layout it found (0: there was no file).
    """

    newest = SCHEMA

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self._read_only = path, read_only
        self.trouble = ""
        self.schema = 0

    def read(self, kind: type[T]) -> T | None:
        """The newest whole copy, or None when there is none."""
        self.trouble, self.schema = "", 0
        damaged = []
        for path in (self.path, _previous(self.path)):
            try:
                data, self.schema = _decode(path.read_bytes(), kind, path, self.newest)
            except FileNotFoundError:
                continue
            except OSError as e:
                raise StorageError(f"{path} cannot be read ({e}); check the card and the file's rights") from e
            except _Damaged as e:
                damaged.append(f"{path} is damaged ({e})" + self._aside(path))
                continue
            if path != self.path:
                how = "; ".join(damaged) or f"{self.path} is missing"
                self.trouble = f"{how}; the copy before it, {path}, was taken instead"
            return data
        if damaged:
            self.trouble = "; ".join(damaged) + "; no whole copy is left"
        return None

    def write(self, data: Any) -> None:
        """Returns when ``data`` is on disk. Fails without touching what was there."""
        if self._read_only:
            raise StorageError(f"{self.path} was opened for reading only")
        body = msgspec.json.encode(data)
        whole = msgspec.json.encode(_File(self.newest, zlib.crc32(body), msgspec.Raw(body)))
        fresh, link = _unfinished(self.path), _unfinished(_previous(self.path))
        try:
            _make_folder(self.path.parent)
            _put(fresh, whole)
            self._keep_previous(link)
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as e:
            for left in (fresh, link):
                with suppress(OSError):
                    left.unlink()  # gives the space back on a full disk
            raise StorageError(
                f"{self.path} cannot be written ({e}); make room, or check the card and the folder's rights"
            ) from e

    def forget_previous(self) -> None:
        """Removes the previous copy: for what must not be on the disk any more."""
        try:
            _previous(self.path).unlink()
            _sync_folder(self.path.parent)
        except FileNotFoundError:
            pass
        except OSError as e:
            raise StorageError(f"{_previous(self.path)} cannot be removed ({e}); check the folder's rights") from e

    def _keep_previous(self, link: Path) -> None:
        with suppress(FileNotFoundError):
            link.unlink()
        with suppress(FileNotFoundError):  # the first write has nothing to keep
            link.hardlink_to(self.path)  # a link, not a rename: the name itself is never missing
            link.replace(_previous(self.path))
            if link.exists():  # both were names of one file: then a rename does nothing
                link.unlink()

    def _aside(self, path: Path) -> str:
        if self._read_only:
            return ""
        aside = path.with_name(time.strftime(f"{path.name}.damaged-%Y%m%dT%H%M%SZ", time.gmtime()))
        try:
            path.replace(aside)  # else the next write would keep it as the previous copy
        except OSError as e:
            return f" and cannot be moved aside ({e})"
        return f" and was moved to {aside.name}"


class CrashSafeStorage(Storage):
    """A ``CrashSafeFile`` under TinyDB. ``upgrade`` makes today's tables of those of schema 1."""

    def __init__(
        self, path: Path, *, read_only: bool = False, upgrade: Callable[[Tables], Tables] | None = None
    ) -> None:
        self.file = CrashSafeFile(path, read_only=read_only)
        self._upgrade = upgrade

    @property
    def trouble(self) -> str:
        return self.file.trouble

    def read(self) -> Tables | None:
        tables = self.file.read(Tables)
        if tables is None or self.file.schema >= SCHEMA or self._upgrade is None:
            return tables
        try:
            return self._upgrade(tables)
        except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as e:
            path = self.file.path
            raise StorageError(f"{path} holds something else than statistics ({e!r}); move it away") from e

    def write(self, data: Tables) -> None:
        self.file.write(data)


class _Damaged(Exception):
    pass


def _decode(whole: bytes, kind: type[T], path: Path, newest: int) -> tuple[T, int]:
    try:
        file = msgspec.json.decode(whole, type=_File)
        if zlib.crc32(bytes(file.data)) != file.crc32:
            raise _Damaged("its checksum does not match: it was cut, or edited by hand")
        if file.schema > newest:
            raise StorageError(
                f"{path} was written by a newer Stagewire (schema {file.schema}, this one knows {newest}); "
                "install that version again, or name another data folder"
            )
        return msgspec.json.decode(file.data, type=kind), file.schema
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise _Damaged(e) from None


def _previous(path: Path) -> Path:
    return path.with_name(path.name + ".prev")


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _put(path: Path, whole: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # viewers' names
    try:
        rest = memoryview(whole)
        while rest:
            rest = rest[os.write(fd, rest) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _make_folder(folder: Path) -> None:
    """With its name on disk: a file is lost with its folder."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
