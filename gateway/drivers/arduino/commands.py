"""The commands given to one board and not ended yet; each gets exactly one ending, and none is guessed."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.pending import Pending
from gateway.drivers.arduino.plans import HOLD_MS, Pattern, Plan, Single
from gateway.drivers.arduino.table import Refused, Table
from gateway.drivers.arduino.waits import PASSES, Waits
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Command, KeptBy

log = logging.getLogger(__name__)

MAX_PENDING = 32
"""Commands at once on one board: more than its channels."""
KEPT_FREE = MAX_PENDING + 8
"""Room in the link that orders leave alone, so that a cancel for each of them always finds some."""
RENEW_S = HOLD_MS / 1000 / 3
"""A held output is renewed this often: two renewals may be lost."""
ASK_AGAIN_S = 0.5
"""A question that found no room on the wire, or was lost with a session, is asked again."""
RESOLVE_S = 5.0
"""How long a command that may have moved waits for its board after its deadline, to be asked about."""


def wire_id(command_id: str, *, again: bool = False) -> int:
    """The 32-bit id that stands for a command on the wire; never 0. ``again``: its other one, as a board keeps
    what it refused. There is no third: two each are what it remembers of all whose ending may not be on disk."""
    digest = hashlib.blake2b(command_id.encode(), person=b"again" if again else b"").digest()
    return int.from_bytes(digest[:4], "little") or 1


def wall(at: float) -> float:
    """A time on the loop's clock as seconds since 1970."""
    return time.time() + (at - asyncio.get_running_loop().time())


