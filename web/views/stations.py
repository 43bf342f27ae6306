"""Stations: what each is and did, its actions and outputs tried by hand, its board asked and flashed."""

import re
import time
from typing import Annotated, Literal

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.messages import Id, Order, Param, decode, stamp
from web.answers import as_json, told
from web.parts import Parts
from web.people.present import presser

ORDER_S = 10.0
"""An order waits its turn for so long: somebody stands before the machine and looks."""
BOARDS = ("uno", "nano", "nano-old", "mega")
NAME = re.compile(r"[a-z0-9-]{1,32}")
Params = Annotated[dict[str, Param], Meta(max_length=20)]


class ActionOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``id`` is made by the phone: sent again because an answer was lost, it is the same order."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    action: Id
    params: Params = {}


class TestOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    channel: Id
    params: Params = {}


class Look(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the two."""

    action: Id | None = None
    channel: Id | None = None
    params: Params = {}


class FlashOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: Literal["begin", "cancel"]
    board: Literal["", "uno", "nano", "nano-old", "mega"] = ""


def blueprint(parts: Parts) -> Blueprint:
    views = Blueprint("stations", __name__)
    source, a_place = parts.source, parts.places.one

    @views.get("/stations")
    def index() -> str:
        return render_template("stations.html", script="stations.js")

    @views.get("/stations/<station>")
    def one(station: str) -> str:
        if not NAME.fullmatch(station):
            abort(404, _("No station is called so."))
        return render_template("station.html", script="station.js", station=station, boards=BOARDS)

    @views.post("/api/stations/<station>/order")
    def order(station: str) -> Response:
        """202: sent. What becomes of the ``command`` is told by the station's results."""
        asked: ActionOrder = decode(request.get_data(), ActionOrder)
        body = Order(
            id=f"page-{asked.id}",
            action=asked.action,
            params=asked.params,
            by=presser(),
            expires_at=stamp(time.time() + ORDER_S),
        )
        source.order(lambda topics: topics.station_command(_name(station)), body)
        return as_json({"command": body.id}, 202)

    @views.post("/api/stations/<station>/look")
    def look(station: str) -> Response:
        """This and those below: 200 with the gateway's answer, 409 with its words when it refuses."""
        asked: Look = decode(request.get_data(), Look)
        meant = {"action": asked.action} if asked.action else {"channel": asked.channel or ""}
        return _ask("test", {**asked.params, **meant, "station": station, "dry_run": True})

    @views.post("/api/stations/<station>/test")
    def test(station: str) -> Response:
        asked: TestOrder = decode(request.get_data(), TestOrder)
        return _ask("test", {**asked.params, "station": station, "channel": asked.channel})

    @views.post("/api/stations/<station>/ping")
    def ping(station: str) -> Response:
        return _ask("test", {"station": station})

    @views.post("/api/stations/<station>/flash")
    def flash(station: str) -> Response:
        asked: FlashOrder = decode(request.get_data(), FlashOrder)
        board: dict[str, Param] = {"board": asked.board} if asked.board else {}
        return _ask("flash", {"station": station, "do": asked.do, **board})

    @views.get("/api/stations/<station>/flash")
    def flashing(station: str) -> Response:
        return _ask("flash", {"station": station, "do": "state"})

    def _ask(verb: str, params: dict[str, Param]) -> Response:
        with a_place():
            return told([source.ask(verb, params, presser())])

    return views


def _name(station: str) -> str:
    if not NAME.fullmatch(station):
        abort(404, _("No station is called so."))
    return station
