"""What a rule can name at this venue: offered in the form, so that nobody has to remember it."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from gateway.errors import StorageError
from gateway.settings import parameters
from gateway.settings.load_rules import parse_rules
from gateway.settings.rules import RuleBook
from gateway.settings.stations import Station
from gateway.stats.reader import StatsReader
from web.parts import Parts
from web.rows import Rows

MOST_GIFTS = 300
"""Offered; the form takes any other, too."""


class KnownStation(Struct, frozen=True, kw_only=True):
    """``actions``: the JSON Schema of what each takes; ``inputs``: channels that are."""

    title: str = ""
    actions: dict[str, Any] = {}
    inputs: list[str] = []


class KnownGift(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    coins: int | None = None


class Known(Struct, frozen=True, kw_only=True):
    """All names. ``stages``: each with its levels."""

    accounts: list[str] = []
    stations: dict[str, KnownStation] = {}
    gifts: list[KnownGift] = []
    counters: list[str] = []
    timers: list[str] = []
    notes: list[str] = []
    stages: dict[str, list[str]] = {}
    groups: list[str] = []
    sounds: list[str] = []
    webhooks: list[str] = []
    buttons: list[str] = []


def known(parts: Parts, gateway: str, text: str) -> Known:
    """Of ``gateway``, whose rules file is ``text``. The settings are this page's, which are the gateway's where
    both run on one machine; what the gateway itself says of its stations goes before them."""
    settings = parts.settings
    book = parse_rules(text, "rules", settings, parts.base_dir).book
    rows = parts.source.rows
    return Known(
        accounts=sorted({*settings.accounts, *rows.of("account")}),
        stations=_stations(settings.stations, rows, gateway),
        gifts=_gifts(parts),
        counters=list(book.counters),
        timers=book.timers,
        notes=book.notes,
        stages={name: list(stage.levels) for name, stage in book.stages.items()},
        groups=list(book.groups),
        sounds=list(settings.sounds),
        webhooks=list(settings.webhooks),
        buttons=sorted(_buttons(book)),
    )


def _stations(settings: Mapping[str, Station], rows: Rows, gateway: str) -> dict[str, KnownStation]:
    found = {name: _of_settings(station) for name, station in settings.items()}
    own = (rows.of("gateway").get(gateway, {}).get("info") or {}).get("stations", [])
    for name, row in rows.of("station").items():
        if name in own and (info := row.get("info")):
            channels = info.get("channels") or {}
            inputs = [key for key, channel in channels.items() if channel["kind"] == "input"]
            actions = {key: action["params"] for key, action in info["actions"].items()}
            found[name] = KnownStation(title=info["title"], actions=actions, inputs=inputs)
    return dict(sorted(found.items()))


def _of_settings(station: Station) -> KnownStation:
    return KnownStation(
        title=station.title or "",
        actions={name: parameters.schema(station, name) for name in station.actions},
        inputs=[name for name, channel in station.channels.items() if channel.kind == "input"],
    )


def _gifts(parts: Parts) -> list[KnownGift]:
    """Those of the catalogue, the last seen first, and those that go by at this moment, practice among them."""
    found: dict[str, KnownGift] = {}
    for event in parts.source.rows.of("event").values():
        if event.get("kind") == "gift":
            found.setdefault(event["text"], KnownGift(id="", name=event["text"]))
    try:
        kept = StatsReader(parts.data).kept().catalogue if parts.data.is_dir() else []
    except (StorageError, OSError):
        kept = []
    for gift in sorted(kept, key=lambda gift: gift.last, reverse=True)[:MOST_GIFTS]:
        for name in gift.names[-1:]:
            found[name] = KnownGift(id=gift.gift_id, name=name, coins=gift.coins)
    return list(found.values())


def _buttons(book: RuleBook) -> Iterable[str]:
    return {rule.when.button.name for rule in book.rules.values() if rule.when.button is not None}
