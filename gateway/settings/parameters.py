"""What may be said with an action: the one definition behind rules, orders, drivers and the public JSON Schema."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.messages import Param
from gateway.settings.stations import Action, Channel, Station
from gateway.settings.values import milliseconds

DEFAULT_ON_FOR = "200ms"
DEFAULT_HZ = 1000
LONGEST_TEST_MS = 500
"""Somebody looks whether a wire is right: longer is what actions are for."""
TEST_MS = 100
TEST_LEVEL = 30
"""Percent: enough to see an LED or to hear a motor."""
TEST_WAY = 10
"""Percent of a servo's range, away from its home."""


class Parameter(Struct, frozen=True, kw_only=True):
    """One number. ``whole``: no fractions; ``open``: ``least`` itself is not allowed."""

    least: float
    most: float
    default: float
    about: str
    whole: bool = False
    open: bool = False

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        return {
            "type": "integer" if self.whole else "number",
            "exclusiveMinimum" if self.open else "minimum": _short(self.least),
            "maximum": _short(self.most),
            "default": _short(self.default),
            "description": self.about,
        }

    def complaint(self, value: Param) -> str:
        """Why ``value`` is none; "" when it is good."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        good = number and (not self.whole or isinstance(value, int)) and self.least <= float(value) <= self.most
        if good and not (self.open and value == self.least):
            return ""
        kind = "a whole number" if self.whole else "a number"
        least = "more than" if self.open else "from"
        to = "up to" if self.open else "to"
        return f"expected {kind} {least} {self.least:g} {to} {self.most:g} ({self.about}); found {value!r}"


def parameters(station: Station, action_name: str) -> dict[str, Parameter]:
    """What an action of ``station`` takes; nothing for a pattern, or for one that the settings' check refuses."""
    action = station.actions[action_name]
    channel = station.channels.get(action.channel or "")
    return {} if channel is None else _takes(channel, action)


def of_test(channel: Channel) -> dict[str, Parameter]:
    """What a test of an output takes; the usual is the least that shows something. A ramp is always its own."""
    longest = min(LONGEST_TEST_MS, milliseconds(channel.max_on))
    usual = min(longest, LONGEST_TEST_MS if channel.kind == "servo" else TEST_MS)
    home = channel.home or 0
    position = home + TEST_WAY if home + TEST_WAY <= 100 else home - TEST_WAY
    takes = _takes(channel, Action(level=TEST_LEVEL, position=position))
    takes["ms"] = msgspec.structs.replace(takes["ms"], most=longest, default=usual)
    takes.pop("ramp", None)
    return takes


def _takes(channel: Channel, action: Action) -> dict[str, Parameter]:
    longest = milliseconds(channel.max_on)
    on_ms = milliseconds(action.on_for or DEFAULT_ON_FOR)
    takes = {}
    if not action.hold:
        takes["ms"] = Parameter(
            least=1, most=longest, default=on_ms, whole=True, about="how long it stays on, in milliseconds"
        )
    match channel.kind:
        case "pwm":
            takes["level"] = Parameter(
                least=0, open=True, most=100, default=action.level or 100, about="how strong, in percent"
            )
            takes["ramp"] = Parameter(
                least=0,
                most=min(longest, 0xFFFF),
                default=milliseconds(action.ramp or channel.ramp or "0ms"),
                whole=True,
                about="how long it takes to reach its level, and as long back again, in milliseconds",
            )
        case "servo":
            takes["position"] = Parameter(
                least=0, most=100, default=action.position or 0, about="where it goes, in percent of its range"
            )
        case "tone":
            takes["hz"] = Parameter(
                least=31,
                most=10000,
                default=action.hz or channel.hz or DEFAULT_HZ,
                whole=True,
                about="its pitch in Hz",
            )
        case _:
            pass
    return takes


def schema(station: Station, action_name: str) -> dict[str, Any]:
    """JSON Schema of an action's parameters."""
    return schema_of(parameters(station, action_name))


def schema_of(takes: dict[str, Parameter]) -> dict[str, Any]:
    """JSON Schema of an object that holds some of these."""
    return {
        "type": "object",
        "properties": {name: p.schema() for name, p in takes.items()},
        "additionalProperties": False,
    }


def _short(value: float) -> float:
    return int(value) if value == int(value) else value
