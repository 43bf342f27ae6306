"""Looking for a viewer in bytes, whatever they are part of. Reads only, and trusts no format."""

import html
import json
import mmap
import string
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import StorageError
from gateway.keeping.viewer import LONG_ID, TELLING, Viewer, in_json

EXPORTS = "exports"
"""The folder in the data folder where exports go, unless somebody names another place."""
LONG_NUMBER = 12
"""Digits that are chance in no other number."""
PIECE = 1 << 20
"""Bytes of a packed file in memory at a time."""
_OVERLAP = 4096
"""Bytes of which two pieces share; longer than any name."""
_LETTERS = frozenset((string.ascii_letters + string.digits + "_").encode()) | frozenset(range(128, 256))


class Needles:
    """What of a viewer can be looked for in bytes: the id and every name long enough to be no chance; ``common``
    are the others. They are found as they are written and in small letters, in the escapes of JSON, XML, CSV."""

    def __init__(self, viewer: Viewer) -> None:
        telling = {n for n in viewer.called if len(n) >= TELLING}
        telling |= {viewer.id} if len(viewer.id) >= LONG_ID else set()
        self.id = viewer.id
        self.common = sorted({viewer.id, *viewer.called} - telling)
        self._forms = {needle: _forms(needle) for needle in sorted(telling)}

    def count(self, data: bytes | mmap.mmap) -> Counter[str]:
        """How often each stands in there."""
        found: Counter[str] = Counter()
        for needle, forms in self._forms.items():
            free = needle == self.id and len(needle) >= LONG_NUMBER
            found[needle] = sum(_count(data, form, whole=not free) for form in forms)
        return +found

    def in_file(self, path: Path) -> Counter[str]:
        """How often each stands in a file; of a packed one (XLSX, ZIP), in what is packed in it. A file that is
        gone holds nothing. Raises ``StorageError``."""
        try:
            if path.stat().st_size == 0:
                return Counter()
            with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found = self.count(data)
            if zipfile.is_zipfile(path):
                for piece in _unpacked(path):
                    found |= self.count(piece)
            return found
        except FileNotFoundError:
            return Counter()
        except (OSError, ValueError, zipfile.BadZipFile) as e:
            raise StorageError(f"{path} cannot be searched: {e}") from e


def exports_with(data: Path, viewer: Viewer) -> list[Path]:
    """Exports in the data folder in which the viewer stands. Raises ``StorageError``."""
    needles = Needles(viewer)
    return [path for path in sorted((data / EXPORTS).rglob("*")) if path.is_file() and needles.in_file(path)]


def _forms(needle: str) -> set[bytes]:
    written = {needle, needle.lower()}
    escaped = {in_json(n) for n in written} | {json.dumps(n)[1:-1] for n in written}
    quoted = {html.escape(n) for n in written} | {html.escape(n, quote=False) for n in written}
    return {form.encode() for form in written | escaped | quoted | {n.replace('"', '""') for n in written}}


def _count(data: bytes | mmap.mmap, form: bytes, *, whole: bool) -> int:
    """``whole``: only where it is not part of a longer word."""
    found, at = 0, data.find(form)
    while at >= 0:
        end = at + len(form)
        inside = (at > 0 and data[at - 1] in _LETTERS and form[0] in _LETTERS) or (
            end < len(data) and data[end] in _LETTERS and form[-1] in _LETTERS
        )
        found += not (whole and inside)
        at = data.find(form, end)
    return found


def _unpacked(path: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            with packed.open(name) as member:
                last = b""
                while piece := member.read(PIECE):
                    yield last + piece
                    last = piece[-_OVERLAP:]