class Commands:
    """``away`` says why nothing can be sent now; ``stopped``: a stop is in force, nothing may be sent."""

    def __init__(self, station: str, table: Table) -> None:
        self.away = "the board has not been found yet"
        self.stopped = False
        self._station = station
        self._table = table
        self._pending: dict[int, Pending] = {}
        self.waits = Waits(table)
        self._connection: Connection | None = None

    # -- what the driver tells -----------------------------------------------------------------

    def ready(self, connection: Connection, *, remembers: bool) -> None:
        """A board that can work is there. ``remembers``: it surely kept the ids it was told before."""
        self._connection = connection
        self.waits.session(connection.clock)
        waiting = list(self._pending.values())
        for p in waiting:
            if p.sent is not None:
                p.asked = True
                p.doubtful = p.doubtful or not remembers
                connection.send(wire.Query(p.id))
        for p in waiting:
            if p.sent is None:
                self._submit(p)

    def lost(self, why: str) -> None:
        self._connection, self.away = None, why

    def stop(self) -> None:
        """A stop is in force: what was not sent never will be; the board answers for the rest."""
        self.stopped = True
        for p in list(self._pending.values()):
            if p.sent is None:
                self._end(p, Ending.BLOCKED, words.STOPPED, "stop")

    def result(self, result: wire.Result, now: float) -> None:
        """What the board says of one id."""
        p = self._pending.get(result.id)
        if p is None or p.outcome.done() or self._connection is None:
            return
        try:
            status = wire.RunStatus(result.status)
        except ValueError:
            log.warning("%s: the board says status %d, unknown here", self._station, result.status)
            why = "the board speaks of things unknown here: flash it with this version"
            self._end(p, Ending.FAILED, why, "fault")
            return
        at = self._connection.clock.at(result.board_ms, now)
        if status is wire.RunStatus.STARTED:
            self._moved(p, at)
        elif status is wire.RunStatus.UNKNOWN_ID:
            if p.asked or p.question:  # else the answer to a renewal that overtook the order
                self._unknown(p)
        else:
            self._ended(p, status, at, now)
        p.asked = False

    # -- one command ---------------------------------------------------------------------------

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """As ``Driver.perform``."""
        if command.dry_run:
            return Outcome(ending=Ending.BLOCKED, reason="rehearsal: nothing moves", kept_by="mode")
        try:
            plan = self._table.plan(command)
        except Refused as e:
            return Outcome(ending=Ending.REJECTED, reason=str(e), kept_by="limit")
        p = Pending(wire_id(command.id), command, plan, on_moved)
        if self._knows(p):
            why = "the same command is already on its way"
            return Outcome(ending=Ending.REJECTED, reason=why, kept_by="limit")
        if self.stopped:
            return Outcome(ending=Ending.BLOCKED, reason=words.STOPPED, kept_by="stop")
        if isinstance(plan, Pattern) and any(isinstance(o.plan, Pattern) for o in self._pending.values()):
            return Outcome(ending=Ending.BLOCKED, reason=words.ONE_PATTERN, kept_by="limit")
        if len(self._pending) >= MAX_PENDING:
            why = f"{MAX_PENDING} commands are on their way already"
            return Outcome(ending=Ending.BLOCKED, reason=why, kept_by="limit")
        self._pending[p.id] = p
        p.timer = asyncio.get_running_loop().call_at(p.deadline, self._overdue, p)
        try:
            self._submit(p)
            outcome = await p.outcome
            assert outcome is not None, "only a question may have no outcome"
            return outcome
        except asyncio.CancelledError:
            self._cancel(p)
            raise
        finally:
            p.close()
            self._pending.pop(p.id, None)
            self._go_on()

    async def recall(self, command: Command) -> Outcome | None:
        """As ``Driver.recall``. What a board refused for a while it never moved: it may be told anew."""
        return await self._ask(command, again=False) or await self._ask(command, again=True)

    async def _ask(self, command: Command, *, again: bool) -> Outcome | None:
        try:
            plan = self._table.plan(command)
        except Refused:
            return None  # as the settings are now: who performs it says why
        p = Pending(wire_id(command.id, again=again), command, plan, lambda at: None)
        if self._knows(p):
            return None
        p.question = p.asked = True
        p.sent = asyncio.get_running_loop().time()  # perhaps: a board that comes back is asked, not told
        self._pending[p.id] = p
        try:
            while not p.outcome.done():
                if self._connection is not None:
                    self._connection.send(wire.Query(p.id))
                await asyncio.wait([p.outcome], timeout=ASK_AGAIN_S)
        finally:
            self._pending.pop(p.id, None)
        return p.outcome.result()

    def _knows(self, p: Pending) -> bool:
        return any(p.id == o.id or p.command.id == o.command.id for o in self._pending.values())

    def _go_on(self) -> None:
        """What waits may be sent, perhaps."""
        now = asyncio.get_running_loop().time()
        for p in [p for p in self._pending.values() if p.wait is not None]:  # who came first, goes first
            self._submit(p, now)

    def _running(self, *, but: Pending | None = None) -> list[tuple[Plan, float]]:
        """What the board was given and has not ended, and since when."""
        others = [p for p in self._pending.values() if p is not but and not p.question]
        return [(p.plan, p.moved or p.sent) for p in others if p.sent is not None]

    def _submit(self, p: Pending, now: float | None = None) -> None:
        """Send it as soon as the board would take it: now, if that is after its deadline, to hear why not."""
        p.wait_no_more()
        if self._connection is None or p.outcome.done():
            return  # ``ready`` goes on; or nobody wants it any more
        loop = asyncio.get_running_loop()
        now = now or loop.time()
        wait = max(p.not_before - now, self.waits.known(p.plan, self._running(), now))
        if self.stopped:
            self._end(p, Ending.BLOCKED, words.STOPPED, "stop")
        elif now >= p.deadline:
            self._end(p, Ending.EXPIRED, "too late: its deadline passed before it could be sent", "offline")
        elif wait > 0 and now + wait < p.deadline:
            p.wait = loop.call_later(wait, self._go_on)
        elif self._connection.link.room >= len(p.messages) + KEPT_FREE:
            for message in p.messages:  # the last one alone moves anything
                self._connection.send(message)
            p.sent = now
            if isinstance(p.plan, Single) and p.plan.hold and p.renewal is None:
                p.renewal = loop.call_later(RENEW_S, self._renew, p)
        else:
            self._end(p, Ending.BLOCKED, "the wire to the board is full: wait a moment", "limit")

    def _renew(self, p: Pending) -> None:
        """Held until told: the board ends it by itself when this stops, and at its longest on-time."""
        if self._connection is not None and self._connection.link.room > KEPT_FREE:
            self._connection.send(wire.Renew(p.id, HOLD_MS))
        p.renewal = asyncio.get_running_loop().call_later(RENEW_S, self._renew, p)

    def _cancel(self, p: Pending) -> None:
        """Nobody wants it any more. Without a session it is over by itself: the lease is, or soon will be."""
        if p.sent is not None and self._connection is not None:
            cancel = wire.Cancel(p.id)
            self._connection.link.swap(p.messages[-1], cancel)  # a board that lacks the order never gets it
            self._connection.send(cancel)
            if p.moved is not None:  # the board's own word on its end comes when nobody asks any more
                self.waits.ran(p.plan, p.moved, asyncio.get_running_loop().time())

    def _moved(self, p: Pending, at: float) -> None:
        if p.moved is not None:
            return
        if p.sent is not None and 0 < p.sent - at < wire.HEARTBEAT_MS / 1000:
            at = p.sent  # the clocks agree to a millisecond or so; cause still comes before effect
        p.moved = at
        p.on_moved(wall(at))

    def _ended(self, p: Pending, status: wire.RunStatus, at: float, now: float) -> None:
        ran = p.moved is not None  # else ``at`` is no edge: a refusal, or the memory of an earlier run
        if status is wire.RunStatus.STOPPED and p.asked and not ran:
            self._end(p, Ending.FAILED, "the emergency stop ended it; whether it moved is not known", "stop")
            return
        if status in PASSES and not ran and self._later(p, status, now):
            return
        if p.moved is not None and not p.asked:
            self.waits.ran(p.plan, p.moved, at)
        ending, reason, kept_by = words.ending(
            status,
            subject=p.plan.subject,
            asked_ms=p.plan.longest_ms,
            limit=self._table.limit(p.plan.channel) if isinstance(p.plan, Single) else "",
            rest_s=self.waits.rest_s(p.plan, now),
            cooling=self.waits.cooling_words(p.plan, now),
            moved=ran,
        )
        self._end(p, ending, reason, kept_by, None if p.asked or not ran else at)

    def _later(self, p: Pending, status: wire.RunStatus, now: float) -> bool:
        """Refused for a while, it never moved: it waits, if it has the time and was not refused before."""
        wait = self.waits.after(status, p.plan, self._running(but=p), now)
        if p.question:
            p.outcome.set_result(None)
        elif p.asked or p.again or wait is None or now + wait >= p.deadline:
            return False
        else:
            p.refused(wire_id(p.command.id, again=True), now + wait)
            self._pending = {o.id: o for o in self._pending.values()}  # it keeps its place
            self._submit(p)
        return True

    def _unknown(self, p: Pending) -> None:
        """Asked, the board has never heard of it: it never moved, if the board kept its memory."""
        if p.question:
            p.outcome.set_result(None)
        elif p.moved is not None:
            self._end(p, Ending.FAILED, "the board lost power while it ran", "fault")
        elif p.doubtful:
            why = "the board went away and came back; whether it moved is not known"
            self._end(p, Ending.FAILED, why, "fault")
        else:
            p.sent = None
            self._submit(p)

    def _overdue(self, p: Pending) -> None:
        """The deadline passed: whatever has not moved by now never will."""
        if p.sent is None:
            self._end(p, Ending.EXPIRED, f"not sent before its deadline: {self.away}", "offline")
            return
        if p.moved is None and self._connection is not None:
            # Not acknowledged yet: the board may lack it, and must not get it from now on.
            p.asked = self._connection.link.swap(p.messages[-1], wire.Query(p.id)) or p.asked
        p.timer = asyncio.get_running_loop().call_later(p.plan.longest_ms / 1000 + RESOLVE_S, self._give_up, p)

    def _give_up(self, p: Pending) -> None:
        what = "how far it came is not known" if p.moved else "whether it moved is not known"
        gone = self._connection is None
        why = self.away if gone else "the board did not answer"
        self._cancel(p)  # nothing outlives its ending
        self._end(p, Ending.FAILED, f"{why}; {what}", "offline" if gone else "fault")

    def _end(self, p: Pending, ending: Ending, reason: str, kept_by: KeptBy, ended: float | None = None) -> None:
        self._pending.pop(p.id, None)
        if p.outcome.done():
            return
        p.outcome.set_result(
            Outcome(
                ending=ending,
                reason=reason,
                kept_by=kept_by,
                sent=None if p.sent is None or p.question else wall(p.sent),
                moved=None if p.moved is None else wall(p.moved),
                ended=None if ended is None else wall(ended),
            )
        )
