"""After a start: what was kept, brought up to date with the journal. Pure."""

from gateway.messages import Ack, Event, SessionSummary, seconds
from gateway.stats.account import AccountFold
from gateway.stats.kept import Kept
from gateway.stats.session import CONTINUES_S, USD_PER_COIN, SessionFold
from gateway.stats.totals import Totals


class CatchUp:
    """Fed with the journal's events and acks in order, from the earliest of ``openings`` (ids of events) on, or
    from ``mark`` on when there are none.

    The journal has everything in the order in which it was counted. So what was kept has counted all up to some
    record: the last one whose id it names, but at least up to ``mark``. What comes after that is added. A session
    that runs is counted anew, from the event on that began it, and only its details need that: should its opening
    not come (the journal is gone), its sums stand as they were kept.

    ``now``: when the first record came that lies beyond ``mark``; without one, the present. From then on a session
    that has ended may still go on.
    """

    def __init__(self, kept: Kept, now: float, usd_per_coin: float = USD_PER_COIN) -> None:
        self.mark = kept.mark
        self._kept, self._usd_per_coin = kept, usd_per_coin
        self._openings = {
            k.opening: k for k in kept.accounts if k.opening and k.session and _may_go_on(k.session, now)
        }
        self._counted = {k.counted for k in kept.accounts} | {k.counted for k in kept.stations}
        self._totals = Totals.restored(kept, usd_per_coin)
        self._anew: dict[tuple[str, bool], AccountFold] = {}
        self._ended: dict[str, SessionFold] = {}
        self._ended_anew: dict[str, SessionFold] = {}

    @property
    def openings(self) -> set[str]:
        """Ids of the events from which on the journal's records are needed, those that have not come yet."""
        return set(self._openings)

    def feed(self, seq: int, message: Event | Ack) -> None:
        """The next record. Raises ``PayloadError`` for an event whose time does not exist."""
        kept = self._openings.pop(message.id, None)
        if kept is not None:
            anew = AccountFold.before_session(kept, self._usd_per_coin)
            self._anew[anew.account, anew.simulated] = anew
        account = self._anew.get((message.account, message.simulated))
        if account is not None:
            _note(self._ended_anew, account.ack(message) if isinstance(message, Ack) else account.event(message))
        if seq <= self.mark:
            return
        if message.id in self._counted:  # so everything up to here was
            self._totals = Totals.restored(self._kept, self._usd_per_coin)
            self._ended = {}
            return
        ended = self._totals.ack(message) if isinstance(message, Ack) else self._totals.event(message)
        if account is None:
            _note(self._ended, ended)

    def totals(self) -> Totals:
        """All that was counted, to go on with."""
        for account in self._anew.values():
            self._totals.put(account)
        return self._totals

    def ended(self) -> list[SessionFold]:
        """Sessions that ended and may not be in the archive yet, oldest first."""
        found = self._ended_anew | self._ended
        return sorted((s for s in found.values() if s.ended is not None), key=lambda s: s.since)


def _may_go_on(session: SessionSummary, now: float) -> bool:
    """It runs, or has just ended. Twice the time: what comes late was heard earlier."""
    return session.ended is None or now - seconds(session.last) <= 2 * CONTINUES_S


def _note(ended: dict[str, SessionFold], session: SessionFold | None) -> None:
    if session is not None:
        ended[session.id] = session
