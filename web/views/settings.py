"""The settings file: as a form, as a text, and the restarts that bring it into force."""

import os
import signal
import threading
from typing import Literal

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from msgspec import Struct

from gateway.errors import SettingsError
from gateway.messages import Id, decode
from gateway.settings.load import load
from web.answers import as_json, told
from web.configs import LONGEST, Configs, Written, told_mistakes
from web.forms import block
from web.parts import Parts
from web.people.present import presser

BEGIN_S = 0.3
"""Between the answer and the page's end, so that the answer is sent."""
OWN_SCREENS = ("accounts", "stations")


class Changes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``fingerprint``: of the file that the form was made from."""

    gateway: Id
    fingerprint: str
    changes: list[Written]


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    fingerprint: str = ""
    text: str


class Whose(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id


class Restart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    what: Literal["gateway", "page"]
    gateway: Id


def blueprint(parts: Parts, configs: Configs) -> Blueprint:
    views = Blueprint("settings", __name__)

    @views.get("/settings")
    def index() -> str:
        """Parameter: gateway."""
        s = configs.standing(request.args.get("gateway", ""))
        stations = s.data.get("stations")
        return render_template(
            "settings.html",
            script="settings.js",
            s=s,
            form=block(s.data, [], OWN_SCREENS),
            stations=stations if isinstance(stations, dict) else {},
        )

    @views.get("/settings/file")
    def file() -> str:
        """Parameter: gateway."""
        s = configs.standing(request.args.get("gateway", ""))
        return render_template("settings_file.html", script="settings_file.js", s=s)

    @views.post("/api/settings")
    def change() -> Response:
        """200: saved. 409 with ``mistakes`` at their paths, or with ``values``, what the file says since somebody
        else changed it."""
        request.max_content_length = LONGEST
        order: Changes = decode(request.get_data(), Changes)
        return configs.change(order.gateway, order.fingerprint, order.changes)

    @views.get("/api/settings/text")
    def text() -> Response:
        """Parameter: gateway."""
        s = configs.standing(request.args.get("gateway", ""))
        return as_json({"text": s.text, "fingerprint": s.fingerprint})

    @views.post("/api/settings/text")
    def save() -> Response:
        """As ``change``, of the whole file."""
        request.max_content_length = LONGEST
        order: Text = decode(request.get_data(), Text)
        return configs.save(order.gateway, order.fingerprint, order.text)

    @views.post("/api/settings/check")
    def check() -> Response:
        request.max_content_length = LONGEST
        order: Text = decode(request.get_data(), Text)
        answer = configs.ask(order.gateway, {"do": "check"}, order.text)
        return as_json({"mistakes": told_mistakes(answer), "rules": answer.result.get("rules", [])})

    @views.post("/api/settings/rollback")
    def rollback() -> Response:
        order: Whose = decode(request.get_data(), Whose)
        return told([configs.ask(order.gateway, {"do": "rollback"})])

    @views.post("/api/restart")
    def restart() -> Response:
        """202: it ends and begins again; events and rows tell when it is back."""
        order: Restart = decode(request.get_data(), Restart)
        if order.what == "gateway":
            with parts.places.one():
                answer = parts.source.ask("restart", {"do": "now"}, presser(), order.gateway)
            return told([answer])
        try:
            if parts.file is not None:
                load(parts.file)
        except SettingsError as e:
            return as_json(
                {"error": _("With these settings the page would not start again: %(why)s", why=str(e))}, 409
            )
        parts.again.set()
        threading.Timer(BEGIN_S, os.kill, (os.getpid(), signal.SIGTERM)).start()
        return as_json({"instance": parts.source.rows.instance}, 202)

    return views
