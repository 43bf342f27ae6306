"""The file of a backup: a ``.tar.gz`` that any system can look into, its manifest first."""

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Self

import msgspec

from gateway.errors import StorageError
from gateway.keeping.files import CHUNK, words
from gateway.keeping.manifest import LARGEST_MANIFEST, MANIFEST, TAMPERED, Manifest, Part, read_manifest
from gateway.messages import seconds

LEVEL = 1
"""Of gzip; see docs/decisions/0019-backup.md."""
DAMAGED = "it is damaged or cut short: copy it once more, or take the backup before it"
Chunks = Iterator[bytes]


def pack(path: Path, manifest: Manifest, room: Path, advance: Callable[[int], None]) -> None:
    """Write the new file ``path``, readable for its owner only, with all parts from under ``room``; returns when
    it is on disk. Raises ``OSError``."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
        with (
            gzip.GzipFile("", "wb", LEVEL, f) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK) as tar,
        ):
            own = room / MANIFEST
            own.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
            _add(tar, own, MANIFEST, manifest, 0o600, lambda size: None)
            for part in manifest.files:
                _add(tar, room / part.path, part.path, manifest, part.mode, advance)
        f.flush()
        os.fsync(f.fileno())


def _add(
    tar: tarfile.TarFile, file: Path, name: str, manifest: Manifest, mode: int, advance: Callable[[int], None]
) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = file.stat().st_size, mode, int(seconds(manifest.made))
    with file.open("rb") as f:
        tar.addfile(info, _Told(f, advance))


class _Told:
    """A file that tells how much of it was read."""

    def __init__(self, file: IO[bytes], advance: Callable[[int], None]) -> None:
        self._file, self._advance = file, advance

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._file.read(size)
        self._advance(len(chunk))
        return chunk


class Archive:
    """A backup being read, once and from its beginning: a context.

    Entering it and reading raise ``StorageError`` for what is cut short or damaged, for what no Stagewire would
    have written (a path out of its folder, a link, a device, a file too many), and for a newer format. So only
    what was read to the end of ``parts`` is known to be whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with _reading(self._path), ExitStack() as opening:
            if not _gzipped(self._path):
                raise StorageError(
                    "it is no backup, or its beginning is damaged: expected a .tar.gz of `stagewire backup`"
                )
            self._packed = opening.enter_context(gzip.open(self._path, "rb"))
            self._tar = opening.enter_context(tarfile.open(fileobj=self._packed, mode="r|", bufsize=CHUNK))
            first = self._tar.next()
            if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST:
                raise StorageError("it does not begin with a manifest: it is no backup of Stagewire")
            self.manifest = read_manifest(self._body(first).read())
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def parts(self) -> Iterator[tuple[Part, Chunks]]:
        """Each must be read to its end before the next."""
        for part in self.manifest.files:
            with _reading(self._path):
                info = self._tar.next()
                if info is None:
                    raise StorageError(f"{part.path} is missing in it: it is cut short")
                if info.name != part.path or not info.isreg() or info.issparse():
                    raise StorageError(f"it holds {info.name!r} in place of the file {part.path!r}: {TAMPERED}")
                if info.size != part.size:
                    raise StorageError(f"{part.path} has {info.size} bytes and not {part.size}: {TAMPERED}")
            yield part, self._checked(self._body(info), part)
        with _reading(self._path):
            if self._tar.next() is not None:
                raise StorageError(f"it holds more than its manifest says: {TAMPERED}")
            while self._packed.read(CHUNK):  # its own checksum stands at the end
                pass

    def _body(self, info: tarfile.TarInfo) -> IO[bytes]:
        body = self._tar.extractfile(info)
        assert body is not None  # a regular file's
        return body

    def _checked(self, body: IO[bytes], part: Part) -> Chunks:
        digest, more = hashlib.sha256(), True
        while more:
            with _reading(self._path):
                chunk = body.read(CHUNK)
                digest.update(chunk)
                more = bool(chunk)
                if not more and digest.hexdigest() != part.sha256:
                    raise StorageError(f"{part.path} does not have its checksum: {DAMAGED}")
            yield chunk


def _gzipped(path: Path) -> bool:
    """Begins as gzip does; one that is cut short may be empty."""
    with path.open("rb") as file:
        return file.read(2) in (b"", b"\x1f", b"\x1f\x8b")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except StorageError as e:
        raise StorageError(f"{path}: {e}") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise StorageError(f"{path}: {DAMAGED} ({e})") from None
    except FileNotFoundError:
        raise StorageError(f"there is no file {path}: is its name right, and the stick plugged in?") from None
    except OSError as e:
        raise StorageError(f"{path} cannot be read: {words(e)}") from None
