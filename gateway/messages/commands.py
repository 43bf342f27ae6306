"""Command and Ack: what a station shall do, and what became of it."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.messages.values import Count, Id, MessageId, Text, Timestamp

LONGEST_TEXT = 1000
"""Characters of a parameter: what a rule says, calls or publishes."""
Param = bool | int | float | Annotated[str, Meta(max_length=LONGEST_TEXT)]


LONGEST_WAIT_S = 600.0
"""Seconds. No deadline counts later than this from now: what waits for a board that is away must not move it an
hour later, when somebody has a hand in the machine."""


class Command(Struct, frozen=True, gc=False, kw_only=True):
    """One action of one station. ``id`` derives from (event, rule, step, unit): the same gift seen
    twice is the same command. After ``expires_at`` it never moves anything.

    ``cause`` is the id of the event (or order) behind it, ``trigger`` that event's kind (empty for an order),
    ``received`` its ``received``. ``viewer`` is the platform's id of who caused it, ``user`` what is shown.
    ``run`` names one run of a rule, whose steps stay together; ``value`` is what was paid for it, in coins.
    ``channel``: a person tries this output by itself, and ``action`` is only what that is called.
    """

    id: MessageId
    station: Id
    action: Id
    params: dict[str, Param] = {}
    cause: str = ""
    trigger: str = ""
    rule: str = ""
    account: str = ""
    user: Text = ""
    viewer: str = ""
    run: str = ""
    value: Count = 0
    received: Timestamp | None = None
    expires_at: Timestamp
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    dry_run: bool = False
    simulated: bool = False
    channel: Id | UnsetType = UNSET

    @property
    def work(self) -> str:
        """What it sets to work at its station: an action, or a channel, which no action is called like."""
        return f"channel {self.channel}" if self.channel else self.action


class Order(Struct, frozen=True, kw_only=True):
    """What an integrator sends to ``station/<s>/command``; the gateway makes a Command of it, with a deadline
    at most ten minutes ahead. Its id has no ``/``: those are the rules' own."""

    id: MessageId
    action: Id
    params: dict[str, Param] = {}
    by: Text = ""
    expires_at: Timestamp
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    dry_run: bool = False


class Status(StrEnum):
    """Every state a command can be in; those in ``FINAL`` are endings, and each command gets exactly one."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    DROPPED = "dropped"


FINAL = frozenset(Status) - {Status.ACCEPTED, Status.QUEUED, Status.RUNNING}


KeptBy = Literal["", "stop", "disarmed", "mode", "offline", "fault", "deadline", "overflow", "person", "limit"]
"""What kept a command from being done; a closed set, on which the ledger decides what is owed.

* ``""``: nothing; it is done, or has not ended.
* ``stop``: an emergency stop, also when it cut the command off in the middle.
* ``disarmed``: nobody had armed the machines, or somebody disarmed them.
* ``mode``: rehearsal or paused, or the command itself was a dry run.
* ``offline``: the station was not there to be told, whether it ended at once or at its deadline.
* ``fault``: something broke: board, cable, driver, another system, the way to the broker, or the gateway ended.
* ``deadline``: its turn did not come in time at a station that could have worked.
* ``overflow``: it gave way in a full queue.
* ``person``: somebody skipped or ended it, or held it (or its station) back until its deadline.
* ``limit``: refused as it stands (rest, duty, interlock, longest time, no such action), or ended by its rule.
"""


class Times(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """When each hop saw a command. ``moved`` is when the output changed, by the board's own clock."""

    received: Timestamp | None = None
    decided: Timestamp | None = None
    sent: Timestamp | None = None
    moved: Timestamp | None = None
    ended: Timestamp | None = None


class Ack(Struct, frozen=True, gc=False, kw_only=True):
    """What became of a command. ``latency_ms``: from the event's ``received`` to ``moved``. ``kept_by``: what kept
    it from being done, said with every ending but ``done``; ``reason`` says the same to a person. ``channel``: the
    one that was tried by itself."""

    id: MessageId
    station: Id
    action: Id
    status: Status
    reason: Text = ""
    kept_by: KeptBy = ""
    cause: str = ""
    trigger: str = ""
    rule: str = ""
    account: str = ""
    user: Text = ""
    times: Times = Times()
    latency_ms: float | None = None
    simulated: bool = False
    channel: Id | UnsetType = UNSET
