"""Totals of each account, folded from events and acks. Pure: the same messages give the same numbers.

All times are the events' own ``received``, so a replayed evening gives the evening's numbers.
Whoever folds sees to it that no message is folded twice (the gateway's filter of duplicates does).
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

import msgspec
from msgspec import Struct

from gateway.messages import (
    FINAL,
    AccountStats,
    Ack,
    BattleEvent,
    CommentEvent,
    EnvelopeEvent,
    Event,
    FollowEvent,
    GapEvent,
    Gift,
    GiftEvent,
    GiftTotal,
    InputEvent,
    JoinEvent,
    LikeEvent,
    LiveEvent,
    PressEvent,
    QuestionEvent,
    SessionEvent,
    ShareEvent,
    Status,
    SubscribeEvent,
    TickEvent,
    Timestamp,
    TopicEvent,
    ViewersEvent,
    seconds,
    stamp,
)

CONTINUES_S = 30 * 60
"""Seconds of silence after which even the same room is a new session (FEATURES: accounts)."""
GIFT_KINDS_MAX = 1000
"""Names of gifts kept apart in one session; the platform's catalogue is smaller, a hostile one is not."""
OTHER_GIFTS = "(other gifts)"


class Session(Struct, kw_only=True):
    """One LIVE. ``last`` is when it was last heard from; ``ended`` stays None while it runs.

    ``heard_until`` is the end of the latest gap counted, so that overlapping gaps count once.
    """

    id: str
    account: str
    since: Timestamp
    last: Timestamp
    simulated: bool = False
    room: str = ""
    ended: Timestamp | None = None
    gifts: int = 0
    coins: int = 0
    unpriced: int = 0
    comments: int = 0
    likes: int = 0
    follows: int = 0
    shares: int = 0
    joins: int = 0
    subscribes: int = 0
    viewers: int = 0
    peak_viewers: int = 0
    actions_done: int = 0
    actions_not_done: int = 0
    gap_seconds: float = 0.0
    heard_until: Timestamp | None = None
    by_gift: dict[str, GiftTotal] = {}


class AccountTotals(Struct, kw_only=True):
    """One account, its current (or latest) session, and the sums over all its sessions.

    Practice (``simulated``) has totals of its own; the two never meet.
    """

    account: str
    simulated: bool = False
    gifts: int = 0
    coins: int = 0
    sessions: int = 0
    session: Session | None = None

    def event(self, event: Event) -> Session | None:
        """Counts ``event``; returns the session that it ended or replaced, if any.

        Raises ``PayloadError`` for a time that does not exist (the 30th of February).
        """
        now = seconds(event.received)
        before = self.session
        if before is not None and _belongs_to_an_earlier(before, event, now):
            if isinstance(event, GiftEvent):
                self._sum(event.data)
            return None
        if before is None or not _continues(before, event, now):
            if isinstance(event, GapEvent) or (isinstance(event, LiveEvent) and event.data.phase == "ended"):
                return None  # neither begins anything
            self.session = _begin(event, now)
            self.sessions += 1
        session = self.session
        assert session is not None
        session.room = session.room or event.room
        session.last = max(session.last, stamp(now))
        _count(session, event)
        if isinstance(event, GiftEvent):
            self._sum(event.data)
        if before is not None and session is not before:
            before.ended = before.ended or before.last  # nobody told us; this is when it was last heard
            return before
        return session if isinstance(event, LiveEvent) and event.data.phase == "ended" else None

    def ack(self, ack: Ack) -> bool:
        """Counts an ending in the current session; anything else counts nothing and answers False."""
        if ack.status not in FINAL or self.session is None:
            return False
        if ack.status is Status.DONE:
            self.session.actions_done += 1
        else:
            self.session.actions_not_done += 1
        return True

    def stats(self) -> AccountStats:
        """What is published and shown."""
        everything: dict[str, Any] = {
            "account": self.account,
            "all_gifts": self.gifts,
            "all_coins": self.coins,
            "all_sessions": self.sessions,
            "simulated": self.simulated,
        }
        s = self.session
        if s is None:
            return AccountStats(**everything)
        shared = {name: getattr(s, name) for name in _SHARED}
        return AccountStats(session=s.id, **(shared | everything))

    def _sum(self, gift: Gift) -> None:
        self.gifts += gift.count
        self.coins += gift.count * (gift.coins or 0)


