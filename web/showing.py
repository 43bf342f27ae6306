"""What an overlay shows: of all that the page knows, the little that this one is for. Pure."""

from typing import Any

from msgspec import Struct

from gateway.messages import Timestamp, seconds
from gateway.text import clean
from web.overlays import Overlay
from web.rows import Rows

LINES = 10
LONGEST_NAME = 24
LONGEST_WORDS = 40
SHOWN_S = 20.0
"""An action is news for so long."""

Table = dict[str, dict[str, Any]]


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``key``: two lines with the same one are the same thing, somewhere else."""

    key: str
    place: int = 0
    who: str = ""
    what: str = ""
    figure: float | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """``fresh``: the page sees the venue now; what it does not see must not stand on a stream as if it were so."""

    fresh: bool
    lines: list[Line] = []
    more: int = 0
    value: float | None = None
    target: float | None = None


def shown(overlay: Overlay, rows: Rows, now: float) -> Shown:
    """``now``: seconds since 1970. What ``Overlay.of`` names: of a queue or of actions a station, of a leaderboard
    an account, of a goal ``counter:<name>`` or ``stage:<name>``; "" is all stations, or the account that is
    live."""
    link = rows.of("link").get("broker", {})
    gateways = rows.of("gateway").values()
    online = any((g.get("availability") or {}).get("online") for g in gateways)
    if not (link.get("connected") and online):
        return Shown(fresh=False)
    match overlay.kind:
        case "queue":
            return _queue(overlay, rows.of("queue"), rows.of("station"))
        case "goal":
            return _goal(overlay.of, rows.of("rules"))
        case "leaderboard":
            return _leaderboard(overlay, rows.of("account"))
        case "action":
            return _action(overlay, rows.of("action"), rows.of("station"), now)


def _name(overlay: Overlay, text: str) -> str:
    return "" if overlay.nameless else clean(text, LONGEST_NAME)


def _title(stations: Table, station: str) -> str:
    info = stations.get(station, {}).get("info") or {}
    return clean(info.get("title") or station, LONGEST_WORDS)


def _queue(overlay: Overlay, queues: Table, stations: Table) -> Shown:
    waiting: list[tuple[Timestamp, Line]] = []
    more = 0
    for station, queue in queues.items():
        if overlay.of in ("", station):
            more += queue["more"]
            for item in queue["waiting"]:
                if not item["held"]:
                    who = _name(overlay, item["user"])
                    what = f"{_title(stations, station)} {item['action']}"
                    waiting.append((item["since"], Line(key=item["id"], who=who, what=what)))
    waiting.sort(key=lambda w: w[0])
    lines = [line for _since, line in waiting]
    return Shown(fresh=True, lines=lines[:LINES], more=more + max(0, len(lines) - LINES))


def _goal(of: str, rules: Table) -> Shown:
    kind, _, name = of.partition(":")
    for state in rules.values():
        if kind == "counter" and name in state["counters"]:
            return Shown(fresh=True, value=state["counters"][name])
        for stage in state["stages"]:
            if kind == "stage" and stage["stage"] == name:
                return Shown(fresh=True, value=stage["metric"], target=stage["needs"])
    return Shown(fresh=True)


def _leaderboard(overlay: Overlay, accounts: Table) -> Shown:
    live = sorted(accounts, key=lambda a: (accounts[a].get("state") or {}).get("phase") != "live")
    account = overlay.of or (live[0] if live else "")
    places = (accounts.get(account, {}).get("top") or {}).get("places", [])
    lines = [
        Line(key=f"{n}", place=p["place"], who=_name(overlay, p["who"]), figure=p["score"])
        for n, p in enumerate(places)
    ]
    return Shown(fresh=True, lines=lines)


def _action(overlay: Overlay, actions: Table, stations: Table, now: float) -> Shown:
    last = None
    for name, a in actions.items():
        mine = overlay.of in ("", a["station"]) and a["status"] in ("running", "done")
        if mine and now - seconds(a["at"]) <= SHOWN_S and (last is None or a["at"] >= last[1]["at"]):
            last = (name, a)
    if last is None:
        return Shown(fresh=True)
    name, a = last
    what = f"{_title(stations, a['station'])} {a['action']}"
    return Shown(fresh=True, lines=[Line(key=name, who=_name(overlay, a["who"]), what=what)])
