"""What a table entry may ask for: the rules of ``firmware/station/src/table.cpp``, on the pins of an Uno."""

from gateway.drivers.arduino.wire import ChannelFlag, ChannelKind, TableEntry

OUTPUTS = frozenset({ChannelKind.PULSE, ChannelKind.LEVEL, ChannelKind.PWM, ChannelKind.SERVO, ChannelKind.TONE})
CONTACTS = frozenset({ChannelKind.INPUT, ChannelKind.STOP})
MOVING = frozenset({ChannelKind.PWM, ChannelKind.SERVO})

LAST_GROUP = 15
SERVO_US = (400, 2600)
TONE_HZ = (31, 10_000)
SERVOS = 8
"""As many pulses as fit one after the other into 20 ms."""
MOVERS = 8
"""pwm and servo channels together; an Uno has no RAM for more."""
DUTY_LIMITS = 6
"""Channels with a duty limit; the same."""

_PINS = range(2, 20)
_ANALOG_PINS = range(14, 20)
_LED_PIN = 13
_TIMERS = {5: 0, 6: 0, 9: 1, 10: 1, 3: 2, 11: 2}
_TIMER_OF = {ChannelKind.SERVO: 1, ChannelKind.TONE: 2}
"""These take a timer; pwm pins on it would fall still."""


def has_duty_limit(entry: TableEntry) -> bool:
    return entry.kind in OUTPUTS and 0 < entry.duty_permille < 1000


def acceptable(entry: TableEntry, before: list[TableEntry]) -> bool:
    """A limit that this board cannot keep is refused, never ignored."""
    if entry.pin not in _PINS or any(e.pin == entry.pin for e in before):
        return False
    match entry.kind:
        case ChannelKind.PULSE | ChannelKind.LEVEL:
            return entry.safe in (0, 255) and _good_output(entry, before)
        case ChannelKind.PWM:
            return _good_output(entry, before) and _has_timer(entry, before)
        case ChannelKind.SERVO:
            lowest, highest = SERVO_US
            good = lowest <= entry.arg0 < entry.arg1 <= highest and _count(before, ChannelKind.SERVO) < SERVOS
            return good and _good_output(entry, before) and _takes_timer(entry, before)
        case ChannelKind.TONE:
            lowest, highest = TONE_HZ
            good = entry.safe == 0 and lowest <= entry.arg0 <= highest and not _count(before, ChannelKind.TONE)
            return good and _good_output(entry, before) and _takes_timer(entry, before)
        case ChannelKind.ANALOG:
            return entry.pin in _ANALOG_PINS and entry.arg1 <= entry.arg0 <= 1023
        case ChannelKind.STOP:
            return entry.pin != _LED_PIN
        case ChannelKind.INPUT | ChannelKind.STATUS:
            return True
        case _:
            return False


def _count(entries: list[TableEntry], *kinds: ChannelKind) -> int:
    return sum(e.kind in kinds for e in entries)


def _good_output(entry: TableEntry, before: list[TableEntry]) -> bool:
    if entry.group > LAST_GROUP or entry.duty_permille > 1000 or (entry.duty_permille and not entry.duty_window_s):
        return False
    if has_duty_limit(entry) and sum(map(has_duty_limit, before)) >= DUTY_LIMITS:
        return False
    return entry.kind not in MOVING or _count(before, *MOVING) < MOVERS


def _has_timer(entry: TableEntry, before: list[TableEntry]) -> bool:
    timer = _TIMERS.get(entry.pin)
    return timer is not None and all(_TIMER_OF.get(ChannelKind(e.kind)) != timer for e in before)


def _takes_timer(entry: TableEntry, before: list[TableEntry]) -> bool:
    timer = _TIMER_OF[ChannelKind(entry.kind)]
    blocked = any(e.kind == ChannelKind.PWM and _TIMERS[e.pin] == timer for e in before)
    return not blocked and not entry.flags & ChannelFlag.ACTIVE_LOW
