"""What the page is made of: handed to every view, so that each takes what it needs."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask_babel import gettext as _

from gateway.errors import BusError
from gateway.settings.models import Settings
from web import FOLDER as FOLDER
from web.condition import Condition
from web.exports import Exports
from web.history import History
from web.people.people import People
from web.source import Source

MAX_WAITING = 8
"""Presses that wait for a gateway's answer at once: the stop must always find a free thread."""


class Places:
    """So many may wait for a gateway at once."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises ``BusError`` when all are taken."""
        if not self._free.acquire(blocking=False):
            raise BusError(_("too many presses wait for the gateway: try again in a moment"))
        try:
            yield
        finally:
            self._free.release()


@dataclass(frozen=True, slots=True)
class Parts:
    """``source``: the venue as it is; ``history``: past evenings; ``data``: the gateway's data folder, read only
    but for ``data/page``; ``base_dir``: where the settings ``file`` stands, None where the page has none.
    ``again``: the page shall begin anew when it ends; ``closing``: what is to be done before either."""

    settings: Settings
    source: Source
    history: History
    exports: Exports
    people: People
    data: Path
    base_dir: Path = Path()
    file: Path | None = None
    again: threading.Event = field(default_factory=threading.Event)
    closing: ExitStack = field(default_factory=ExitStack)
    places: Places = field(default_factory=Places)
    condition: Condition = field(default_factory=Condition)


def build(settings: Settings, base_dir: Path = Path(), file: Path | None = None) -> Parts:
    """All of them for one venue; nothing is started."""
    data = base_dir / settings.gateway.data
    return Parts(
        settings=settings,
        source=Source(settings.venue, settings.broker, base_dir=base_dir),
        history=History(settings, data),
        exports=Exports(settings, data),
        people=People(data / FOLDER),
        data=data,
        base_dir=base_dir,
        file=file,
    )
