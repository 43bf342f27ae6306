"""One account: asks, connects, listens, reconnects, and says in words what it is doing.

Accounts share nothing but the signing budget, so none can hold another up.
"""

import asyncio
import logging
import math
import random
import time
from collections.abc import Callable

from gateway import messages as m
from gateway.connector.account.session import Memory, Session
from gateway.connector.account.standby import Standby
from gateway.connector.account.status import Status
from gateway.connector.sources.base import (
    Finished,
    NotFound,
    Offline,
    Pace,
    RateLimited,
    Refused,
    Source,
    Stalled,
    Stream,
)
from gateway.errors import SourceError

log = logging.getLogger(__name__)

NEVER = float("-inf")


def _at_once(acknowledge: Callable[[], None]) -> None:
    acknowledge()


def _nothing() -> None:
    pass


class Account:
    """Runs one account. ``send`` takes its events, ``tell`` its state; both on the loop, in order.

    ``when_safe`` is asked to call what acknowledges a frame, once the events sent before it are safe.
    ``note`` stands behind the words of its state. ``on_asking`` is called whenever the platform is asked.
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
        *,
        guests: bool = False,
        note: str = "",
        when_safe: Callable[[Callable[[], None]], None] = _at_once,
        on_asking: Callable[[], None] = _nothing,
    ) -> None:
        self.session = Session(stream, send, streak=pace.streak, guests=guests)
        self._status = Status(stream, username, tell, note)
        self._stream = stream
        self._source = source
        self._pace = pace
        self._when_safe = when_safe
        self._on_asking = on_asking
        self._live_since: float | None = None
        self._asked_at = NEVER
        self._failures = 0

    @property
    def state(self) -> m.AccountState:
        return self._status.state

    @property
    def heard(self) -> float:
        """Until when the LIVE was heard, seconds since 1970; 0 when it is not."""
        return self._source.heard if self._live_since is not None else 0.0

    @property
    def asked(self) -> float:
        """When the platform was asked last whether the account is live, seconds since 1970; 0 for never."""
        return 0.0 if self._asked_at == NEVER else time.time() - (_now() - self._asked_at)

    # -- the life of an account ------------------------------------------------------------------

    async def run(self, standby: Standby | None = None) -> None:
        """Watch the account until cancelled. The caller then ends with ``switch_off`` or ``hand_over``.

        With ``standby``, go on with a connection that it has made.
        """
        if self.state.phase == "offline" and standby is None:
            self._set("waiting", "asking whether the account is live")
        if standby is None:
            self._lose("the connector was not watching")  # wherever it was until now
        while True:
            delay = await self._once(standby)
            standby = None
            await asyncio.sleep(delay)

    def switch_off(self, why: str) -> None:
        """Pay out, then phase ``offline``; only while ``run`` is not running."""
        self.look_away()
        self.session.pay_out()
        self._set("offline", why)

    def look_away(self) -> None:
        """Nobody listens from now on, until ``run`` again; only while it is not running."""
        self._lose("the connector was not watching")
        self._live_since = None

    def hand_over(self) -> Memory:
        """What another process needs to go on without a gap; only while ``run`` is not running, and for good."""
        return self.session.memory(self.asked, self.state)

    def restore(self, memory: Memory) -> None:
        """Go on with what another account, or another process, knew; before ``run``."""
        self.session.restore(memory)
        if memory.state is not None:
            self._status.state = memory.state
        if memory.asked:
            self._asked_at = _now() - max(0.0, time.time() - memory.asked)

    async def _once(self, standby: Standby | None) -> float:
        """One connection. Returns the seconds until the next one."""
        room = self.session.room
        ask = standby is None and _now() - self._asked_at >= self._pace.poll
        if not (room or ask or standby):
            return self._wait("waiting", "asked a moment ago whether the account is live; asking again soon", 0.0)
        if ask:
            self._asked_at = _now()
            self._on_asking()
        if room and standby is None:
            self._set("connecting", "connecting again")
        try:
            await (standby.go_on(self) if standby else self._source.run(self, "" if ask else room))
            return self._over("the LIVE has ended", "ended")
        except Finished as e:
            return self._over(str(e), "ended", for_good=True)
        except Offline as e:
            return self._over(str(e), "ended" if self.session.started else "waiting")
        except SourceError as e:
            self._lose(str(e))
            self._status.warn(str(e))
            return self._retry(e)
        except Exception as e:  # the top of a service: whatever one account meets, the others go on
            log.exception("%s: the connector failed; it tries again", self._stream.account)
            self._lose(f"the connector failed: {e!r}")
            return self._retry(SourceError(f"the connector failed: {e!r}"))

    def _over(self, detail: str, phase: m.AccountPhase, *, for_good: bool = False) -> float:
        """No LIVE now. Returns the seconds until the next question."""
        self.session.finish()
        self._live_since, self._failures = None, 0
        if self.state.phase != phase:
            log.info("%s: %s", self._stream.account, detail)
        self._status.fresh()
        if for_good:
            self._set(phase, detail)
            return math.inf
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
            case NotFound() if not self.session.room:
                delay = max(delay, self._pace.not_found)
            case Refused():
                delay = max(delay, self._pace.refused)
        return self._wait("stalled" if isinstance(e, Stalled) else "waiting", str(e), delay)

    def _wait(self, phase: m.AccountPhase, detail: str, delay: float) -> float:
        if not self.session.room:  # then the next try begins with a question, and those are rationed
            delay = max(delay, self._asked_at + self._pace.poll - _now()) * random.uniform(1.0, 1.1)
        self._set(phase, detail, next_retry=time.time() + delay)
        return delay

    # -- what the source says --------------------------------------------------------------------

    def on_waiting(self, words: str) -> None:
        self._status.fresh()
        if not self.session.room:
            self._set("waiting", words)

    def on_found(self, room: str) -> None:
        self.session.follow(room)
        if self.state.phase != "connecting":
            self._set("connecting", "the account is live; connecting")

    def on_live(self, room: str) -> None:
        self._live_since = _now()
        self._status.fresh()
        log.info("%s: live in room %s", self._stream.account, room)
        self.session.follow(room)
        self._set("live")
        self.session.hear(room)

    def on_event(self, event: m.Event) -> None:
        self.session.take(event)
        if isinstance(event, m.ViewersEvent):
            self._status.watched_by(event.data.count, self.session.room)

    def on_frame(self, acknowledge: Callable[[], None]) -> None:
        self._when_safe(acknowledge)

    # -- in short --------------------------------------------------------------------------------

    def _lose(self, why: str) -> None:
        self.session.lose(self.heard or time.time(), why)

    def _set(self, phase: m.AccountPhase, detail: str = "", *, next_retry: float | None = None) -> None:
        self._status.set(phase, self.session.room, detail, next_retry=next_retry)


def _now() -> float:
    return asyncio.get_running_loop().time()
