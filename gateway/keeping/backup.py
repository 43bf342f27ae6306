"""A backup: all that a venue has, in one file that is there whole or not at all, made while the gateway runs."""

import calendar
import errno
import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from gateway import __version__, wording
from gateway.errors import StorageError
from gateway.journal.copying import Damaged, copy_month
from gateway.journal.segments import segments
from gateway.keeping import inventory
from gateway.keeping.archive import pack
from gateway.keeping.files import alone_in, copied, owner, sha256, sync_folder, words
from gateway.keeping.manifest import DATA, FORMAT, SEALED, LeftOut, Manifest, Part, fit
from gateway.keeping.secrets_box import Secret, seal
from gateway.messages import stamp
from gateway.settings.load import Config

_NAME = re.compile(r"stagewire-(?P<venue>[a-z0-9-]{1,32})-(?P<at>\d{8}T\d{6}Z)\.tar\.gz")

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done. What it raises ends the work, and nothing is left of it."""


class Made(Struct, frozen=True, kw_only=True):
    """A backup that is on disk. ``size``: of the file."""

    path: Path
    size: int
    manifest: Manifest


def quiet(done: int, total: int) -> None:
    """Nobody looks on."""


def make_backup(
    config: Config,
    to: Path | None = None,
    *,
    passphrase: str | None = None,
    clock: Callable[[], float] = time.time,
    progress: Progress = quiet,
) -> Made:
    """Back up the venue of ``config`` into ``to``: a folder (the settings' own when None), or a ``.tar.gz``.

    Statistics first, then the journal, month by month, so that it is never behind what they have counted; then
    settings, rules and sounds. Secrets only with a ``passphrase``. What is not in it stands in the manifest's
    ``left_out``. Blocks; belongs on a thread. Raises ``StorageError``, and then leaves nothing behind.
    """
    now = clock()
    folder, name = _place(config, to, now)
    try:
        with _room(folder, f".{name}.partial") as room:
            return _Backup(config, room, progress).write(folder / name, now, passphrase)
    except OSError as e:
        raise StorageError(f"the backup {folder / name} cannot be made: {words(e)}") from e


def _place(config: Config, to: Path | None, now: float) -> tuple[Path, str]:
    name = f"stagewire-{config.settings.venue}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}.tar.gz"
    folder = inventory.backup_folder(config) if to is None else to
    if to is not None and to.name.endswith(".tar.gz") and not to.is_dir():
        folder, name = to.parent, to.name
    try:
        # Its last part alone: of a stick that is not plugged in, nothing is there.
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        raise StorageError(
            f"there is no folder {folder.parent} for backups: is the stick or disk plugged in?"
        ) from None
    except OSError as e:
        raise StorageError(f"the folder {folder} for backups cannot be used: {words(e)}") from None
    if (folder / name).exists():
        raise StorageError(f"{folder / name} is there already: name another file, or wait a second")
    return folder, name


@contextmanager
def _room(folder: Path, name: str) -> Iterator[Path]:
    """A room beside the backups in which one is made; what a power cut left of others is cleared away."""
    with alone_in(folder, f"another backup is being made in {folder}: wait for it"):
        for left in folder.glob(".*.tar.gz.partial"):
            shutil.rmtree(left, ignore_errors=True)
        room = folder / name
        room.mkdir(mode=0o700)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)


class _Backup:
    """Copies everything into ``room`` first, for the manifest comes first and says what all of it is."""

    def __init__(self, config: Config, room: Path, progress: Progress) -> None:
        self._config, self._room, self._progress = config, room, progress
        self._parts: list[Part] = []
        self._left_out: list[LeftOut] = []
        self._secrets: list[str] = []
        self._done, self._total = 0, 1

    def write(self, path: Path, now: float, passphrase: str | None) -> Made:
        data = inventory.data_folder(self._config)
        # Everything is gone through twice: copied, then packed.
        self._total = 2 * self._estimate(data) + 1
        if data.is_dir():
            for file, name in inventory.data_files(self._config):
                self._take(file, name)
            for month in reversed(segments(data)):
                self._take_month(month)
            for file in sorted(data.glob("*.damaged-*")):
                self._leave(file.name, "it is damaged, and was moved aside")
        else:
            self._leave(
                f"the data folder {data}", "it is not there: has the gateway ever run with these settings?"
            )
        for found in inventory.named(self._config):
            self._take(found.path, found.name, found.setting)
        self._seal(passphrase)
        settings = self._config.settings
        manifest = Manifest(
            format=FORMAT,
            stagewire=__version__,
            venue=settings.venue,
            made=stamp(now),
            settings=self._config.file,
            data=settings.gateway.data,
            files=self._parts,
            secrets=self._secrets,
            left_out=self._left_out,
        )
        whole = self._room / "whole"
        pack(whole, manifest, self._room, self._advance)
        size = whole.stat().st_size
        whole.replace(path)
        sync_folder(path.parent)
        self._progress(self._total, self._total)
        return Made(path=path, size=size, manifest=manifest)

    def _advance(self, size: int) -> None:
        self._done += size
        self._progress(min(self._done, self._total), self._total)

    def _leave(self, what: str, why: str, *, lost: bool = False) -> None:
        self._left_out.append(LeftOut(what=what, why=why, lost=lost))

    def _estimate(self, data: Path) -> int:
        """Bytes that are to be copied. Raises ``StorageError`` when there is no room for them."""
        files = [found.path for found in inventory.named(self._config)]
        if data.is_dir():
            files += [file for file, _ in inventory.data_files(self._config)] + segments(data)
        size = 0
        for file in files:
            with suppress(FileNotFoundError):  # what grows old goes at any time
                size += file.stat().st_size
        free = shutil.disk_usage(self._room).free
        if free < size:
            raise StorageError(
                f"{wording.size(size)} are to be copied to {self._room.parent}, and {wording.size(free)} are free "
                "there: make room, or name another folder"
            )
        return size

    def _take(self, file: Path, name: str, setting: str = "") -> None:
        if not fit(name):
            self._leave(
                name.encode("ascii", "backslashreplace").decode(), "its name is no name elsewhere", lost=True
            )
            return
        to = self._room / name
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = file.stat()
            size, digest = copied(file, to, self._advance)
        except FileNotFoundError:
            if setting:  # else it was replaced or forgotten meanwhile
                self._leave(f"{file} ({setting})", "it is not there", lost=True)
            return
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            to.unlink(missing_ok=True)  # one bad sector must not cost all the rest
            self._leave(str(file), f"it cannot be read: {words(e)}", lost=True)
            return
        self._note(found, name, size, digest)

    def _take_month(self, file: Path) -> None:
        name, before = f"{DATA}/{file.name}", self._done
        to = self._room / name
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            found = file.stat()
            copy_month(file, to, lambda copied: self._advance(before + copied - self._done))
        except FileNotFoundError:
            return  # it was old, and was forgotten meanwhile
        except Damaged as e:
            to.unlink(missing_ok=True)
            self._leave(file.name, str(e), lost=True)
            return
        self._note(found, name, to.stat().st_size, sha256(to))

    def _note(self, found: os.stat_result, name: str, size: int, digest: str) -> None:
        user, group = owner(found)
        mode = stat.S_IMODE(found.st_mode) & 0o777
        self._parts.append(Part(path=name, size=size, sha256=digest, mode=mode, owner=user, group=group))

    def _seal(self, passphrase: str | None) -> None:
        secrets: list[Secret] = []
        for found in inventory.secrets(self._config):
            if passphrase is None:
                self._leave(f"{found.path} ({found.setting})", "secrets are kept only under a passphrase")
            elif not found.path.exists():
                self._leave(f"{found.path} ({found.setting})", "it is not there", lost=True)
            else:
                user, group = owner(found.path.stat())
                body = found.path.read_bytes()
                secrets.append(Secret(path=found.name, body=body, owner=user, group=group))
        if secrets and passphrase is not None:
            box = seal(secrets, passphrase)
            (self._room / SEALED).write_bytes(box)
            self._parts.append(Part(path=SEALED, size=len(box), sha256=hashlib.sha256(box).hexdigest()))
            self._secrets = [secret.path for secret in secrets]


def kept(folder: Path, venue: str) -> list[Path]:
    """The backups of ``venue`` in ``folder``, the newest first by the time in their names; what somebody named
    otherwise is not among them."""
    names = [_NAME.fullmatch(path.name) for path in folder.glob(f"stagewire-{venue}-*.tar.gz")]
    found = [name for name in names if name and name["venue"] == venue]
    return [folder / name[0] for name in sorted(found, key=lambda name: name["at"], reverse=True)]


def time_of(path: Path) -> float:
    """When a backup with such a name was made, seconds since 1970."""
    name = _NAME.fullmatch(path.name)
    assert name is not None, path
    return float(calendar.timegm(time.strptime(name["at"], "%Y%m%dT%H%M%SZ")))


def prune(made: Made, keep: int) -> list[Path]:
    """Delete the oldest backups of the same venue beside ``made``, so that ``keep`` stay; never another file, and
    never ``made``, whatever the clock said when the others were made. Returns what is gone. Raises ``OSError``."""
    others = [path for path in kept(made.path.parent, made.manifest.venue) if path != made.path]
    old = others[max(0, keep - 1) :]
    for path in old:
        path.unlink()
    return old
