"""What may be said with an action: the one definition behind rules, orders, drivers and the public JSON Schema."""

from typing import Any

from msgspec import Struct

from gateway.messages import Param
from gateway.settings.stations import Station
from gateway.settings.values import milliseconds

DEFAULT_ON_FOR = "200ms"
DEFAULT_HZ = 1000


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
    if channel is None:
        return {}
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
    return {
        "type": "object",
        "properties": {name: p.schema() for name, p in parameters(station, action_name).items()},
        "additionalProperties": False,
    }


def _short(value: float) -> float:
    return int(value) if value == int(value) else value
