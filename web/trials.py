"""Tests of an account's connection: the connector's own diagnosis, as a program beside the page, line by line."""

import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import ServiceError
from gateway.text import clean

LISTEN_S = 20
"""Seconds that a test listens."""
MOST_S = 60.0
"""And after so many it is ended, whatever holds it up."""
END_S = 3.0
"""Seconds that it has to end when it is asked to."""
KEPT = 8
"""Tests remembered, for phones that look again."""
MOST_LINES, LINE = 500, 500
"""Lines of a test, and characters of a line."""


class Busy(Exception):
    """Another test is running."""


class TrialState(Struct, frozen=True, kw_only=True):
    """``lines``: those from the number that was asked for on. ``good``: None until it has ended by itself."""

    id: str
    account: str
    running: bool
    good: bool | None = None
    lines: list[str] = []
    next: int = 0


class _Trial:
    def __init__(self, account: str, file: Path, listen: int) -> None:
        self.id, self.account = secrets.token_hex(8), account
        self.lines: list[str] = []
        self.good: bool | None = None
        self.ended = False
        command = ["-m", "gateway.cli", "connector", "--config", str(file.absolute()), f"--account={account}"]
        self._process = subprocess.Popen(  # noqa: S603 - our own program; the name is an id of the settings
            [sys.executable, *command, "--diagnose", "--for", str(listen)],
            cwd=file.parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._deadline = threading.Timer(MOST_S, self.end, ["It took too long and was ended."])
        self._deadline.daemon = True
        self._deadline.start()
        threading.Thread(target=self._follow, name="trial", daemon=True).start()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            for line in said:
                if len(self.lines) < MOST_LINES:
                    self.lines.append(clean(line.decode(errors="replace").rstrip(), LINE))
        self.good = self._process.wait() == 0
        self._deadline.cancel()

    def end(self, words: str) -> None:
        """Asked first, killed when that does not help."""
        if self.good is not None:
            return
        self.lines.append(words)
        self.ended = True
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Trials:
    """One at a time. ``file``: the settings; None where the page has none. Methods may be called by any thread."""

    def __init__(self, file: Path | None, listen: int = LISTEN_S) -> None:
        self._file, self._listen = file, listen
        self._lock = threading.Lock()
        self._all: dict[str, _Trial] = {}

    def begin(self, account: str) -> TrialState:
        """Raises ``Busy`` while another one runs, ``ServiceError`` when none can."""
        if self._file is None:
            raise ServiceError(lazy_gettext("this page has no settings file, so it cannot connect to an account"))
        with self._lock:
            if any(trial.good is None for trial in self._all.values()):
                raise Busy
            while len(self._all) >= KEPT:
                del self._all[next(iter(self._all))]
            try:
                trial = _Trial(account, self._file, self._listen)
            except OSError as e:
                raise ServiceError(lazy_gettext("the test cannot be started: %(why)s", why=e.strerror)) from e
            self._all[trial.id] = trial
        return _state(trial, 0)

    def state(self, name: str, since: int = 0) -> TrialState | None:
        """Its lines from the number ``since`` on; None for one that is not known any more."""
        trial = self._all.get(name)
        return None if trial is None else _state(trial, since)

    def cancel(self, name: str, words: str) -> TrialState | None:
        """``words``: its last line."""
        trial = self._all.get(name)
        if trial is not None:
            trial.end(words)
        return None if trial is None else _state(trial, 0)

    def close(self) -> None:
        """End what runs."""
        for trial in list(self._all.values()):
            trial.end("The page ends.")


def _state(trial: _Trial, since: int) -> TrialState:
    good, count = trial.good, len(trial.lines)  # in this order: what has ended has said all its lines
    return TrialState(
        id=trial.id,
        account=trial.account,
        running=good is None,
        good=None if trial.ended else good,
        lines=trial.lines[since:count],
        next=count,
    )
