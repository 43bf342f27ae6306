"""Events and actions as rows, from the journal."""

from typing import assert_never
from zoneinfo import ZoneInfo

from gateway.export.rows import when
from gateway.export.table import Row
from gateway.messages import (
    KINDS,
    Ack,
    Battle,
    Comment,
    Envelope,
    Event,
    Gap,
    Gift,
    Input,
    Like,
    Live,
    Person,
    Press,
    Question,
    SessionOrder,
    Tick,
    TopicMessage,
    User,
    Viewers,
)

EVENTS = (
    "time", "received", "account", "practice", "kind", "viewer", "name", "nickname", "text", "gift", "count",
    "coins_each", "coins", "room", "late", "id",
)  # fmt: skip
"""``coins_each`` is empty where a gift's price is not known, and so is ``coins``. ``late``: it fired nothing."""
ACTIONS = (
    "ended", "received", "moved", "account", "practice", "station", "action", "status", "reason", "kept_by",
    "rule", "trigger", "user", "latency_ms", "cause", "id",
)  # fmt: skip
"""One row for each ending; ``cause`` is the id of the event behind it."""


def event(e: Event, zone: ZoneInfo) -> Row:
    user = getattr(e.data, "user", None)
    viewer = (user.id, user.name, user.nickname) if isinstance(user, User) else ("", "", "")
    head = (when(e.time, zone), when(e.received, zone), e.account, e.simulated, KINDS[type(e)])
    return (*head, *viewer, *_said(e), e.room, e.stale, e.id)


def _said(e: Event) -> Row:
    """text, gift, count, coins each, coins."""
    match e.data:
        case Gift() as data:
            coins = None if data.coins is None else data.coins * data.count
            return f"to {data.to}" if data.to else "", data.name, data.count, data.coins, coins
        case (Comment() | Question()) as data:
            return data.text, "", None, None, None
        case (Like() | Person() | Viewers()) as data:
            return "", "", data.count, None, None
        case Envelope() as data:
            return "", "", data.people, None, data.coins
        case Live() as data:
            return f"{data.phase} {data.title}".strip(), "", None, None, None
        case Gap() as data:
            return f"not heard from {data.start} to {data.end}: {data.why}", "", None, None, None
        case Battle() as data:
            points = " : ".join(str(side.points) for side in sorted(data.sides, key=lambda side: not side.own))
            return f"{data.phase} {points}".strip(), "", None, None, None
        case Input() as data:
            return f"{data.station} {data.channel} {'on' if data.level else 'off'}", "", data.count, None, None
        case Press() as data:
            return f"{data.button} by {data.by}" if data.by else data.button, "", None, None, None
        case TopicMessage() as data:
            return f"{data.topic} {data.payload}", "", None, None, None
        case Tick() as data:
            return data.timer or data.rule, "", None, None, None
        case SessionOrder() as data:
            return f"{data.phase} by {data.by}" if data.by else data.phase, "", None, None, None
    assert_never(e.data)


def action(ack: Ack, simulated: bool, zone: ZoneInfo) -> Row:
    t = ack.times
    head = (when(t.ended, zone), when(t.received, zone), when(t.moved, zone), ack.account, simulated)
    what = (ack.station, ack.action, ack.status.value, ack.reason, ack.kept_by, ack.rule, ack.trigger)
    return (*head, *what, ack.user, ack.latency_ms, ack.cause, ack.id)
