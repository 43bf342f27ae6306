"""What is told of a command's steps. Pure."""

from typing import NamedTuple, assert_never

from gateway.dispatch.queue import FairQueue, Waiting
from gateway.drivers.base import Ending, Outcome
from gateway.messages import FINAL, Ack, Command, KeptBy, Status, Times, Timestamp, seconds, stamp


class Verdict(NamedTuple):
    """A command's ending: of ``FINAL``, with what kept it unless it is done."""

    status: Status
    reason: str
    kept_by: KeptBy


def make_ack(
    command: Command,
    status: Status,
    reason: str = "",
    kept_by: KeptBy = "",
    *,
    decided: float | None = None,
    sent: float | None = None,
    moved: float | None = None,
    ended: float | None = None,
) -> Ack:
    """Times are seconds since 1970, None for what did not happen."""
    assert bool(kept_by) == (status in FINAL - {Status.DONE}), "what was not done was kept by something"
    return Ack(
        id=command.id,
        station=command.station,
        action=command.action,
        status=status,
        reason=reason,
        kept_by=kept_by,
        cause=command.cause,
        trigger=command.trigger,
        rule=command.rule,
        account=command.account,
        user=command.user,
        times=Times(
            received=command.received,
            decided=_stamp(decided),
            sent=_stamp(sent),
            moved=_stamp(moved),
            ended=_stamp(ended),
        ),
        latency_ms=_latency(command, moved),
        simulated=command.simulated,
        channel=command.channel,
    )


def _latency(command: Command, moved: float | None) -> float | None:
    """None, too, where a clock was set back between the two: a gift cannot move anything before it was given."""
    if moved is None or command.received is None:
        return None
    took = round((moved - seconds(command.received)) * 1000, 3)
    return took if took >= 0 else None


def _stamp(t: float | None) -> Timestamp | None:
    return None if t is None else stamp(t)


LEFT_BEHIND = Verdict(
    Status.FAILED,
    "the gateway was started again before its turn came; as far as can be known it has not moved",
    "fault",
)
"""Of a command that an earlier run was killed over."""
NOBODY_KNOWS = Verdict(
    Status.FAILED, "the gateway ended before it said what became of it: whether it moved is not known", "fault"
)
"""Of one whose board cannot be asked."""


def verdict_of(outcome: Outcome) -> Verdict:
    """How a driver's ending is told; where the driver does not say what kept it, the ending does."""
    reason = outcome.reason
    match outcome.ending:
        case Ending.DONE:
            return Verdict(Status.DONE, reason, "")
        case Ending.FAILED:
            return Verdict(Status.FAILED, reason, outcome.kept_by or "fault")
        case Ending.REJECTED:
            return Verdict(Status.REJECTED, reason, outcome.kept_by or "limit")
        case Ending.BLOCKED:
            return Verdict(Status.BLOCKED, reason, outcome.kept_by or "limit")
        case Ending.EXPIRED:
            return Verdict(Status.EXPIRED, reason, outcome.kept_by or "deadline")
        case Ending.CANCELLED:
            return Verdict(Status.CANCELLED, reason, outcome.kept_by or "person")
    assert_never(outcome.ending)


def gave_way(queue: FairQueue, gone: Waiting) -> Verdict:
    """``gone`` had to leave a full queue."""
    who = gone.command.user or gone.command.rule or "those"
    match queue.overflow:
        case "newest" | "oldest":
            what = f"the {queue.overflow} of {who}, who has most waiting,"
        case "cheapest":
            what = f"the cheapest, worth {gone.command.value} coins,"
        case _:
            assert_never(queue.overflow)
    full = f"the queue is full (limit {queue.limit}, overflow {queue.overflow})"
    return Verdict(Status.DROPPED, f"{full}: {what} gave way", "overflow")
