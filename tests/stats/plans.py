"""Random evenings as hypothesis draws them: events and acks of two accounts, in the order of counting."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from gateway.messages import Ack, Event, Status, Times, stamp
from tests.records import NOON, event

ACCOUNTS, ROOMS, VIEWERS = ("mara", "mara", "juno"), ("room-1", "room-1", "room-2", ""), ("otto", "lene", "ivo")
KINDS = (
    "gift",
    "gift",
    "comment",
    "like",
    "viewers",
    "viewers",
    "started",
    "ended",
    "gap",
    "hand",
    "close",
    "ack",
    "ack",
)

Step = tuple[str, str, str, str, int, float, bool]
steps: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(ROOMS),
    st.sampled_from(VIEWERS),
    st.integers(0, 50),
    st.one_of(st.floats(-3, 30), st.floats(0, 1900)),  # seconds since the step before; some come a little late
    st.booleans(),
)
evenings = st.lists(steps, min_size=5, max_size=60)


def messages(plan: list[Step]) -> list[Event | Ack]:
    now, found = NOON, list[Event | Ack]()
    for n, (kind, account, room, viewer, count, step, flag) in enumerate(plan):
        now += round(step, 3)
        found.append(_message(f"m{n}", now, kind, account, room, viewer, count, flag))
    return found


def _message(
    name: str, now: float, kind: str, account: str, room: str, viewer: str, count: int, flag: bool
) -> Event | Ack:
    user = {"id": viewer, "name": f"{viewer}.quist"}
    if kind == "ack":
        times = Times(moved=stamp(now - count / 10), ended=stamp(now))
        return Ack(
            id=f"{name}/boom/0",
            station=viewer,
            action="fire" if flag else "spin",
            status=Status.DONE if count % 3 else Status.FAILED,
            account=account if count else "",
            trigger="gift" if flag else "like",
            times=times,
            latency_ms=count * 7.5,
            simulated=count == 33,
        )
    data: dict[str, Any]
    match kind:
        case "gift":
            coins = count if flag else None
            data = {"user": user, "gift_id": viewer, "name": room, "count": count, "total": count, "coins": coins}
        case "comment":
            data = {"user": user, "text": "hello"}
        case "like":
            data = {"user": user if flag else None, "count": count}
        case "viewers":
            data = {"count": count if count else 90_000}
        case "started" | "ended":
            kind, data = "live", {"phase": kind}
        case "gap":
            data = {"start": stamp(now - 10 * count), "end": stamp(now - count), "why": "not heard"}
        case _:
            kind, data = "session", {"phase": "started" if kind == "hand" else "ended"}
    e = event(kind, name, now, account=account, room=room, simulated=count == 33, **data)
    return msgspec.structs.replace(e, stale=flag)
