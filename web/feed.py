"""The last events and the last actions, flattened to what a person reads; bounded."""

import itertools

from msgspec import Struct
from msgspec.structs import replace

from gateway.messages import (
    KINDS,
    Ack,
    Announcement,
    Comment,
    Event,
    Gap,
    Gift,
    Like,
    Live,
    Person,
    Status,
    Text,
    Timestamp,
    User,
    Viewers,
    seconds,
    stamp,
)

MAX_EVENTS = 60
MAX_ACTIONS = 40
MAX_SAID = 5
MERGE_S = 10.0
"""Likes and joins of one account within this span are one line: a flood must stay readable."""


class EventRow(Struct, frozen=True, kw_only=True):
    """One line of the feed. ``count`` is of gifts, likes or joins; ``coins`` of all of them together."""

    kind: str
    account: str
    at: Timestamp
    who: Text = ""
    text: Text = ""
    count: int = 0
    coins: int | None = None
    simulated: bool = False
    stale: bool = False


class ActionRow(Struct, frozen=True, kw_only=True):
    """One command and what has become of it so far."""

    station: str
    action: str
    status: Status
    at: Timestamp
    reason: Text = ""
    rule: str = ""
    account: str = ""
    who: Text = ""
    latency_ms: float | None = None
    channel: str = ""


class Feed:
    """``rows``: id -> line, oldest first, at most ``MAX_EVENTS``."""

    def __init__(self) -> None:
        self.rows: dict[str, EventRow] = {}

    def add(self, event: Event) -> list[str]:
        """Add or merge one event; the ids of the lines that changed."""
        row = line(event)
        if row is None:
            return []
        name = _name(event)
        old = self.rows.pop(name, None)
        if old is not None and row.kind in ("like", "join"):
            row = replace(row, count=old.count + row.count, who="")
        self.rows[name] = row
        if len(self.rows) > MAX_EVENTS:
            del self.rows[next(iter(self.rows))]
        return [name]


class Actions:
    """``rows``: command id -> line, oldest first, at most ``MAX_ACTIONS``."""

    def __init__(self) -> None:
        self.rows: dict[str, ActionRow] = {}
        self._last: dict[str, ActionRow] = {}

    def add(self, ack: Ack, at: float) -> list[str]:
        """Note what became of a command; the ids of the lines that changed."""
        old = self.rows.get(ack.id)
        row = action(ack, at)
        if old is not None:
            known = old.latency_ms if ack.latency_ms is None else ack.latency_ms
            row = replace(row, at=old.at, latency_ms=known)
        self.rows[ack.id] = row
        if row.latency_ms is not None and (ack.station in self._last or len(self._last) < MAX_EVENTS):
            self._last[ack.station] = row
        if len(self.rows) > MAX_ACTIONS:
            del self.rows[next(iter(self.rows))]
        return [ack.id]

    def last(self, station: str) -> ActionRow | None:
        """The station's last action that moved something."""
        return self._last.get(station)


class Said:
    """``rows``: what rules announced, oldest first, at most ``MAX_SAID``."""

    def __init__(self) -> None:
        self.rows: dict[str, Announcement] = {}
        self._numbers = itertools.count()

    def add(self, said: Announcement) -> str:
        """Add a line; its id."""
        name = str(next(self._numbers))
        self.rows[name] = said
        if len(self.rows) > MAX_SAID:
            del self.rows[next(iter(self.rows))]
        return name


def action(ack: Ack, at: float) -> ActionRow:
    """What an ack says as a line, noted at ``at`` (seconds since 1970)."""
    return ActionRow(
        station=ack.station,
        action=ack.action,
        status=ack.status,
        at=stamp(at),
        reason=ack.reason,
        rule=ack.rule,
        account=ack.account,
        who=ack.user,
        latency_ms=ack.latency_ms,
        channel=ack.channel or "",
    )


def _name(event: Event) -> str:
    """The id of the event's line: a streak is one line, and so are the likes of ten seconds."""
    kind = KINDS[type(event)]
    if isinstance(event.data, Gift) and event.data.streak:
        return f"{event.account}/{event.data.streak}"
    if kind in ("like", "join"):
        return f"{event.account}/{kind}/{seconds(event.received) // MERGE_S:.0f}"
    return event.id


def line(event: Event) -> EventRow | None:
    """The event as a line, None for what the account's card shows better."""
    who, text, count, coins = "", "", 0, None
    match event.data:
        case Gift() as g:
            who, text, count = _shown(g.user), g.name, max(g.total, g.count)
            coins = None if g.coins is None else g.coins * count
        case Comment() as c:
            who, text = _shown(c.user), c.text
        case Like() as n:
            who, count = _shown(n.user), n.count
        case Person() as p:
            who, count = _shown(p.user), p.count
        case Viewers():
            return None
        case Live() as live:
            text, who = live.title, live.phase
        case Gap() as gap:
            text = gap.why
    return EventRow(
        kind=KINDS[type(event)],
        account=event.account,
        at=event.received,
        who=who,
        text=text,
        count=count,
        coins=coins,
        simulated=event.simulated,
        stale=event.stale,
    )


def _shown(user: User | None) -> str:
    return (user.nickname or user.name) if user else ""
