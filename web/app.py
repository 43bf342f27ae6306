"""The page as a WSGI application."""

from collections.abc import Iterable

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gateway.errors import BusError, PayloadError, StagewireError
from web import guard
from web.assets import Assets
from web.source import Source
from web.views import live, page, press

MAX_BODY = 4096
"""Bytes; the longest press is under 200."""


def create_app(source: Source, *, hosts: Iterable[str] = (), streams: int = live.MAX_STREAMS) -> Flask:
    """Serve what ``source`` sees. ``hosts``: names to be asked under beside addresses and this machine's own;
    ``streams``: how many phones may hold an event stream, the others poll."""
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    guard.protect(app, hosts)
    app.register_blueprint(page.blueprint(source.venue, Assets()))
    app.register_blueprint(live.blueprint(source.rows, streams))
    app.register_blueprint(press.blueprint(source))
    app.register_error_handler(HTTPException, _http_trouble)
    app.register_error_handler(StagewireError, _trouble)
    return app


def _http_trouble(e: HTTPException) -> tuple[dict[str, str], int] | Response:
    if e.code is None:  # a ready answer in an exception's clothes
        return Response(e.get_body(), 500)
    return {"error": e.description or e.name}, e.code


def _trouble(e: StagewireError) -> tuple[dict[str, str], int]:
    match e:
        case PayloadError():
            return {"error": str(e)}, 400
        case BusError():
            return {"error": str(e)}, 503
        case _:
            return {"error": str(e)}, 500
