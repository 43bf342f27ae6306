"""The backups in the venue's folder, as the page reads them."""

import time
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import StagewireError, StorageError
from gateway.keeping.archive import Archive
from gateway.keeping.backup import kept, time_of
from gateway.keeping.manifest import DATA, Manifest
from gateway.keeping.restore import look_through
from gateway.messages import stamp
from gateway.settings.models import Backup, Settings
from gateway.settings.schedule import Schedule
from gateway.settings.triggers import OnTime
from web.history import Recent

SHOWN = 100
"""The newest of them; a folder that keeps more is looked at by hand."""


class Kept(Struct, frozen=True, kw_only=True):
    """One backup. ``months`` of the journal, ``records`` of sessions and ``files`` in it, ``secrets`` sealed;
    ``lost``: what should be in it and is not; ``trouble``: why it cannot be read."""

    name: str
    at: str
    size: int
    made_by: str = ""
    files: int = 0
    months: int = 0
    sessions: int = 0
    secrets: int = 0
    lost: list[str] = []
    trouble: str = ""


class Backups:
    """``base_dir``: where the settings file stands. The folder may be on another machine, or a stick that is not
    plugged in; then ``missing`` says so."""

    def __init__(self, settings: Settings, base_dir: Path) -> None:
        self._settings = settings
        self.folder = base_dir / (settings.gateway.backup or Backup()).folder
        self._read: Recent[Kept] = Recent(SHOWN)

    @property
    def missing(self) -> bool:
        return not self.folder.is_dir()

    def all(self) -> list[Kept]:
        """The newest first."""
        return [self._look(path) for path in kept(self.folder, self._settings.venue)[:SHOWN]]

    def one(self, name: str) -> Path:
        """Raises ``StorageError`` for a name that is none of ``all``: no other file is reached."""
        for path in kept(self.folder, self._settings.venue):
            if path.name == name:
                return path
        raise StorageError(lazy_gettext("there is no backup %(name)r in the folder, or not any more", name=name))

    def next_at(self) -> str:
        """When the gateway makes the next one by itself; "" where the settings want none."""
        if self._settings.gateway.backup is None:
            return ""
        schedule = Schedule(OnTime(cron=self._settings.gateway.backup.at), self._settings.zone)
        return stamp(schedule.next(time.time()))

    def check(self, path: Path) -> dict[str, Any]:
        """Read all of it and compare every checksum. Raises ``StorageError`` in words."""
        manifest, _ = look_through(path)
        return {"name": path.name, "files": len(manifest.files), "bytes": manifest.size}

    def _look(self, path: Path) -> Kept:
        try:
            found = path.stat()
            key = f"{path.name} {found.st_mtime_ns} {found.st_size}"
            return self._read.get(key) or self._read.put(key, _described(path, found.st_size))
        except OSError as e:
            return Kept(
                name=path.name, at=stamp(time_of(path)), size=0, trouble=f"it cannot be read: {e.strerror}"
            )


def _described(path: Path, size: int) -> Kept:
    at = stamp(time_of(path))
    try:
        with Archive(path) as archive:
            manifest = archive.manifest
    except StagewireError as e:
        return Kept(name=path.name, at=at, size=size, trouble=str(e))
    return Kept(
        name=path.name,
        at=at,
        size=size,
        made_by=manifest.stagewire,
        files=len(manifest.files),
        months=_count(manifest, "journal-"),
        sessions=_count(manifest, "sessions/"),
        secrets=len(manifest.secrets),
        lost=[f"{left.what}: {left.why}" for left in manifest.left_out if left.lost],
    )


def _count(manifest: Manifest, beginning: str) -> int:
    return sum(part.path.startswith(f"{DATA}/{beginning}") for part in manifest.files)
