"""Exports for the page: one at a time, in a thread of its own, with progress and cancel."""

import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.errors import StagewireError
from gateway.export.export import FOLDER, Export
from gateway.export.what import Format, What
from gateway.messages import Text
from gateway.settings.models import Settings
from web.history import Recent

log = logging.getLogger(__name__)

KEPT = 16
"""Exports that are remembered."""
A_DAY_S = 24 * 3600
SUFFIXES: dict[Format, str] = {"csv": "zip", "xlsx": "xlsx", "json": "json", "jsonl": "jsonl"}
State = Literal["running", "done", "cancelled", "failed"]


class ExportState(Struct, frozen=True, kw_only=True):
    """``done`` of ``total`` steps, which mean nothing else; ``words`` for a person. ``name`` and ``size`` (bytes)
    are the file's, once it is there."""

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
    state: State = "running"
    done: int = 0
    total: int = 0
    words: Text = ""
    name: str = ""
    size: int = 0


class Busy(StagewireError):
    """An export runs already."""


class _Job:
    def __init__(self, what: What, path: Path, temporary: bool) -> None:
        self.what, self.path, self.temporary = what, path, temporary
        self.born = time.monotonic()
        self.cancel = threading.Event()
        self.state = ExportState(id=secrets.token_hex(16), words=lazy_gettext("Beginning."))


class Exports:
    """Files stand in the data folder's ``exports`` and stay there; where that cannot be written, in a folder that
    is removed after a day and when the page ends. No part of a file's name comes from outside."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self._settings, self._data = settings, data.absolute()
        self._lock = threading.Lock()
        self._jobs: Recent[_Job] = Recent(KEPT)
        self._running: tuple[_Job, threading.Thread] | None = None
        self._temporary: Path | None = None
        self._closed = False

    def begin(self, what: What) -> ExportState:
        """Start one; ``what.out`` is chosen here. Raises ``Busy`` in words."""
        with self._lock:
            if self._running is not None and self._running[1].is_alive():
                s = self._running[0].state
                raise Busy(
                    _(
                        "Another export is being made (%(percent)s %%): wait until it is ready, or cancel it.",
                        percent=100 * s.done // max(s.total, 1),
                    )
                )
            if self._closed:
                raise Busy(_("The page is ending."))
            folder, temporary = self._folder()
            practice = "-practice" if what.practice else ""
            day = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
            name = f"{self._settings.venue}{practice}-{day}-{secrets.token_hex(2)}.{SUFFIXES[what.format]}"
            job = _Job(what, folder / name, temporary)
            self._jobs.put(job.state.id, job)
            thread = threading.Thread(target=self._make, args=(job,), name="export", daemon=True)
            self._running = (job, thread)
            thread.start()
            return job.state

    def state(self, name: str) -> ExportState | None:
        """None for an id that is not ours, or long ago."""
        job = self._jobs.get(name)
        return None if job is None else job.state

    def cancel(self, name: str) -> ExportState | None:
        """Ask it to end; its state says when it has."""
        job = self._jobs.get(name)
        if job is None:
            return None
        job.cancel.set()
        return job.state

    def file(self, name: str) -> Path | None:
        """The file of an export that is done, while it is there."""
        self._tidy()
        job = self._jobs.get(name)
        if job is None or job.state.state != "done" or not job.path.is_file():
            return None
        return job.path

    def close(self) -> None:
        """Cancel what runs and remove what is not to stay."""
        with self._lock:
            self._closed = True
            running, temporary = self._running, self._temporary
        if running is not None:
            running[0].cancel.set()
            running[1].join(1.0)
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)

    def _make(self, job: _Job) -> None:
        def progress(done: int, total: int) -> None:
            job.state = replace(job.state, done=done, total=total, words="")

        what = replace(job.what, out=job.path)
        try:
            exported = Export(self._settings, self._data, what).run(progress, job.cancel.is_set)
            if exported is None:
                job.state = replace(
                    job.state, state="cancelled", words=lazy_gettext("Cancelled: nothing of it is left.")
                )
                return
            size = exported.path.stat().st_size
        except StagewireError as e:
            job.state = replace(job.state, state="failed", words=lazy_gettext("Not exported: %(why)s", why=f"{e}"))
        except Exception as e:  # the top of a thread: whoever waits for it must be told
            log.exception("export %s failed", job.path.name)
            job.state = replace(
                job.state,
                state="failed",
                words=lazy_gettext("Not exported, by a mistake of ours: %(error)r", error=e),
            )
        else:
            rows = ", ".join(f"{sheet} {count:,}" for sheet, count in exported.rows.items())
            words = lazy_gettext("Rows: %(rows)s.", rows=rows)
            if exported.notes:
                words = lazy_gettext(
                    "Rows: %(rows)s. It may not be complete: %(notes)s.",
                    rows=rows,
                    notes="; ".join(exported.notes),
                )
            job.state = replace(job.state, state="done", name=job.path.name, size=size, words=words)

    def _folder(self) -> tuple[Path, bool]:
        """Where files go, and whether they are removed again."""
        folder = self._data / FOLDER
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            log.debug("exports: %s cannot be made", folder)
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return folder, False
        self._tidy()
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="stagewire-exports-"))
        return self._temporary, True

    def _tidy(self) -> None:
        """Remove temporary files that are a day old."""
        if self._temporary is None:
            return
        for path in self._temporary.glob("*"):
            with suppress(FileNotFoundError):  # somebody else tidied up
                if time.time() - path.stat().st_mtime > A_DAY_S:
                    path.unlink()
