"""Rules as forms: one made anew, one changed, each shown as the text that it will be before it is saved."""

from typing import Annotated, Any

import msgspec
from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup
from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.errors import BusError, PayloadError, SettingsError
from gateway.messages import Id, decode
from gateway.settings.rules_text import RulesText
from web.answers import as_json
from web.building import drafts, form, labels
from web.building.drafts import Draft, Flaw
from web.building.known import known
from web.building.sentence import sentence
from web.parts import Parts
from web.rulebooks import Rulebooks
from web.views.rules import frame

MAX_BODY = 400_000
"""Bytes of a rule, as a form and as text."""
BEGINNING = {"when": {"gift": {}}, "then": [{"station": ""}]}
"""Of a new rule: what most of them are."""
Text = Annotated[str, Meta(max_length=100_000)]
Word = Annotated[str, Meta(max_length=100)]


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``was`` and ``base``: the name and the text of the rule as the form began with it, "" for a new one.
    ``over``: even if somebody else has changed it since."""

    gateway: Id
    name: Word
    was: Word = ""
    base: Text = ""
    rule: dict[str, Any]
    over: bool = False


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("builder", __name__)

    @views.get("/rules/new")
    def new() -> str:
        """Parameter: gateway."""
        framed = frame(books)
        return _screen(
            framed, _text(str(framed["gateway"])), "", "", {"when": {"gift": {}}, "then": [{"station": ""}]}
        )

    @views.get("/rules/<name>/edit")
    def edit(name: str) -> str:
        """Parameter: gateway. 404 for a rule that does not stand in the file, 409 for one that no form fits."""
        framed = frame(books)
        text = str(books.told(str(framed["gateway"]), do="get")["text"])
        try:
            base = drafts.written(text, name)
        except SettingsError as e:
            abort(404, str(e))
        try:
            rule = drafts.read(base, name)
        except SettingsError as e:
            abort(409, str(e))
        return _screen(framed, text, name, base, rule)

    def _screen(framed: dict[str, object], text: str, name: str, base: str, rule: dict[str, Any]) -> str:
        data = {
            "gateway": framed["gateway"],
            "name": name,
            "base": base,
            "rule": rule,
            "form": form.shape(),
            "labels": labels.labels(),
            "known": known(parts, str(framed["gateway"]), text),
        }
        # As the tables have it, in their order; "<" must not end the script that it stands in.
        said = Markup(msgspec.json.encode(data).decode().replace("<", "\\u003c"))  # noqa: S704
        return render_template("builder.html", script="builder.js", name=name, data=said, **framed)

    @views.get("/api/builder/known")
    def now_known() -> Response:
        """Parameter: gateway. What a rule can name there at this moment."""
        framed = frame(books)
        gateway = str(framed["gateway"])
        return as_json({"gateway": gateway, "known": known(parts, gateway, _text(gateway))})

    @views.get("/api/builder/preview")
    def preview() -> Response:
        """Parameter ``form``: a ``Form`` in JSON, and ``ask``: what the gateway finds wrong with it, too. 200 and
        the rule's ``text``, its ``sentence`` and the ``flaws``; ``away``: why the gateway was not asked."""
        order: Form = decode(request.args.get("form", "").encode(), Form)
        made, away = _draft(order), ""
        if request.args.get("ask") and not made.flaws:
            try:
                made = _asked(order, made)
            except BusError as e:
                away = str(e)
        words = sentence(form.lean(order.rule, {}))
        return as_json({"text": made.text, "sentence": words, "flaws": made.flaws, "away": away})

    @views.post("/api/builder/save")
    def save() -> Response:
        """200: in force, and the ``text`` as it stands now. 409 with ``flaws``, each with its place in the form,
        or with ``theirs``, the rule as somebody else has made it since; nothing was changed then."""
        request.max_content_length = MAX_BODY
        order: Form = decode(request.get_data(), Form)
        made = _draft(order)
        if made.flaws:
            return as_json({"error": _("Something is missing or not right."), "flaws": made.flaws}, 409)
        file = _file(order)
        theirs = _stands(file, order.was)
        if order.was and theirs != order.base and not order.over:
            return as_json({"error": _("Somebody else has changed this rule since."), "theirs": theirs}, 409)
        if order.name != order.was and order.name in RulesText(file).names:
            return as_json({"error": str(TAKEN), "flaws": [Flaw(["name"], str(TAKEN))]}, 409)
        return _put(order, made)

    def _put(order: Form, made: Draft) -> Response:
        key = order.was or order.name
        text = made.text if key == order.name else drafts.renamed(made.text, order.name, key)
        answer = books.ask(order.gateway, {"do": "put", "rule": key}, text)
        if not answer.ok:
            flaws = drafts.flaws_of(answer.error.splitlines(), key)
            return as_json({"error": answer.error, "flaws": flaws}, 409)
        if key != order.name:
            answer = books.ask(order.gateway, {"do": "rename", "rule": key, "to": order.name})
            if not answer.ok:
                words = _("It is saved, but it keeps its name: %(why)s", why=answer.error)
                return as_json({"error": words, "name": key, "text": text}, 409)
        stands = _stands(_file(order), order.name) or made.text
        return as_json({"name": order.name, "text": stands, "enabled": order.rule.get("enabled") is not False})

    def _asked(order: Form, made: Draft) -> Draft:
        try:
            text = drafts.whole(_file(order), order.was, made, order.name)
        except SettingsError as e:
            return replace(made, flaws=[Flaw([], str(e))])
        answer = books.ask(order.gateway, {"do": "check"}, text)
        told = [str(words) for words in answer.result.get("mistakes", [])] if answer.ok else [answer.error]
        return replace(made, flaws=drafts.flaws_of(told, order.was or order.name))

    def _file(order: Form) -> str:
        return str(books.told(order.gateway, do="get")["text"])

    def _text(gateway: str) -> str:
        """The same, "" while it does not answer: until it is to be saved there is no harm in filling in a form."""
        try:
            return str(books.told(gateway, do="get")["text"])
        except BusError:
            return ""

    return views


TAKEN = lazy_gettext("there is a rule of this name already: choose another one")


def _draft(order: Form) -> Draft:
    """Raises ``PayloadError`` for what no form sends."""
    try:
        return drafts.draft(order.base, order.was, order.name, order.rule)
    except SettingsError as e:
        raise PayloadError(str(e)) from None


def _stands(file: str, name: str) -> str:
    """The rule's own text in the file; "" when it is not there."""
    try:
        return drafts.written(file, name) if name else ""
    except SettingsError:
        return ""
