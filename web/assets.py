"""The page's own files: read once, compressed once, served from memory under a name that changes with them."""

import gzip
import hashlib
import re
from pathlib import Path

from flask import Response, request
from msgspec import Struct

from web import languages

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
}
A_YEAR = 365 * 24 * 3600
_IMPORT = re.compile(rb'^import .* from "\./([\w.-]+)";$', re.MULTILINE)


class Asset(Struct, frozen=True):
    kind: str
    plain: bytes
    packed: bytes


class Assets:
    """``version`` is a digest of them all, and part of their address: so they may be cached for ever, modules
    may import each other by name, and a browser never mixes two versions. Files of ``vendor``, which others
    wrote, have an address like the rest, and so have the words of scripts in other languages."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files: dict[str, Asset] = {}
        digest = hashlib.sha256()
        files = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in TYPES}
        words = {Path(name): plain for name, plain in languages.scripts().items()}
        for path, plain in (files | words).items():
            digest.update(path.name.encode() + b"\0" + plain + b"\0")
            packed = gzip.compress(plain, 9, mtime=0)
            self._files[path.name] = Asset(TYPES[path.suffix], plain, packed)
        self.version = digest.hexdigest()[:12]

    def modules(self, entry: str) -> list[str]:
        """The script ``entry`` and all that it imports, for preloading: one round trip instead of a chain."""
        found: list[str] = []
        waiting = [entry]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.append(name)
                waiting += [imported.decode() for imported in _IMPORT.findall(self._files[name].plain)]
        return found

    def plain(self, name: str) -> bytes:
        """What stands in a file. Raises ``KeyError``."""
        return self._files[name].plain

    def packed_bytes(self, names: list[str]) -> int:
        return sum(len(self._files[name].packed) for name in names)

    def answer(self, version: str, name: str) -> Response | None:
        """The file, or None when there is none of that name and version."""
        asset = self._files.get(name)
        if asset is None or version != self.version:
            return None
        response = Response(content_type=asset.kind)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
        if request.accept_encodings.quality("gzip") > 0:
            response.headers["Content-Encoding"] = "gzip"
            response.data = asset.packed
        else:
            response.data = asset.plain
        return response
