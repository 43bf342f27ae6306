"""What is told of a command's steps. Pure."""

from typing import assert_never

from gateway.drivers.base import Ending
from gateway.messages import Ack, Command, Status, Times, seconds, stamp


def make_ack(command: Command, status: Status, reason: str, **times: float | None) -> Ack:
    """``times``: of the fields of ``Times``, seconds since 1970, None for what did not happen."""
    moved = times.get("moved")
    latency = None
    if moved is not None and command.received is not None:
        latency = round((moved - seconds(command.received)) * 1000, 3)
    return Ack(
        id=command.id,
        station=command.station,
        action=command.action,
        status=status,
        reason=reason,
        cause=command.cause,
        trigger=command.trigger,
        rule=command.rule,
        account=command.account,
        user=command.user,
        times=Times(received=command.received, **{k: stamp(t) for k, t in times.items() if t is not None}),
        latency_ms=latency,
        simulated=command.simulated,
    )


def left_behind(command: Command, now: float) -> Ack:
    """The ending of a command that an earlier run was killed over."""
    why = "the gateway ended before it said what became of it: whether it moved is not known"
    return make_ack(command, Status.FAILED, why, ended=now)


def status_of(ending: Ending) -> Status:
    """How a driver's ending is told."""
    match ending:
        case Ending.DONE:
            return Status.DONE
        case Ending.FAILED:
            return Status.FAILED
        case Ending.REJECTED:
            return Status.REJECTED
        case Ending.BLOCKED:
            return Status.BLOCKED
        case Ending.EXPIRED:
            return Status.EXPIRED
        case Ending.CANCELLED:
            return Status.CANCELLED
    assert_never(ending)
