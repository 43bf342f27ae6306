"""What a settings file says of a station: its board, its channels and what they can do."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.messages import Id
from gateway.settings.values import Duration, Name

ChannelKind = Literal["pulse", "level", "pwm", "servo", "tone", "input", "analog", "stop", "status"]
OUTPUTS = frozenset({"pulse", "level", "pwm", "servo", "tone"})
"""The kinds that can be energised: all that limits, groups and actions are about."""
Pin = Annotated[
    int, Meta(description="the board's pin: A0 is 14 on an Uno, 54 on a Mega; 0 and 1 are the wire", ge=2, le=69)
]
Level = Annotated[
    float, Meta(description="pwm: how strong, more than 0 and at most 100 percent; default 100", gt=0, le=100)
]
Position = Annotated[float, Meta(description="servo: percent of the way from min_us to max_us", ge=0, le=100)]
Pitch = Annotated[int, Meta(description="tone: its pitch in Hz, 31 to 10000", ge=31, le=10000)]
Ramp = Annotated[
    Duration, Meta(description="pwm: how long it takes to reach its level, and as long back again, such as 500ms")
]
MaxOn = Annotated[Duration, Meta(description="outputs: the longest time energised, such as 500ms; at most 30s")]
Rest = Annotated[Duration, Meta(description="outputs: the shortest time off between two, such as 2s")]
Group = Annotated[Id, Meta(description="outputs of one group are never on together (interlock)")]
Power = Annotated[
    float, Meta(description="outputs: watts while it is on, for the venue's power_budget", gt=0, le=100_000)
]
MinUs = Annotated[
    int, Meta(description="servo: its pulse at position 0, in microseconds; default 1000", ge=400, le=2600)
]
MaxUs = Annotated[
    int, Meta(description="servo: its pulse at position 100, in microseconds; default 2000", ge=400, le=2600)
]
Home = Annotated[
    float, Meta(description="servo: where it goes after an action, in percent; default 0", ge=0, le=100)
]
Speed = Annotated[
    int, Meta(description="servo: microseconds of pulse a second; default: as fast as it goes", ge=1, le=65535)
]
Threshold = Annotated[
    int, Meta(description="analog: active from this reading on; 1023 is the board's 5 V", ge=1, le=1023)
]
Hysteresis = Annotated[
    int, Meta(description="analog: inactive again this far below threshold; default 10", ge=0, le=1023)
]
ActiveLow = Annotated[bool, Meta(description="output: on at 0 V, as many relay boards are; input: active at 0 V")]
PullUp = Annotated[bool, Meta(description="input, stop: use the board's own pull-up resistor")]
Debounce = Annotated[Duration, Meta(description="input: a change counts after this long, such as 20ms")]
OnFor = Annotated[Duration, Meta(description="how long it is on, such as 200ms (the default)")]
Hold = Annotated[bool, Meta(description="on until it is cancelled, at the latest for the channel's max_on")]
Wait = Annotated[
    Duration, Meta(description="from this step's beginning to the next's; default: on_for; 0ms: both together")
]
Repeats = Annotated[int, Meta(description="how often the pattern is played", ge=1, le=255)]
Cooldown = Annotated[
    Duration, Meta(description="the least time between two commands of rules, such as 10s; at most 24h")
]
BoardId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9-]{1,16}$",
        description="the id written into the board: A-Z, a-z, 0-9 and -, at most 16 of them",
    ),
]


class Duty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cooling: on for at most ``percent`` of any ``window``. The board counts it and refuses more."""

    percent: Annotated[float, Meta(description="of the window, 0.1 to 100", ge=0.1, le=100)]
    window: Annotated[Duration, Meta(description="whole seconds, 1s to 10m")]


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pin of a board and its limits. The board enforces them whatever the gateway asks.

    ``kind``: pulse (solenoid, relay: off again by itself), level (lamp, fan), pwm (LED, motor), servo, tone
    (buzzer), input (button, sensor), analog (a voltage with a threshold), stop (normally closed: opening it makes
    everything safe), status (a lamp that shows the board's state).
    """

    kind: ChannelKind
    pin: Pin
    max_on: MaxOn = "1s"
    rest: Rest = "0ms"
    group: Group | None = None
    duty: Duty | None = None
    power: Power | None = None
    active_low: ActiveLow = False
    ramp: Ramp | None = None
    min_us: MinUs | None = None
    max_us: MaxUs | None = None
    home: Home | None = None
    speed: Speed | None = None
    hz: Pitch | None = None
    threshold: Threshold | None = None
    hysteresis: Hysteresis | None = None
    pull_up: PullUp | None = None
    debounce: Debounce | None = None


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of a pattern. ``wait`` is the time from its beginning to the next step's: left out, the next begins
    when this one ends; 0ms begins both together."""

    channel: Id
    on_for: OnFor
    level: Level | None = None
    position: Position | None = None
    wait: Wait | None = None


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name for what a station can do: one channel for a time, one ``hold``, or a ``pattern`` of many.

    ``hold``: on until it is cancelled, at the latest for the channel's ``max_on``.
    """

    channel: Id | None = None
    on_for: OnFor | None = None
    level: Level | None = None
    position: Position | None = None
    hz: Pitch | None = None
    ramp: Ramp | None = None
    hold: Hold = False
    pattern: (
        Annotated[list[Step], Meta(description="steps that the board plays by itself", min_length=1)] | None
    ) = None
    repeats: Repeats = 1
    title: Name | None = None


class Board(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to find the board: by the id in its EEPROM (``stagewire boards name``), by USB serial number, or by a
    fixed port path. ``kind`` says what its pins can do; a Nano is an ``uno``."""

    id: BoardId | None = None
    serial_number: Name | None = None
    port: Name | None = None
    kind: Literal["uno", "mega"] = "uno"
    baud: Literal[115200, 250000, 500000, 1000000] = 250000
    simulated: bool = False


class Queue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What waits for the station. Viewers take turns; in a full queue the ``newest`` or the ``oldest`` command of
    the viewer who has most waiting gives way, or the ``cheapest`` of all."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="commands that wait at most")] = 200
    overflow: Literal["newest", "oldest", "cheapest"] = "newest"


class Station(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``cooldown``: no rule sends it a command before so long after the last one that a rule sent it; what is
    ordered by hand does not count and need not wait."""

    driver: Literal["arduino"] = "arduino"
    title: Name | None = None
    board: Board
    channels: dict[Id, Channel]
    actions: dict[Id, Action]
    queue: Queue = Queue()
    cooldown: Cooldown | None = None
