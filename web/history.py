"""Past sessions for the page: a few readers at a time, so that a stop or a stream never waits for a disk."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.exceptions import NotFound, ServiceUnavailable

from gateway.errors import StorageError
from gateway.messages import LONGEST_WAIT_S, Correlation, seconds
from gateway.review.ledger import GiftLedger
from gateway.review.library import LAST, Library
from gateway.review.review import Review
from gateway.settings.models import Settings
from web import FOLDER

READERS = 6
"""Requests that read history at once. Of 64 threads 40 may hold a stream; the stop must always find a free one."""
AGAIN_S = 1
FRESH_S, FRESH_TIMES = 5.0, 10
"""A session that was opened stands for so long, or for ten times as long as it took: one screen asks for several
of its parts. Not longer, for it may run, and a viewer in it may be erased."""
OPENED = 3
"""Sessions kept open; one with 50 000 viewers is about 20 MB."""
WORKED_OUT = 64

V = TypeVar("V")


class Recent(Generic[V]):
    """The last ``most`` of something by name, for any thread."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: OrderedDict[str, V] = OrderedDict()

    def get(self, name: str) -> V | None:
        with self._lock:
            return self._kept.get(name)

    def put(self, name: str, value: V) -> V:
        with self._lock:
            self._kept[name] = value
            self._kept.move_to_end(name)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value


class History:
    """``data`` is the gateway's data folder, which is only read; it may be on another machine, and then
    ``missing`` says so. ``zone`` is the venue's."""

    def __init__(
        self,
        settings: Settings,
        data: Path,
        *,
        readers: int = READERS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings, self.data = settings, data
        self.zone = ZoneInfo(settings.timezone)
        self.library = Library(settings, data, clock)
        self._free = threading.BoundedSemaphore(readers)
        self._opened: Recent[tuple[float, Review]] = Recent(OPENED)
        self._correlations: Recent[Correlation] = Recent(WORKED_OUT)
        self._ledgers: Recent[GiftLedger] = Recent(WORKED_OUT)

    @property
    def missing(self) -> str:
        """Why there is nothing to read, in words; empty where there is a data folder."""
        # What the page keeps there says nothing of a gateway.
        if self.data.is_dir() and any(p.name != FOLDER for p in self.data.iterdir()):
            return ""
        words = _(
            "There is no data folder %(folder)s on this machine. History is kept where `stagewire gateway` runs: "
            "run `stagewire web` there too, or set gateway.data to its folder.",
            folder=self.data,
        )
        return str(words)

    @contextmanager
    def reading(self) -> Iterator[Library]:
        """To be held while something is read. Raises ``ServiceUnavailable`` when too many read already, and
        ``StorageError``."""
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                _("Too many people look at past sessions at this moment: try again in a second."),
                retry_after=AGAIN_S,
            )
        try:
            yield self.library
        except OSError as e:
            raise StorageError(_("the gateway's data folder cannot be read: %(why)s", why=e.strerror or e)) from e
        finally:
            self._free.release()

    def review(self, session: str) -> Review:
        """A session by its id, by a beginning that no other has, or the ``last``; read while ``reading`` is held.
        Raises ``NotFound`` in words."""
        begun = time.monotonic()
        until, review = self._opened.get(session) or (0.0, None)
        if review is not None and begun < until:
            return review
        if self.missing:
            raise NotFound(self.missing)
        known = [s for simulated in (False, True) for s in self.library.summaries(simulated=simulated)]
        meant = [s for s in known if s.id == session] or [s for s in known if s.id.startswith(session)]
        if session == LAST:
            meant = known[:1]
        if len(meant) != 1:
            if meant:
                raise NotFound(_("Several sessions begin with %(name)r here.", name=session))
            raise NotFound(_("No session is %(name)r here.", name=session))
        review = self.library.review(meant[0])
        now = time.monotonic()
        self._opened.put(session, (now + max(FRESH_S, FRESH_TIMES * (now - begun)), review))
        return review

    def correlation(self, review: Review) -> Correlation:
        """Worked out once for what a session was at its ``last``: for a whole day it is seconds of work."""
        name = f"{review.summary.id} {review.origin} {review.summary.last}"
        return self._correlations.get(name) or self._correlations.put(name, review.correlation())

    def ledger(self, review: Review) -> GiftLedger:
        """Counted once for a session whose last action must be over; else each time."""
        name = review.summary.id
        known = self._ledgers.get(name)
        if known is not None:
            return known
        found = review.ledger()
        ended = review.summary.ended
        if ended is not None and time.time() - seconds(ended) > LONGEST_WAIT_S:
            self._ledgers.put(name, found)
        return found
