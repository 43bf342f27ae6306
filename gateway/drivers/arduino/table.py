"""A station's settings as the board sees them: the channel table, and what each action runs."""

from msgspec import Struct

from gateway.drivers.arduino import wire
from gateway.errors import DriverError, WireError
from gateway.messages import Command
from gateway.settings.models import Channel, Station, duration

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
OUTPUTS = frozenset({"pulse", "level", "pwm", "servo", "tone"})
ON = 255
MAX_MS = 0xFFFFFFFF


def milliseconds(text: str) -> int:
    return round(duration(text) * 1000)


def _entry(index: int, channel: Channel) -> wire.TableEntry:
    output = channel.kind in OUTPUTS
    flags = wire.ChannelFlag(0)
    if channel.active_low:
        flags |= wire.ChannelFlag.ACTIVE_LOW
    if channel.pull_up and not output:
        flags |= wire.ChannelFlag.PULL_UP
    return wire.TableEntry(
        index=index,
        kind=_KINDS[channel.kind],
        pin=channel.pin,
        flags=flags,
        group=0,
        safe=0,
        max_on_ms=milliseconds(channel.max_on) if output else 0,
        rest_ms=milliseconds(channel.rest) if output else 0,
        duty_permille=0,
        duty_window_s=0,
        arg0=0 if output else milliseconds(channel.debounce),
        arg1=0,
    )


class Refused(DriverError):
    """A command that makes no sense for its station, in words."""


class Plan(Struct, frozen=True):
    """What a command asks of the board: energise ``channel`` for ``on_ms``."""

    channel: str
    index: int
    on_ms: int


class Table:
    """The channel table of one station. Raises ``DriverError`` for one that no board can hold."""

    def __init__(self, station: str, settings: Station) -> None:
        self.channels = list(settings.channels)
        if len(self.channels) > wire.MAX_CHANNELS:
            raise DriverError(
                f"station {station} has {len(self.channels)} channels; a board holds {wire.MAX_CHANNELS}"
            )
        self._settings = settings
        self.entries = [_entry(i, c) for i, c in enumerate(settings.channels.values())]
        try:
            self.crc = wire.table_crc(self.entries)
        except WireError as e:
            raise DriverError(f"station {station} has a duration that no board can hold: {e}") from None
        self._plans = {name: self._plan(station, name) for name in settings.actions}

    def _plan(self, station: str, name: str) -> Plan:
        action = self._settings.actions[name]
        channel = self._settings.channels.get(action.channel)
        if channel is None or channel.kind not in OUTPUTS:
            raise DriverError(
                f"action {name} of station {station} drives {action.channel!r}, which is no output channel"
            )
        return Plan(action.channel, self.channels.index(action.channel), milliseconds(action.on_for))

    def plan(self, command: Command) -> Plan:
        """What ``command`` asks for. Raises ``Refused``."""
        plan = self._plans.get(command.action)
        if plan is None:
            known = ", ".join(self._plans) or "none"
            raise Refused(f"no action {command.action!r}; this station has: {known}")
        unknown = command.params.keys() - {"ms"}
        if unknown:
            raise Refused(f"no parameter {min(unknown)!r}; this action takes: ms")
        ms = command.params.get("ms", plan.on_ms)
        if isinstance(ms, bool) or not isinstance(ms, int) or not 1 <= ms <= MAX_MS:
            raise Refused(f"ms is {ms!r}; expected a whole number of milliseconds from 1")
        return Plan(plan.channel, plan.index, ms)

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
