"""The rules of a gateway as a list: what each did, why it did not, and its switch."""

from typing import Annotated, Literal

from flask import Blueprint, Response, render_template, request
from msgspec import Meta, Struct

from gateway.errors import PayloadError
from gateway.messages import Id, Param, decode
from web.answers import as_json, told
from web.parts import Parts
from web.rulebooks import Rulebooks, rows

RuleName = Annotated[str, Meta(min_length=1, max_length=100)]
"""As it stands in the file, which may be wrong."""


class RuleEdit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``before``: the rule that it moves before; without it, to the end of the file."""

    gateway: Id
    do: Literal["enable", "move", "rename", "remove"]
    rule: RuleName
    to: RuleName | None = None
    enabled: bool | None = None
    before: RuleName | None = None


class OfGateway(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    gateway: Id


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("rules", __name__)

    @views.get("/rules")
    def index() -> str:
        """Parameter: gateway."""
        return render_template("rules.html", script="rules-list.js", **frame(books))

    @views.get("/api/rules")
    def state() -> Response:
        """All of the list, for a script. ``away``: why the file could not be asked for."""
        gateway = books.choose(request.args.get("gateway", ""))
        said = books.state(gateway)
        if said is None:
            return as_json({"gateway": gateway, "state": None})
        book = books.listed(gateway, said)
        return as_json(
            {
                "gateway": gateway,
                "state": {name: getattr(said, name) for name in said.__struct_fields__ if name != "rules"},
                "rules": rows(said, book.text),
                "parts": [r for r in said.rules if "." in r.rule or r.rule == "file"],
                "trouble": book.trouble,
                "away": book.away,
            }
        )

    @views.post("/api/rules")
    def edit() -> Response:
        """One rule changed in the file: 200 when it is in force, 409 with the gateway's words why not."""
        order: RuleEdit = decode(request.get_data(), RuleEdit)
        return told([books.ask(order.gateway, _params(order))])

    @views.post("/api/rules/rollback")
    def rollback() -> Response:
        order: OfGateway = decode(request.get_data(), OfGateway)
        return told([books.ask(order.gateway, {"do": "rollback"})])

    return views


def frame(books: Rulebooks) -> dict[str, object]:
    """What every screen of the rules is drawn with: the gateway that is meant, which there are, and whether that
    has to be said in addresses."""
    known = books.gateways()
    return {
        "gateway": books.choose(request.args.get("gateway", "")),
        "gateways": known,
        "several": len(known) > 1,
    }


def _params(order: RuleEdit) -> dict[str, Param]:
    params: dict[str, Param] = {"do": order.do, "rule": order.rule}
    match order:
        case RuleEdit(do="enable", enabled=bool(enabled)):
            params["enabled"] = enabled
        case RuleEdit(do="rename", to=str(to)):
            params["to"] = to
        case RuleEdit(do="move", before=str(before)):
            params["before"] = before
        case RuleEdit(do="move" | "remove"):
            pass
        case _:
            raise PayloadError(f"{order.do} needs `{'to' if order.do == 'rename' else 'enabled'}`")
    return params
