"""The public MQTT contract as data: every topic with its payload, and the AsyncAPI 3 document made from it.

``python -m gateway.contract`` writes ``docs/asyncapi.json`` and the table in ``docs/mqtt.md``; a test fails when
they are not current or when a topic of ``topics.py`` is missing here.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from gateway import messages as m
from gateway.topics import Topics

TABLE = re.compile(r"(?<=<!-- topics -->\n).*?(?=<!-- /topics -->)", re.DOTALL)
"""The part of ``docs/mqtt.md`` that is written from here."""


_ACCOUNT_COMMANDS = (
    ("connect", m.AccountOrder, "begin to listen"),
    ("disconnect", m.AccountOrder, "pause; `connect` goes on"),
    ("add", m.AddAccount, "an account of that id, until the connector restarts"),
    ("remove", m.AccountOrder, "end it and clear its state"),
    ("simulate", m.Simulate, "one invented event, marked simulated"),
)


class Channel(Struct, frozen=True):
    """One topic. ``payload`` is a Struct, a union of them, or plain ``str`` for online/offline."""

    topic: str
    payload: Any
    writer: str
    retained: bool
    qos: int
    words: str


def channels() -> list[Channel]:
    """The whole contract, in reading order."""
    t = Topics("{venue}")
    account, station, gateway, connector, verb = "{account}", "{station}", "{gateway}", "{connector}", "{verb}"
    events = [
        Channel(
            t.account_event(account, kind),
            event,
            "connector",
            False,
            0 if kind in m.MERGED_KINDS else 1,
            "CloudEvents 1.0; merged to at most 2/s" if kind in m.MERGED_KINDS else "CloudEvents 1.0",
        )
        for kind, event in ((kind, m.EVENT_CLASSES[kind]) for kind in m.LIVE_KINDS)
    ]
    return [
        Channel(t.connector_availability(connector), str, "connector", True, 1, "online, offline (last will)"),
        Channel(t.account_state(account), m.AccountState, "connector", True, 1, "offline to live, in words"),
        *events,
        *(
            Channel(t.account_command(account, order), payload, "anyone allowed", False, 1, words)
            for order, payload, words in _ACCOUNT_COMMANDS
        ),
        Channel(t.account_stats(account), m.AccountStats, "gateway", True, 1, "totals, session and all"),
        Channel(
            t.account_leaderboard(account, "{board}"), m.Leaderboard, "gateway", True, 0, "session, 7d, 30d, all"
        ),
        Channel(t.session_summary("{session}"), m.SessionSummary, "gateway", True, 1, "when it has ended"),
        Channel(t.gateway_availability(gateway), str, "gateway", True, 1, "online, offline (last will)"),
        Channel(t.gateway_info(gateway), m.GatewayInfo, "gateway", True, 1, "version, settings' hash"),
        Channel(t.gateway_state(gateway), m.GatewayState, "gateway", True, 1, "mode, armed, counts, latency"),
        Channel(t.gateway_health(gateway), m.GatewayHealth, "gateway", True, 1, "loop lag, memory, disk"),
        Channel(t.gateway_announcement(gateway), m.Announcement, "gateway", False, 1, "a rule's line to show"),
        Channel(
            t.gateway_rules(gateway), m.RulesState, "gateway", True, 1, "rules, counters, timers, notes, stages"
        ),
        Channel(t.gateway_ledger(gateway), m.LedgerState, "gateway", True, 1, "what became of every run; owed"),
        Channel(t.gateway_request(gateway, verb), m.Request, "operator", False, 1, "see below"),
        Channel(t.gateway_response(gateway, verb), m.Response, "gateway", False, 1, "same transaction"),
        Channel(t.station_availability(station), str, "gateway", True, 1, "online, offline"),
        Channel(t.station_info(station), m.StationInfo, "gateway", True, 1, "actions and channels, with schemas"),
        Channel(t.station_state(station), m.StationState, "gateway", True, 1, "running, queue, fault in words"),
        Channel(t.station_board(station), m.StationBoard, "gateway", True, 1, "firmware, wire, wear, inputs"),
        Channel(t.station_queue(station), m.QueueState, "gateway", True, 1, "what waits, in order; once a second"),
        Channel(t.station_stats(station), m.StationStats, "gateway", True, 1, "wear, success, latency"),
        Channel(t.station_event(station, "input"), m.InputEvent, "gateway", False, 1, "an input changed"),
        Channel(t.station_command(station), m.Order, "anyone allowed", False, 1, "never retained"),
        Channel(t.station_result(station), m.Ack, "gateway", False, 1, "every step of every command"),
        Channel(t.estop_trip, m.EstopTrip, "anyone allowed", True, 1, "any non-empty payload stops"),
        Channel(t.estop_reset, m.EstopReset, "supervisor", False, 1, "must name the trip; arms nothing"),
        Channel(t.gateway_estop(gateway), m.EstopProof, "gateway", True, 1, "the proof, board by board"),
        Channel(t.mode, m.ModeOrder, "supervisor", True, 1, "live, rehearsal, paused"),
    ]


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document; its schemas are JSON Schema 2020-12."""
    kinds = {c.payload for c in channels() if c.payload is not str}
    ordered = sorted(kinds, key=lambda k: str(k.__name__))
    _, schemas = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stagewire",
            "version": "1",
            "description": "Fields are only ever added within version 1; unknown fields are to be ignored.",
            "license": {"name": "AGPL-3.0-or-later"},
        },
        "defaultContentType": "application/json",
        "channels": {},
        "operations": {},
        "components": {"schemas": dict(sorted(schemas.items()))},
    }
    for c in channels():
        name = _name(c.topic)
        message = "Availability" if c.payload is str else c.payload.__name__
        payload = {"enum": ["online", "offline"]} if c.payload is str else _ref(message)
        parameters: dict[str, dict[str, str]] = {p: {} for p in re.findall(r"{(\w+)}", c.topic)}
        document["channels"][name] = {
            "address": c.topic,
            "description": c.words,
            "parameters": parameters,
            "messages": {message: {"payload": payload}},
        }
        document["operations"][name] = {
            "action": "send" if c.writer in ("gateway", "connector") else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "bindings": {"mqtt": {"qos": c.qos, "retain": c.retained}},
        }
    return document


def table() -> str:
    """The topics as a Markdown table."""
    rows = ["| under `stagewire/1/{venue}/` | retained | QoS | writer | payload | |", "|---|---|---|---|---|---|"]
    for c in channels():
        topic = c.topic.removeprefix("stagewire/1/{venue}/")
        payload = "text" if c.payload is str else c.payload.__name__
        retained = "yes" if c.retained else "no"
        rows.append(f"| `{topic}` | {retained} | {c.qos} | {c.writer} | {payload} | {c.words} |")
    return "\n".join(rows) + "\n"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _name(topic: str) -> str:
    words = topic.removeprefix("stagewire/1/{venue}/").replace("{", "").replace("}", "")
    return words.replace("/", "_").replace("-", "_")


def write(docs: Path) -> None:
    (docs / "asyncapi.json").write_text(json.dumps(asyncapi(), indent=1) + "\n", encoding="utf-8")
    page = docs / "mqtt.md"
    page.write_text(TABLE.sub(lambda _: table(), page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
