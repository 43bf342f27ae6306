"""How the page itself is: its streams, its memory, what its log complained of."""

import threading
import time
from typing import Any

import msgspec

from gateway import __version__
from gateway.errors_seen import ErrorsSeen
from gateway.health import memory_mb
from gateway.machine import look
from gateway.messages import stamp


class Streams:
    """So many phones may hold an event stream, each with a thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        return self._taken

    def take(self) -> bool:
        """False when all are taken."""
        with self._lock:
            if self._taken >= self.most:
                return False
            self._taken += 1
            return True

    def release(self) -> None:
        with self._lock:
            self._taken -= 1


class Condition:
    """``errors``: hears the log while the page is served."""

    def __init__(self) -> None:
        self.errors = ErrorsSeen()
        self._began = stamp(time.time())

    def now(self, streams: Streams) -> dict[str, Any]:
        """As builtins: memory in MB, threads, streams, and the machine."""
        return {
            "version": __version__,
            "started": self._began,
            "memory_mb": round(memory_mb(), 1),
            "threads": threading.active_count(),
            "streams": streams.taken,
            "most_streams": streams.most,
            "machine": msgspec.to_builtins(look()),
        }
