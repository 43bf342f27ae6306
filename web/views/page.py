"""The shell of the page and its files."""

from flask import Blueprint, Response, abort, render_template

from web.assets import Assets


def blueprint(venue: str, assets: Assets) -> Blueprint:
    views = Blueprint("page", __name__)

    @views.get("/")
    def index() -> str:
        return render_template("page.html", venue=venue, version=assets.version, modules=assets.modules)

    @views.get("/static/<version>/<name>")
    def static(version: str, name: str) -> Response:
        return assets.answer(version, name) or abort(404, "No such file: reload the page.")

    return views
