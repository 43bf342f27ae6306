"""The rules file as text: checked, saved, with its history and the way back."""

from typing import Annotated, TypeVar

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import BusError, PayloadError
from gateway.messages import Id, decode
from web.answers import as_json, told
from web.parts import Parts
from web.rulebooks import Rulebooks, Versions, diff, mistakes
from web.views.rules import frame

MAX_BODY = 60_000
"""Bytes: so much of a file has room in a message to a gateway, see ``gateway.messages.MAX_PAYLOAD``."""
T = TypeVar("T")


def read(kind: type[T]) -> T:
    """The body of a press that brings a whole file. Raises ``PayloadError`` in words."""
    request.max_content_length = 20 * MAX_BODY
    body = request.get_data()
    if len(body) > MAX_BODY:
        most = MAX_BODY // 1000
        words = _(
            "The file is longer than a gateway takes (%(most)s kB): edit it on the gateway's machine.", most=most
        )
        raise PayloadError(words)
    return decode(body, kind)


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    text: str


class Save(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``fingerprint``: of the file that the text was made from."""

    gateway: Id
    text: str
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]


class Restore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id
    version: Annotated[str, Meta(min_length=1, max_length=80)]
    fingerprint: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}$")]


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("rules_file", __name__)

    @views.get("/rules/file")
    def index() -> str:
        """Parameters: gateway, line."""
        return render_template("rules_file.html", script="rules-file.js", **frame(books))

    @views.get("/api/rules/file")
    def file() -> Response:
        book = books.book(books.choose(request.args.get("gateway", "")))
        return as_json({"book": book, "mistakes": mistakes(book.trouble, book.text)})

    @views.post("/api/rules/check")
    def check() -> Response:
        """200 and the mistakes of a text, none when it is good; nothing is changed."""
        order = read(Check)
        answer = books.ask(order.gateway, {"do": "check"}, order.text)
        if not answer.ok:
            return told([answer])
        found = [str(words) for words in answer.result.get("mistakes", [])]
        return as_json({"mistakes": mistakes(found, order.text)})

    @views.post("/api/rules/apply")
    def save() -> Response:
        """200: in force. 409 with its ``mistakes``, or with ``theirs``, the file as somebody else has made it
        meanwhile; then nothing was changed."""
        order = read(Save)
        answer = books.ask(order.gateway, {"do": "apply", "fingerprint": order.fingerprint}, order.text)
        if answer.ok:
            return told([answer])
        theirs = books.book(order.gateway)
        if not theirs.away and theirs.fingerprint != order.fingerprint:
            return as_json({"error": answer.error, "theirs": theirs}, 409)
        found = mistakes(answer.error.splitlines(), order.text)
        return as_json({"error": answer.error, "mistakes": found}, 409)

    @views.get("/rules/history")
    def history() -> str:
        """Parameters: gateway, version (to be compared with the file as it stands)."""
        framed, trouble = frame(books), ""
        gateway, asked = str(framed["gateway"]), request.args.get("version", "")
        found, book, lines = Versions(), books.book(gateway), []
        try:
            found = books.history(gateway)
            if asked:
                lines = list(diff(book.text, books.version(gateway, asked)))
        except BusError as e:
            trouble = str(e)
        return render_template(
            "rules_history.html",
            script="rules-history.js",
            found=found,
            asked=next((v for v in found.versions if v.name == asked), None),
            lines=lines,
            book=book,
            trouble=trouble,
            **framed,
        )

    @views.post("/api/rules/restore")
    def restore() -> Response:
        """An older version becomes the file; answers as ``apply``."""
        order: Restore = decode(request.get_data(), Restore)
        text = books.version(order.gateway, order.version)
        return told([books.ask(order.gateway, {"do": "apply", "fingerprint": order.fingerprint}, text)])

    return views
