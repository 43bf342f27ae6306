"""One account: its sums over all sessions, and where one session ends and the next begins. Pure."""

from msgspec import Struct

from gateway.messages import (
    AccountStats,
    Ack,
    Event,
    GapEvent,
    GiftEvent,
    LiveEvent,
    SessionEvent,
    seconds,
)
from gateway.stats.buckets import LARGEST
from gateway.stats.kept import KeptAccount
from gateway.stats.session import CONTINUES_S, USD_PER_COIN, SessionFold
from gateway.stats.stations import time_of

_SHARED = (
    *("since", "gifts", "coins", "unpriced", "comments", "likes", "follows", "shares", "joins", "subscribes"),
    *("viewers", "peak_viewers", "average_viewers", "unique_viewers", "usd", "activity"),
    *("actions_done", "actions_not_done", "actions_owed", "gaps", "gap_seconds"),
)
"""What ``AccountStats`` says of the session, as in ``SessionSummary``."""


class Sums(Struct, frozen=True, gc=False):
    """Over all sessions of an account."""

    gifts: int = 0
    coins: int = 0
    sessions: int = 0


class AccountFold:
    """``session``: the one that runs, else the latest. Practice (``simulated``) has folds of its own.

    A session goes on while the same room is heard again within ``CONTINUES_S``. A person begins another one
    whenever they want, and what is heard after they ended one belongs to the next. What comes late from an
    earlier session counts in the sums alone.
    """

    def __init__(
        self,
        account: str,
        *,
        simulated: bool = False,
        sums: Sums = Sums(),  # noqa: B008 - frozen
        usd_per_coin: float = USD_PER_COIN,
    ) -> None:
        self.account, self.simulated = account, simulated
        self.session: SessionFold | None = None
        self._usd_per_coin = usd_per_coin
        self._sums = self._base = sums
        self._opening = self._counted = ""

    @classmethod
    def restored(cls, kept: KeptAccount, usd_per_coin: float = USD_PER_COIN) -> "AccountFold":
        """As it was kept; of its session there is the summary only."""
        sums = Sums(kept.gifts, kept.coins, kept.sessions)
        fold = cls(kept.account, simulated=kept.simulated, sums=sums, usd_per_coin=usd_per_coin)
        fold._base = Sums(kept.base_gifts, kept.base_coins, kept.base_sessions)
        fold._opening, fold._counted = kept.opening, kept.counted
        if kept.session is not None:
            fold.session = SessionFold.restored(kept.session, usd_per_coin)
        return fold

    @classmethod
    def before_session(cls, kept: KeptAccount, usd_per_coin: float = USD_PER_COIN) -> "AccountFold":
        """As it was before the event that began its session."""
        sums = Sums(kept.base_gifts, kept.base_coins, kept.base_sessions)
        return cls(kept.account, simulated=kept.simulated, sums=sums, usd_per_coin=usd_per_coin)

    def event(self, event: Event) -> SessionFold | None:
        """Counts it. Returns a session that is to be archived: it has ended with this, or had ended before and has
        changed.

        Raises ``PayloadError`` for a time that does not exist (the 30th of February).
        """
        now = seconds(event.received)
        self._counted = event.id
        earlier = self._sums
        if isinstance(event, GiftEvent):
            gift = event.data
            coins = gift.count * (gift.coins or 0)
            self._sums = Sums(earlier.gifts + gift.count, earlier.coins + coins, earlier.sessions)
        session = self.session
        if isinstance(event, SessionEvent):
            if event.data.phase == "ended":
                return self._closed(session, now)
        elif session is not None:
            if _late(session, event, now):
                return None
            if _continues(session, event, now):
                session.event(event)
                return session if session.ended is not None else None
        if isinstance(event, GapEvent) or (isinstance(event, LiveEvent) and event.data.phase == "ended"):
            return None  # neither begins anything
        return self._begin(event, earlier)

    def ack(self, ack: Ack) -> SessionFold | None:
        """Counts a command's ending in the session that runs, or ran until just now; answers like ``event``."""
        session = self.session
        if session is None or (session.closed and not session.whole):
            return None
        if (time_of(ack) or session.last) - session.last > CONTINUES_S:
            return None
        session.ack(ack)
        return session if session.ended is not None else None

    def stats(self, owed: int = 0) -> AccountStats:
        """What is published and shown, as of when the session was last heard of."""
        sums, session = self._sums, self.session
        of_session = {}
        if session is not None:
            summary = session.summary(session.last, owed)
            of_session = {name: getattr(summary, name) for name in _SHARED}
        return AccountStats(
            account=self.account,
            simulated=self.simulated,
            session="" if session is None else session.id,
            all_gifts=min(sums.gifts, LARGEST),
            all_coins=min(sums.coins, LARGEST),
            all_sessions=sums.sessions,
            **of_session,
        )

    def kept(self) -> KeptAccount:
        sums, base, session = self._sums, self._base, self.session
        return KeptAccount(
            account=self.account,
            simulated=self.simulated,
            gifts=min(sums.gifts, LARGEST),
            coins=min(sums.coins, LARGEST),
            sessions=sums.sessions,
            base_gifts=min(base.gifts, LARGEST),
            base_coins=min(base.coins, LARGEST),
            base_sessions=base.sessions,
            session=None if session is None else session.summary(session.last),
            opening=self._opening,
            counted=self._counted,
        )

    def _begin(self, event: Event, earlier: Sums) -> SessionFold | None:
        before = self.session
        self._base, self._opening = earlier, event.id
        self._sums = Sums(self._sums.gifts, self._sums.coins, earlier.sessions + 1)
        self.session = SessionFold.begun(event, self._usd_per_coin)
        self.session.event(event)
        if before is None or before.ended is not None:
            return None
        before.end(before.last)  # nobody told us; this is when it was last heard
        return before

    def _closed(self, session: SessionFold | None, now: float) -> SessionFold | None:
        if session is None or session.closed:
            return None
        ran = session.ended is None
        session.last = max(session.last, now)
        session.end(now, closed=True)
        return session if ran else None


def _same_room(session: SessionFold, event: Event) -> bool:
    """A source that names no room may be any room; but a LIVE that starts unnamed is another one. A session that a
    person began waits for its room."""
    if session.room and event.room:
        return session.room == event.room
    if session.opened == "hand" and not session.room:
        return True
    return not (isinstance(event, LiveEvent) and event.data.phase == "started")


def _continues(session: SessionFold, event: Event, now: float) -> bool:
    return not session.closed and _same_room(session, event) and now - session.last <= CONTINUES_S


def _late(session: SessionFold, event: Event, now: float) -> bool:
    """Delivered late, from before the session, or from one that is closed: it must not end or begin anything."""
    if session.closed and session.ended is not None:
        return now <= session.ended
    return now < session.since and (session.opened == "hand" or not _same_room(session, event))
