"""The sheets of an export, read from archive and journal while they are written."""

from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from gateway.errors import PayloadError, StorageError
from gateway.export import journal_rows, rows
from gateway.export.table import Row, Sheet
from gateway.export.what import SheetName, Watch, What
from gateway.journal import Entry, Query
from gateway.messages import Ack, SessionSummary, decode, decode_event
from gateway.review.library import Library
from gateway.review.review import Review
from gateway.review.rows import entries, of_session
from gateway.stats.contributions import merged
from gateway.stats.leaderboards import board

TOP = 50
"""Places of a leaderboard."""
JOURNAL_STEPS = 100
"""Steps of progress for each way through the journal."""


class Source:
    """``sessions`` are those that are meant, newest first. ``unreadable``: rows of the journal, so far."""

    def __init__(self, library: Library, what: What, watch: Watch, now: float) -> None:
        self.unreadable = 0
        self._library, self._what, self._watch, self._now = library, what, watch, round(now * 1000)
        self._settings, self._zone = library.settings, ZoneInfo(library.settings.timezone)
        if what.sessions:
            self.sessions = [library.find(session) for session in what.sessions]
            if len({summary.simulated for summary in self.sessions}) > 1:
                raise StorageError(
                    "some of these sessions are practice, some real: export them one after the other"
                )
        else:
            self.sessions = library.summaries(
                simulated=what.practice, since=what.since, until=what.until, account=what.account
            )

    @property
    def practice(self) -> bool:
        return self._what.practice or any(summary.simulated for summary in self.sessions)

    def steps(self, name: SheetName) -> int:
        """Of progress, until the sheet is written."""
        match name:
            case "events" | "actions":
                return JOURNAL_STEPS * max(1, len(self._what.sessions))
            case _:
                return len(self.sessions)

    def sheet(self, name: SheetName) -> Sheet:
        columns, made = self._made(name)
        return Sheet(name, columns, self._watch.counted(name, made))

    def lines(self) -> Iterator[bytes]:
        """Every event as it was on the wire."""
        return self._watch.counted("events", (row.body for row in self._journal("event")))

    def _made(self, name: SheetName) -> tuple[tuple[str, ...], Iterable[Row]]:
        zone = self._zone
        match name:
            case "summary":
                return rows.SUMMARY, rows.summary(self._settings.venue, zone, self._each())
            case "sessions":
                return rows.SESSIONS, (rows.session(summary, zone) for summary in self._each())
            case "buckets":
                interval = self._what.interval
                return rows.BUCKETS, self._of_each(lambda review: rows.buckets(review.record, interval, zone))
            case "gifts":
                return rows.GIFTS, self._of_each(lambda review: rows.gifts(review.record))
            case "contributions":
                return rows.CONTRIBUTIONS, self._of_each(lambda review: rows.contributions(review.record, zone))
            case "correlations":
                return rows.CORRELATIONS, self._of_each(
                    lambda review: rows.correlations(review.record, review.correlation())
                )
            case "leaderboard":
                return rows.LEADERBOARD, self._leaderboards()
            case "events":
                return journal_rows.EVENTS, self._events()
            case "actions":
                return journal_rows.ACTIONS, self._actions()

    def _each(self) -> Iterator[SessionSummary]:
        for summary in self.sessions:
            yield summary
            self._watch.ahead()

    def _of_each(self, made: Callable[[Review], Iterable[Row]]) -> Iterator[Row]:
        for summary in self._each():
            yield from made(self._library.review(summary))

    def _leaderboards(self) -> Iterator[Row]:
        """One for each account, of all sessions that are meant, and practice apart."""
        accounts: dict[tuple[str, bool], list[SessionSummary]] = {}
        for summary in self._each():
            accounts.setdefault((summary.account, summary.simulated), []).append(summary)
        shown = self._settings.statistics.leaderboard
        for (account, simulated), some in sorted(accounts.items()):
            together = merged(self._library.review(summary).record for summary in reversed(some))
            yield from rows.leaderboard(
                board(
                    together,
                    account=account,
                    by=shown.by,
                    top=TOP,
                    minimum=shown.minimum,
                    hide_anonymous=shown.hide_anonymous,
                    simulated=simulated,
                )
            )

    def _events(self) -> Iterator[Row]:
        for row in self._journal("event"):
            try:
                yield journal_rows.event(decode_event(row.body), self._zone)
            except PayloadError:  # changed by hand
                self.unreadable += 1

    def _actions(self) -> Iterator[Row]:
        for row in self._journal("ack"):
            try:
                yield journal_rows.action(decode(row.body, Ack), row.simulated, self._zone)
            except PayloadError:  # changed by hand
                self.unreadable += 1

    def _journal(self, kind: str) -> Iterator[Entry]:
        for query in self._queries(kind):
            first, step = None, 0
            for row in entries(self._library.journal, query):
                first = row.time if first is None else first
                span = max(1, min(query.until or self._now, self._now) - first)
                passed = min(JOURNAL_STEPS, JOURNAL_STEPS * (row.time - first) // span)
                self._watch.ahead(max(0, passed - step))
                step = max(step, passed)
                yield row
            self._watch.ahead(JOURNAL_STEPS - step)

    def _queries(self, kind: str) -> list[Query]:
        what, kinds = self._what, (kind,)
        if what.sessions:
            return [of_session(summary, Query(kinds=kinds)) for summary in self.sessions]
        return [
            Query(
                kinds=kinds,
                accounts=() if what.account is None else (what.account,),
                simulated=what.practice,
                since=None if what.since is None else round(what.since * 1000),
                until=None if what.until is None else round(what.until * 1000),
            )
        ]
