"""The page on a gateway's data folder; no broker is needed to look at the past."""

import re
from pathlib import Path

from flask import Flask

from gateway.settings.models import Broker, Leaderboard, Settings, Statistics
from tests.records import NOON
from tests.review.evening import Evening
from tests.web.evenings import ZONE
from tests.web.peer import VENUE
from web.app import create_app
from web.exports import Exports
from web.history import History
from web.parts import FOLDER, Parts
from web.people.people import People
from web.source import Source

Evenings = tuple[Path, Evening, Evening]
"""A data folder, and Friday's and Saturday's session in it."""


class Venue:
    """Its page, its readers and its exports, as they are at ``now``."""

    def __init__(self, data: Path, now: float = NOON + 600) -> None:
        settings = Settings(
            venue=VENUE, timezone=ZONE, statistics=Statistics(leaderboard=Leaderboard(hide_anonymous=True))
        )
        self.history = History(settings, data, clock=lambda: now)
        self.exports = Exports(settings, data)
        self.parts = Parts(
            settings=settings,
            source=Source(VENUE, Broker()),
            history=self.history,
            exports=self.exports,
            people=People(data / FOLDER),
            data=data,
        )
        self.app: Flask = create_app(self.parts)


def words(text: str) -> str:
    """What a person reads of a screen."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def live(source: Source, data: Path, settings: Settings | None = None) -> Parts:
    """A page's parts around a source that the test has."""
    settings = settings or Settings(venue=source.venue)
    return Parts(
        settings=settings,
        source=source,
        history=History(settings, data),
        exports=Exports(settings, data),
        people=People(data / FOLDER),
        data=data,
    )
