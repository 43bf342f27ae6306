"""What a station's channels and actions must hold to, beyond what the JSON Schema can say."""

from collections.abc import Iterator, Mapping

from gateway.settings import patterns
from gateway.settings.parameters import DEFAULT_ON_FOR
from gateway.settings.pins import PINS, listed
from gateway.settings.stations import OUTPUTS, Action, Channel, Station, Step
from gateway.settings.values import duration
from gateway.settings.yamlfile import Key, did_you_mean

LONGEST_ON_S = 30.0
"""No output of a viewer-driven machine stays on longer than this, whatever a file says."""
MAX_CHANNELS = 16
LONGEST_WINDOW_S = 600.0
LONGEST_COOLDOWN_S = 24 * 3600.0
"""A station that rests longer than a LIVE lasts is a slip of the pen."""
MAX_MOVING = 8
MAX_DUTIES = 6
"""As many as an Uno's memory holds: PLACES and ACCOUNTS of the firmware."""

Mistake = tuple[list[Key], str]

_ONLY_FOR: dict[str, frozenset[str]] = {
    "group": OUTPUTS,
    "duty": OUTPUTS,
    "power": OUTPUTS,
    "ramp": frozenset({"pwm"}),
    "min_us": frozenset({"servo"}),
    "max_us": frozenset({"servo"}),
    "home": frozenset({"servo"}),
    "speed": frozenset({"servo"}),
    "hz": frozenset({"tone"}),
    "threshold": frozenset({"analog"}),
    "hysteresis": frozenset({"analog"}),
    "pull_up": frozenset({"input", "stop"}),
    "debounce": frozenset({"input"}),
    "level": frozenset({"pwm"}),
    "position": frozenset({"servo"}),
}
_OF_ONE = ("on_for", "level", "position", "hz", "ramp", "hold")


def meanings() -> Mapping[str, frozenset[str]]:
    """Which kinds of channel a setting has a meaning for; those that are not named are for all."""
    return _ONLY_FOR


def check_station(at: list[Key], station: Station) -> Iterator[Mistake]:
    """Every mistake in what a station says of itself."""
    if station.cooldown is not None and duration(station.cooldown) > LONGEST_COOLDOWN_S:
        yield [*at, "cooldown"], f"expected at most {LONGEST_COOLDOWN_S / 3600:g}h; found {station.cooldown}"
    pins: dict[int, str] = {}
    groups: dict[str, list[str]] = {}
    for name, channel in station.channels.items():
        here: list[Key] = [*at, "channels", name]
        other = pins.setdefault(channel.pin, name)
        if other != name:
            yield [*here, "pin"], f"pin {channel.pin} is channel {other!r}'s already"
        elif words := PINS[station.board.kind].complaint(channel.kind, channel.pin):
            yield [*here, "pin"], words
        yield from _check_channel(here, channel)
        if channel.group:
            groups.setdefault(channel.group, []).append(name)
    yield from _check_timers([*at, "channels"], station)
    for group, members in groups.items():
        if len(members) == 1:
            hint = did_you_mean(group, set(groups) - {group})
            words = f"only {members[0]!r} is of group {group!r}; an interlock needs two{hint}"
            yield [*at, "channels", members[0], "group"], words
    if len(station.channels) > MAX_CHANNELS:
        yield [*at, "channels"], f"a board has at most {MAX_CHANNELS} channels; found {len(station.channels)}"
    for name, action in station.actions.items():
        here = [*at, "actions", name]
        if action.pattern is not None:
            yield from _check_pattern(here, action, station.channels)
        else:
            yield from _check_action(here, action, station.channels)


def _check_timers(at: list[Key], station: Station) -> Iterator[Mistake]:
    """What the channels of a board share: its timers and its memory."""
    pins = PINS[station.board.kind]
    of: dict[str, list[str]] = {}
    for name, channel in station.channels.items():
        of.setdefault(channel.kind, []).append(name)
    for kind, taken in (("servo", pins.servo_timer), ("tone", pins.tone_timer)):
        for name in of.get("pwm", ()) if kind in of else ():
            if station.channels[name].pin in taken:
                free = listed(pins.pwm - pins.servo_timer if kind == "servo" else pins.pwm - pins.tone_timer)
                words = f"{kind} {of[kind][0]!r} needs the timer of pin {station.channels[name].pin}"
                yield [*at, name, "pin"], f"{words}: with it, pwm can be on {free}"
    moving = [*of.get("pwm", ()), *of.get("servo", ())]
    cooling = [name for name, channel in station.channels.items() if channel.duty is not None]
    for names, most, what in (
        (of.get("tone", []), 1, "tone channel"),
        (moving, MAX_MOVING, "pwm and servo channels together"),
        (cooling, MAX_DUTIES, "channels with a duty"),
    ):
        if len(names) > most:
            yield [*at, names[most]], f"a board has at most {most} {what}; this is one more"


def _meaningless(at: list[Key], kind: str, settings: Channel | Action | Step) -> Iterator[Mistake]:
    for name, kinds in _ONLY_FOR.items():
        if kind not in kinds and getattr(settings, name, None) is not None:
            only = "an output" if kinds == OUTPUTS else " or ".join(sorted(kinds))
            yield [*at, name], f"means nothing for {_a(kind)}; it is for {only}"


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aio' else 'a'} {kind} channel"


