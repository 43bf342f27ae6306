"""A run: what one firing of a rule still has to do, as plain data.

All of it is worked out when the rule fires: what is drawn by lot, computed and repeated. So a run ends under the
rules it began with, whatever is loaded meanwhile, and goes on after a restart.
"""

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from gateway.messages import Ack, Command, LedgerCounts, Param, Status, seconds, stamp


class Act(Struct, frozen=True, gc=False, tag="act", omit_defaults=True):
    """Order an action of a station, or of the sounds, webhooks and texts that are stations too."""

    station: str
    action: str
    params: dict[str, Param] = {}


class Count(Struct, frozen=True, gc=False, tag="count", omit_defaults=True):
    """Change a counter; ``key`` is its name, with the viewer behind it where each has their own."""

    name: str
    key: str
    add: float = 0.0
    to: float | None = None


class Clock(Struct, frozen=True, gc=False, tag="clock", omit_defaults=True):
    """``start`` a timer for so many seconds, ``extend`` it up to ``most`` ahead, or stop it."""

    name: str
    start: float | None = None
    extend: float | None = None
    most: float | None = None


class Note(Struct, frozen=True, gc=False, tag="note", omit_defaults=True):
    """Keep a text."""

    name: str
    text: str


Effect = Act | Count | Clock | Note


class Todo(Struct, frozen=True, gc=False, omit_defaults=True):
    """``effect`` at so many seconds from the beginning of its part of the run; None ends a part: the next one
    begins when all commands so far have ended."""

    at: float = 0.0
    effect: Effect | None = None


class Cause(Struct, frozen=True, gc=False, omit_defaults=True):
    """The event behind a run, as its commands tell it. ``paid``: it was a gift, or the viewer's credit."""

    event: str
    trigger: str
    received: str
    account: str = ""
    user: str = ""
    viewer: str = ""
    value: int = 0
    paid: bool = False
    simulated: bool = False


class Kept(Struct, frozen=True, gc=False, omit_defaults=True):
    """An action that was not done. ``id``: of its command where nobody knows whether it moved: it is asked for
    again under the same id, and a board that has done it answers so instead of moving twice."""

    act: Act
    id: str = ""


class Run(Struct, frozen=True, gc=False, omit_defaults=True):
    """One firing, for one of the event's units. ``order`` tells which began first. ``base``: when its current part
    began, None while it waits for another run of its rule. ``open``: commands without an ending. ``kept``: what
    was not done, and why: ``status`` and ``reason`` of the first of those, and ``owed`` when a stopped or broken
    station kept it. ``again``: it is given back, and stays owed until all of it is done."""

    id: str
    rule: str
    cause: Cause
    since: float
    deadline: float
    order: int = 0
    priority: int = 0
    base: float | None = None
    todo: tuple[Todo, ...] = ()
    open: dict[str, Act] = {}
    number: int = 0
    status: Status | None = None
    reason: str = ""
    owed: bool = False
    again: bool = False
    kept: tuple[Kept, ...] = ()

    @property
    def over(self) -> bool:
        return not self.todo and not self.open

    @property
    def due(self) -> float | None:
        """When its next step is due; None while it waits for commands or another run."""
        if self.base is None or not self.todo:
            return None
        first = self.todo[0]
        return None if first.effect is None and self.open else self.base + first.at

    @property
    def begun(self) -> float:
        """From when on the deadlines of its current part count."""
        if self.base is None or self.base == self.since:
            return min(self.since, seconds(self.cause.received))
        return self.base

    def command(self, act: Act, command_id: str, now: float) -> Command:
        """The action as a command, decided ``now``."""
        c = self.cause
        return Command(
            id=command_id,
            station=act.station,
            action=act.action,
            params=act.params,
            cause=c.event,
            trigger=c.trigger,
            rule=self.rule,
            account=c.account,
            user=c.user,
            viewer=c.viewer,
            run=self.id,
            value=c.value,
            received=c.received,
            expires_at=stamp(now + self.deadline),
            priority=self.priority,
            simulated=c.simulated,
        )

    def ended(self, ack: Ack, owed: bool) -> "Run":
        """One of its commands came to an end."""
        act = self.open[ack.id]
        left = {k: v for k, v in self.open.items() if k != ack.id}
        if ack.status is Status.DONE:
            return replace(self, open=left)
        # One that was seen to move and then cut off is known to its board, which would only say so again.
        unknown = ack.status is Status.FAILED and ack.times.moved is None
        kept = (*self.kept, Kept(act, ack.id if unknown else ""))
        if self.status is not None:
            return replace(self, open=left, kept=kept, owed=self.owed or owed)
        return replace(self, open=left, kept=kept, owed=owed, status=ack.status, reason=ack.reason)

    def without(self, unsent: Collection[str]) -> "Run":
        """Commands that were decided and are not sent after all."""
        kept = (*self.kept, *(Kept(self.open[command_id]) for command_id in self.open if command_id in unsent))
        return replace(self, open={k: v for k, v in self.open.items() if k not in unsent}, kept=kept)

    def given_up(self, status: Status, reason: str, owed: bool) -> "Run":
        """What is still to do is not done any more; what is under way comes to its own end."""
        kept = (*self.kept, *(Kept(t.effect) for t in self.todo if isinstance(t.effect, Act)))
        if self.status is not None:
            return replace(self, todo=(), kept=kept, owed=self.owed or owed)
        return replace(self, todo=(), kept=kept, owed=owed, status=status, reason=reason)


class Debt(Struct, frozen=True, gc=False, omit_defaults=True):
    """A paid run that ended without all it should have given; ``order`` tells which of them came first."""

    run: Run
    order: int = 0


ENDINGS: dict[Status, str] = {
    Status.DONE: "done",
    Status.FAILED: "failed",
    Status.REJECTED: "failed",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "cancelled",
    Status.BLOCKED: "blocked",
    Status.DROPPED: "dropped",
}
"""The ledger's word for a run that ended so."""


def counted(counts: LedgerCounts | None, **more: int) -> LedgerCounts:
    """The counts with some more, or less."""
    counts = counts or _NONE
    for name, number in more.items():
        more[name] = max(0, getattr(counts, name) + number)
    return replace(counts, **more)


_NONE = LedgerCounts()
