"""Who changed what, when, from where: one JSON line each, in ``<data>/page/audit.jsonl``.

Written by a thread of its own, so that neither a full disk nor a slow card ever holds up a stop.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

FILE = "audit.jsonl"
LARGEST = 5_000_000
"""Bytes; then a new file is begun, and of the old ones the newest three stay."""
KEPT = 3
WAITING = 1000
AGAIN_S = 60.0
SETTLE_S = 2.0


class Line(Struct, frozen=True, kw_only=True):
    """``at``: seconds since 1970; ``role`` "" of a stranger; ``did``: the endpoint; ``what``: in short, without
    secrets; ``status``: the answer's."""

    at: float
    who: str
    role: str
    address: str
    did: str
    what: str
    status: int


class Audit:
    """``folder``: where the file stands."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time, largest: int = LARGEST) -> None:
        self.path, self.clock, self._largest = folder / FILE, clock, largest
        self.stops: dict[str, float] = {}  # by address, when one was written down
        self._waiting: queue.Queue[bytes] = queue.Queue(WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told = 0.0

    def write(self, line: Line) -> None:
        """Returns at once. What cannot be written is told in the log and left out."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(msgspec.json.encode(line) + b"\n")
        except queue.Full:
            self._tell("the disk is too slow for it")

    def settle(self, timeout: float = SETTLE_S) -> None:
        """Return when all that was written is in the file, or after so many seconds."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(lambda: not self._waiting.unfinished_tasks, timeout)

    def lines(self) -> Iterator[Line]:
        """The newest first, through all files. A line that a power cut left half is left out."""
        for path in (self.path, *(self._old(n) for n in range(1, KEPT + 1))):
            try:
                whole = path.read_bytes()
            except OSError:
                continue
            for text in reversed(whole.splitlines()):
                with suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield msgspec.json.decode(text, type=Line)

    def _run(self) -> None:
        while True:
            text = self._waiting.get()
            try:
                self._put(text)
            except OSError as e:
                self._tell(e.strerror or str(e))
            finally:
                self._waiting.task_done()

    def _put(self, text: bytes) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, text)
            size = os.fstat(handle).st_size
        finally:
            os.close(handle)
        if size >= self._largest:
            for n in range(KEPT, 0, -1):
                newer = self.path if n == 1 else self._old(n - 1)
                with suppress(FileNotFoundError):
                    newer.replace(self._old(n))

    def _old(self, n: int) -> Path:
        return self.path.with_name(f"{FILE}.{n}")

    def _tell(self, why: str) -> None:
        if time.monotonic() - self._told > AGAIN_S or not self._told:
            self._told = time.monotonic()
            log.error("%s: what people change is not written down now: %s", self.path, why)
