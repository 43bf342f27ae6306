"""One session, folded from its events and acks. Pure: the same messages in the same order give the same numbers.

All times are the events' own ``received``, so a replayed evening gives the evening's numbers. Whoever folds sees
to it that no message is folded twice (the gateway's filter of duplicates does).
"""

import zlib
from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from gateway.messages import (
    Ack,
    BattleEvent,
    CommentEvent,
    EnvelopeEvent,
    Event,
    FollowEvent,
    Gap,
    GapEvent,
    Gift,
    GiftEvent,
    InputEvent,
    JoinEvent,
    LikeEvent,
    LiveEvent,
    Opened,
    PressEvent,
    QuestionEvent,
    SessionEvent,
    SessionRecord,
    SessionSummary,
    ShareEvent,
    SubscribeEvent,
    TickEvent,
    TopicEvent,
    ViewersEvent,
    seconds,
    stamp,
)
from gateway.stats.actions import Actions
from gateway.stats.activity import per_minute, points
from gateway.stats.buckets import COUNTS, LARGEST, Counted, Ladder, Span
from gateway.stats.contributions import Contributions
from gateway.stats.gift_kinds import GiftKinds
from gateway.stats.viewers import Watching

CONTINUES_S = 30 * 60
"""Seconds of silence after which even the same room is a new session (FEATURES: accounts)."""
USD_PER_COIN = 0.005
"""What TikTok pays about; see ``settings.Statistics``."""


