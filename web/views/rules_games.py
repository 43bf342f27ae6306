"""Ready games: chosen, filled in, and written into the rules."""

from typing import Annotated

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import SettingsError
from gateway.messages import Id, decode
from gateway.settings.templates import Template
from web import games
from web.answers import as_json, told
from web.parts import Parts
from web.rulebooks import Rulebooks
from web.views.rules import frame

MAX_BODY = 64 * 1024
"""Bytes: a game with lists of a few dozen texts."""


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """``with``: each field of the form as it stands there; of a list, one a line."""

    gateway: Id
    template: Id
    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    with_: dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=8000)]]


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("rules_games", __name__)

    @views.get("/rules/games")
    def index() -> str:
        found = games.known(parts.base_dir)
        return render_template("rules_games.html", script="sessions.js", games=found, **frame(books))

    @views.get("/rules/games/<name>")
    def one(name: str) -> str:
        game = _game(name)
        return render_template(
            "rules_game.html",
            script="rules-game.js",
            name=name,
            game=game,
            fields=games.fields(game),
            stations=parts.settings.stations,
            **frame(books),
        )

    @views.post("/api/rules/games")
    def add() -> Response:
        """200: it is played by. 409 with ``fields``: what is wrong with which; or with the gateway's words."""
        request.max_content_length = MAX_BODY
        order: Order = decode(request.get_data(), Order)
        said, wrong = games.values(_game(order.template), order.with_)
        if wrong:
            return as_json({"error": _("Something is missing or not right."), "fields": wrong}, 409)
        book = books.told(order.gateway, do="get")
        try:
            text = games.put(str(book["text"]), order.name, order.template, said)
        except SettingsError as e:
            return as_json({"error": str(e)}, 409)
        params = {"do": "apply", "fingerprint": str(book["fingerprint"])}
        return told([books.ask(order.gateway, params, text)])

    def _game(name: str) -> Template:
        found = games.known(parts.base_dir).get(name)
        if not isinstance(found, Template):
            abort(404, found or _("There is no such game."))
        return found

    return views
