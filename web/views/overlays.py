"""Overlays: the screen where they are made, and what a stream loads."""

import threading
import time
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from msgspec import Struct

from gateway.messages import decode
from gateway.text import clean
from web.answers import as_json
from web.overlays import Kind, Overlay, Overlays
from web.rows import Rows
from web.showing import shown

MAX_LOOKS = 4
"""Overlays that are answered at once. A look takes a millisecond, so more than these only crowd out phones."""


class Order(Struct, frozen=True):
    """What is to be made; see ``Overlay``."""

    kind: Kind
    name: str
    of: str = ""
    nameless: bool = False


def blueprint(overlays: Overlays, rows: Rows) -> Blueprint:
    views = Blueprint("overlays", __name__)

    @views.get("/overlays")
    def index() -> str:
        return render_template(
            "overlays.html",
            script="overlays.js",
            made=overlays.all(),
            kinds=_kinds(),
            titles=_titles(),
            choices=_choices(rows),
        )

    @views.post("/api/overlays")
    def make() -> Response:
        """Answers the address without its server; it is told only here."""
        order: Order = decode(request.get_data(), Order)
        name = clean(order.name, 40)
        if not name:
            abort(400, _("Give the overlay a name, so that you know it again."))
        if order.of not in dict(_choices(rows)[order.kind]):
            abort(400, _("There is no %(what)s here to show.", what=clean(order.of, 60) or _("counter or stage")))
        made, token = overlays.make(order.kind, name, order.of, order.nameless)
        return as_json({"id": made.id, "kind": made.kind, "path": f"/overlay/{made.kind}?token={token}"})

    @views.post("/api/overlays/<overlay>/revoke")
    def revoke(overlay: str) -> Response:
        if not overlays.revoke(overlay):
            abort(404, _("This overlay was removed before."))
        return as_json({"revoked": overlay})

    return views


def public(overlays: Overlays, rows: Rows) -> Blueprint:
    """What a stream loads: the token says who asks, no cookie is wanted."""
    views = Blueprint("overlay", __name__)
    free = threading.BoundedSemaphore(MAX_LOOKS)

    @views.get("/overlay/<kind>")
    def screen(kind: str) -> str | Response:
        """Parameters beside the token: title, target, top, size, side, tone; see docs/overlays.md."""
        if _overlay(overlays, kind) is None:
            return _refused()
        return render_template("overlay.html", script="overlay.js", kind=kind, title=_titles()[kind])

    @views.get("/overlay/<kind>/data")
    def data(kind: str) -> Response:
        """What this overlay shows, and nothing else."""
        overlay = _overlay(overlays, kind)
        if overlay is None:
            return _refused()
        if not free.acquire(blocking=False):
            return _plain(_("Too many overlays look at this moment."), 503)
        try:
            return as_json(shown(overlay, rows, time.time()))
        finally:
            free.release()

    return views


def _overlay(overlays: Overlays, kind: str) -> Overlay | None:
    return overlays.of(kind, request.args.get("token", ""))


def _refused() -> Response:
    return _plain(
        _("This overlay's address is not valid, or not any more: make a new one under System, Overlays."),
        403,
    )


def _plain(words: str, status: int) -> Response:
    """On a stream there is no room for a whole screen with a stop on it."""
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _kinds() -> dict[Kind, str]:
    return {"queue": _("Queue"), "goal": _("Goal"), "leaderboard": _("Leaderboard"), "action": _("Last action")}


def _titles() -> dict[str, str]:
    """What stands above each; neutral: nobody is asked to give anything."""
    return {"queue": _("Next up"), "goal": _("Goal"), "leaderboard": _("Leaderboard"), "action": _("Just now")}


def _choices(rows: Rows) -> dict[Kind, list[tuple[str, str]]]:
    """What each kind may show: ``Overlay.of`` and its words."""
    stations: list[tuple[str, str]] = [("", _("All stations"))]
    stations += [
        (name, (s.get("info") or {}).get("title") or name) for name, s in sorted(rows.of("station").items())
    ]
    accounts = [("", _("The account that is live")), *((a, a) for a in sorted(rows.of("account")))]
    return {"queue": stations, "goal": _goals(rows.of("rules")), "leaderboard": accounts, "action": stations}


def _goals(rules: dict[str, Any]) -> list[tuple[str, str]]:
    counters = sorted({name for r in rules.values() for name in r["counters"]})
    stages = sorted({s["stage"] for r in rules.values() for s in r["stages"]})
    return [
        *((f"counter:{name}", _("Counter %(name)s", name=name)) for name in counters),
        *((f"stage:{name}", _("Stage %(name)s", name=name)) for name in stages),
    ]
