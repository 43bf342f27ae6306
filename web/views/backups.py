"""Backups, what is too old, and viewers who want to be forgotten."""

from pathlib import Path
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import StagewireError, StorageError
from gateway.messages import Response as Answer
from gateway.messages import decode
from gateway.wording import size
from web.answers import as_json
from web.backups import Backups
from web.errands import Errands
from web.parts import Parts
from web.people.present import presser
from web.views.system import answered, begun

LONG_S = 3600.0
"""A large journal on a slow card takes its time; the gateway works on when nobody waits any more."""


class AtGateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``gateway``: may be left out where there is only one."""

    gateway: Annotated[str, Meta(max_length=32)] = ""


class RetentionOrder(AtGateway, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without ``apply`` it is only shown what would go."""

    apply: bool = False
    force: bool = False


class RestoreOrder(AtGateway, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``confirm``: the venue's name, typed by whoever wants it."""

    confirm: Annotated[str, Meta(max_length=100)] = ""


class EraseOrder(AtGateway, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``viewer``: a name for ``who``, a platform id for the others. ``confirm``: to erase, one of the names under
    which the viewer was seen, typed by whoever wants it. ``backups``: those that hold the viewer go as well."""

    do: Literal["who", "find", "erase"]
    viewer: Annotated[str, Meta(min_length=1, max_length=100)]
    confirm: Annotated[str, Meta(max_length=100)] = ""
    backups: bool = False


def blueprint(parts: Parts, errands: Errands) -> Blueprint:
    views = Blueprint("backups", __name__)
    source, backups = parts.source, Backups(parts.settings, parts.base_dir)

    @views.get("/system/backups")
    def index() -> str:
        found = backups.all()
        return render_template(
            "backups.html",
            script="backups.js",
            found=found,
            total=len(found),
            missing=backups.missing,
            schedule=parts.settings.gateway.backup,
            next_at=backups.next_at(),
            folder=backups.folder,
            keep_days=parts.settings.gateway.keep_days,
            size=size,
        )

    @views.get("/system/erase")
    def forget() -> str:
        return render_template("erase.html", script="erase.js")

    @views.post("/api/backups")
    def make() -> Response:
        """This and those below: 202 and the errand, whose result is the gateway's."""
        order: AtGateway = decode(request.get_data(), AtGateway)
        return begun(errands, "backup", _asks(order.gateway, "backup", {}))

    @views.get("/api/backups/<name>")
    def file(name: str) -> Response:
        path = _known(name)
        try:
            return send_file(path, "application/gzip", as_attachment=True, download_name=path.name, max_age=0)
        except OSError as e:
            abort(404, _("The file cannot be read: %(why)s.", why=e.strerror or str(e)))

    @views.post("/api/backups/<name>/delete")
    def delete(name: str) -> Response:
        path = _known(name)
        try:
            path.unlink()
        except OSError as e:
            why = _("%(name)s cannot be deleted: %(why)s.", name=path.name, why=e.strerror or str(e))
            return as_json({"error": why}, 409)
        return as_json({"deleted": path.name})

    @views.post("/api/backups/<name>/restore")
    def restore(name: str) -> Response:
        """The gateway looks it through, answers, ends, puts it back, and begins again."""
        order: RestoreOrder = decode(request.get_data(), RestoreOrder)
        if order.confirm.strip() != source.venue:
            abort(
                400, _("Type the venue's name, %(venue)s, to be sure: nothing was restored.", venue=source.venue)
            )
        return begun(errands, "restore", _asks(order.gateway, "restore", {"do": "now", "file": name}))

    @views.post("/api/backups/<name>/check")
    def check(name: str) -> Response:
        path = _known(name)
        return begun(errands, "check", lambda: backups.check(path))

    @views.post("/api/retention")
    def retention() -> Response:
        order: RetentionOrder = decode(request.get_data(), RetentionOrder)
        params = {"apply": order.apply, "force": order.force}
        return begun(errands, "retention", _asks(order.gateway, "retention", params))

    @views.post("/api/erase")
    def erase() -> Response:
        order: EraseOrder = decode(request.get_data(), EraseOrder)
        by = presser()

        def ask(**params: Any) -> dict[str, Any]:
            return _result(source.ask("erase", params, by, order.gateway, patience=LONG_S))

        def work() -> dict[str, Any]:
            if order.do != "erase":
                return ask(viewer=order.viewer, do=order.do)
            # Whose name was typed is looked up anew: an id that slipped by a line would erase somebody else.
            people = ask(viewer=order.confirm, do="who")["people"] if order.confirm.strip() else []
            if order.viewer not in [person["id"] for person in people]:
                raise StagewireError(
                    _("“%(typed)s” is no name of this viewer: nothing was erased.", typed=order.confirm)
                )
            return ask(viewer=order.viewer, do="erase", backups=order.backups)

        return begun(errands, "erase", work)

    def _asks(gateway: str, verb: str, params: dict[str, Any]) -> Any:
        by = presser()
        return lambda: _result(source.ask(verb, params, by, gateway, patience=LONG_S))

    def _known(name: str) -> Path:
        try:
            return backups.one(name)
        except StorageError as e:
            abort(404, str(e))

    return views


def _result(answer: Answer) -> dict[str, Any]:
    return answered(answer.ok, answer.error, dict(answer.result))
