"""A backup put back, also on a machine that knows nothing of the venue: all of it, or nothing."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from gateway.errors import StorageError
from gateway.journal import JournalReader
from gateway.journal.copying import refuse_newer
from gateway.journal.segments import segments
from gateway.keeping.archive import Archive
from gateway.keeping.backup import Progress, quiet
from gateway.keeping.files import strangers, sync_folder, words
from gateway.keeping.manifest import DATA, ELSEWHERE, SEALED, TAMPERED, LeftOut, Manifest
from gateway.keeping.place import ASIDE, Place
from gateway.keeping.secrets_box import Secret, unseal
from gateway.service import own_folder
from gateway.stats.reader import StatsReader
from gateway.wording import size

NOT_DATA = (".", ASIDE, "lost+found")
"""How names begin that no gateway gave: the lock, somebody's hidden files, what was moved aside, a disk's own."""


class Restored(Struct, frozen=True, kw_only=True):
    """What was put where. ``aside``: folders with what was there before. ``trouble``: what was damaged already
    when the backup was made. ``missing``: what a person has to bring, secrets that stayed sealed included."""

    manifest: Manifest
    settings: Path
    data: Path
    aside: list[Path]
    trouble: list[str]
    missing: list[LeftOut]


def look_through(
    path: Path, passphrase: str | None = None, progress: Progress = quiet
) -> tuple[Manifest, list[Secret]]:
    """Read a backup from beginning to end and compare every checksum; with the ``passphrase`` also its secrets.
    Writes nothing. Raises ``StorageError`` for anything that is not as it should be."""
    secrets: list[Secret] = []
    with Archive(path) as archive:
        manifest, done = archive.manifest, 0
        for part, chunks in archive.parts():
            box = bytearray()
            for chunk in chunks:
                done += len(chunk)
                progress(done, manifest.size)
                if part.path == SEALED:
                    box += chunk
            if box and passphrase is not None:
                secrets = unseal(bytes(box), passphrase)
    if passphrase is not None and sorted(s.path for s in secrets) != sorted(manifest.secrets):
        raise StorageError(f"{path}: its sealed secrets are not those that its manifest names: {TAMPERED}")
    return manifest, secrets


def restore(
    path: Path,
    to: Path,
    *,
    data: Path | None = None,
    passphrase: str | None = None,
    force: bool = False,
    clock: Callable[[], float] = time.time,
    progress: Progress = quiet,
) -> Restored:
    """Put the backup ``path`` into the settings' folder ``to``, and its data into the folder that its settings
    name from there. One outside of ``to`` has to be said as ``data``: no backup decides where it writes.

    Everything is checked before anything is written, staged beside its place, opened with the gateway's own
    readers, and moved into place at the end, the settings file last: without it no gateway starts. What is in the
    way makes it refuse; with ``force`` that is moved aside into a folder ``before-restore-...``, never deleted.

    Blocks. Raises ``StorageError``, and ``ServiceError`` while a gateway runs on that data.
    """
    manifest, secrets = look_through(path, passphrase, lambda done, total: progress(done, 2 * total))
    to = to.absolute()
    data = _data_folder(manifest, to, data)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock()))
    settings, kept = Place(to, stamp), Place(data, stamp)
    work = _Restoring(path, manifest, secrets, settings, settings if data == to else kept)
    try:
        with settings.made(), kept.made(), own_folder(data):
            work.refuse(force)
            work.stage(progress)
            trouble = work.verify()
            work.swap()
    except OSError as e:
        raise StorageError(f"{path} cannot be restored: {words(e)}") from e
    return Restored(
        manifest=manifest,
        settings=to / manifest.settings,
        data=data,
        aside=[place.aside for place in (settings, kept) if place.aside.exists()],
        trouble=trouble,
        missing=work.missing(),
    )


def _data_folder(manifest: Manifest, to: Path, said: Path | None) -> Path:
    if said is not None:
        return said.absolute()
    data = Path(os.path.normpath(to / manifest.data))
    if not data.is_relative_to(to):
        raise StorageError(
            f"the data of this backup belong into {data}, which is outside of {to}: if that is right, say so with "
            f"--data {data}"
        )
    return data


class _Restoring:
    """One restore. Whatever fails before ``swap`` leaves the folders as they were."""

    def __init__(
        self, path: Path, manifest: Manifest, secrets: list[Secret], settings: Place, data: Place
    ) -> None:
        self._path, self._manifest, self._secrets = path.resolve(), manifest, secrets
        self._settings, self._data = settings, data
        names = [part.path for part in manifest.files if part.path != SEALED] + [s.path for s in secrets]
        self._names = {settings: _tops(self._inside(n) for n in names if self._place(n) is settings)}
        self._names |= {data: _tops(self._inside(n) for n in names if self._place(n) is data)}
        self._names[settings].discard(manifest.settings)

    def refuse(self, force: bool) -> None:
        """Raises ``StorageError`` when there is no room, or something is in the way that may not be moved."""
        for place in (self._settings, self._data):
            if (there := [entry.name for entry in self._in_the_way(place)]) and not force:
                raise StorageError(
                    f"{place.folder} holds {', '.join(sorted(there)[:3])} already; nothing was touched: restore "
                    f"into an empty folder, or say --force, which moves what is there into {place.aside.name}"
                )
            shutil.rmtree(place.staged, ignore_errors=True)  # of a restore that was cut off
        free = shutil.disk_usage(self._data.folder).free
        if free < self._manifest.size:
            raise StorageError(
                f"{size(self._manifest.size)} are to be restored, and {size(free)} are free in "
                f"{self._data.folder}: make room"
            )

    def stage(self, progress: Progress) -> None:
        done = total = self._manifest.size

        def told(chunks: Iterable[bytes]) -> Iterator[bytes]:
            nonlocal done
            for chunk in chunks:
                done += len(chunk)
                progress(done, 2 * total)
                yield chunk

        with Archive(self._path) as archive:
            if archive.manifest != self._manifest:
                raise StorageError(f"{self._path} became another file meanwhile")
            for part, chunks in archive.parts():
                if part.path == SEALED:
                    for _ in told(chunks):
                        pass
                else:
                    place = self._place(part.path)
                    place.put(self._inside(part.path), told(chunks), part.mode, part.owner, part.group)
        for secret in self._secrets:
            place = self._place(secret.path)
            place.put(self._inside(secret.path), [secret.body], 0o600, secret.owner, secret.group)
        if not (self._settings.staged / self._manifest.settings).is_file():
            raise StorageError(f"{self._path} holds no settings: {TAMPERED}")

    def verify(self) -> list[str]:
        """What the gateway's own readers find wrong with the statistics. Raises ``StorageError`` for a journal
        that cannot be read, and for data of a newer Stagewire."""
        journal, statistics = JournalReader(self._data.staged), StatsReader(self._data.staged)
        for month in segments(self._data.staged):
            refuse_newer(month)
        journal.last(1)
        journal.state()
        for simulated in (False, True):
            statistics.kept(simulated)
            statistics.summaries(simulated)
        for path, why in journal.damaged.items():  # which was sound when the backup was made
            raise StorageError(f"{path} cannot be read back ({why}): make room, or look at the disk or card")
        return [f"{path.name}: {why}" for path, why in statistics.damaged.items()]

    def swap(self) -> None:
        """Without a settings file no gateway starts: it goes first, and comes last."""
        last = self._manifest.settings
        self._settings.clear(last)
        for entry in self._in_the_way(self._data):
            self._data.clear(entry.name)
        for place, names in self._names.items():
            for name in sorted(names):
                place.swap(name)
            sync_folder(place.folder)
        self._settings.swap(last)
        sync_folder(self._settings.folder)
        for place in self._names:
            shutil.rmtree(place.staged, ignore_errors=True)

    def missing(self) -> list[LeftOut]:
        """What a person has to bring or to move."""
        opened = {secret.path for secret in self._secrets}
        sealed = [s for s in self._manifest.secrets if s not in opened]
        there = [*opened, *(part.path for part in self._manifest.files)]
        outside = [self._inside(name) for name in there if name.startswith(f"{ELSEWHERE}/")]
        users = strangers([*(part.owner for part in self._manifest.files), *(s.owner for s in self._secrets)])
        return [
            *self._manifest.left_out,
            *(
                LeftOut(what=f"the user {user}", why="not known here: its files are root's; `chown` them")
                for user in users
            ),
            *(
                LeftOut(what=name, why="it is sealed in the backup, and no passphrase was given")
                for name in sealed
            ),
            *(
                LeftOut(
                    what=f"/{name.partition('/')[2]}", why=f"move it there from {self._settings.folder / name}"
                )
                for name in outside
            ),
        ]

    def _in_the_way(self, place: Place) -> list[Path]:
        """Of the data folder everything: months of another journal would be read as this one's."""
        if not place.folder.is_dir():
            return []
        wanted = self._names[place] | ({self._manifest.settings} if place is self._settings else set())
        return [
            entry
            for entry in place.folder.iterdir()
            if (entry.name in wanted or (place is self._data and not entry.name.startswith(NOT_DATA)))
            and not any(path.is_relative_to(entry) for path in (self._path, self._settings.folder))
            and not (entry.is_dir() and not any(entry.iterdir()))
        ]

    def _place(self, name: str) -> Place:
        return self._data if name.startswith(f"{DATA}/") else self._settings

    def _inside(self, name: str) -> str:
        """Its path in its place; what belongs elsewhere is put into a folder of that name."""
        return name if name.startswith(f"{ELSEWHERE}/") else name.partition("/")[2]


def _tops(names: Iterable[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}
