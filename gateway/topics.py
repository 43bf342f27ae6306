"""Every MQTT topic, written once: ``stagewire/1/<venue>/<kind>/<id>/<facet>[/<detail>]``."""

import re
from dataclasses import dataclass

ROOT = "stagewire/1"
_ID = re.compile(r"[a-z0-9-]{1,32}")

ONLINE = b"online"
OFFLINE = b"offline"


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed topic; ``detail`` is empty where the grammar has none."""

    venue: str
    kind: str
    id: str
    facet: str
    detail: str = ""


def parse(topic: str) -> Address | None:
    """The topic's parts, or None when it is not one of ours."""
    parts = topic.split("/")
    if len(parts) not in (5, 6, 7) or f"{parts[0]}/{parts[1]}" != ROOT:
        return None
    if not all(_ID.fullmatch(p) for p in parts[2:]):
        return None
    venue, kind, *rest = parts[2:]
    if kind == "control":  # control/<facet>[/<detail>] belongs to the whole venue: no id
        if len(rest) > 2:
            return None
        return Address(venue, kind, "", rest[0], rest[1] if len(rest) == 2 else "")
    if len(rest) < 2:
        return None
    return Address(venue, kind, rest[0], rest[1], rest[2] if len(rest) == 3 else "")


@dataclass(frozen=True, slots=True)
class Topics:
    """Builds the topics of one venue. ``"+"`` as an id makes a subscription filter."""

    venue: str

    def _at(self, *parts: str) -> str:
        return "/".join((ROOT, self.venue, *parts))

    # connector -> everyone
    def connector_availability(self, connector: str) -> str:
        return self._at("connector", connector, "availability")

    def account_state(self, account: str) -> str:
        return self._at("account", account, "state")

    def account_event(self, account: str, kind: str) -> str:
        return self._at("account", account, "event", kind)

    # anyone allowed -> connector
    def account_command(self, account: str, verb: str) -> str:
        return self._at("account", account, "command", verb)

    # gateway -> everyone
    def account_stats(self, account: str) -> str:
        return self._at("account", account, "stats")

    def account_leaderboard(self, account: str, board: str) -> str:
        return self._at("account", account, "leaderboard", board)

    def session_summary(self, session: str) -> str:
        return self._at("session", session, "summary")

    def gateway_availability(self, gateway: str) -> str:
        return self._at("gateway", gateway, "availability")

    def gateway_info(self, gateway: str) -> str:
        return self._at("gateway", gateway, "info")

    def gateway_state(self, gateway: str) -> str:
        return self._at("gateway", gateway, "state")

    def gateway_health(self, gateway: str) -> str:
        return self._at("gateway", gateway, "health")

    def gateway_estop(self, gateway: str) -> str:
        """Retained proof of the emergency stop."""
        return self._at("gateway", gateway, "estop")

    def gateway_announcement(self, gateway: str) -> str:
        return self._at("gateway", gateway, "announcement")

    def gateway_rules(self, gateway: str) -> str:
        return self._at("gateway", gateway, "rules")

    def gateway_ledger(self, gateway: str) -> str:
        return self._at("gateway", gateway, "ledger")

    def gateway_request(self, gateway: str, verb: str) -> str:
        return self._at("gateway", gateway, "request", verb)

    def gateway_response(self, gateway: str, verb: str) -> str:
        return self._at("gateway", gateway, "response", verb)

    def station_availability(self, station: str) -> str:
        return self._at("station", station, "availability")

    def station_info(self, station: str) -> str:
        return self._at("station", station, "info")

    def station_state(self, station: str) -> str:
        return self._at("station", station, "state")

    def station_board(self, station: str) -> str:
        return self._at("station", station, "board")

    def station_queue(self, station: str) -> str:
        return self._at("station", station, "queue")

    def station_stats(self, station: str) -> str:
        return self._at("station", station, "stats")

    def station_event(self, station: str, kind: str) -> str:
        return self._at("station", station, "event", kind)

    def station_command(self, station: str) -> str:
        return self._at("station", station, "command")

    def station_result(self, station: str) -> str:
        return self._at("station", station, "result")

    # the venue's controls
    @property
    def estop_trip(self) -> str:
        """The only retained instruction: any non-empty payload trips."""
        return self._at("control", "estop", "trip")

    @property
    def estop_reset(self) -> str:
        return self._at("control", "estop", "reset")

    @property
    def mode(self) -> str:
        return self._at("control", "mode")
