"""A station's settings as the board sees them: the channel table, and what each action runs."""

from collections.abc import Mapping
from typing import assert_never

from gateway.drivers.arduino import plans, wire
from gateway.drivers.arduino.cooling import Cooling
from gateway.errors import DriverError, WireError
from gateway.messages import Command, Param
from gateway.settings import parameters
from gateway.settings.stations import OUTPUTS, Action, Channel, Station
from gateway.settings.values import duration, milliseconds

_KINDS = {
    "pulse": wire.ChannelKind.PULSE,
    "level": wire.ChannelKind.LEVEL,
    "pwm": wire.ChannelKind.PWM,
    "servo": wire.ChannelKind.SERVO,
    "tone": wire.ChannelKind.TONE,
    "input": wire.ChannelKind.INPUT,
    "analog": wire.ChannelKind.ANALOG,
    "stop": wire.ChannelKind.STOP,
    "status": wire.ChannelKind.STATUS,
}
_INPUTS = frozenset({"input", "stop"})
MIN_US, MAX_US = 1000, 2000
"""A servo's usual range; every hobby servo can do it."""


def _entry(index: int, channel: Channel, group: int) -> wire.TableEntry:
    output = channel.kind in OUTPUTS
    flags = wire.ChannelFlag(0)
    if channel.active_low:
        flags |= wire.ChannelFlag.ACTIVE_LOW
    if channel.kind in _INPUTS and channel.pull_up is not False:
        flags |= wire.ChannelFlag.PULL_UP
    arg0, arg1, arg2 = _args(channel)
    return wire.TableEntry(
        index=index,
        kind=_KINDS[channel.kind],
        pin=channel.pin,
        flags=flags,
        group=group,
        safe=round((channel.home or 0) * plans.FULL / 100),
        max_on_ms=milliseconds(channel.max_on) if output else 0,
        rest_ms=milliseconds(channel.rest) if output else 0,
        duty_permille=round(channel.duty.percent * 10) if channel.duty else 0,
        duty_window_s=round(duration(channel.duty.window)) if channel.duty else 0,
        arg0=arg0,
        arg1=arg1,
        arg2=arg2,
    )


def _args(channel: Channel) -> tuple[int, int, int]:
    match channel.kind:
        case "pwm":
            return milliseconds(channel.ramp or "0ms"), 0, 0
        case "servo":
            return channel.min_us or MIN_US, channel.max_us or MAX_US, channel.speed or 0
        case "tone":
            return channel.hz or parameters.DEFAULT_HZ, 0, 0
        case "input" | "stop":
            return milliseconds(channel.debounce or "20ms"), 0, 0
        case "analog":
            hysteresis = 10 if channel.hysteresis is None else channel.hysteresis
            return channel.threshold or 0, min(hysteresis, channel.threshold or 0), 0
        case "pulse" | "level" | "status":
            return 0, 0, 0
        case _:
            assert_never(channel.kind)


class Refused(DriverError):
    """A command that makes no sense for its station, in words."""


def _values(takes: Mapping[str, parameters.Parameter], given: Mapping[str, Param]) -> dict[str, Param]:
    """Every parameter's value, as given or as is usual. Raises ``Refused``."""
    if unknown := given.keys() - takes.keys():
        raise Refused(f"no parameter {min(unknown)!r}; this action takes: {', '.join(takes) or 'none'}")
    for name, value in given.items():
        if words := takes[name].complaint(value):
            raise Refused(f"{name}: {words}")
    return {name: p.default for name, p in takes.items()} | dict(given)


class Table:
    """The channel table of one station. Raises ``DriverError`` for one that no board can hold."""

    def __init__(self, station: str, settings: Station) -> None:
        self.channels = list(settings.channels)
        if len(self.channels) > wire.MAX_CHANNELS:
            raise DriverError(
                f"station {station} has {len(self.channels)} channels; a board holds {wire.MAX_CHANNELS}"
            )
        self._settings = settings
        groups = list(dict.fromkeys(c.group for c in settings.channels.values() if c.group))
        try:
            self.entries = [
                _entry(i, c, groups.index(c.group) + 1 if c.group else 0)
                for i, c in enumerate(settings.channels.values())
            ]
            self.crc = wire.table_crc(self.entries)
        except WireError as e:
            raise DriverError(f"station {station} has a duration that no board can hold: {e}") from None
        for name, action in settings.actions.items():
            for used in [s.channel for s in action.pattern] if action.pattern else [action.channel]:
                channel = settings.channels.get(used or "")
                if channel is None or channel.kind not in OUTPUTS:
                    raise DriverError(
                        f"action {name} of station {station} drives {used!r}, which is no output channel"
                    )

    def plan(self, command: Command) -> plans.Plan:
        """What ``command`` asks for. Raises ``Refused``."""
        if command.channel:
            return self._plan_test(command.channel, command.params)
        action = self._settings.actions.get(command.action)
        if action is None:
            known = ", ".join(self._settings.actions) or "none"
            raise Refused(f"no action {command.action!r}; this station has: {known}")
        values = _values(parameters.parameters(self._settings, command.action), command.params)
        if action.channel is None:
            return plans.pattern(command.action, self._settings.channels, action)
        channel = self._settings.channels[action.channel]
        return plans.single(action.channel, self.channels.index(action.channel), channel, action, values)

    def _plan_test(self, name: str, params: Mapping[str, Param]) -> plans.Plan:
        """One output by itself, whether or not an action uses it."""
        outputs = {n: c for n, c in self._settings.channels.items() if c.kind in OUTPUTS}
        if name not in outputs:
            raise Refused(f"no output {name!r}; this station has: {', '.join(outputs) or 'none'}")
        channel = outputs[name]
        values = _values(parameters.of_test(channel), params) | {"ramp": milliseconds(channel.ramp or "0ms")}
        return plans.single(name, self.channels.index(name), channel, Action(channel=name), values)

    def lacking(self, capabilities: int) -> tuple[str, str] | None:
        """(kind, channel) that a board of these ``capabilities`` does not know; None when it knows all."""
        for name, channel in self._settings.channels.items():
            if not capabilities >> _KINDS[channel.kind] & 1:
                return channel.kind, name
        return None

    def cooling(self) -> dict[str, Cooling]:
        """A memory for each channel with a duty limit."""
        return {name: Cooling(c.duty) for name, c in self._settings.channels.items() if c.duty}

    def name(self, index: int) -> str:
        """The channel's name; "" for an index that no channel has."""
        return self.channels[index] if index < len(self.channels) else ""

    def limit(self, channel: str) -> str:
        """Longest on-time as it stands in the settings."""
        return self._settings.channels[channel].max_on

    def rest_s(self, channel: str) -> float:
        return duration(self._settings.channels[channel].rest)

    def describe(self, index: int) -> str:
        """A channel for a person: its name, kind and pin."""
        name = self.name(index)
        if not name:
            return f"channel {index}"
        channel = self._settings.channels[name]
        return f"channel {name} ({channel.kind} on pin {channel.pin})"
