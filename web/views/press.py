"""What a thumb can press. Every answer says what became of it, never what was hoped."""

import threading
from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, request
from msgspec import Meta, Struct

from gateway.errors import BusError
from gateway.messages import MessageId, Mode, decode
from web.guard import presser
from web.source import Source

MAX_WAITING = 8
"""Presses that wait for a gateway's answer at once: the stop must always find a free thread."""


class TripOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id`` is made by the phone: pressed again because an answer was lost, it is the same stop."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class ResetOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    trip: MessageId


class ArmOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    armed: bool


class ModeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Mode


def blueprint(source: Source) -> Blueprint:
    views = Blueprint("press", __name__, url_prefix="/api")
    waiting = threading.BoundedSemaphore(MAX_WAITING)

    @views.post("/estop/trip")
    def trip() -> Response:
        """202 and the state of the stop: kept and sent for sure, proved only when ``phase`` is stopped."""
        order: TripOrder = decode(request.get_data(), TripOrder)
        return _json({"stop": source.trip(order.id, presser())}, 202)

    @views.post("/estop/reset")
    def reset() -> Response:
        order: ResetOrder = decode(request.get_data(), ResetOrder)
        return _json({"stop": source.reset(order.trip, presser())}, 202)

    @views.post("/arm")
    def arm() -> Response:
        """200 when every gateway did it, 409 with the words of those that refused."""
        order: ArmOrder = decode(request.get_data(), ArmOrder)
        if not waiting.acquire(blocking=False):
            raise BusError("too many presses wait for the gateway: try again in a moment")
        try:
            answers = source.arm(order.armed, presser())
        finally:
            waiting.release()
        refused = "; ".join(a.error or "the gateway refused" for a in answers if not a.ok)
        return _json({"error": refused}, 409) if refused else _json({"armed": order.armed}, 200)

    @views.post("/mode")
    def mode() -> Response:
        """202: ordered. The gateway's own state says when it is done."""
        order: ModeChange = decode(request.get_data(), ModeChange)
        source.mode(order.mode, presser())
        return _json({"mode": order.mode}, 202)

    return views


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
