"""Files of JSON lines in gzip, read again as far as they go: what recordings are made of.

The first line is a header with ``format`` and ``version``. What is flushed is one gzip member, whole and with
a checksum of its own, so a file that a power cut ended anywhere still gives every line that was flushed, and
damage in its middle costs no more than the member it hit. ``zcat`` shows such a file too.
"""

import gzip
import io
import os
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec
from msgspec import Struct

from gateway.errors import StorageError

LEVEL = 6
"""zlib's own default: 1 % of a core for 200 events a second."""
GZIP = 16 + zlib.MAX_WBITS
"""zlib's window argument for data with gzip's header and checksum."""
MAGIC = b"\x1f\x8b\x08"
"""How every gzip member begins."""
CHUNK = 64 * 1024
"""Bytes read, and at most unpacked, at a time; so much text becomes a member without waiting for a flush."""
MAX_HELD = 1024 * 1024
"""Bytes of a member held back until its checksum is known. Ours are smaller; longer ones (a file that was packed
anew by hand) are passed on as they come."""
MAX_LINE = 4 * 1024 * 1024
"""Bytes; a longer line was written by nobody of us."""


class Header(Struct, frozen=True, kw_only=True):
    """What every such file begins with. ``stagewire`` is the version of the program that wrote it."""

    format: str
    version: int
    stagewire: str = ""


H = TypeVar("H", bound=Header)


class LinesWriter:
    """Makes a new file, of mode 0600: it may hold what viewers wrote. A context that closes it.

    Every method raises ``StorageError`` in words; what was flushed before stays readable.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._waiting: list[bytes] = []
        self._size = 0
        try:
            self._file = io.FileIO(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))
        except FileExistsError:
            raise StorageError(f"{path} is there already: move it away, or name another file") from None
        except OSError as e:
            raise StorageError(f"{path} cannot be written: {e.strerror}") from e
        self.write(msgspec.json.encode(header))
        self.flush()

    def write(self, line: bytes) -> None:
        """One line of JSON, without its line end. It is safe only after ``flush`` and ``sync``."""
        self._waiting += (line, b"\n")
        self._size += len(line) + 1
        if self._size >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hand everything written so far to the system, readable."""
        if not self._waiting:
            return
        data = gzip.compress(b"".join(self._waiting), LEVEL)
        self._waiting.clear()
        self._size = 0
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as e:
            raise self._failed(e) from e

    def sync(self) -> None:
        """Return when what was flushed survives a power cut. May run on another thread."""
        try:
            os.fsync(self._file.fileno())
        except OSError as e:
            raise self._failed(e) from e

    def close(self) -> None:
        """May be called twice."""
        if self._file.closed:
            return
        try:
            self.flush()
            self.sync()
        finally:
            self._file.close()

    def _failed(self, e: OSError) -> StorageError:
        return StorageError(f"{self.path} cannot be written: {e.strerror}; what was written until now is readable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LinesReader(Generic[H]):
    """A file of ``format`` in ``version`` or older. Iterating gives the lines after the header; once.

    ``lost`` is how many of the file's ``size`` bytes were cut off or damaged and left out; complete after the last
    line.
    Raises ``StorageError`` for a file that cannot be read or is something else.
    """

    def __init__(self, path: Path, header: type[H], format_: str, version: int, made_by: str) -> None:
        self.path = path
        self.lost = self.size = 0
        self._lines = self._read()
        first = next(self._lines, None)
        try:
            plain = msgspec.json.decode(first or b"", type=Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise StorageError(f"{path} is no {format_} file, which is JSON lines in gzip: {made_by}") from None
        if plain.format != format_:
            raise StorageError(f"{path} is a {plain.format!r} file, but a {format_} file is needed: {made_by}")
        if not 1 <= plain.version <= version:
            raise StorageError(
                f"{path} has version {plain.version} of {format_}, written by Stagewire {plain.stagewire or '?'}; "
                f"this Stagewire reads versions up to {version}: update it"
            )
        try:
            self.header = msgspec.json.decode(first or b"", type=header)
        except msgspec.DecodeError as e:
            raise StorageError(f"{path}: its first line is damaged: {e}") from None

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def _read(self) -> Iterator[bytes]:
        rest = b""
        for piece in self._unpacked():
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if len(rest) > MAX_LINE:
                raise StorageError(f"{self.path} has a line of more than {MAX_LINE} bytes: that is no recording")
        if rest:  # a file that was edited by hand need not end its last line
            yield rest

    def _unpacked(self) -> Iterator[bytes]:
        """The text in pieces, without what is damaged."""
        try:
            self.size = self.path.stat().st_size
            start = 0
            while start < self.size:
                end = yield from self._member(start)
                if end is None:
                    end = self._next_member(start + 1)
                    self.lost += end - start
                start = end
        except OSError as e:
            raise StorageError(f"{self.path} cannot be read: {e.strerror}") from e

    def _member(self, start: int) -> Generator[bytes, None, int | None]:
        """The text of the gzip member at ``start``. Returns where it ends, None when it is cut off or damaged."""
        unzip = zlib.decompressobj(GZIP)
        held, size, at, data = [], 0, start, b""
        while data or (data := self._chunk(at)):
            try:
                piece = unzip.decompress(data, CHUNK)
            except zlib.error:
                break
            held.append(piece)
            size += len(piece)
            if unzip.eof or size > MAX_HELD:
                yield b"".join(held)
                held.clear()
            if unzip.eof:
                return at + len(data) - len(unzip.unused_data)
            at += len(data) - len(unzip.unconsumed_tail)
            data = unzip.unconsumed_tail
        if size > MAX_HELD:
            yield b"\n"  # the line that the damage is in must not run into the next good one
        return None

    def _next_member(self, start: int) -> int:
        """Where the next gzip member may begin, or the end of the file."""
        while data := self._chunk(start):
            if (found := data.find(MAGIC)) >= 0:
                return start + found
            start += max(1, len(data) - len(MAGIC) + 1)
        return self.size

    def _chunk(self, at: int) -> bytes:
        """The file is open only now: who stops in the middle of a recording leaves nothing open."""
        with self.path.open("rb") as f:
            f.seek(at)
            return f.read(CHUNK)
