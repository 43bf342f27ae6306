"""What the bus has said of one venue, as rows for the page. Pure: no thread, no clock, no I/O."""

import logging
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway import topics
from gateway.errors import PayloadError
from gateway.messages import (
    Ack,
    Announcement,
    EstopTrip,
    ModeOrder,
    QueueState,
    Response,
    RulesState,
    decode,
    decode_event,
    stamp,
)
from gateway.topics import Address
from web import glance
from web.feed import Actions, Feed, Said
from web.heard import FACETS, OWN_ROWS
from web.stop import Seen

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""A row's kind (account, station, gateway, connector, event, action, ...) and its id."""

MAX_ROWS = 100
"""Of one kind: a venue has a few dozen; whoever invents ids on the bus must not fill our memory."""


class Venue:
    """Feed it messages with ``take``; ``drain`` gives the rows that changed since the last time.

    After a reconnect call ``begin``, and ``sweep`` once the retained messages are in: a state that was
    cleared while we were away is never announced, so what was not said again no longer stands.
    """

    def __init__(self, venue: str) -> None:
        self.trip: EstopTrip | None = None
        self.mode: ModeOrder | None = None
        self.garbage = 0
        self._venue = venue
        self._retained: dict[tuple[str, str, str], Any] = {}
        self._generation: dict[tuple[str, str, str], int] = {}
        self._now = 0
        # in the order in which they changed: what falls out of a list is its oldest
        self._dirty: dict[Key, None] = {}
        self._feed = Feed()
        self._actions = Actions()
        self._said = Said()
        self._lines: dict[str, Mapping[str, Struct]] = {
            "event": self._feed.rows,
            "action": self._actions.rows,
            "announcement": self._said.rows,
        }
        self._warned: set[str] = set()

    # -- in ----------------------------------------------------------------------------------------

    def take(self, topic: str, payload: bytes, retain: bool, at: float) -> Response | None:
        """One message; the answer to a request of ours is returned. What breaks the contract is counted."""
        address = topics.parse(topic)
        if address is None or address.venue != self._venue:
            return None
        try:
            return self._take(address, payload, retain, at)
        except PayloadError as e:
            self.garbage += 1
            level = logging.DEBUG if topic in self._warned else logging.WARNING
            if len(self._warned) < MAX_ROWS:
                self._warned.add(topic)
            log.log(level, "%s: ignored, it does not follow the contract: %s", topic, e)
            return None

    def _take(self, a: Address, payload: bytes, retain: bool, at: float) -> Response | None:
        if a.kind == "control":
            self._control(a, payload)
        elif a.facet == "availability":
            if payload and payload not in (topics.ONLINE, topics.OFFLINE):
                raise PayloadError(f"availability is online or offline, not {payload[:20]!r}")
            state = {"online": payload == topics.ONLINE, "since": stamp(at)} if payload else None
            old = self._retained.get((a.kind, a.id, a.facet))
            if old and state and old["online"] == state["online"]:
                state = old  # said again after a reconnect: the old "since" stands
            self._keep((a.kind, a.id, a.facet), state)
        elif kind := FACETS.get((a.kind, a.facet)):
            self._keep((a.kind, a.id, a.facet), decode(payload, kind) if payload else None)
        elif retain:
            raise PayloadError("events and results are never retained")
        elif (a.kind, a.facet) == ("account", "event"):
            self._touch(*(("event", i) for i in self._feed.add(decode_event(payload))))
        elif (a.kind, a.facet) == ("station", "result"):
            ack: Ack = decode(payload, Ack)
            self._touch(*(("action", i) for i in self._actions.add(ack, at)), ("station", ack.station))
        elif (a.kind, a.facet) == ("gateway", "announcement"):
            self._touch(("announcement", self._said.add(decode(payload, Announcement))))
        elif (a.kind, a.facet) == ("gateway", "response"):
            return decode(payload, Response)
        return None

    def _control(self, a: Address, payload: bytes) -> None:
        key = ("control", a.facet, a.detail)
        self._generation[key] = self._now
        if (a.facet, a.detail) == ("estop", "trip"):
            self.trip = _trip(payload) if payload else None
        elif a.facet == "mode":
            self.mode = decode(payload, ModeOrder) if payload else None

    def _keep(self, key: tuple[str, str, str], value: Any) -> None:
        kind, name, facet = key
        if value is None:
            self._retained.pop(key, None)
            self._generation.pop(key, None)
        else:
            if key not in self._retained and len(self.ids(kind)) >= MAX_ROWS and name not in self.ids(kind):
                raise PayloadError(f"more than {MAX_ROWS} of kind {kind}: this one is left out")
            self._retained[key] = value
            self._generation[key] = self._now
        self._touch((kind, name))
        if (kind, facet) == ("station", "info"):
            self._touch(("board", name))
        if facet in OWN_ROWS:
            self._touch((facet, name))
            if facet == "rules":  # a debt is told with its rule's title
                self._touch(("ledger", name))

    def _touch(self, *keys: Key) -> None:
        for key in keys:
            self._dirty.pop(key, None)
            self._dirty[key] = None

    def begin(self) -> None:
        """A new connection: what is said from here on stands."""
        self._now += 1

    def sweep(self) -> None:
        """Forget every retained state that was not said since ``begin``."""
        for key in [k for k, g in self._generation.items() if g != self._now]:
            del self._generation[key]
            if key[0] != "control":
                self._keep(key, None)
            elif key[1] == "mode":
                self.mode = None
            else:
                self.trip = None

    # -- out ---------------------------------------------------------------------------------------

    def ids(self, kind: str) -> set[str]:
        return {name for k, name, _ in self._retained if k == kind}

    def online(self, kind: str, name: str) -> bool:
        availability = self._retained.get((kind, name, "availability"))
        return bool(availability and availability["online"])

    def rules(self, gateway: str) -> RulesState | None:
        """What it said of its rules, in full."""
        return self._retained.get(("gateway", gateway, "rules"))

    def gateway_of(self, station: str) -> str:
        """The gateway that has this station, "" when none has said so."""
        return next((name for name, g in self.gateways().items() if station in g.stations), "")

    def gateways(self) -> dict[str, Seen]:
        """Every gateway that was ever heard here and not cleared since."""
        found = {}
        for name in self.ids("gateway"):
            info = self._retained.get(("gateway", name, "info"))
            found[name] = Seen(
                online=self.online("gateway", name),
                proof=self._retained.get(("gateway", name, "estop")),
                stations=info.stations if info else [],
            )
        return found

    def drain(self) -> dict[Key, Any]:
        """The rows that changed, None for one that is no more; what fell out of a list is left out."""
        changed: dict[Key, Any] = {}
        for kind, name in self._dirty:
            lines = self._lines.get(kind)
            if lines is None:
                changed[kind, name] = self._row(kind, name)
            elif (line := lines.get(name)) is not None:
                changed[kind, name] = line
        self._dirty.clear()
        return changed

    def _row(self, kind: str, name: str) -> Any:
        match kind:
            case "rules":
                rules = self._retained.get(("gateway", name, "rules"))
                return rules and glance.rules(rules)
            case "ledger":
                ledger = self._retained.get(("gateway", name, "ledger"))
                return ledger and glance.ledger(ledger, self._retained.get(("gateway", name, "rules")))
            case "queue":
                return self._retained.get(("station", name, "queue"))
            case "board":
                info, board = (self._retained.get(("station", name, facet)) for facet in ("info", "board"))
                return info and {"channels": info.channels, "board": board}
        row = {f: v for (k, n, f), v in self._retained.items() if (k, n) == (kind, name) and f not in OWN_ROWS}
        if row and kind == "station":
            queue: QueueState | None = self._retained.get(("station", name, "queue"))
            row["paused"] = queue is not None and queue.paused
            row["last"] = self._actions.last(name)
            if info := row.get("info"):
                row["info"] = replace(info, channels={})  # told with the board, to those few who look at it
        if (board := row.pop("leaderboard", None)) is not None:
            row["top"] = glance.top(board)
        return row or None


def _trip(payload: bytes) -> EstopTrip:
    """Any non-empty payload trips; one that is not ours has an empty id."""
    try:
        return decode(payload, EstopTrip)
    except PayloadError:
        return EstopTrip(id="", by="another program")
