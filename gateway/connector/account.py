"""One account: asks, connects, listens, reconnects, and says in words what it is doing.

Accounts share nothing but the signing budget, so none can hold another up.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import assert_never

import msgspec

from gateway import messages as m
from gateway.connector.merge import Merger
from gateway.connector.sources import mapping
from gateway.connector.sources.base import (
    NotFound,
    Offline,
    Pace,
    RateLimited,
    Refused,
    Source,
    Stalled,
    Stream,
)
from gateway.connector.streaks import Streaks
from gateway.errors import SourceError

log = logging.getLogger(__name__)

SEEN = 10_000
"""Message ids remembered: a reconnect may repeat the last seconds, never so many messages."""
STATE_INTERVAL = 5.0
"""Seconds between two states that differ only in the number of viewers."""
TICK = 0.001
"""Seconds by which the loop may wake us early."""
NEVER = float("-inf")


class Account:
    """Runs one account. ``send`` takes its events, ``tell`` its state; both on the loop, in order.

    What it knows of a LIVE (streaks, ids, the last word heard) outlives ``run``: switched off and on
    again within one LIVE, it pays no gift twice and reports the gap.
    """

    def __init__(
        self,
        stream: Stream,
        username: str,
        source: Source,
        send: Callable[[m.Event], None],
        tell: Callable[[m.AccountState], None],
        pace: Pace,
    ) -> None:
        self._stream = stream
        self._source = source
        self._send = send
        self._tell = tell
        self._pace = pace
        self._streaks = Streaks(pace.streak)
        self._merger = Merger()
        self._seen: dict[str, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._room = ""  # the LIVE that is followed
        self._started = False  # and its start was told
        self._silent: tuple[float, str] | None = None  # since when, and why, nothing is heard of it
        self._live_since: float | None = None
        self._asked_at = NEVER
        self._told_at = NEVER
        self._failures = 0
        self._trouble = ""
        self.state = m.AccountState(
            account=stream.account,
            username=username,
            phase="offline",
            since=m.stamp(time.time()),
            simulated=stream.simulated,
        )

    # -- the life of an account ------------------------------------------------------------------

    async def run(self) -> None:
        """Watch the account until cancelled. The caller then says why with ``switch_off``."""
        if self.state.phase == "offline":
            self._set("waiting", "asking whether the account is live")
        try:
            while True:
                delay = await self._once()
                await asyncio.sleep(delay)
        finally:
            self._lose("the connector was not watching")
            self._pay_due(_now(), everything=True)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def switch_off(self, why: str) -> None:
        """Phase ``offline``; only while ``run`` is not running."""
        self._set("offline", why)

    async def _once(self) -> float:
        """One connection. Returns the seconds until the next one."""
        ask = not self._room or _now() - self._asked_at >= self._pace.poll
        if ask:
            self._asked_at = _now()
        if self._room:
            self._set("connecting", "connecting again")
        try:
            await self._source.run(self, "" if ask else self._room)
            return self._over("the LIVE has ended", "ended")
        except Offline as e:
            return self._over(str(e), "ended" if self._started else "waiting")
        except SourceError as e:
            self._lose(str(e))
            self._warn(str(e))
            return self._retry(e)
        except Exception as e:  # the top of a service: whatever one account meets, the others go on
            log.exception("%s: the connector failed; it tries again", self._stream.account)
            self._lose(f"the connector failed: {e!r}")
            return self._retry(SourceError(f"the connector failed: {e!r}"))

    def _over(self, detail: str, phase: m.AccountPhase) -> float:
        """No LIVE now. Returns the seconds until the next question."""
        self._finish()
        self._live_since, self._failures = None, 0
        if self.state.phase != phase:
            log.info("%s: %s", self._stream.account, detail)
        self._trouble = ""
        return self._wait(phase, detail, self._pace.poll)

    def _retry(self, e: SourceError) -> float:
        """How long to wait after trouble: at once after a steady connection, then longer and longer."""
        if self._live_since is not None and _now() - self._live_since >= self._pace.steady:
            self._failures = 0
        self._live_since = None
        delay = min(self._pace.longest, self._pace.first * 2**self._failures) * random.uniform(0.5, 1.0)
        self._failures = min(self._failures + 1, 20)
        match e:
            case RateLimited():
                delay += max(0.0, e.retry_at - time.time())
            case NotFound() if not self._room:
                delay = max(delay, self._pace.not_found)
            case Refused():
                delay = max(delay, self._pace.refused)
        return self._wait("stalled" if isinstance(e, Stalled) else "waiting", str(e), delay)

    def _wait(self, phase: m.AccountPhase, detail: str, delay: float) -> float:
        if not self._room:  # then the next try begins with a question, and those are rationed
            delay = max(delay, self._asked_at + self._pace.poll - _now()) * random.uniform(1.0, 1.1)
        self._set(phase, detail, next_retry=time.time() + delay)
        return delay

    # -- what the source says --------------------------------------------------------------------

    def on_found(self, room: str) -> None:
        if self._room != room:
            self._finish()
            self._room = room
        if self.state.phase != "connecting":
            self._set("connecting", "the account is live; connecting")

    def on_live(self, room: str) -> None:
        if self._room != room:
            self.on_found(room)
        self._live_since = _now()
        self._trouble = ""
        log.info("%s: live in room %s", self._stream.account, room)
        self._set("live")
        if not self._started:
            self._started = True
            self._send(mapping.live_event(self._stream, room, ended=False, now=time.time()))
        self._tell_gap()

    def on_event(self, event: m.Event) -> None:
        if event.id in self._seen:
            return
        self._seen[event.id] = None
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]
        match event:
            case m.GiftEvent():
                paid = self._streaks.pay(event, _now())
                if paid is not None:
                    self._send(paid)
            case m.LikeEvent() | m.JoinEvent() | m.ViewersEvent():
                merged = self._merger.add(event, _now())
                if merged is not None:
                    self._send(merged)
                if isinstance(event, m.ViewersEvent):
                    self._watched_by(event.data.count)
            case m.LiveEvent():
                if event.data.phase == "ended":
                    self._finish(event)
            case (
                m.CommentEvent()
                | m.FollowEvent()
                | m.ShareEvent()
                | m.SubscribeEvent()
                | m.QuestionEvent()
                | m.EnvelopeEvent()
                | m.BattleEvent()
                | m.GapEvent()
            ):
                self._send(event)
            case _:
                assert_never(event)
        self._arm()

    # -- the LIVE's beginning, gaps and end ------------------------------------------------------

    def _lose(self, why: str) -> None:
        """From now on nothing is heard of the room."""
        if self._room and self._silent is None:
            heard = self._source.heard if self._live_since is not None else time.time()
            self._silent = (heard, why)

    def _tell_gap(self) -> None:
        if self._silent is None:
            return
        (start, why), self._silent = self._silent, None
        end = max(start, time.time())
        self._send(
            m.GapEvent(
                id=f"{self._room}-gap-{int(start * 1000)}",
                source=self._stream.source,
                time=m.stamp(start),
                received=m.stamp(end),
                account=self._stream.account,
                room=self._room,
                simulated=self._stream.simulated,
                data=m.Gap(start=m.stamp(start), end=m.stamp(end), why=why[: mapping.MAX_TEXT]),
            )
        )

    def _finish(self, event: m.LiveEvent | None = None) -> None:
        """The followed LIVE is over: pay out what waits, say so once, forget the room."""
        if self._started:
            self._pay_due(_now(), everything=True)
            self._tell_gap()
            now = time.time()
            self._send(event or mapping.live_event(self._stream, self._room, ended=True, now=now))
        self._room, self._started, self._silent = "", False, None

    # -- what falls due --------------------------------------------------------------------------

    def _arm(self) -> None:
        """Wake up when the next merged event or forgotten streak is due."""
        due = min((t for t in (self._streaks.due, self._merger.due) if t is not None), default=None)
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due, self._fall_due)

    def _fall_due(self) -> None:
        self._timer = None
        self._pay_due(_now() + TICK)
        self._arm()

    def _pay_due(self, now: float, *, everything: bool = False) -> None:
        for event in self._streaks.close_overdue(now, m.stamp(time.time()), everything=everything):
            self._send(event)
        for merged in self._merger.take_due(now, everything=everything):
            self._send(merged)

    # -- the state -------------------------------------------------------------------------------

    def _watched_by(self, count: int) -> None:
        if count != self.state.viewers and _now() - self._told_at >= STATE_INTERVAL:
            self._told_at = _now()
            self._set(self.state.phase, self.state.detail, viewers=count)

    def _set(
        self,
        phase: m.AccountPhase,
        detail: str = "",
        *,
        viewers: int | None = None,
        next_retry: float | None = None,
    ) -> None:
        """Tell the new state, if it is one."""
        before = self.state
        if viewers is None:
            viewers = before.viewers if phase == "live" else 0
        self.state = msgspec.structs.replace(
            before,
            phase=phase,
            since=before.since if phase == before.phase else m.stamp(time.time()),
            detail=detail[: mapping.MAX_TEXT],
            room=self._room,
            viewers=viewers,
            next_retry=None if next_retry is None else m.stamp(next_retry),
        )
        if self.state != before:
            self._tell(self.state)

    def _warn(self, trouble: str) -> None:
        """Log it; the same trouble is a warning only once."""
        level = logging.DEBUG if trouble == self._trouble else logging.WARNING
        log.log(level, "%s: %s", self._stream.account, trouble)
        self._trouble = trouble


def _now() -> float:
    return asyncio.get_running_loop().time()
