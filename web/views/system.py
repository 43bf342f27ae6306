"""The system screen: how gateways, connectors and the page are, and what they complained of."""

import time
from typing import Annotated, Any, Literal

import msgspec
from flask import (
    Blueprint,
    Response,
    abort,
    copy_current_request_context,
    render_template,
    request,
)
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import BusError, StagewireError
from gateway.messages import Id, decode
from web import diagnosis
from web.answers import as_json, told
from web.condition import Streams
from web.errands import Busy, Errand, Errands
from web.parts import Parts
from web.people.present import presser

LONGEST_PROFILE_S = 30
EXTRA_S = 10.0
"""Beside the seconds of a profile: for its table, on a slow machine."""
PAGE = "page"
"""The page itself, where a gateway's id stands else."""


class Clear(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``of``: a gateway, or ``page``."""

    of: Id


class ProfileOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    seconds: Annotated[int, Meta(ge=1, le=LONGEST_PROFILE_S)] = 5


class Errors(Struct, frozen=True, kw_only=True):
    """What one program complained of; ``why``: it did not tell."""

    of: str
    kind: Literal["gateway", "page"]
    errors: list[dict[str, Any]] = []
    more: int = 0
    why: str = ""


def blueprint(parts: Parts, errands: Errands, streams: Streams) -> Blueprint:
    views = Blueprint("system", __name__)
    source, condition, a_place = parts.source, parts.condition, parts.places.one

    @views.get("/system")
    def index() -> str:
        return render_template("system.html", script="system.js")

    @views.get("/api/system/page")
    def page() -> Response:
        return as_json(condition.now(streams))

    @views.get("/api/system/errors")
    def errors() -> Response:
        """Of every gateway that is online and of the page, as ``Errors``."""
        found = [Errors(of=PAGE, kind="page", errors=msgspec.to_builtins(condition.errors.seen()))]
        with a_place():
            found += map(_of_gateway, source.look(lambda venue: sorted(venue.ids("gateway"))))
        return as_json({"programs": found})

    def _of_gateway(gateway: str) -> Errors:
        try:
            answer = source.ask("errors", {"do": "list"}, presser(), gateway)
        except BusError as e:
            return Errors(of=gateway, kind="gateway", why=str(e))
        if not answer.ok:
            return Errors(of=gateway, kind="gateway", why=answer.error)
        return Errors(
            of=gateway,
            kind="gateway",
            errors=list(answer.result.get("errors", [])),
            more=int(answer.result.get("more", 0)),
        )

    @views.post("/api/system/errors/clear")
    def clear() -> Response:
        order: Clear = decode(request.get_data(), Clear)
        if order.of == PAGE:
            condition.errors.clear()
            return as_json({"result": {}})
        with a_place():
            return told([source.ask("errors", {"do": "clear"}, presser(), order.of)])

    @views.get("/api/system/diagnostics")
    def diagnostics() -> Response:
        with a_place():
            body = diagnosis.make(parts, presser(), condition.now(streams))
        answer = Response(body, content_type="application/zip")
        name = f"stagewire-{source.venue}-diagnostics-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.zip"
        answer.headers["Content-Disposition"] = f"attachment; filename={name}"
        return answer

    @views.post("/api/system/profile")
    def profile() -> Response:
        """202 and its errand, whose result is the gateway's ``Profile``."""
        order: ProfileOrder = decode(request.get_data(), ProfileOrder)
        by = presser()

        def work() -> dict[str, Any]:
            answer = source.ask(
                "profile", {"seconds": order.seconds}, by, order.gateway, patience=order.seconds + EXTRA_S
            )
            return answered(answer.ok, answer.error, answer.result)

        return begun(errands, "profile", work)

    @views.get("/api/system/errands/<name>")
    def errand(name: str) -> Response:
        found = errands.one(name)
        if found is None:
            abort(404, _("There is no such work, or not any more."))
        return as_json(found)

    return views


def begun(errands: Errands, kind: Any, work: Any) -> Response:
    """202 and the errand; 409 while another one runs."""

    @copy_current_request_context  # for the language of its words
    def told() -> Any:
        try:
            return work()
        except StagewireError as e:
            raise StagewireError(str(e)) from e

    try:
        errand: Errand = errands.begin(kind, told)
    except Busy as e:
        return as_json({"error": str(e)}, 409)
    return as_json(errand, 202)


def answered(ok: bool, error: str, result: dict[str, Any]) -> dict[str, Any]:
    """A gateway's answer, a no as ``BusError`` with its words."""
    if not ok:
        raise BusError(error or "the gateway refused")
    return result
