"""Exports: begin one, follow it, cancel it, fetch its file."""

from typing import Annotated

import msgspec
from flask import Blueprint, Response, abort, request, send_file
from flask_babel import gettext as _
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from gateway.errors import StagewireError
from gateway.export.what import SHEETS, USUAL, Format, What
from gateway.messages import Id, decode
from web.asked import Filter
from web.exports import Busy, Exports, ExportState
from web.history import History

Day = Annotated[str, Meta(max_length=10)]
TYPES = {
    ".zip": "application/zip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
}
AGAIN_S = 2


class ExportOrder(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}
):
    """``session``: one, else all that the filters mean. ``rows``: also every event and every action."""

    format: Format
    session: Id | None = None
    account: Annotated[str, Meta(max_length=64)] = ""
    first: Day = field(default="", name="from")
    last: Day = field(default="", name="to")
    practice: bool = False
    rows: bool = False


def blueprint(exports: Exports, history: History) -> Blueprint:
    views = Blueprint("exports", __name__, url_prefix="/api/exports")

    @views.post("")
    def begin() -> Response:
        """202 and its state; 409 while another one is made."""
        order: ExportOrder = decode(request.get_data(), ExportOrder)
        if history.missing:
            abort(404, history.missing)
        try:
            return _known(exports.begin(_what(order, history)), 202)
        except Busy as e:
            answer = _json({"error": str(e)}, 409)
            answer.headers["Retry-After"] = str(AGAIN_S)
            return answer

    @views.get("/<name>")
    def state(name: str) -> Response:
        return _known(exports.state(name))

    @views.post("/<name>/cancel")
    def cancel(name: str) -> Response:
        """202: asked. Its state says when it has ended."""
        return _known(exports.cancel(name), 202)

    @views.get("/<name>/file")
    def file(name: str) -> Response:
        path = exports.file(name)
        if path is None:
            abort(404, _("There is no such file, or not any more: export again."))
        try:
            return send_file(path, TYPES[path.suffix], as_attachment=True, download_name=path.name, max_age=0)
        except OSError as e:
            abort(404, _("The file cannot be read (%(why)s): export again.", why=e.strerror))

    return views


def _what(order: ExportOrder, history: History) -> What:
    asked = Filter(account=order.account, first=order.first, last=order.last, practice=order.practice)
    try:
        since, until = asked.span(history.settings)
    except StagewireError as e:
        abort(400, f"{e}")
    if order.session is not None:
        with history.reading():
            order = replace(order, practice=history.review(order.session).summary.simulated)
    return What(
        format=order.format,
        sheets=SHEETS if order.rows else USUAL,
        sessions=() if order.session is None else (order.session,),
        since=since,
        until=until,
        account=order.account or None,
        practice=order.practice,
    )


def _known(state: ExportState | None, status: int = 200) -> Response:
    if state is None:
        abort(404, _("There is no such export, or not any more."))
    # Put into words by a thread that serves nobody: they become those of who asks only here.
    return _json(replace(state, words=str(state.words)), status)


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
