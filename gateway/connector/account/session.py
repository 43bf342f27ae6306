"""What is known of an account's LIVE, and what is told of it: each happening once, streaks in deltas, gaps too."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import assert_never

from msgspec import Struct

from gateway import messages as m
from gateway.connector.account.merge import Merged, Merger
from gateway.connector.account.streaks import Kept, Streaks
from gateway.connector.sources import mapping
from gateway.connector.sources.base import Stream

SEEN = 10_000
"""Message ids remembered: a reconnect may repeat the last seconds, never so many messages."""
TICK = 0.001
"""Seconds by which the loop may wake us early."""


class Memory(Struct, frozen=True, kw_only=True):
    """What an account knows, for another process that goes on with it. Times: seconds since 1970, 0 for never.

    ``room``: the LIVE that is followed, ``started``: its beginning was told. ``silent``: since when nothing is
    heard of it, and why; ``after_gap``: no like has come since. ``asked``: when it was asked last whether the
    account is live. ``likes``: the greatest total of the room. ``state``: what was told last, None when another
    one was told since.
    """

    room: str = ""
    started: bool = False
    silent: tuple[float, str] | None = None
    after_gap: bool = False
    asked: float = 0.0
    likes: int = 0
    seen: list[str] = []
    streaks: Kept = Kept()
    state: m.AccountState | None = None


class Session:
    """One account's LIVE. ``send`` takes its events, on the loop, in order.

    ``streak``: seconds without a tap until a streak is over; ``guests``: gifts to other hosts count too.
    """

    def __init__(
        self, stream: Stream, send: Callable[[m.Event], None], *, streak: float, guests: bool = False
    ) -> None:
        self.room = ""
        self.started = False
        self.events = 0
        self.likes = 0
        self._stream = stream
        self._send = send
        self._guests = guests
        self._streaks = Streaks(streak)
        self._merger = Merger()
        self._seen: OrderedDict[str, None] = OrderedDict()  # a dict finds its oldest more slowly each time
        self._silent: tuple[float, str] | None = None
        self._after_gap = False  # and no like has come since
        self._timer: asyncio.TimerHandle | None = None

    @property
    def streaking(self) -> bool:
        """A viewer is in the middle of a gift streak."""
        return self._streaks.running

    # -- the LIVE's beginning, gaps and end ------------------------------------------------------

    def follow(self, room: str) -> None:
        """This is the account's LIVE now; another one before it is over."""
        if self.room != room:
            self.finish()
            self.room = room

    def hear(self, room: str) -> None:
        """Connected: what comes next is heard."""
        self.follow(room)
        if not self.started:
            self.started = True
            self._send(mapping.live_event(self._stream, room, ended=False, now=time.time()))
        if self._silent is not None:
            self._after_gap = True
            self._merger.free(m.ViewersEvent)
        self._tell_gap()

    def lose(self, since: float, why: str) -> None:
        """From now on nothing is heard of the LIVE; of what is not heard already, the first reason stands."""
        if self.room and self._silent is None:
            self._silent = (since, why)

    def finish(self, event: m.LiveEvent | None = None) -> None:
        """The followed LIVE is over: pay out what waits, say so once, forget the room."""
        if self.started:
            self.pay_out()
            self._tell_gap()
            now = time.time()
            self._send(event or mapping.live_event(self._stream, self.room, ended=True, now=now))
        self.room, self.started, self._silent = "", False, None
        self.likes, self._after_gap = 0, False

    # -- what happens in it ----------------------------------------------------------------------

    def take(self, event: m.Event) -> None:
        if event.id in self._seen:
            return
        self.events += 1
        self._seen[event.id] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        match event:
            case m.GiftEvent():
                self._pay(event)
            case m.LikeEvent():
                self._tell_missed(event)
                self._merge(event)
            case m.JoinEvent() | m.ViewersEvent():
                self._merge(event)
            case m.BattleEvent() if event.data.phase == "points":
                self._merge(event)
            case m.BattleEvent():
                points = self._merger.take(m.BattleEvent)
                if points is not None:
                    self._send(points)
                self._send(event)
            case m.LiveEvent():
                if event.data.phase == "ended":
                    self.finish(event)
            case (
                m.CommentEvent()
                | m.FollowEvent()
                | m.ShareEvent()
                | m.SubscribeEvent()
                | m.QuestionEvent()
                | m.EnvelopeEvent()
                | m.GapEvent()
            ):
                self._send(event)
            case m.InputEvent() | m.PressEvent() | m.TopicEvent() | m.TickEvent() | m.SessionEvent():
                raise ValueError(f"{event.id} is the gateway's own, and belongs to no LIVE")
            case _:
                assert_never(event)

    def pay_out(self) -> None:
        """Send what waits to be merged, and close the open streaks: what still grows is paid all the same."""
        self._pay_due(_now(), everything=True)
        self._stop_timer()

    def _pay(self, event: m.GiftEvent) -> None:
        if event.data.to and not self._guests:
            return
        paid = self._streaks.pay(event, _now())
        if paid is not None:
            self._send(paid)
        if (due := self._streaks.due) is not None:
            self._wake_at(due)

    def _merge(self, event: Merged) -> None:
        merged = self._merger.add(event, _now())
        if merged is not None:
            self._send(merged)
        else:
            self._wake_at(self._merger.free_at(type(event)))

    def _tell_missed(self, event: m.LikeEvent) -> None:
        """After a gap the room's total says how many likes nobody heard: told once, and too late to fire."""
        total, before = event.data.total, event.data.total - event.data.count
        if self._after_gap and total:
            self._after_gap = False
            if 0 < self.likes < before:
                self._send(
                    m.LikeEvent(
                        id=f"{self.room}-likes-{before}",
                        source=event.source,
                        time=event.time,
                        received=event.received,
                        account=event.account,
                        room=event.room,
                        simulated=event.simulated,
                        stale=True,
                        data=m.Like(count=before - self.likes, total=before),
                    )
                )
                self._merger.sent(m.LikeEvent, _now())
        self.likes = max(self.likes, total)

    def _tell_gap(self) -> None:
        if self._silent is None:
            return
        (start, why), self._silent = self._silent, None
        end = max(start, time.time())
        self._send(
            m.GapEvent(
                id=f"{self.room}-gap-{int(start * 1000)}",
                source=self._stream.source,
                time=m.stamp(start),
                received=m.stamp(end),
                account=self._stream.account,
                room=self.room,
                simulated=self._stream.simulated,
                data=m.Gap(start=m.stamp(start), end=m.stamp(end), why=why[: mapping.MAX_TEXT]),
            )
        )

    # -- from process to process -----------------------------------------------------------------

    def memory(self, asked: float, state: m.AccountState | None = None) -> Memory:
        """What another process needs to go on; what waits to be merged is sent from here."""
        for merged in self._merger.take_due(_now(), everything=True):
            self._send(merged)
        self._stop_timer()
        return Memory(
            room=self.room,
            started=self.started,
            silent=self._silent,
            after_gap=self._after_gap,
            asked=asked,
            likes=self.likes,
            seen=list(self._seen),
            streaks=self._streaks.kept(_now()),
            state=state,
        )

    def restore(self, memory: Memory) -> None:
        self.room, self.started, self._silent = memory.room, memory.started, memory.silent
        self.likes, self._after_gap = memory.likes, memory.after_gap
        self._seen = OrderedDict.fromkeys(memory.seen)
        self._streaks.restore(memory.streaks, _now())
        self._arm()

    # -- what falls due --------------------------------------------------------------------------

    def _arm(self) -> None:
        """Wake up when the next merged event or forgotten streak is due."""
        for due in (self._streaks.due, self._merger.due):
            if due is not None:
                self._wake_at(due)

    def _wake_at(self, due: float) -> None:
        if self._timer is None or due < self._timer.when():
            self._stop_timer()
            self._timer = asyncio.get_running_loop().call_at(due, self._fall_due)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fall_due(self) -> None:
        self._timer = None
        self._pay_due(_now() + TICK)
        self._arm()

    def _pay_due(self, now: float, *, everything: bool = False) -> None:
        for event in self._streaks.close_overdue(now, m.stamp(time.time()), everything=everything):
            self._send(event)
        for merged in self._merger.take_due(now, everything=everything):
            self._send(merged)


def _now() -> float:
    return asyncio.get_running_loop().time()
