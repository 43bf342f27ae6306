"""What takes longer than a press may wait: one at a time, in a thread of its own, followed by asking."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from flask_babel import lazy_gettext
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import StagewireError
from gateway.messages import Timestamp, stamp
from web.history import Recent

log = logging.getLogger(__name__)

KEPT = 8
"""Errands whose end can still be asked for."""
Kind = Literal["backup", "check", "restore", "retention", "erase", "profile"]


class Errand(Struct, frozen=True, kw_only=True):
    """``words``: why it failed. ``result``: what came of it, by its ``kind``."""

    id: str
    kind: Kind
    since: Timestamp
    state: Literal["running", "done", "failed"] = "running"
    words: str = ""
    result: Any = None


class Busy(StagewireError):
    """Another errand runs."""


class Errands:
    """Any thread may ask. A page that ends leaves what a gateway does to the gateway."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: Recent[Errand] = Recent(KEPT)
        self._now: Errand | None = None

    def begin(self, kind: Kind, work: Callable[[], Any]) -> Errand:
        """Start ``work``; what it returns is the result, a ``StagewireError`` it raises the words of its failure.
        Raises ``Busy`` in words."""
        with self._lock:
            if self._now is not None:
                raise Busy(lazy_gettext("one thing at a time: the last one is not done yet"))
            errand = self._now = Errand(id=secrets.token_hex(16), kind=kind, since=stamp(time.time()))
            self._all.put(errand.id, errand)
        threading.Thread(target=self._run, args=(errand, work), name=kind, daemon=True).start()
        return errand

    def one(self, name: str) -> Errand | None:
        """None for an id that is not ours, or long ago."""
        return self._all.get(name)

    def _run(self, errand: Errand, work: Callable[[], Any]) -> None:
        try:
            errand = replace(errand, state="done", result=work())
        except StagewireError as e:
            errand = replace(errand, state="failed", words=f"{e}")
        except Exception as e:  # the top of a thread: whoever waits for it must be told
            log.exception("%s failed", errand.kind)
            errand = replace(errand, state="failed", words=f"by a mistake of ours: {e!r}")
        with self._lock:
            self._all.put(errand.id, errand)
            self._now = None
