"""Invented events, to try a rule without a viewer."""

import itertools
from typing import Any

import msgspec

from gateway import messages as m
from gateway.errors import PayloadError
from gateway.text import normalise

SOMEBODY = {"id": "0", "name": "simulated", "nickname": "Simulated viewer"}
_INVENTED: dict[str, dict[str, Any]] = {
    "gift": {"user": SOMEBODY, "gift_id": "0", "name": "Rose", "count": 1},
    "comment": {"user": SOMEBODY},
    "question": {"user": SOMEBODY},
    "like": {"user": SOMEBODY, "count": 1},
    "battle": {"battle": "0", "phase": "started"},
    "follow": {"user": SOMEBODY},
    "share": {"user": SOMEBODY},
    "join": {"user": SOMEBODY},
    "subscribe": {"user": SOMEBODY},
    "envelope": {"user": SOMEBODY},
}
_numbers = itertools.count(1)


def invent(order: m.Simulate, account: str, now: float) -> m.Event:
    """The event that ``order`` asks for, with its id or a fresh one; ``now``: seconds since 1970.

    Raises ``PayloadError`` when ``order.data`` is not the data of such an event.
    """
    data = {**_INVENTED.get(order.kind, {}), **order.data}
    if order.kind == "gift":
        data.setdefault("total", data["count"])
    if order.kind in ("comment", "question") and isinstance(data.get("text"), str):
        data.setdefault("plain", normalise(data["text"]))
    at = m.stamp(now)
    event = {
        "type": f"stagewire.{order.kind}",
        "id": order.id or f"simulated-{account}-{int(now * 1000)}-{next(_numbers)}",
        "source": f"simulated/{account}",
        "time": at,
        "received": at,
        "account": account,
        "simulated": True,
        "data": data,
    }
    return m.decode_event(_encoded(event))


def _encoded(event: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(event)
    except (TypeError, ValueError, OverflowError) as e:
        raise PayloadError(f"the event cannot be written: {e}") from None
