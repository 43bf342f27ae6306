"""Erasing one viewer from a gateway's data folder, so that a kill at any point leaves nothing half done.

What is to be done is written down first (``erasing.json``) and crossed out last; whoever opens the folder next
finishes it. Each part may be repeated, and a repetition changes nothing more.
"""

import logging
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway import messages as m
from gateway.errors import StorageError
from gateway.journal import Entry
from gateway.journal.rewriting import entries, remembered, rewrite
from gateway.journal.segments import segments
from gateway.keeping.backup import kept
from gateway.keeping.files import sync_folder
from gateway.keeping.find import Found, Progress, silent, theirs
from gateway.keeping.forget import Forget
from gateway.keeping.inventory import backup_folder, data_folder
from gateway.keeping.place import ASIDE
from gateway.keeping.prove import Proof, prove
from gateway.keeping.search import Needles, exports_with
from gateway.keeping.viewer import Viewer
from gateway.settings.load import Config
from gateway.settings.saving import write_whole
from gateway.stats import archive

log = logging.getLogger(__name__)

INTENT = "erasing.json"


class Intent(Struct, frozen=True):
    """What is to be erased: ``words`` as in ``Found``; ``copies``: backups that go, too, by their whole path."""

    viewer: Viewer
    key: bytes
    words: list[str] = []
    copies: list[str] = []

    @property
    def forget(self) -> Forget:
        return Forget(self.viewer, self.key, self.words)


class Preview(Struct, frozen=True, kw_only=True):
    """What would be erased, for whoever has to say yes: as in ``Found``, with how many ``sessions``. ``exports``
    and ``damaged`` files would be deleted; ``copies``, which hold the viewer as well, only when asked for."""

    viewer: Viewer
    last: str = ""
    records: dict[str, int] = {}
    rules: int = 0
    sessions: int = 0
    leaders: list[str] = []
    exports: list[str] = []
    damaged: list[str] = []
    copies: list[str] = []


def preview(data: Path, found: Found, all_of_them: list[Path]) -> Preview:
    """``all_of_them``: see ``all_copies``. Raises ``StorageError``."""
    return Preview(
        viewer=found.viewer,
        last=found.last,
        records=found.records,
        rules=found.rules,
        sessions=len(found.sessions),
        leaders=found.leaders,
        exports=found.exports,
        damaged=[path.name for path in damaged(data, found.viewer)],
        copies=[str(path) for path in copies_with(all_of_them, found)],
    )


def begin(data: Path, found: Found, copies: list[Path]) -> Intent:
    """Write down what is to be done. Raises ``StorageError``."""
    intent = Intent(found.viewer, secrets.token_bytes(32), found.words, [str(c.absolute()) for c in copies])
    try:
        write_whole(data / INTENT, msgspec.json.encode(intent))
    except OSError as e:
        raise StorageError(f"{data / INTENT} cannot be written ({e}); nothing was erased") from e
    return intent


def pending(data: Path) -> Intent | None:
    """What was begun and not finished. Raises ``StorageError``."""
    path = data / INTENT
    try:
        return msgspec.json.decode(path.read_bytes(), type=Intent)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as e:
        raise StorageError(
            f"{path} cannot be read ({e}): look who was to be erased, remove it, erase again"
        ) from e


def erase(data: Path, intent: Intent, progress: Progress = silent) -> Proof:
    """All of it, by whoever has the folder while no gateway runs. Raises ``StorageError``; then call it again."""
    copies(data, intent)
    statistics(data, intent.forget)
    for path in months(data, intent.forget):
        progress(path.name)
        month(path, intent.forget)
    done(data)
    return prove(data, intent.forget, untouched(data), progress)


def finish(data: Path, progress: Progress = silent) -> Proof | None:
    """What a kill interrupted, before anybody else works in the folder; None where nothing was. Raises
    ``StorageError``."""
    intent = pending(data)
    if intent is None:
        return None
    log.warning("erasing a viewer was interrupted; it is finished now")
    return erase(data, intent, progress)


