"""What the page hears of a venue: the topics it listens to, and what each retained state must be."""

from collections.abc import Iterable

from msgspec import Struct

from gateway.messages import (
    AccountState,
    AccountStats,
    EstopProof,
    GatewayHealth,
    GatewayInfo,
    GatewayState,
    Leaderboard,
    LedgerState,
    QueueState,
    RulesState,
    StationBoard,
    StationInfo,
    StationState,
    StationStats,
)
from gateway.topics import Topics

FACETS: dict[tuple[str, str], type[Struct]] = {
    ("account", "state"): AccountState,
    ("account", "stats"): AccountStats,
    ("account", "leaderboard"): Leaderboard,
    ("gateway", "info"): GatewayInfo,
    ("gateway", "state"): GatewayState,
    ("gateway", "health"): GatewayHealth,
    ("gateway", "estop"): EstopProof,
    ("gateway", "rules"): RulesState,
    ("gateway", "ledger"): LedgerState,
    ("station", "info"): StationInfo,
    ("station", "state"): StationState,
    ("station", "board"): StationBoard,
    ("station", "queue"): QueueState,
    ("station", "stats"): StationStats,
}
"""The retained states and what each must be."""

OWN_ROWS = ("rules", "ledger", "queue", "board")
"""Facets that are long, and change at other times than the rest: each is a row of its own kind."""

VERBS = (
    "arm",
    "queue",
    "ledger",
    "press",
    "trace",
    "rules",
    "errors",
    "profile",
    "diagnostics",
    "backup",
    "retention",
    "erase",
    "restore",
    "test",
    "flash",
    "config",
    "restart",
)
"""What the page asks of gateways: it listens for the answers to these."""


def subscriptions(t: Topics) -> Iterable[str]:
    """Every topic filter the page needs."""
    yield t.connector_availability("+")
    yield t.account_state("+")
    yield t.account_stats("+")
    yield t.account_leaderboard("+", "session")
    yield t.account_event("+", "+")
    yield t.gateway_availability("+")
    yield t.gateway_info("+")
    yield t.gateway_state("+")
    yield t.gateway_health("+")
    yield t.gateway_estop("+")
    yield t.gateway_rules("+")
    yield t.gateway_ledger("+")
    yield t.gateway_announcement("+")
    yield from (t.gateway_response("+", verb) for verb in VERBS)
    yield t.station_availability("+")
    yield t.station_info("+")
    yield t.station_state("+")
    yield t.station_board("+")
    yield t.station_queue("+")
    yield t.station_stats("+")
    yield t.station_result("+")
    yield t.estop_trip
    yield t.mode
