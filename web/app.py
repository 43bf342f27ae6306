"""The page as a WSGI application."""

from collections.abc import Iterable

from flask import Flask, Response, render_template, request
from msgspec.json import encode
from werkzeug.exceptions import HTTPException

from gateway.errors import BusError, PayloadError, StagewireError
from web import guard, languages, words
from web.assets import Assets
from web.parts import Parts
from web.people import present, roles
from web.screens import ways
from web.views import export, live, page, press, session_parts, sessions

MAX_BODY = 4096
"""Bytes; the longest press is under 200."""


def create_app(parts: Parts, *, hosts: Iterable[str] = (), streams: int = live.MAX_STREAMS) -> Flask:
    """Serve what ``parts`` see and keep. ``hosts``: names to be asked under beside addresses and this machine's
    own; ``streams``: how many phones may hold an event stream, the others poll.

    Raises ``LookupError`` when the table of roles forgets one of the views.
    """
    app = Flask("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets = Assets()
    source, history = parts.source, parts.history
    app.jinja_env.globals.update(
        venue=source.venue,
        asset=lambda name: f"/static/{assets.version}/{name}",
        modules=assets.modules,
        ways=ways,
        present=present.present,
        may=lambda word: present.may(roles.Role[word.upper()]),
    )
    languages.install(app)
    words.install(app, history.zone)
    guard.protect(app, hosts)
    app.register_blueprint(page.blueprint(assets))
    app.register_blueprint(live.blueprint(source.rows, streams))
    app.register_blueprint(press.blueprint(parts))
    app.register_blueprint(sessions.blueprint(history))
    app.register_blueprint(session_parts.blueprint(history))
    app.register_blueprint(export.blueprint(parts.exports, history))
    app.register_error_handler(HTTPException, _http_trouble)
    app.register_error_handler(StagewireError, _trouble)
    roles.check(app.view_functions)
    return app


def _http_trouble(e: HTTPException) -> Response:
    if e.code is None:  # a ready answer in an exception's clothes
        return Response(e.get_body(), 500)
    answer = _told(e.description or e.name, e.code)
    again = getattr(e, "retry_after", None)
    if again is not None:
        answer.headers["Retry-After"] = str(again)
    return answer


def _trouble(e: StagewireError) -> Response:
    match e:
        case PayloadError():
            return _told(str(e), 400)
        case BusError():
            return _told(str(e), 503)
        case _:
            return _told(str(e), 500)


def _told(text: str, status: int) -> Response:
    """To a program as JSON; to a person as a screen, with the stop on it."""
    if request.path.startswith(("/api/", "/static/")):
        answer = Response(status=status, content_type="application/json")
        answer.set_data(encode({"error": text}))
        return answer
    return Response(render_template("trouble.html", script="sessions.js", words=text), status)