# -- the parts, for who has the files one after the other ---------------------------------------------------


def copies(data: Path, intent: Intent) -> None:
    """Delete what cannot be changed: exports that name the viewer, damaged files that nobody can read, and the
    backups that were asked for. Raises ``StorageError``."""
    go = [*exports_with(data, intent.viewer), *damaged(data, intent.viewer), *map(Path, intent.copies)]
    for path in go:
        _delete(path)


def statistics(data: Path, forget: Forget) -> None:
    """Sessions that ended, and the leaders of all time. Raises ``StorageError``."""
    archive.rewrite(data, forget.session)
    archive.rewrite_leaders(data, forget.leaders)
    archive.clear_unfinished(data)  # a kill may have left a file under a passing name


def months(data: Path, forget: Forget) -> list[Path]:
    """The journal's files that have to be rewritten, oldest first. Raises ``StorageError``."""
    return [path for path in reversed(segments(data)) if _holds(path, forget)]


def _holds(path: Path, forget: Forget) -> bool:
    """Anything of them is in its records, in what rules remember or in a place that is free; or it has a log: that
    holds what was written last in its first form, packed."""
    return (
        _size(path.with_name(path.name + "-wal")) > 0
        or bool(forget.state(remembered(path)))
        or any(theirs(entry, forget) for entry in entries(path))
        or bool(Needles(forget.viewer).in_file(path))
    )


def month(path: Path, forget: Forget) -> None:
    """One file of the journal. Raises ``StorageError``."""

    def change(entry: Entry) -> Entry:
        message = theirs(entry, forget)
        if message is None:
            return entry
        body = m.encode(forget.message(message))
        return replace(entry, id=forget.id(entry.id), cause=forget.id(entry.cause), body=body)

    def remember(kept: Mapping[str, bytes]) -> dict[str, bytes | None]:
        return forget.state(kept)

    rewrite(path, change, remember)


def done(data: Path) -> None:
    """Cross it out. Raises ``StorageError``."""
    try:
        (data / INTENT).unlink(missing_ok=True)
        sync_folder(data)
    except OSError as e:
        raise StorageError(f"{data / INTENT} cannot be deleted ({e}): delete it, it names the viewer") from e


# -- what else holds them -------------------------------------------------------------------------------------


def damaged(data: Path, viewer: Viewer) -> list[Path]:
    """Files that were moved aside as damaged. Those of the journal cannot be searched, so all of them; those of
    the statistics that name the viewer. Raises ``StorageError``."""
    needles = Needles(viewer)
    of_statistics = [path for path in archive.set_aside(data) if needles.in_file(path)]
    return [*sorted(data.glob("journal-*.damaged-*")), *of_statistics]


def all_copies(config: Config) -> list[Path]:
    """Of everything: backups, and what a restore moved aside."""
    backups = kept(backup_folder(config), config.settings.venue)
    aside = {path for folder in (config.base_dir, data_folder(config)) for path in folder.glob(f"{ASIDE}*")}
    return [*backups, *sorted(aside)]


def copies_with(all_of_them: list[Path], found: Found) -> list[Path]:
    """Those made since the viewer was first seen: taken to hold them, for they are packed. Without a first time,
    all of them."""
    first = m.seconds(found.first) if found.first else 0.0
    return [path for path in all_of_them if _made(path) >= first]


def untouched(data: Path) -> frozenset[Path]:
    """What the proof does not search: the lock, and copies that are named as such."""
    return frozenset([data / ".lock", *data.glob(f"{ASIDE}*")])


def _delete(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        if path.parent.exists():  # what is gone stays gone after a power cut
            sync_folder(path.parent)
    except OSError as e:
        raise StorageError(f"{e.filename or path} cannot be deleted: {e.strerror}") from e


def _made(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