_SHARED = sorted((set(AccountStats.__struct_fields__) & set(Session.__struct_fields__)) - {"account", "simulated"})


class Totals:
    """Every account's totals, real and practice apart."""

    def __init__(self, accounts: Iterable[AccountTotals] = ()) -> None:
        self._accounts = {(a.account, a.simulated): a for a in accounts}

    def __iter__(self) -> Iterator[AccountTotals]:
        return iter(self._accounts.values())

    def of(self, account: str, *, simulated: bool = False) -> AccountTotals:
        """The account's totals; begun empty when it was never heard of."""
        key = (account, simulated)
        if key not in self._accounts:
            self._accounts[key] = AccountTotals(account=account, simulated=simulated)
        return self._accounts[key]


def to_dict(totals: AccountTotals | Session) -> dict[str, Any]:
    """Plain JSON types, a copy; ``msgspec.convert`` turns it back."""
    plain: dict[str, Any] = msgspec.to_builtins(totals)
    return plain


def account_from_dict(document: Any) -> AccountTotals:
    """The inverse of ``to_dict``. Raises ``msgspec.ValidationError``."""
    return msgspec.convert(document, AccountTotals)


def session_from_dict(document: Any) -> Session:
    """The inverse of ``to_dict``. Raises ``msgspec.ValidationError``."""
    return msgspec.convert(document, Session)


def _begin(event: Event, now: float) -> Session:
    since = stamp(now)
    compact = since[:19].replace("-", "").replace(":", "").replace("T", "-")
    digest = zlib.crc32(f"{event.account}/{event.room}/{event.simulated}".encode())
    return Session(
        id=f"{compact}-{digest:08x}",  # fits a topic, sorts by time, the same in every replay
        account=event.account,
        simulated=event.simulated,
        room=event.room,
        since=since,
        last=since,
    )


def _same_room(session: Session, event: Event) -> bool:
    """A source that names no room may be any room; but a LIVE that starts unnamed is another one."""
    if session.room and event.room:
        return session.room == event.room
    return not (isinstance(event, LiveEvent) and event.data.phase == "started")


def _continues(session: Session, event: Event, now: float) -> bool:
    return _same_room(session, event) and now - seconds(session.last) <= CONTINUES_S


def _belongs_to_an_earlier(session: Session, event: Event, now: float) -> bool:
    """A late delivery from the room before: it must not end the session that runs now."""
    return not _same_room(session, event) and now < seconds(session.since)


def _count(session: Session, event: Event) -> None:
    match event:
        case GiftEvent(data=gift):
            _count_gift(session, gift)
        case CommentEvent():
            session.comments += 1
        case LikeEvent(data=like):
            session.likes += like.count
        case FollowEvent(data=person):
            session.follows += person.count
        case ShareEvent(data=person):
            session.shares += person.count
        case JoinEvent(data=person):
            session.joins += person.count
        case SubscribeEvent(data=person):
            session.subscribes += person.count
        case ViewersEvent(data=viewers):
            session.viewers = viewers.count
            session.peak_viewers = max(session.peak_viewers, viewers.count)
        case LiveEvent(data=live):
            ended = live.phase == "ended"
            session.ended = event.received if ended else None
            session.viewers = 0 if ended else session.viewers
        case GapEvent(data=gap):
            start = max(seconds(gap.start), seconds(session.heard_until or session.since))
            end = seconds(gap.end)
            if end > start:
                session.gap_seconds += end - start
                session.heard_until = gap.end
        case QuestionEvent() | EnvelopeEvent() | BattleEvent():
            pass  # nothing of them is a total
        case InputEvent() | PressEvent() | TopicEvent() | TickEvent() | SessionEvent():
            pass  # no account's
        case _:
            assert_never(event)


def _count_gift(session: Session, gift: Gift) -> None:
    coins = gift.count * (gift.coins or 0)
    session.gifts += gift.count
    session.coins += coins
    if gift.coins is None:
        session.unpriced += gift.count
    if not gift.count:
        return  # a streak's closing message adds nothing
    name = gift.name
    if name not in session.by_gift and len(session.by_gift) >= GIFT_KINDS_MAX:
        name = OTHER_GIFTS
    sofar = session.by_gift.get(name) or GiftTotal(name=name)
    session.by_gift[name] = GiftTotal(name=name, count=sofar.count + gift.count, coins=sofar.coins + coins)
