"""What machines share across stations: the supply's power, and what must never run together."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.settings import patterns
from gateway.settings.models import Settings
from gateway.settings.stations import Action, Channel, Station
from gateway.settings.wiring import Mistake
from gateway.settings.yamlfile import Key, did_you_mean


class Need(Struct, frozen=True):
    """What one action takes while it runs: watts, and the interlocks it is in."""

    power: float = 0.0
    interlocks: frozenset[str] = frozenset()


def needs(settings: Settings) -> dict[tuple[str, str], Need]:
    """(station, ``Command.work``) -> what it takes; what takes nothing is left out. A channel by itself is in
    every interlock of its station and of the actions that use it."""
    wanted: dict[tuple[str, str], Need] = {}
    for station_id, station in settings.stations.items():
        for channel_id, channel in station.channels.items():
            uses = {f"{station_id}/{a}" for a, action in station.actions.items() if channel_id in _used(action)}
            names = {station_id, *uses}
            locks = frozenset(lock for lock, members in settings.interlocks.items() if names & set(members))
            need = Need(channel.power or 0.0, locks)
            if need != Need():
                wanted[station_id, f"channel {channel_id}"] = need
        for action_id, action in station.actions.items():
            names = {station_id, f"{station_id}/{action_id}"}
            locks = frozenset(lock for lock, members in settings.interlocks.items() if names & set(members))
            need = Need(power_of(action, station.channels), locks)
            if need != Need():
                wanted[station_id, action_id] = need
    return wanted


def _used(action: Action) -> set[str]:
    """The channels that it drives."""
    return {step.channel for step in action.pattern} if action.pattern else {action.channel or ""}


def power_of(action: Action, channels: Mapping[str, Channel]) -> float:
    """Watts: what its channel takes, at whatever level; of a pattern the most that is on at once, servos on their
    way home included."""
    if action.pattern is None:
        return _watts(channels, action.channel)
    rounds = 2 if action.repeats > 1 else 1  # the others are like the second
    on = [
        (span.channel, span.begin, span.end + patterns.home_ms(channels[span.channel]))
        for span in patterns.spans(action.pattern, rounds)
        if span.channel in channels
    ]
    together = [{channel for channel, begin, end in on if begin <= at < end} for _, at, _ in on]
    return max((sum(_watts(channels, name) for name in names) for names in together), default=0.0)


def _watts(channels: Mapping[str, Channel], name: str | None) -> float:
    channel = channels.get(name or "")
    return 0.0 if channel is None or channel.power is None else channel.power


def check_limits(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in ``power_budget`` and ``interlocks``, and the actions that could never run."""
    budget = settings.power_budget
    for station_id, station in settings.stations.items():
        for action_id, action in station.actions.items():
            power = power_of(action, station.channels)
            if budget is not None and power > budget:
                yield (
                    ["stations", station_id, "actions", action_id],
                    f"takes {power:g} W at once and power_budget is {budget:g} W: it could never run",
                )
    for name, members in settings.interlocks.items():
        yield from _check_interlock(["interlocks", name], members, settings.stations)


def _check_interlock(at: list[Key], members: list[str], stations: Mapping[str, Station]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for i, member in enumerate(members):
        station_id, slash, action_id = member.partition("/")
        station = stations.get(station_id)
        if station is None:
            yield [*at, i], f"there is no station {station_id!r}{did_you_mean(station_id, stations)}"
        elif slash and action_id not in station.actions:
            hint = did_you_mean(action_id, station.actions)
            yield [*at, i], f"station {station_id!r} has no action {action_id!r}{hint}"
        elif member in seen or station_id in seen:
            yield [*at, i], f"{member!r} is in this interlock already"
        seen.add(member)
    if len({member.partition("/")[0] for member in members}) < 2:
        yield (
            at,
            "an interlock needs two stations: what one station does, it does one after the other anyway",
        )