def _check_channel(at: list[Key], c: Channel) -> Iterator[Mistake]:
    yield from _meaningless(at, c.kind, c)
    if c.kind in OUTPUTS and not 0 < duration(c.max_on) <= LONGEST_ON_S:
        yield [*at, "max_on"], f"expected more than 0 and at most {LONGEST_ON_S:g}s; found {c.max_on}"
    if c.ramp is not None and duration(c.ramp) > LONGEST_ON_S:
        yield [*at, "ramp"], f"expected at most {LONGEST_ON_S:g}s; found {c.ramp}"
    if duration(c.debounce or "0s") > 1:
        yield [*at, "debounce"], f"expected at most 1s; found {c.debounce}"
    if c.duty is not None and not (
        1 <= duration(c.duty.window) <= LONGEST_WINDOW_S and duration(c.duty.window) % 1 == 0
    ):
        yield [*at, "duty", "window"], f"expected whole seconds from 1s to 10m; found {c.duty.window}"
    if c.kind == "servo" and (c.min_us or 1000) >= (c.max_us or 2000):
        yield [*at, "max_us"], f"expected more than min_us ({c.min_us or 1000}); found {c.max_us or 2000}"
    if c.kind in ("servo", "tone") and c.active_low:
        yield [*at, "active_low"], f"means nothing for {_a(c.kind)}: its pulses have one polarity"
    if c.kind == "analog":
        if c.threshold is None:
            yield at, "'threshold' is missing: the reading, 1 to 1023, from which the input is active"
        elif (c.hysteresis or 0) >= c.threshold:
            yield [*at, "hysteresis"], f"expected less than threshold ({c.threshold}); found {c.hysteresis}"


def _check_output(at: list[Key], name: str, channels: Mapping[str, Channel]) -> Iterator[Mistake]:
    channel = channels.get(name)
    if channel is None:
        yield [*at, "channel"], f"the station has no channel {name!r}{did_you_mean(name, channels)}"
    elif channel.kind not in OUTPUTS:
        yield [*at, "channel"], f"channel {name!r} is {_a(channel.kind)}; an action needs an output"


def _check_time(at: list[Key], name: str, on_for: str, channel: Channel) -> Iterator[Mistake]:
    if duration(on_for) > duration(channel.max_on):
        yield [*at, "on_for"], f"{on_for} is longer than channel {name!r} may be on ({channel.max_on})"
    elif duration(on_for) < 0.001:
        yield [*at, "on_for"], "0 would never switch anything on"


def _check_action(at: list[Key], action: Action, channels: Mapping[str, Channel]) -> Iterator[Mistake]:
    if action.repeats != 1:
        yield [*at, "repeats"], "only a pattern is repeated"
    if action.channel is None:
        yield at, "say what it does: a 'channel', or a 'pattern' of several"
        return
    unusable = list(_check_output(at, action.channel, channels))
    if unusable:
        yield from unusable
        return
    channel = channels[action.channel]
    yield from _meaningless(at, channel.kind, action)
    if channel.kind == "servo" and action.position is None:
        yield at, "'position' is missing: where the servo shall go, in percent of its range"
    if action.hold:
        if action.on_for is not None:
            yield [*at, "on_for"], f"hold lasts until it is cancelled or max_on ({channel.max_on}) is over"
        longest = channel.max_on
    else:
        longest = action.on_for or DEFAULT_ON_FOR
        yield from _check_time(at, action.channel, longest, channel)
    if action.ramp is not None and 2 * duration(action.ramp) > duration(longest):
        words = f"{action.ramp} up and {action.ramp} down are longer than it is on ({longest})"
        yield [*at, "ramp"], f"{words}: it would never reach its level"
    if channel.duty is not None:
        budget = duration(channel.duty.window) * channel.duty.percent / 100
        if duration(longest) + patterns.home_ms(channel) / 1000 > budget:
            where = "hold" if action.hold else "on_for"
            yield (
                [*at, where],
                f"{longest} is more than the duty of {action.channel!r} ever allows "
                f"({channel.duty.percent:g} % of {channel.duty.window}): the board would always refuse it",
            )


def _check_pattern(at: list[Key], action: Action, channels: Mapping[str, Channel]) -> Iterator[Mistake]:
    assert action.pattern is not None
    if action.channel is not None:
        yield [*at, "channel"], "the steps of a pattern name their channels: leave it out"
    for name in _OF_ONE:
        if getattr(action, name):
            yield [*at, name], "belongs to the steps of the pattern or to their channels"
    good = True
    for i, step in enumerate(action.pattern):
        for mistake in _check_step([*at, "pattern", i], step, channels):
            good = False
            yield mistake
    if good:  # else their times mean nothing
        for number, words in patterns.check(action, channels):
            yield [*at, "pattern", *([] if number is None else [number])], words


def _check_step(at: list[Key], step: Step, channels: Mapping[str, Channel]) -> Iterator[Mistake]:
    unusable = list(_check_output(at, step.channel, channels))
    if unusable:
        yield from unusable
        return
    channel = channels[step.channel]
    yield from _meaningless(at, channel.kind, step)
    if channel.kind == "servo" and step.position is None:
        yield at, "'position' is missing: where the servo shall go, in percent of its range"
    yield from _check_time(at, step.channel, step.on_for, channel)
    if step.wait is not None and duration(step.wait) > patterns.LONGEST_WAIT_S:
        yield [*at, "wait"], f"expected at most {patterns.LONGEST_WAIT_S:g}s; found {step.wait}"
