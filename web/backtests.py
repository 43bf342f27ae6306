"""Back-tests for the page: `stagewire backtest` as a process of its own, one at a time, so that neither the page
nor a gateway on the same machine waits for it."""

import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import StagewireError
from web.history import Recent

log = logging.getLogger(__name__)

KEPT = 8
"""Reports that are remembered; one with its plots is a few hundred kilobytes."""
NICE = 10
MOST_S = 300.0
"""A LIVE of three hours with 200 000 events takes under 20 s on a fast machine, and minutes on a small one."""
PATIENCE_S = 5.0
"""To end, once asked."""
LONGEST_WORDS = 4000
State = Literal["running", "done", "cancelled", "failed"]


class BacktestState(Struct, frozen=True, kw_only=True):
    """``seconds``: how long it has run, or ran. ``words``: why it did not."""

    id: str
    state: State = "running"
    seconds: float = 0.0
    words: str = ""


class Wanted(Struct, frozen=True, kw_only=True):
    """``session``: an id, or last. ``rules``: the text to try; ``against``: one to compare it with, which comes
    first then."""

    session: str
    rules: str
    against: str | None = None


class Busy(StagewireError):
    """A back-test runs already."""


class _Job:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun = time.monotonic()
        self.cancel = threading.Event()
        self.state = BacktestState(id=secrets.token_hex(16))
        self.words: object = ""
        """Of its end, in the language of whoever asks."""

    @property
    def page(self) -> Path:
        return self.folder / "backtest.html"

    @property
    def report(self) -> Path:
        return self.folder / "backtest.json"


class Backtests:
    """``base_dir`` holds the venue's settings, ``data`` is the gateway's data folder. All that is written goes
    into a folder that is removed when the page ends."""

    def __init__(self, base_dir: Path, data: Path, most_s: float = MOST_S) -> None:
        self._settings, self._games = base_dir / "stagewire.yaml", base_dir / "games"
        self._data, self._most_s = data.absolute(), most_s
        self._lock = threading.Lock()
        self._jobs: Recent[_Job] = Recent(KEPT)
        self._folders: list[Path] = []
        self._running: _Job | None = None
        self._children: set[subprocess.Popen[bytes]] = set()
        self._root: Path | None = None
        self._tidying: weakref.finalize[..., Backtests] | None = None

    @property
    def missing(self) -> str:
        """Why nothing can be tried here, in words; empty when it can."""
        if not self._settings.is_file():
            return str(
                _(
                    "There is no %(file)s on this machine: back-tests need the venue's settings.",
                    file=self._settings,
                )
            )
        return ""

    def begin(self, wanted: Wanted) -> BacktestState:
        """Start one. Raises ``Busy`` in words."""
        with self._lock:
            if self._running is not None and self._running.state.state == "running":
                raise Busy(lazy_gettext("Another back-test runs: wait until it is done, or cancel it."))
            job = _Job(self._folder())
            command = self._command(job, wanted)
            self._jobs.put(job.state.id, job)
            self._running = job
        threading.Thread(target=self._run, args=(job, command), name="backtest", daemon=True).start()
        return job.state

    def state(self, name: str) -> BacktestState | None:
        """None for an id that is not ours, or long ago."""
        job = self._jobs.get(name)
        if job is None:
            return None
        if job.state.state != "running":
            return replace(job.state, words=str(job.words))
        return replace(job.state, seconds=round(time.monotonic() - job.begun, 1))

    def cancel(self, name: str) -> BacktestState | None:
        """Ask it to end; its state says when it has."""
        job = self._jobs.get(name)
        if job is not None:
            job.cancel.set()
        return self.state(name)

    def report(self, name: str) -> Mapping[str, Any] | None:
        """What it found, as `stagewire backtest --json` writes it."""
        job = self._jobs.get(name)
        if job is None or job.state.state != "done":
            return None
        found: Mapping[str, Any] = json.loads(job.report.read_bytes())
        return found

    def page(self, name: str) -> Path | None:
        """Its report as a page with plots, which opens from disk."""
        job = self._jobs.get(name)
        return None if job is None or job.state.state != "done" else job.page

    def close(self) -> None:
        """End what runs, and remove all reports."""
        if self._tidying is not None:
            self._tidying()

    def _folder(self) -> Path:
        """A fresh one; the oldest goes."""
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="stagewire-backtests-"))
            self._tidying = weakref.finalize(self, _tidy, self._root, self._children)
        folder = Path(tempfile.mkdtemp(dir=self._root))
        self._folders.append(folder)
        while len(self._folders) > KEPT:
            shutil.rmtree(self._folders.pop(0), ignore_errors=True)
        return folder

    def _command(self, job: _Job, wanted: Wanted) -> list[str]:
        texts = (
            {"rules": wanted.rules}
            if wanted.against is None
            else {"rules": wanted.against, "against": wanted.rules}
        )
        command = [sys.executable, "-m", "gateway.cli", "backtest", str(self._data), "--session", wanted.session]
        command += ["--stations", str(self._settings), "--html", str(job.page), "--json", str(job.report)]
        for option, text in texts.items():
            folder = job.folder / option
            folder.mkdir()
            if self._games.is_dir():
                (folder / "games").symlink_to(self._games.absolute())
            (folder / "rules.yaml").write_text(text, encoding="utf-8")
            command += [f"--{option}", str(folder / "rules.yaml")]
        return command

    def _run(self, job: _Job, command: list[str]) -> None:
        try:
            state, words = self._follow(job, command)
        except Exception as e:  # the top of a thread: whoever waits for it must be told
            log.exception("a back-test failed")
            state, words = "failed", lazy_gettext("By a mistake of ours: %(what)s", what=repr(e))
        took = round(time.monotonic() - job.begun, 1)
        job.words = words
        job.state = replace(job.state, state=state, seconds=took)

    def _follow(self, job: _Job, command: list[str]) -> tuple[State, object]:
        with (job.folder / "words").open("w+b") as said:
            child = subprocess.Popen(  # noqa: S603 - our own program
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
            self._children.add(child)
            try:
                os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
                while child.poll() is None:
                    if job.cancel.wait(0.1):
                        return "cancelled", ""
                    if time.monotonic() - job.begun > self._most_s:
                        return "failed", lazy_gettext(
                            "Given up after %(seconds)s s: choose a shorter session.", seconds=round(self._most_s)
                        )
            finally:
                _end(child)
                self._children.discard(child)
            if child.returncode == 0:
                return "done", ""
            said.seek(0)
            words = said.read(LONGEST_WORDS).decode(errors="replace").replace(f"{job.folder}{os.sep}", "")
            return "failed", words.strip() or lazy_gettext(
                "It ended with status %(status)s.", status=child.returncode
            )


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _tidy(folder: Path, children: set[subprocess.Popen[bytes]]) -> None:
    for child in list(children):
        child.kill()
    shutil.rmtree(folder, ignore_errors=True)
