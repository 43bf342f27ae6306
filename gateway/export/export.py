"""An export: which sheets of which sessions, into which file; whole or not at all."""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from msgspec import Struct

from gateway import __version__
from gateway.errors import StorageError
from gateway.export import writers
from gateway.export.source import Source
from gateway.export.what import Cancelled, Format, Watch, What
from gateway.messages import stamp
from gateway.review.library import Library
from gateway.settings.models import Settings

FOLDER = "exports"
"""In the data folder, where nothing else is said."""
THERE = "is there already: move it away, or name another one"
PARTIAL = ".export-"
"""How the folder begins in which it is made."""
DOCUMENT, VERSION = "stagewire-export", 1


class Exported(Struct, frozen=True):
    """``rows`` of each sheet; ``notes``: in words, what is missing, since it could not be read."""

    path: Path
    rows: dict[str, int]
    notes: list[str]


class Export:
    """``data`` is the gateway's data folder. Nothing in it is changed, and a gateway may run on it."""

    def __init__(self, settings: Settings, data: Path, what: What, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._data, self._what, self._clock = settings, data, what, clock

    def run(
        self,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Exported | None:
        """Write it. None when it was cancelled; then, and after any error, nothing of it is left.

        ``progress`` is told (done, total). May take minutes: not for a thread on which a loop runs. Raises
        ``StorageError`` when something cannot be read or written, is there already, or there is no such session.
        """
        what, now = self._what, self._clock()
        library, watch = Library(self._settings, self._data), Watch(progress, cancelled)
        source = Source(library, what, watch, now)
        out = what.out or self._data / FOLDER / self._name(now, source.practice)
        if what.out is not None:
            _fits(what.out, what.format)
        if out.exists():
            raise StorageError(f"{out} {THERE}")
        try:
            if what.out is None:
                out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=out.parent) as folder:
                made = Path(folder) / out.name
                if what.format == "jsonl":
                    watch.begin(source.steps("events"))
                    writers.json_lines(made, source.lines())
                else:
                    watch.begin(sum(map(source.steps, what.sheets)))
                    with self._writer(made, now) as write:
                        for name in what.sheets:
                            write(source.sheet(name))
                        watch.look()
                watch.look()
                _keep(made, out)
        except Cancelled:
            return None
        except OSError as e:
            where = out if PARTIAL in str(e.filename) else e.filename or out
            raise StorageError(
                f"{where}: {e.strerror or e}; nothing of the export is left; make room, or write it elsewhere"
            ) from e
        unreadable = [f"{source.unreadable} rows of the journal cannot be read"] if source.unreadable else []
        return Exported(out, watch.counts, [*library.trouble, *unreadable])

    def _name(self, now: float, practice: bool) -> str:
        kind = "zip" if self._what.format == "csv" else self._what.format
        at = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        return f"{self._settings.venue}{'-practice' if practice else ''}-{at}.{kind}"

    def _writer(self, path: Path, now: float) -> AbstractContextManager[writers.Write]:
        match self._what.format:
            case "xlsx":
                return writers.xlsx(path)
            case "json":
                head = {"format": DOCUMENT, "version": VERSION, "stagewire": __version__, "made": stamp(now)}
                return writers.json(path, head | {"venue": self._settings.venue})
            case _:
                return writers.csv_zip(path) if path.suffix == ".zip" else writers.csv_folder(path)


def _fits(out: Path, kind: Format) -> None:
    """Raises ``StorageError`` for a name that would mislead, and for a place that is not there."""
    if kind == "csv" and out.suffix in (".csv", ".xlsx", ".json", ".jsonl"):
        raise StorageError(
            f"{out}: csv is a file for each sheet: name a folder for them, or a file that ends with .zip"
        )
    if kind != "csv" and out.suffix != f".{kind}":
        raise StorageError(f"{out}: expected a name that ends with .{kind}")
    if not out.parent.is_dir():
        raise StorageError(
            f"there is no folder {out.parent} to write {out.name} into: make it, or name another one"
        )


def _keep(made: Path, out: Path) -> None:
    """Under its own name, safe from a power cut, for its owner's eyes only: viewers' names stand in it."""
    for path in sorted(made.iterdir()) if made.is_dir() else [made]:
        path.chmod(0o600)
        _sync(path)
    if made.is_dir():
        made.chmod(0o700)
        _sync(made)
    _place(made, out)
    _sync(out.parent)


def _place(made: Path, out: Path) -> None:
    """Raises ``StorageError`` where another export came first: a rename would take its place."""
    try:
        if made.is_file():
            with suppress(PermissionError):  # a stick without hard links: look, and rename
                out.hardlink_to(made)
                return
        if not out.exists():
            made.rename(out)
            return
    except FileExistsError:
        pass
    raise StorageError(f"{out} {THERE}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