class SessionFold:
    """``last``: when it was last heard of; ``ended`` stays None while it runs (seconds since 1970).

    ``closed``: it has ended for good, by hand or long ago, and nothing of a stream is added any more.
    ``whole``: all of it is here, not the summary alone. ``contributions``: the same table as in ``record``.
    """

    def __init__(
        self,
        session: str,
        account: str,
        since: float,
        *,
        simulated: bool = False,
        room: str = "",
        opened: Opened = "heard",
        usd_per_coin: float = USD_PER_COIN,
    ) -> None:
        self.id, self.account, self.simulated, self.room, self.opened = session, account, simulated, room, opened
        self.since = self.last = since
        self.ended: float | None = None
        self.closed, self.whole = False, True
        self.contributions = Contributions()
        self._usd_per_coin = usd_per_coin
        self._ladder = Ladder()
        self._total = self._ladder.total
        self._watching = Watching()
        self._kinds = GiftKinds()
        self._unpriced = self._gaps = 0
        self._heard_until = since  # the end of the latest gap counted, so that overlapping gaps count once
        self._actions = Actions(since)

    @classmethod
    def begun(cls, event: Event, usd_per_coin: float = USD_PER_COIN) -> "SessionFold":
        """The session that ``event`` begins; the event itself is not counted yet."""
        since = seconds(event.received)
        compact = stamp(since)[:19].replace("-", "").replace(":", "").replace("T", "-")
        digest = zlib.crc32(f"{event.account}/{event.room}/{event.simulated}/{event.id}".encode())
        opened: Opened = "heard"
        if isinstance(event, SessionEvent):
            opened = "hand"
        elif isinstance(event, LiveEvent):
            opened = "live"
        return cls(
            f"{compact}-{digest:08x}",  # fits a topic, sorts by time, the same in every replay
            event.account,
            since,
            simulated=event.simulated,
            room=event.room,
            opened=opened,
            usd_per_coin=usd_per_coin,
        )

    @classmethod
    def restored(cls, summary: SessionSummary, usd_per_coin: float = USD_PER_COIN) -> "SessionFold":
        """Of a session of which only the summary is left: its sums go on, its details begin anew. One that has
        ended is closed: with what is left it must not take the place of what the archive holds."""
        s = summary
        fold = cls(
            s.id,
            s.account,
            seconds(s.since),
            simulated=s.simulated,
            room=s.room,
            opened=s.opened,
            usd_per_coin=usd_per_coin,
        )
        fold.last = seconds(s.last)
        fold.ended = None if s.ended is None else seconds(s.ended)
        fold.closed, fold.whole = fold.ended is not None, False
        fold.contributions = Contributions.restored(s)
        fold._unpriced, fold._gaps = s.unpriced, s.gaps
        fold._actions.done, fold._actions.not_done = s.actions_done, s.actions_not_done
        for name in COUNTS:
            setattr(fold._total, name, getattr(s, name))
        fold._total.gap_seconds = s.gap_seconds
        fold._watching.restore(s.viewers, s.peak_viewers)
        fold._heard_until = fold.last
        fold._kinds.restore(s.gifts, s.coins)
        return fold

    # -- what happens ------------------------------------------------------------------------------

    def event(self, event: Event) -> None:
        """Counts it. What is heard after the end of the LIVE says that it goes on."""
        now = seconds(event.received)
        self.room = self.room or event.room
        self.last = max(self.last, now)
        if self.ended is not None and now >= self.ended and not _says_no_life(event):
            self.ended = None
        match event:
            case GiftEvent(data=gift):
                self._gift(gift, now)
            case CommentEvent(data=comment):
                self._add("comments", 1, now)
                self.contributions.count(comment.user, "comments", 1)
            case LikeEvent(data=like):
                self._add("likes", like.count, now)
                self.contributions.count(like.user, "likes", like.count)
            case FollowEvent(data=person):
                self._add("follows", person.count, now)
                self.contributions.count(person.user, "follows", person.count)
            case ShareEvent(data=person):
                self._add("shares", person.count, now)
                self.contributions.count(person.user, "shares", person.count)
            case JoinEvent(data=person):
                self._add("joins", person.count, now)
            case SubscribeEvent(data=person):
                self._add("subscribes", person.count, now)
                self.contributions.giver(person.user)
            case ViewersEvent(data=viewers):
                self._ladder.at(now)
                self._watched(self._watching.sample(viewers.count, now))
            case LiveEvent(data=live):
                self._ladder.at(now)
                if live.phase == "ended":
                    self.end(now)
            case GapEvent(data=gap):
                self._gap(gap, now)
            case QuestionEvent(data=question):
                self.contributions.giver(question.user)
            case EnvelopeEvent() | BattleEvent() | SessionEvent():
                pass  # nothing of them is a total
            case InputEvent() | PressEvent() | TopicEvent() | TickEvent():
                pass  # no account's
            case _:
                assert_never(event)

    def ack(self, ack: Ack) -> None:
        """Counts a command's ending."""
        self._actions.ack(ack)

    def end(self, now: float, *, closed: bool = False) -> None:
        """It has ended at ``now``; where that was told before, the first time stands."""
        self.closed = self.closed or closed
        if self.ended is None:
            self.ended = now
            self._watched(self._watching.over(now))

    # -- what a person sees ------------------------------------------------------------------------

    def until(self, now: float) -> float:
        """Up to when the session reaches, seen from ``now``: its end, or as long as it can go on."""
        return self.ended if self.ended is not None else max(self.last, min(now, self.last + CONTINUES_S))

    def summary(self, now: float, owed: int = 0) -> SessionSummary:
        """As it stands at ``now``; ``owed``: actions that are owed, which no fold can know."""
        t, latency = self._total, self._actions.latency
        watched = self._watched_until(now)
        viewer_seconds, viewed_seconds = t.viewer_seconds, t.viewed_seconds
        if watched is not None:
            start, end, viewers = watched
            viewer_seconds, viewed_seconds = viewer_seconds + viewers * (end - start), viewed_seconds + end - start
        return SessionSummary(
            id=self.id,
            account=self.account,
            simulated=self.simulated,
            room=self.room,
            opened=self.opened,
            since=stamp(self.since),
            last=stamp(self.last),
            ended=None if self.ended is None else stamp(self.ended),
            unpriced=min(self._unpriced, LARGEST),
            usd=round(min(t.coins, LARGEST) * self._usd_per_coin, 2),
            **t.counts(),
            viewers=min(self._watching.shown, LARGEST),
            peak_viewers=min(self._watching.peak, LARGEST),
            average_viewers=round(viewer_seconds / viewed_seconds, 2) if viewed_seconds else None,
            unique_viewers=self.contributions.unique,
            gaps=self._gaps,
            gap_seconds=round(t.gap_seconds, 3),
            actions_done=self._actions.done,
            actions_not_done=self._actions.not_done,
            actions_owed=owed,
            activity=per_minute(points(t, t.subscribes), self.until(now) - self.since - t.gap_seconds),
            latency_p50_ms=latency.percentile(50),
            latency_p95_ms=latency.percentile(95),
            latency_p99_ms=latency.percentile(99),
        )

    def record(self, now: float, owed: int = 0) -> SessionRecord:
        """The session with all its parts, as it stands at ``now``."""
        return self.look(now, owed)()

    def look(self, now: float, owed: int = 0) -> Callable[[], SessionRecord]:
        """``record``, with what takes long put off to the call, which may come from another thread: to put many
        viewers in order, and to write out the buckets of a long evening."""
        rest = SessionRecord(
            summary=self.summary(now, owed),
            gifts=self._kinds.gifts(),
            stations=self._actions.stations(self.until(now)),
        )
        buckets, table = self._ladder.look(self._watched_until(now)), self.contributions.look()

        def record() -> SessionRecord:
            t = table()
            return replace(
                rest,
                buckets=buckets(),
                contributions=t.contributions,
                others=t.others,
                exact=t.exact,
                missing_at_most=t.missing_at_most,
            )

        return record

    # -- parts -------------------------------------------------------------------------------------

    def _add(self, what: Counted, count: int, now: float) -> None:
        for tally in self._ladder.at(now):
            tally.add(what, count)

    def _gift(self, gift: Gift, now: float) -> None:
        count, coins = gift.count, gift.count * (gift.coins or 0)
        for tally in self._ladder.at(now):
            tally.gifts += count
            tally.coins += coins
        giver = self.contributions.giver(gift.user)
        giver.gifts += count
        giver.coins += coins
        if gift.coins is None:
            self._unpriced += count
        self._kinds.add(gift)

    def _gap(self, gap: Gap, now: float) -> None:
        over = now if self.ended is None else min(now, self.ended)
        start, end = max(seconds(gap.start), self._heard_until), min(seconds(gap.end), over)
        if end > start:
            self._gaps += 1
            self._heard_until = end
            self._ladder.gap(start, end)
            self._watched(self._watching.pause(start, end))

    def _watched(self, span: Span | None) -> None:
        if span is not None:
            self._ladder.watched(span)

    def _watched_until(self, now: float) -> Span | None:
        return None if self.ended is not None else self._watching.known(max(now, self.last))


def _says_no_life(event: Event) -> bool:
    """It tells of silence, or of an end."""
    return isinstance(event, GapEvent) or (isinstance(event, LiveEvent) and event.data.phase == "ended")
