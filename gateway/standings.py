"""What is shown of the statistics, on retained topics: sums, leaderboards, wear of stations, sums of sessions."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable

from gateway.errors import StorageError
from gateway.messages import BOARDS, Board, Leaderboard, SessionRecord, SessionSummary
from gateway.retained import RetainedStates
from gateway.review.library import Library, board_of
from gateway.settings.models import Settings
from gateway.stats.contributions import Table
from gateway.stats.session import SessionFold
from gateway.stats.totals import Totals
from gateway.topics import Topics

log = logging.getLogger(__name__)

BOARDS_S = 10.0
"""An account's leaderboards are worked out this often while something happens."""
PAST_S = 600.0
"""What past sessions give to them is read anew this often: one may have grown too old for a board."""
SUMMARIES = 20
"""Sessions whose summaries stay retained at the broker."""

Account = tuple[str, bool]
"""Its name, and whether in practice."""
Debts = dict[Account, list[tuple[float, int]]]
"""When what is owed was heard (seconds since 1970), and how many actions that are."""


class Standings:
    """``practising`` tells of an account which of its two sides is shown; ``debts`` what is owed now."""

    def __init__(
        self,
        settings: Settings,
        library: Library,
        retained: RetainedStates,
        practising: Callable[[str], bool],
        debts: Callable[[], Debts],
    ) -> None:
        self._settings, self._library, self._retained = settings, library, retained
        self._practising, self._debts = practising, debts
        self._topics = Topics(settings.venue)
        self._worked: dict[Account, tuple[float, float]] = {}  # when, and what had been heard until then
        self._past: dict[Account, tuple[float, dict[Board, Table]]] = {}  # read when; of sessions that are over
        self._summaries: deque[str] = deque()

    def look(self, fold: SessionFold, now: float) -> Callable[[], SessionRecord]:
        """A session as it is now; the call may take long, and come from another thread."""
        return fold.look(now, _since(self._debts(), (fold.account, fold.simulated), fold.since))

    def show(self, totals: Totals, now: float) -> None:
        debts = self._debts()
        for fold in totals:
            if fold.simulated == self._practising(fold.account):
                since = math.inf if fold.session is None else fold.session.since
                stats = fold.stats(_since(debts, (fold.account, fold.simulated), since))
                self._retained.put(self._topics.account_stats(fold.account), stats)
        for station in totals.stations(now):
            if station.station in self._settings.stations:
                self._retained.put(self._topics.station_stats(station.station), station)

    async def show_boards(self, totals: Totals, now: float) -> None:
        """Of one account in a turn, and in a thread: a month of sessions is read for them, and many viewers are
        compared."""
        for fold in totals:
            session, key = fold.session, (fold.account, fold.simulated)
            if session is None or fold.simulated != self._practising(fold.account):
                continue
            worked, heard = self._worked.get(key, (-math.inf, -math.inf))
            if now - worked < (BOARDS_S if session.last > heard else PAST_S):
                continue
            self._worked[key] = now, session.last
            try:
                boards = await asyncio.to_thread(self._work_out, self.look(session, now), now)
            except StorageError as e:
                log.warning("statistics: leaderboards of %s: %s", fold.account, e)
                return
            for board in boards:
                self._retained.put(self._topics.account_leaderboard(fold.account, board.board), board)
            return

    def show_summary(self, summary: SessionSummary) -> None:
        """The last ones stay at the broker."""
        self._past.pop((summary.account, summary.simulated), None)
        self._retained.put(self._topics.session_summary(summary.id), summary)
        if summary.id in self._summaries:
            return
        self._summaries.append(summary.id)
        if len(self._summaries) > SUMMARIES:
            self._retained.put(self._topics.session_summary(self._summaries.popleft()), b"")

    def forget(self) -> None:
        """Tables of viewers that were read before."""
        self._past.clear()
        self._worked.clear()

    def _work_out(self, look: Callable[[], SessionRecord], now: float) -> list[Leaderboard]:
        """On a thread."""
        record = look()
        s, shown = record.summary, self._settings.statistics.leaderboard
        read, past = self._past.get((s.account, s.simulated), (-math.inf, {}))
        if now - read >= PAST_S:
            past = {
                board: self._library.past(s.account, board, now, simulated=s.simulated, until=s.id)
                for board in BOARDS
            }
            self._past[s.account, s.simulated] = now, past
        return [
            board_of(past[board], record, s.account, board, shown, now, simulated=s.simulated) for board in BOARDS
        ]


def _since(debts: Debts, account: Account, since: float) -> int:
    return sum(actions for heard, actions in debts.get(account, ()) if heard >= since)
