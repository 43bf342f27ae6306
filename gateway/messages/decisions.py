"""What the rules said, what became of what they owe, and where they stand: trace, ledger, state of the rules."""

from enum import StrEnum

from msgspec import Struct

from gateway.messages.commands import Ack, Command
from gateway.messages.events import Event
from gateway.messages.values import Count, EventId, Id, MessageId, Text, Timestamp


class Outcome(StrEnum):
    """What a rule that was looked at said of an event; nothing else exists."""

    FIRED = "fired"
    NO_MATCH = "no match"
    WAITING = "waiting"  # it counts towards something: a combo, a milestone, the end of a streak
    NOT_MEANT = "not meant"
    COOLDOWN = "cooldown"
    BUSY = "busy"
    BUDGET = "budget"
    STALE = "stale"


BLOCKED_OUTCOMES = frozenset({Outcome.COOLDOWN, Outcome.BUSY, Outcome.BUDGET, Outcome.STALE})
"""The event was meant, and a limit said no: an ending for the ledger."""


class Reason(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One rule's word on one event. ``times``: how often its actions run, or would have."""

    rule: str
    outcome: Outcome
    words: Text = ""
    times: int = 0


class Decided(Struct, frozen=True, gc=False, kw_only=True):
    """Every rule's word on one event, at ``time``, in the order in which they were asked."""

    event: EventId
    account: str = ""
    time: Timestamp
    reasons: list[Reason] = []


class TracedCommand(Struct, frozen=True, kw_only=True):
    """A command and its steps so far; the last one may be its ending."""

    command: Command
    steps: list[Ack] = []


class Trace(Struct, frozen=True, kw_only=True):
    """All that one event set in motion, each hop with its time. ``event`` is None where only its commands are
    known any more, ``decided`` where no rule had anything to say that is kept. ``more`` commands had no room."""

    event: Event | None = None
    decided: Decided | None = None
    commands: list[TracedCommand] = []
    more: Count = 0


class LedgerCounts(Struct, frozen=True, gc=False, kw_only=True):
    """Runs of rules by what became of them. ``received`` is the sum of all others, and that is checked."""

    received: Count = 0
    waiting: Count = 0
    done: Count = 0
    blocked: Count = 0
    expired: Count = 0
    dropped: Count = 0
    cancelled: Count = 0
    failed: Count = 0
    owed: Count = 0


class Owed(Struct, frozen=True, kw_only=True):
    """A paid run that a stopped or broken station could not give. ``reason`` says what kept it."""

    run: MessageId
    rule: Id
    event: str
    account: str = ""
    user: Text = ""
    value: Count = 0
    since: Timestamp
    reason: Text = ""
    simulated: bool = False


class LedgerState(Struct, frozen=True, kw_only=True):
    """Retained on ``gateway/<g>/ledger``. ``balanced``: every run that was received has exactly one ending or
    still waits. ``oldest`` of what is owed come first; ``more`` stand behind them."""

    gateway: Id
    total: LedgerCounts = LedgerCounts()
    practice: LedgerCounts = LedgerCounts()
    rules: dict[str, LedgerCounts] = {}
    balanced: bool = True
    oldest: list[Owed] = []
    more: Count = 0


class RuleFired(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that a rule last fired for, in short. ``what``: the gift, the comment, the button; viewers' words
    may stand there. ``count``: how many of it."""

    time: Timestamp
    event: EventId
    kind: str
    what: Text = ""
    who: Text = ""
    count: Count = 1
    simulated: bool = False


class RuleRefused(RuleFired, frozen=True, kw_only=True, omit_defaults=True):
    """An event that a rule did not fire for, and in ``words`` why not."""

    outcome: Outcome
    words: Text = ""


class RuleState(Struct, frozen=True, kw_only=True):
    """``broken``: why the rule does not run, with file and line; empty when all is well. Of a broken part of the
    file that is no rule, ``rule`` is its place: ``counters.goal``, ``games.wheel``, ``file``.

    ``last``: what it last fired for since the gateway began; ``why_not``: what it did not fire for, newest first,
    one of each outcome, at most three.
    """

    rule: str
    title: Text = ""
    enabled: bool = True
    broken: Text = ""
    fired: Count = 0
    last: RuleFired | None = None
    why_not: list[RuleRefused] = []


class StageState(Struct, frozen=True, kw_only=True):
    """``metric`` is what is measured now, ``next`` the level above and what it needs; ``locked``: by a person."""

    stage: Id
    level: Id
    since: Timestamp
    metric: float = 0.0
    next: str = ""
    needs: float | None = None
    locked: bool = False


class RulesState(Struct, frozen=True, kw_only=True):
    """Retained on ``gateway/<g>/rules``: which rules run, and where counters, timers, notes and stages stand.

    ``previous``: there is a set of rules to roll back to. ``timers``: name to when it ends. ``notes``: texts
    that rules keep; viewers' words may stand in them. ``more`` rules had no room.
    """

    gateway: Id
    fingerprint: str
    loaded: Timestamp
    previous: bool = False
    rules: list[RuleState] = []
    counters: dict[str, float] = {}
    timers: dict[str, Timestamp] = {}
    notes: dict[str, Text] = {}
    stages: list[StageState] = []
    buttons: list[Id] = []
    more: Count = 0


class Announcement(Struct, frozen=True, kw_only=True):
    """``gateway/<g>/announcement``: a line for page and overlays, made by a rule. Viewers' words stand in it:
    show it as text only."""

    text: Text
    user: Text = ""
    rule: str = ""
    cause: str = ""
    time: Timestamp
    simulated: bool = False
