"""What would happen if: one invented event, and what every rule says of it."""

import secrets
from hashlib import blake2b
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import BusError
from gateway.messages import Id, Simulate, decode
from web.answers import as_json
from web.parts import Parts
from web.people.present import presser
from web.rulebooks import Rulebooks
from web.venue import Venue
from web.views.rules import frame

Word = Annotated[str, Meta(max_length=64)]
Number = Annotated[int, Meta(ge=0, le=1_000_000)]
LONGEST_ID = 200
Kind = Literal["gift", "comment", "like", "follow", "share", "join", "subscribe", "viewers", "question"]


class Try(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody does on the LIVE of ``account``. Of the rest, what belongs to the ``kind``: ``name``, ``gift``
    (its id) and ``coins`` of one gift; ``count`` of gifts, likes or viewers; ``text``."""

    account: Id
    kind: Kind
    viewer: Word = ""
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    name: Word = ""
    gift: Annotated[str, Meta(pattern=r"^[0-9]{0,20}$")] = ""
    coins: Number | None = None
    count: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    text: Annotated[str, Meta(max_length=300)] = ""


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("rules_try", __name__)
    source = parts.source

    @views.get("/rules/try")
    def index() -> str:
        """Parameters: gateway, rule (that one wants to know of), and any field of ``Try`` to begin with."""
        accounts = sorted({*parts.settings.accounts, *source.look(lambda v: v.ids("account"))})
        return render_template(
            "rules_try.html", script="rules-try.js", accounts=accounts, asked=request.args, **frame(books)
        )

    @views.post("/api/rules/try")
    def begin() -> Response:
        """202 and the ``event``'s id: it was sent to the connectors. What becomes of it the trace tells."""
        order: Try = decode(request.get_data(), Try)
        if not source.look(_heard):
            raise BusError(
                _("no connector is there to say that it happened: start `stagewire connector`; nothing was sent")
            )
        event = f"simulated-{secrets.token_hex(8)}"
        body = Simulate(kind=order.kind, data=_data(order), id=event, by=presser())
        source.order(lambda t: t.account_command(order.account, "simulate"), body)
        return as_json({"event": event}, 202)

    @views.get("/api/rules/trace")
    def trace() -> Response:
        """Parameters: gateway, event. What is known of it by now; while that is nothing, ``why``."""
        gateway, event = books.choose(request.args.get("gateway", "")), request.args.get("event", "")[:LONGEST_ID]
        with parts.places.one():
            answer = source.ask("trace", {"event": event}, presser(), gateway)
        return as_json({"trace": answer.result if answer.ok else None, "why": answer.error})

    return views


def _heard(venue: Venue) -> bool:
    return any(venue.online("connector", name) for name in venue.ids("connector"))


def _data(order: Try) -> dict[str, Any]:
    """The event's own; see ``gateway.connector.simulate``."""
    data: dict[str, Any] = {}
    if order.kind != "viewers":
        name = order.viewer.strip() or "viewer.practice"
        data["user"] = {
            "id": f"simulated-{blake2b(name.encode(), digest_size=6).hexdigest()}",
            "name": name,
            "nickname": name,
            "follower": order.follower,
            "moderator": order.moderator,
            "subscriber": order.subscriber,
        }
    match order.kind:
        case "gift":
            data |= {"name": order.name.strip() or "Rose", "gift_id": order.gift or "0", "coins": order.coins}
            data["count"] = order.count
        case "like" | "viewers":
            data["count"] = order.count
        case "comment" | "question":
            data["text"] = order.text
        case "follow" | "share" | "join" | "subscribe":
            pass
    return data
