"""What a thumb can press. Every answer says what became of it, never what was hoped."""

from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta, Struct

from gateway.errors import BusError, PayloadError
from gateway.messages import Id, MessageId, Mode, Outcome, Trace, decode
from gateway.messages import Response as Answer
from web.answers import as_json, told
from web.asking import Params
from web.parts import Parts
from web.people.present import need, presser
from web.people.roles import Role
from web.source import Source

MOST_REASONS = 3


class TripOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id`` is made by the phone: pressed again because an answer was lost, it is the same stop."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class ResetOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    trip: MessageId


class ArmOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    armed: bool


class ModeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Mode


class QueueOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pause and resume are of a station, or of all without one; the others are of a ``command`` that waits."""

    do: Literal["pause", "resume", "skip", "hold", "release", "first"]
    station: Id | None = None
    command: MessageId | None = None


class LedgerOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    do: Literal["pay", "forgive", "pay-all", "forgive-all"]
    run: MessageId | None = None


class ButtonPress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    button: Id


def blueprint(parts: Parts) -> Blueprint:
    views = Blueprint("press", __name__, url_prefix="/api")
    source, a_place = parts.source, parts.places.one

    @views.post("/estop/trip")
    def trip() -> Response:
        """202 and the state of the stop: kept and sent for sure, proved only when ``phase`` is stopped."""
        order: TripOrder = decode(request.get_data(), TripOrder)
        return as_json({"stop": source.trip(order.id, presser())}, 202)

    @views.post("/estop/reset")
    def reset() -> Response:
        order: ResetOrder = decode(request.get_data(), ResetOrder)
        return as_json({"stop": source.reset(order.trip, presser())}, 202)

    @views.post("/arm")
    def arm() -> Response:
        """This and those below: 200 when every gateway that was asked did it, 409 with the words of those that
        refused, 503 with ours when one could not be asked or is silent."""
        order: ArmOrder = decode(request.get_data(), ArmOrder)
        if order.armed:
            need(Role.SUPERVISOR)
        with a_place():
            return told(source.ask_all("arm", {"armed": order.armed}, presser()))

    @views.post("/queue")
    def queue() -> Response:
        order: QueueOrder = decode(request.get_data(), QueueOrder)
        with a_place():
            if order.station is None:
                if order.do not in ("pause", "resume"):
                    raise PayloadError(f"say at which station to {order.do}")
                return told(source.ask_all("queue", {"do": order.do}, presser()))
            params: Params = {"station": order.station, "do": order.do, "command": order.command or ""}
            return told([source.ask("queue", params, presser())])

    @views.post("/ledger")
    def ledger() -> Response:
        order: LedgerOrder = decode(request.get_data(), LedgerOrder)
        params: Params = {"do": order.do} if order.run is None else {"do": order.do, "run": order.run}
        with a_place():
            return told([source.ask("ledger", params, presser(), order.gateway)])

    @views.post("/button")
    def button() -> Response:
        """As the others; where no rule fired, ``why`` are the words of those that listen."""
        order: ButtonPress = decode(request.get_data(), ButtonPress)
        with a_place():
            pressed = source.ask("press", {"button": order.button}, presser(), order.gateway)
            why = [] if not pressed.ok or pressed.result.get("fired") else _why_not(source, pressed, order.gateway)
            return told([pressed], why=why)

    @views.post("/mode")
    def mode() -> Response:
        """202: ordered. The gateway's own state says when it is done."""
        order: ModeChange = decode(request.get_data(), ModeChange)
        if order.mode == "live":
            need(Role.SUPERVISOR)
        source.mode(order.mode, presser())
        return as_json({"mode": order.mode}, 202)

    return views


def _why_not(source: Source, pressed: Answer, gateway: str) -> list[str]:
    """What the rules said of a press that fired none; nothing when that is not told."""
    try:
        traced = source.ask("trace", {"event": str(pressed.result.get("event", ""))}, presser(), gateway)
        trace = msgspec.convert(traced.result, Trace)
    except (BusError, msgspec.ValidationError):
        return []
    reasons = trace.decided.reasons if trace.decided else []
    return [r.words or r.outcome.value for r in reasons if r.outcome is not Outcome.NO_MATCH][:MOST_REASONS]
