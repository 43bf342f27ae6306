"""Events, commands and acks by the dozen, for the tests of journal and statistics. The viewers are invented."""

from typing import Any

import msgspec

from gateway.messages import Ack, Command, Decided, Event, Outcome, Reason, Status, Times, stamp

NOON = 1_795_348_800.0
"""2026-11-22T12:00:00Z"""


def event(
    kind: str,
    event_id: str,
    at: float = NOON,
    *,
    account: str = "mara",
    room: str = "room-1",
    simulated: bool = False,
    **data: Any,
) -> Event:
    """An event of ``kind`` that the connector read at ``at`` (seconds since 1970)."""
    raw = {
        "type": f"stagewire.{kind}",
        "id": event_id,
        "source": "tests",
        "time": stamp(at),
        "received": stamp(at),
        "account": account,
        "room": room,
        "simulated": simulated,
        "data": data,
    }
    return msgspec.convert(raw, Event)  # type: ignore[no-any-return]  # a union is no type to mypy here


def gift(event_id: str, at: float = NOON, *, count: int = 1, name: str = "Rose", **more: Any) -> Event:
    coins = more.pop("coins", 1)
    user = {"id": "7", "name": "otto.quist"}
    data = {"user": user, "gift_id": "5655", "name": name, "count": count, "total": count, "coins": coins}
    return event("gift", event_id, at, **data, **more)


def command(command_id: str, cause: str) -> Command:
    return Command(
        id=command_id, station="bell", action="ring", cause=cause, account="mara", expires_at=stamp(NOON + 30)
    )


def ack(command_id: str, cause: str, status: Status = Status.DONE) -> Ack:
    times = Times(received=stamp(NOON), moved=stamp(NOON + 0.004))
    return Ack(
        id=command_id,
        station="bell",
        action="ring",
        status=status,
        cause=cause,
        account="mara",
        times=times,
        latency_ms=4.0,
    )


def decided(event_id: str, *said: tuple[str, Outcome], at: float = NOON) -> Decided:
    """Each rule's word on an event."""
    reasons = [Reason(rule=rule, outcome=outcome) for rule, outcome in said]
    return Decided(event=event_id, account="mara", time=stamp(at), reasons=reasons)
