"""The live screen's shell, and the page's files."""

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext as _

from web.assets import Assets


def blueprint(assets: Assets) -> Blueprint:
    views = Blueprint("page", __name__)

    @views.get("/")
    def index() -> str:
        return render_template("live.html", script="app.js")

    @views.get("/static/<version>/<name>")
    def static(version: str, name: str) -> Response:
        return assets.answer(version, name) or abort(404, _("No such file: reload the page."))

    return views
