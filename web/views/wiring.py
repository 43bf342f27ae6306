"""The wiring of a station: its board, the pins of its channels, and what it can do with them."""

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from gateway.settings.pins import PINS, Pins
from gateway.settings.stations import ChannelKind
from gateway.settings.wiring import meanings
from web.answers import as_json
from web.configs import Configs
from web.forms import at, block

KINDS: tuple[str, ...] = ChannelKind.__args__  # type: ignore[attr-defined]  # a Literal's


def blueprint(configs: Configs) -> Blueprint:
    views = Blueprint("wiring", __name__)

    @views.get("/stations/<station>/wiring")
    def index(station: str) -> str:
        """Parameter: gateway."""
        s = configs.standing(request.args.get("gateway", ""))
        if not s.away and not isinstance(at(s.data, ["stations", station]), dict):
            abort(404, _("The settings have no station %(station)s.", station=station))
        form = block(s.data, ["stations", station])
        parts = {each.name: each for each in form.blocks}
        board = at(s.data, ["stations", station, "board", "kind"])
        return render_template(
            "wiring.html",
            script="wiring.js",
            s=s,
            station=station,
            form=form,
            board=parts["board"],
            queue=parts["queue"],
            channels=parts["channels"],
            actions=parts["actions"],
            only={name: " ".join(sorted(kinds)) for name, kinds in meanings().items()},
            pins=offered(PINS.get(str(board), PINS["uno"])),
        )

    @views.get("/api/pins/<kind>")
    def pins(kind: str) -> Response:
        """Of a kind of board: each pin, what it is called, and the kinds of channel that can be on it."""
        if kind not in PINS:
            abort(404, _("There is no such kind of board."))
        return as_json({"pins": offered(PINS[kind])})

    return views


def offered(pins: Pins) -> list[dict[str, Any]]:
    """Every pin of a board that some channel can be on."""
    found = []
    for pin in pins.digital:
        kinds = [kind for kind in KINDS if not pins.complaint(kind, pin)]
        if kinds:
            analog = f"A{pin - pins.analog[0]}" if pin in pins.analog else ""
            found.append({"pin": pin, "analog": analog, "kinds": kinds})
    return found
