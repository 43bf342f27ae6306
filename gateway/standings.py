"""What is shown of the statistics, on retained topics: sums, leaderboards, wear of stations, sums of sessions."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from gateway.errors import StorageError
from gateway.messages import BOARDS, Board, Leaderboard, SessionRecord, SessionSummary
from gateway.retained import RetainedStates
from gateway.review.library import Library, board_of
from gateway.settings.models import Settings
from gateway.stats.account import AccountFold
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

_Past = dict[Board, Table]
"""Of sessions that are over."""
Account = tuple[str, bool]
"""Its name, and whether in practice."""
Debts = Callable[[], dict[Account, list[tuple[float, int]]]]
"""When what is owed was heard (seconds since 1970), and how many actions that are. There may be many: the call may
come from another thread."""


class Standings:
    """``practising`` tells of an account which of its two sides is shown; ``debts`` a look
    at what is owed now."""

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
        self._past: dict[Account, tuple[float, _Past]] = {}  # read when
        self._summaries: deque[str] = deque()

    def look(self, fold: SessionFold, now: float) -> Callable[[], SessionRecord]:
        """A session as it is now; the call may take long, and come from another thread."""
        look, debts = fold.look(now), self._debts()

        def record() -> SessionRecord:
            found = look()
            owed = _since(debts().get((fold.account, fold.simulated), ()), fold.since)
            return replace(found, summary=replace(found.summary, actions_owed=owed))

        return record

    async def show(self, totals: Totals, now: float) -> None:
        debts = await asyncio.to_thread(self._debts())
        for fold in totals:
            if fold.simulated == self._practising(fold.account):
                since = math.inf if fold.session is None else fold.session.since
                stats = fold.stats(_since(debts.get((fold.account, fold.simulated), ()), since))
                self._retained.put(self._topics.account_stats(fold.account), stats)
        for name in self._settings.stations:
            if (station := totals.station(name, now)) is not None:
                self._retained.put(self._topics.station_stats(name), station)

    async def show_boards(self, totals: Totals, now: float) -> None:
        """Of one account in a turn, and in a thread: a month of sessions is read for them, and many viewers are
        compared."""
        due = [fold for fold in totals if self._is_due(fold, now)]
        if not due:
            return
        fold = min(due, key=lambda f: self._worked.get((f.account, f.simulated), (-math.inf, 0.0))[0])
        key, session = (fold.account, fold.simulated), fold.session
        assert session is not None
        self._worked[key] = now, session.last
        known = self._past.get(key)
        if known is not None and not 0 <= now - known[0] < PAST_S:  # also when the clock was set back
            known = None
        read, old = known or (now, None)
        try:
            boards, past = await asyncio.to_thread(self._work_out, self.look(session, now), old, now)
        except StorageError as e:
            log.warning("statistics: leaderboards of %s: %s", fold.account, e)
            return
        if key not in self._worked:
            return  # somebody was forgotten meanwhile, who may stand in them
        self._past[key] = read, past
        for board in boards:
            self._retained.put(self._topics.account_leaderboard(fold.account, board.board), board)

    def _is_due(self, fold: AccountFold, now: float) -> bool:
        if fold.session is None or fold.simulated != self._practising(fold.account):
            return False
        worked, heard = self._worked.get((fold.account, fold.simulated), (-math.inf, -math.inf))
        return not 0 <= now - worked < (BOARDS_S if fold.session.last > heard else PAST_S)

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

    def _work_out(
        self, look: Callable[[], SessionRecord], past: _Past | None, now: float
    ) -> tuple[list[Leaderboard], _Past]:
        """On a thread; and what past sessions gave to them."""
        record = look()
        s, shown = record.summary, self._settings.statistics.leaderboard
        if past is None:
            past = {
                board: self._library.past(s.account, board, now, simulated=s.simulated, until=s.id)
                for board in BOARDS
            }
        return [
            board_of(past[board], record, s.account, board, shown, now, simulated=s.simulated) for board in BOARDS
        ], past


def _since(debts: Iterable[tuple[float, int]], since: float) -> int:
    return sum(actions for heard, actions in debts if heard >= since)
