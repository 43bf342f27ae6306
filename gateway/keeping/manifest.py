"""What a backup says of itself: its first file, ``manifest.json``, and the names that may stand in it."""

import re

import msgspec
from msgspec import Struct

from gateway.errors import StorageError
from gateway.messages import Timestamp

FORMAT = 1
"""Of a backup as a whole. A higher one is refused; every lower one stays readable (tests/fixtures)."""

MANIFEST = "manifest.json"
SEALED = "secrets.sealed"
SETTINGS, DATA, ELSEWHERE = "settings", "data", "elsewhere"
"""Where a file belongs: the settings' folder, the gateway's data folder, or outside of both, by its whole path."""
TAMPERED = "it was tampered with, or is damaged"
LARGEST_MANIFEST = 64_000_000
"""Bytes; a hundred thousand sessions make 25 MB."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Part(Struct, frozen=True, kw_only=True):
    """A file in the backup. ``mode``, ``owner`` and ``group`` as they were: by name, numbers differ by machine."""

    path: str
    size: int
    sha256: str
    mode: int = 0o600
    owner: str = ""
    group: str = ""


class LeftOut(Struct, frozen=True, kw_only=True):
    """What is not in the backup, and why. ``lost``: it should be."""

    what: str
    why: str
    lost: bool = False


class Manifest(Struct, frozen=True, kw_only=True):
    """``settings``: name of the settings file; ``data``: the data folder as the settings say it.

    ``secrets``: files that stand in ``secrets.sealed``, and nowhere else.
    """

    format: int
    stagewire: str
    venue: str
    made: Timestamp
    settings: str
    data: str
    files: list[Part]
    secrets: list[str] = []
    left_out: list[LeftOut] = []

    @property
    def size(self) -> int:
        """Bytes of all files, unpacked."""
        return sum(part.size for part in self.files)


class _Format(Struct):
    format: int
    stagewire: str = "an unknown version"


def fit(name: str) -> bool:
    """Whether a file may have this name in a backup: it stays in its folder on every system."""
    folder, *parts = name.split("/")
    try:
        short = all(0 < len(part.encode()) <= 255 for part in parts)
    except UnicodeEncodeError:  # a name on disk that is no UTF-8
        return False
    plain = folder in (SETTINGS, DATA, ELSEWHERE) and not {".", ".."} & set(parts) and not _UNFIT.search(name)
    return bool(parts) and short and plain


def read_manifest(whole: bytes) -> Manifest:
    """Raises ``StorageError`` for a newer format, and for what no Stagewire wrote."""
    try:
        found = msgspec.json.decode(whole, type=_Format)
        if found.format > FORMAT:
            raise StorageError(
                f"it was made by a newer Stagewire ({found.stagewire}, format {found.format}; this one knows "
                f"{FORMAT}): install that version, then restore"
            )
        manifest = msgspec.json.decode(whole, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise StorageError(
            f"its manifest cannot be read ({e}): it is damaged, or no backup of Stagewire"
        ) from None
    names = [part.path for part in manifest.files] + manifest.secrets
    names += [f"{SETTINGS}/{manifest.settings}"]
    for name in names:
        if name != SEALED and not fit(name):
            raise StorageError(f"it wants to write {name!r}, which leads out of its folder: {TAMPERED}")
    if "/" in manifest.settings:
        raise StorageError(f"it names {manifest.settings!r} as its settings: {TAMPERED}")
    if any(part.size < 0 or not _SHA256.fullmatch(part.sha256) for part in manifest.files):
        raise StorageError(f"its manifest holds impossible sizes or checksums: {TAMPERED}")
    paths = [part.path for part in manifest.files]
    if len(set(paths)) != len(paths) or (SEALED in paths) != bool(manifest.secrets):
        raise StorageError(f"its manifest contradicts itself: {TAMPERED}")
    return manifest
