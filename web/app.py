"""The page as a WSGI application."""

from collections.abc import Iterable

from flask import Flask, Response, render_template, request
from flask_babel import lazy_gettext
from msgspec.json import encode
from werkzeug.exceptions import HTTPException

from gateway.errors import BusError, PayloadError, PeopleError, StagewireError
from web import guard, languages, words
from web.assets import Assets
from web.condition import Streams
from web.configs import Configs
from web.errands import Errands
from web.looks import look
from web.overlays import Overlays
from web.parts import FOLDER, Parts
from web.people import present, roles, signing
from web.people.audit import Audit
from web.people.welcome import Welcome
from web.rulebooks import Rulebooks
from web.screens import ways, within
from web.trials import Trials
from web.views import (
    accounts,
    backups,
    builder,
    enter,
    export,
    install,
    language,
    live,
    overlays,
    page,
    people,
    press,
    rules,
    rules_backtest,
    rules_file,
    rules_games,
    rules_try,
    session_parts,
    sessions,
    settings,
    stations,
    statistics,
    system,
    wiring,
)

MAX_BODY = 4096
"""Bytes; the longest press is under 200."""
PLAIN = {
    400: lazy_gettext("The page cannot read this request."),
    403: lazy_gettext("This may not be done from here."),
    404: lazy_gettext("There is nothing at this address."),
    405: lazy_gettext("This address cannot be asked that."),
    413: lazy_gettext("This is longer than the page takes."),
    500: lazy_gettext("The page stumbled: its log says over what. Try again."),
    503: lazy_gettext("The page is busy: try again in a moment."),
}
"""By status, where a view has no words of its own."""


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
        look=look,
        ways=ways,
        within=within,
        present=present.present,
        may=lambda word: present.may(roles.Role[word.upper()]),
    )
    languages.install(app)
    words.install(app, history.zone)
    welcome, audit = Welcome(parts.people), Audit(parts.people.folder)
    app.extensions.update(welcome=welcome, audit=audit, people=parts.people)
    signing.install(app, parts.people, source.venue)
    guard.protect(app, hosts, audit)
    app.register_blueprint(enter.blueprint(parts.people, welcome))
    app.register_blueprint(people.blueprint(parts.people, audit, parts.settings.web))
    app.register_blueprint(page.blueprint(assets))
    app.register_blueprint(install.blueprint(assets, source.venue))
    app.register_blueprint(language.blueprint())
    taken, errands = Streams(streams), Errands()
    app.register_blueprint(live.blueprint(source.rows, taken, parts.people))
    app.register_blueprint(system.blueprint(parts, errands, taken))
    app.register_blueprint(backups.blueprint(parts, errands))
    app.register_blueprint(press.blueprint(parts))
    app.register_blueprint(stations.blueprint(parts))
    app.register_blueprint(sessions.blueprint(history))
    app.register_blueprint(session_parts.blueprint(history))
    app.register_blueprint(statistics.blueprint(history, source.rows))
    app.register_blueprint(export.blueprint(parts.exports, history))
    books = Rulebooks(parts)
    for screen in (rules, rules_file, rules_games, rules_try, rules_backtest, builder):
        app.register_blueprint(screen.blueprint(parts, books))
    configs = Configs(parts)
    app.register_blueprint(settings.blueprint(parts, configs))
    app.register_blueprint(wiring.blueprint(configs))
    trials = Trials(parts.file)
    parts.closing.callback(trials.close)
    app.register_blueprint(accounts.blueprint(parts, configs, trials))
    made = Overlays(parts.data / FOLDER)
    app.register_blueprint(overlays.blueprint(made, source.rows))
    app.register_blueprint(overlays.public(made, source.rows))
    app.register_error_handler(HTTPException, _http_trouble)
    app.register_error_handler(StagewireError, _trouble)
    roles.check(app.view_functions)
    return app


def _http_trouble(e: HTTPException) -> Response:
    if e.code is None:  # a ready answer in an exception's clothes
        return Response(e.get_body(), 500)
    own = e.description != type(e).description
    answer = _told(str(e.description or e.name) if own else str(PLAIN.get(e.code, e.name)), e.code)
    again = getattr(e, "retry_after", None)
    if again is not None:
        answer.headers["Retry-After"] = str(again)
    return answer


def _trouble(e: StagewireError) -> Response:
    match e:
        case PayloadError() | PeopleError():
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
