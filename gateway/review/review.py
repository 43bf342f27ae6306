"""One session as a whole: the same whether it runs or is long over."""

from collections.abc import Sequence
from itertools import chain
from typing import Literal

from gateway.journal import JournalReader, Page, Query
from gateway.messages import (
    Bucket,
    Comparison,
    Correlation,
    GiftTotal,
    Leaderboard,
    SessionRecord,
    SessionSummary,
    StationStats,
)
from gateway.review.ledger import GiftLedger, ledger
from gateway.review.rows import entries, of_session
from gateway.settings import models
from gateway.stats.comparison import compare
from gateway.stats.correlation import correlation
from gateway.stats.leaderboards import board

Origin = Literal["running", "archive", "journal", "cards"]
"""Where a session's details come from: it runs and is counted now; as they were kept when it ended; counted again
from the journal; or there are none any more but its cards."""
ORIGINS: dict[Origin, str] = {
    "running": "it runs now",
    "archive": "as it was kept when it ended",
    "journal": "its details were counted again from the journal",
    "cards": "only its cards are left: no details are there, and not all of it in the journal",
}
INTERVALS = (10, 60, 300, 3600)


class Review:
    """``record`` is the session with its parts, ``origin`` where they come from. What is worked out of it is
    worked out when it is asked for. ``ledger`` and ``events`` read the journal, and raise ``OSError``."""

    def __init__(self, record: SessionRecord, journal: JournalReader, origin: Origin = "archive") -> None:
        self.record, self.origin = record, origin
        self._journal = journal

    @property
    def summary(self) -> SessionSummary:
        return self.record.summary

    @property
    def gifts(self) -> Sequence[GiftTotal]:
        """Those that brought most first."""
        return sorted(self.record.gifts, key=lambda gift: (-gift.coins, -gift.count, gift.name))

    @property
    def stations(self) -> Sequence[StationStats]:
        return self.record.stations

    def buckets(self, interval: int) -> Sequence[Bucket]:
        """Of ``interval`` seconds, one of ``INTERVALS``; oldest first."""
        return self.record.buckets.get(str(interval), [])

    def leaderboard(self, shown: models.Leaderboard) -> Leaderboard:
        """Of this session alone; of more than one, see ``Library.leaderboard``."""
        return board(
            self.record,
            account=self.summary.account,
            by=shown.by,
            top=shown.top,
            minimum=shown.minimum,
            hide_anonymous=shown.hide_anonymous,
            since=self.summary.since,
            simulated=self.summary.simulated,
        )

    def correlation(self) -> Correlation:
        """What makes viewers rise?"""
        return correlation(self.buckets(60))

    def ledger(self) -> GiftLedger:
        """What became of each gift, as far as the journal still has it."""
        wanted = Query(kinds=("event",), types=("gift",)), Query(kinds=("decision", "command", "ack"))
        return ledger(chain.from_iterable(entries(self._journal, of_session(self.summary, q)) for q in wanted))

    def events(self, query: Query | None = None, limit: int = 100, *, newest_first: bool = True) -> Page:
        """What of ``query`` belongs to the session; without one, all its events. See ``JournalReader.page``."""
        return self._journal.page(of_session(self.summary, query), limit, newest_first=newest_first)

    def comparison(self, other: "Review") -> Comparison:
        """``other`` beside this session."""
        return compare(self.record, other.record)
