"""All sessions that are known, and each of them to review. Reads only, also while the gateway writes."""

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec.structs import replace

from gateway.errors import PayloadError, StorageError
from gateway.journal import JournalReader
from gateway.messages import Board, Leaderboard, SessionRecord, SessionSummary, seconds, stamp
from gateway.review.folding import folded
from gateway.review.review import Review
from gateway.settings import models
from gateway.settings.yamlfile import did_you_mean
from gateway.stats.contributions import Merged, Table, merged
from gateway.stats.kept import Leaders
from gateway.stats.leaderboards import board as places
from gateway.stats.reader import StatsReader
from gateway.stats.session import CONTINUES_S

log = logging.getLogger(__name__)

SUGGESTED = 3
LAST = "last"
DAYS: dict[Board, int] = {"7d": 7, "30d": 30}
DAY_S = 24 * 3600.0
LEADERS_MAX = 5_000
"""Viewers of many sessions that are counted alone."""


class Library:
    """``data`` is the gateway's data folder. A session that nobody ended, and that was not heard of for
    ``CONTINUES_S``, has ended, whether a gateway is there to say so or not.

    ``trouble`` says in words what could not be read so far: show it, for the answers are then incomplete.
    """

    def __init__(self, settings: models.Settings, data: Path, clock: Callable[[], float] = time.time) -> None:
        self.settings, self.data, self._clock = settings, data, clock
        self.journal = JournalReader(data)
        self._archive = StatsReader(data)

    @property
    def trouble(self) -> list[str]:
        journal = (f"{path} cannot be read: {why}" for path, why in self.journal.damaged.items())
        return [*self._archive.damaged.values(), *journal]

    def summaries(
        self,
        *,
        simulated: bool = False,
        since: float | None = None,
        until: float | None = None,
        account: str | None = None,
    ) -> list[SessionSummary]:
        """Sessions that began from ``since`` on and before ``until`` (seconds since 1970), those that run among
        them, newest first. Raises ``StorageError``."""
        ended = self._archive.summaries(simulated, since=since, until=until, account=account)
        known = {summary.id for summary in ended}
        running = [
            self._over(summary)
            for summary in self._kept(simulated)
            if summary.id not in known and account in (None, summary.account) and _within(summary, since, until)
        ]
        return sorted([*ended, *running], key=lambda summary: (summary.since, summary.id), reverse=True)

    def find(self, words: str) -> SessionSummary:
        """By id, by a beginning that no other has, or ``last``, real or practice. Raises ``StorageError`` that
        says which there are."""
        known = [summary for simulated in (False, True) for summary in self.summaries(simulated=simulated)]
        if not known:
            raise StorageError(
                f"there is no session in {self.data}: is this the gateway's data folder, and did it run?"
            )
        if words == LAST:
            return known[0]  # a real one, where there is any
        found = [summary for summary in known if summary.id == words] or [
            summary for summary in known if words and summary.id.startswith(words)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            more = f" and {len(found) - SUGGESTED} more" if len(found) > SUGGESTED else ""
            raise StorageError(f"{words!r} begins {len(found)} sessions: {_ids(found)}{more}; write more of it")
        meant = did_you_mean(words, [summary.id for summary in known]) or f"; the newest are {_ids(known)}"
        raise StorageError(f"there is no session {words!r}{meant}. All of them: stagewire sessions")

    def account(self, name: str) -> None:
        """Raises ``StorageError`` for an account that is neither in the settings nor in any session."""
        known = [s.account for simulated in (False, True) for s in self.summaries(simulated=simulated)]
        names = sorted({*self.settings.accounts, *known})
        if name not in names:
            meant = did_you_mean(name, names) or f"; there are {', '.join(names) or 'none'}"
            raise StorageError(f"no account {name!r} is known{meant}")

    def review(self, summary: SessionSummary) -> Review:
        """The session with all that is known of it: from the archive; where its details are gone or damaged,
        counted again from the journal, if that still has all of it; else only its cards are left."""
        record = self._record(summary.id)
        if record is not None:
            return self.reviewed(record)
        # Of one that nobody ended, the journal may know more than what was kept last.
        began = seconds(summary.since)
        archived = self._archive.summaries(summary.simulated, since=began, until=began + 1)
        unended = all(s.id != summary.id for s in archived)
        known = replace(summary, ended=None) if unended else summary
        again = folded(self.journal, known, self.settings.statistics.usd_per_coin)
        if again is None:
            return Review(SessionRecord(summary=summary), self.journal, "cards")
        if unended:
            again = replace(again, summary=self._over(again.summary))
        elif summary.ended is not None:
            again = replace(again, summary=summary)  # it knows what was owed when it ended
        return Review(again, self.journal, "journal")

    def leaderboard(
        self,
        account: str,
        board: Board,
        shown: models.Leaderboard,
        now: float,
        *,
        simulated: bool = False,
        running: SessionRecord | None = None,
    ) -> Leaderboard:
        """Of several sessions, or of the latest one. ``running``: the record of the one that runs, where it is at
        hand; else it is counted from the journal. Raises ``StorageError``."""
        latest = self._latest(account, simulated, running)
        if board == "session":
            if latest is None:
                return Leaderboard(account=account, board=board, by=shown.by, simulated=simulated)
            return self.reviewed(latest).leaderboard(shown)
        begun = "" if latest is None else latest.summary.id
        past = self.past(account, board, now, simulated=simulated, until=begun)
        return board_of(past, latest, account, board, shown, now, simulated=simulated)

    def past(self, account: str, board: Board, now: float, *, simulated: bool, until: str) -> Table:
        """What the sessions before the one with the id ``until`` give to a board. Raises ``StorageError``."""
        match board:
            case "session":
                return Merged()
            case "all":
                return self._archive.leaders(account, simulated)
            case _:
                records = self._archive.records_since(account, simulated, now - DAYS[board] * DAY_S)
                return merged((r for r in records if r.summary.id != until), LEADERS_MAX)

    def _latest(self, account: str, simulated: bool, running: SessionRecord | None) -> SessionRecord | None:
        if running is not None and running.summary.simulated == simulated:
            return running
        known = self.summaries(simulated=simulated, account=account)
        return self.review(known[0]).record if known else None

    def reviewed(self, record: SessionRecord) -> Review:
        """A session whose record is at hand."""
        return Review(record, self.journal, "archive" if record.summary.ended else "running")

    def _record(self, session: str) -> SessionRecord | None:
        try:
            return self._archive.record(session)
        except StorageError as e:
            log.warning("session %s: %s; it is counted again", session, e)
            return None

    def _kept(self, simulated: bool) -> Iterable[SessionSummary]:
        """Each account's latest session, which may run."""
        kept = self._archive.kept(simulated)
        return (a.session for a in kept.accounts if a.session is not None and a.simulated == simulated)

    def _over(self, summary: SessionSummary) -> SessionSummary:
        if summary.ended is None and seconds(summary.last) < self._clock() - CONTINUES_S:
            return replace(summary, ended=summary.last)
        return summary


def board_of(
    past: Table,
    latest: SessionRecord | None,
    account: str,
    board: Board,
    shown: models.Leaderboard,
    now: float,
    *,
    simulated: bool,
) -> Leaderboard:
    """Of what ``Library.past`` gives and the latest session, the way the settings, or who asks, want it shown."""
    counts = latest is not None and not (
        (board in DAYS and not _within(latest.summary, now - DAYS[board] * DAY_S, None))
        or (isinstance(past, Leaders) and latest.summary.id <= past.through)
    )
    return places(
        merged([past, latest]) if counts and latest is not None else past,
        account=account,
        board=board,
        by=shown.by,
        top=shown.top,
        minimum=shown.minimum,
        hide_anonymous=shown.hide_anonymous,
        since=stamp(now - DAYS[board] * DAY_S) if board in DAYS else None,
        simulated=simulated,
    )


def _ids(summaries: Iterable[SessionSummary]) -> str:
    return ", ".join(summary.id for summary in list(summaries)[:SUGGESTED])


def _within(summary: SessionSummary, since: float | None, until: float | None) -> bool:
    try:
        began = seconds(summary.since)
    except PayloadError:  # changed by hand
        return False
    return (since is None or began >= since) and (until is None or began < until)
