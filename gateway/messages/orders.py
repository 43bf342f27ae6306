"""Requests, modes and the emergency stop: what people want of a gateway, and its proof; and of a connector."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gateway.messages.commands import Param
from gateway.messages.states import Mode
from gateway.messages.values import Id, MessageId, Text, Timestamp


class Request(Struct, frozen=True, kw_only=True):
    """``gateway/<g>/request/<verb>``; the answer carries the same ``transaction``. ``text`` is for what is longer
    than a parameter, such as a rule."""

    transaction: MessageId
    by: Text = ""
    params: dict[str, Param] = {}
    text: Annotated[str, Meta(max_length=200_000)] = ""


class Response(Struct, frozen=True, kw_only=True):
    transaction: MessageId
    ok: bool
    error: Text = ""
    result: dict[str, Any] = {}


class AccountOrder(Struct, frozen=True, kw_only=True):
    """``account/<a>/command/`` ``connect``, ``disconnect`` (a pause) or ``remove``; an empty payload does as well.
    The account's state is the answer."""

    by: Text = ""


class AddAccount(Struct, frozen=True, kw_only=True):
    """``account/<a>/command/add``: a LIVE to listen to until the connector restarts; the fields are those of an
    account in the settings. ``connector`` is who shall do it, for a venue that has several."""

    username: Annotated[str, Meta(max_length=32, description="the @name, without the @")]
    source: Literal["tiktok", "euler", "tikfinity", "replay", "practice"] = "tiktok"
    file: Annotated[str, Meta(max_length=100)] | None = None
    speed: float = 1.0
    guest_gifts: Literal["drop", "keep"] = "drop"
    connector: Id | None = None
    by: Text = ""


class Simulate(Struct, frozen=True, kw_only=True):
    """``account/<a>/command/simulate``: one invented event, marked ``simulated``. ``data`` is the event's own;
    what is left out of it (the user, a gift's count) is invented too. ``connector`` is who shall do it, where two
    listen to one account: each would invent one of its own. ``id``: the event's, for who asks what became of it;
    the same one again is the same event."""

    kind: Literal[
        "gift",
        "comment",
        "like",
        "follow",
        "share",
        "join",
        "subscribe",
        "viewers",
        "question",
        "envelope",
        "battle",
    ]
    data: dict[str, Any] = {}
    id: Annotated[str, Meta(pattern=r"^simulated-[A-Za-z0-9-]{1,64}$")] | None = None
    connector: Id | None = None
    by: Text = ""


class ModeOrder(Struct, frozen=True, kw_only=True):
    """Retained on ``control/mode``. Rehearsal: everything is decided, nothing moves. Paused: nothing fires.
    Both end what runs and cancel what waits."""

    mode: Mode
    by: Text = ""


class EstopTrip(Struct, frozen=True, kw_only=True):
    """Any non-empty retained payload on ``control/estop/trip`` trips; this is what our own clients send."""

    id: MessageId
    by: Text = ""
    at: Timestamp | None = None
    reason: Text = ""


class EstopReset(Struct, frozen=True, kw_only=True):
    """Must name the trip it ends. Never re-arms by itself."""

    trip: MessageId
    by: Text = ""


class BoardProof(Struct, frozen=True, kw_only=True):
    """``confirmed`` only when the board itself said that it is stopped and no output is energised."""

    station: Id
    confirmed: bool
    detail: Text = ""


class EstopProof(Struct, frozen=True, kw_only=True):
    """Retained on ``gateway/<g>/estop``. ``confirmed``: every board has proved it. An unreachable board
    is never counted as stopped."""

    gateway: Id
    tripped: bool
    trip: EstopTrip | None = None
    confirmed: bool = False
    boards: list[BoardProof] = []
