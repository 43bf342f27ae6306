"""Overlays for a stream: addresses that show one small thing to whoever has them, and can do nothing else."""

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from flask_babel import lazy_gettext
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import PayloadError, StorageError
from gateway.messages import Timestamp, stamp
from gateway.stats.storage import CrashSafeFile

log = logging.getLogger(__name__)

Kind = Literal["queue", "goal", "leaderboard", "action"]
MOST = 40
"""Overlays of a venue; a scene has a handful."""
TOKEN_BYTES = 16
"""128 random bits: nobody guesses one, so its plain digest is kept safely."""
NOTED_S = 3600.0
"""How exactly "last used" is kept: a file written at each look would wear out an SD card."""


class Overlay(Struct, frozen=True, kw_only=True):
    """``of``: what is shown, see ``web/showing.py``; ``nameless``: names of viewers are not told."""

    id: str
    kind: Kind
    name: str
    of: str = ""
    nameless: bool = False
    digest: str
    created: Timestamp
    used: Timestamp | None = None


class Overlays:
    """``folder``: where the page keeps its own. For any thread. Raises ``StorageError`` where the file cannot be
    read or written."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = CrashSafeFile(folder / "overlays.json")
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, Overlay] | None = None
        self._noted: dict[str, float] = {}

    def all(self) -> list[Overlay]:
        """In the order in which they were made."""
        with self._lock:
            return list(self._read().values())

    def make(self, kind: Kind, name: str, of: str, nameless: bool) -> tuple[Overlay, str]:
        """A new one, and its token, which is told only now. Raises ``PayloadError`` when there are too many."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        made = Overlay(
            id=secrets.token_hex(4),
            kind=kind,
            name=name,
            of=of,
            nameless=nameless,
            digest=_digest(token),
            created=stamp(self._clock()),
        )
        with self._lock:
            known = self._read()
            if len(known) >= MOST:
                raise PayloadError(
                    lazy_gettext(
                        "there are %(most)s overlays already: remove one that is not used any more", most=MOST
                    )
                )
            self._write({**known, made.id: made})
        return made, token

    def revoke(self, name: str) -> bool:
        """From now on its address shows nothing; False when there is none of this id."""
        with self._lock:
            known = dict(self._read())
            if known.pop(name, None) is None:
                return False
            self._write(known)
            self._file.forget_previous()  # a removed one must not come back with an older copy
        return True

    def of(self, kind: str, token: str) -> Overlay | None:
        """Whom the token belongs to; None for one that is not valid for this kind, or not any more."""
        asked = _digest(token)
        with self._lock:
            found = None
            for overlay in self._read().values():  # all of them, in constant time each
                if hmac.compare_digest(overlay.digest, asked) and overlay.kind == kind:
                    found = overlay
            if found is not None:
                self._note(found)
        return found

    def _note(self, overlay: Overlay) -> None:
        now = self._clock()
        if now - self._noted.get(overlay.id, 0.0) < NOTED_S:
            return
        self._noted[overlay.id] = now
        known = self._read()
        try:
            self._write({**known, overlay.id: replace(overlay, used=stamp(now))})
        except StorageError as e:  # a full disk takes no overlay off the stream
            log.warning("%s", e)

    def _read(self) -> dict[str, Overlay]:
        if self._known is None:
            found = self._file.read(list[Overlay]) or []
            if self._file.trouble:
                log.warning("%s", self._file.trouble)
            self._known = {overlay.id: overlay for overlay in found}
        return self._known

    def _write(self, known: dict[str, Overlay]) -> None:
        self._file.write(list(known.values()))
        self._known = known


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
