"""Command and Ack: what a station shall do, and what became of it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from gateway.messages.values import Count, Id, MessageId, Text, Timestamp

Param = bool | int | float | Annotated[str, Meta(max_length=200)]


LONGEST_WAIT_S = 600.0
"""Seconds. No deadline counts later than this from now: what waits for a board that is away must not move it an
hour later, when somebody has a hand in the machine."""


class Command(Struct, frozen=True, kw_only=True):
    """One action of one station. ``id`` derives from (event, rule, step, unit): the same gift seen
    twice is the same command. After ``expires_at`` it never moves anything.

    ``cause`` is the id of the event (or order) behind it, ``trigger`` that event's kind (empty for an order),
    ``received`` its ``received``. ``viewer`` is the platform's id of who caused it, ``user`` what is shown.
    ``run`` names one run of a rule, whose steps stay together; ``value`` is what was paid for it, in coins.
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


class Order(Struct, frozen=True, kw_only=True):
    """What an integrator sends to ``station/<s>/command``; the gateway makes a Command of it, with a deadline
    at most ten minutes ahead."""

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


FINAL = frozenset({Status.DONE, Status.FAILED, Status.REJECTED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED})


class Times(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When each hop saw a command. ``moved`` is when the output changed, by the board's own clock."""

    received: Timestamp | None = None
    decided: Timestamp | None = None
    sent: Timestamp | None = None
    moved: Timestamp | None = None
    ended: Timestamp | None = None


class Ack(Struct, frozen=True, kw_only=True):
    """What became of a command. ``latency_ms``: from the event's ``received`` to ``moved``."""

    id: MessageId
    station: Id
    action: Id
    status: Status
    reason: Text = ""
    cause: str = ""
    trigger: str = ""
    rule: str = ""
    account: str = ""
    user: Text = ""
    times: Times = Times()
    latency_ms: float | None = None
    simulated: bool = False
