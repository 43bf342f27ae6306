"""The wire between gateway and board: the one definition of its frames and messages.

``firmware/station/src/wire.h`` is generated from this file, ``firmware/PROTOCOL.md`` explains it with a
worked example, and the golden frames in ``tests/vectors/wire.json`` hold all sides together.

    frame   := COBS(body) 0x00
    body    := version u8 | kind u8 | seq u8 | ack u8 | payload | crc32 u32     (little-endian)

``crc32`` is CRC-32/ISO-HDLC (zlib's) over everything before it. Kinds from 0x40 on are *reliable*: each
takes the next ``seq`` of its direction, is delivered in order and repeated until acknowledged. ``ack`` in
every frame is the next ``seq`` expected from the peer (cumulative). Kinds below 0x40 carry seq 0, are not
repeated by the link and stand outside the order, so a stop never waits behind anything.
"""

import struct
import zlib
from enum import IntEnum, IntFlag
from typing import Annotated, ClassVar, get_args, get_type_hints

from cobs import cobs
from msgspec import Struct

from gateway.errors import WireError

VERSION = 2
DELIMITER = 0
MAX_BODY = 56
"""Bytes; with COBS and the delimiter a frame stays under 59 bytes, inside an AVR's 64-byte receive ring."""
RECEIVE_RING = 63
"""Usable bytes of the board's receive ring: the sender never has more than this unacknowledged."""
FIRST_RELIABLE = 0x40

LEASE_MS = 500
"""A board that hears no valid heartbeat for this long makes every output safe and disarms."""
HEARTBEAT_MS = 100
HELLO_MS = 250
"""An unconnected board repeats its hello this often."""
REPEAT_MS = 30
"""A reliable frame not acknowledged for this long is sent again, with all that follow it."""
RECENT_IDS = 32
"""How many command ids a board remembers, in RAM that survives a reset."""
MAX_CHANNELS = 16
MAX_STEPS = 32
"""Steps of a pattern."""


class Field(str):
    """The struct format of a message's field; doubles as its C type in wire.h."""


u8 = Annotated[int, Field("B")]
u16 = Annotated[int, Field("H")]
u32 = Annotated[int, Field("I")]
text16 = Annotated[str, Field("16s")]  # ASCII, padded with zeros


class BoardKind(IntEnum):
    VIRTUAL = 0
    UNO = 1  # ATmega328P: Uno, Nano
    MEGA = 2  # ATmega2560


class Boot(IntEnum):
    """Why the board started."""

    POWER_ON = 0
    RESET_PIN = 1
    BROWN_OUT = 2
    WATCHDOG = 3
    UNKNOWN = 4


class ChannelKind(IntEnum):
    NONE = 0
    PULSE = 1  # solenoid, relay
    LEVEL = 2  # lamp, fan
    PWM = 3  # motor, LED
    SERVO = 4
    TONE = 5  # buzzer
    INPUT = 6
    ANALOG = 7
    STOP = 8  # normally closed
    STATUS = 9  # LED


CAPABILITIES = sum(1 << kind for kind in ChannelKind if kind is not ChannelKind.NONE)
"""What a build that knows every kind of channel says in its Hello."""


class ChannelFlag(IntFlag):
    ACTIVE_LOW = 1
    PULL_UP = 2


class StateFlag(IntFlag):
    """The board's own state in every heartbeat reply."""

    ARMED = 1
    STOPPED = 2  # latched until RESET_STOP
    CONFIGURED = 4
    STOP_INPUT = 8  # the wired stop input is open now


class RunStatus(IntEnum):
    """What a board may say of a command id; everything but STARTED and UNKNOWN_ID is an ending."""

    STARTED = 0
    DONE = 1
    CANCELLED = 2  # a cancel frame ended it
    STOPPED = 3  # ended or refused by a stop
    NOT_ARMED = 4
    BUSY = 5  # the channel is already running something
    RESTING = 6
    OVER_LIMIT = 7  # asks for more than the channel's table entry allows
    NO_CHANNEL = 8
    NOT_CONFIGURED = 9
    DUTY = 10
    INTERLOCK = 11
    FULL = 12
    LEASE_LOST = 13  # the gateway fell silent while it ran
    RESET = 14  # a reset interrupted it; how far it came is not known
    UNKNOWN_ID = 15  # in answer to QUERY: never seen, or forgotten


class Message(Struct, frozen=True):
    """Base of all payloads. Fields are packed little-endian in the order they stand in."""

    KIND: ClassVar[int]
    _packer: ClassVar[struct.Struct]

    def pack(self) -> bytes:
        """The payload's bytes. Raises ``WireError`` for a value that does not fit its field."""
        values = (getattr(self, f) for f in self.__struct_fields__)
        try:
            return self._packer.pack(*(v.encode("ascii") if isinstance(v, str) else v for v in values))
        except (struct.error, UnicodeEncodeError) as e:
            raise WireError(f"{self!r} does not fit the wire: {e}") from None


# -- unreliable: stand outside the order ----------------------------------------------------------


class Hello(Message, frozen=True):
    """Board to gateway: at boot, every HELLO_MS while no lease holds it, and in answer to CONNECT.

    ``session`` repeats CONNECT's, 0 when unasked. ``channels``: how many the board can hold. ``table_crc`` is
    the CRC-32 of the channel table in force (0: none). ``capabilities``: bit n is set when this build knows
    ``ChannelKind`` n. ``boots``: resets since power-on, or since the memory of ids was last found damaged: while
    it only counts up, no id was forgotten.
    """

    KIND: ClassVar[int] = 0x01
    session: u32
    board_kind: u8
    fw_major: u8
    fw_minor: u8
    fw_patch: u8
    boot: u8
    boots: u16
    channels: u8
    table_crc: u32
    board_id: text16
    capabilities: u16 = 0


class Connect(Message, frozen=True):
    """Gateway to board: begin a session; both directions start again at seq 0. Repeated until HELLO."""

    KIND: ClassVar[int] = 0x02
    session: u32


class AckOnly(Message, frozen=True):
    """Carries nothing but the header's ``ack``."""

    KIND: ClassVar[int] = 0x03


class Heartbeat(Message, frozen=True):
    """Gateway to board every HEARTBEAT_MS; renews the lease. ``gateway_ms`` comes back in State."""

    KIND: ClassVar[int] = 0x04
    gateway_ms: u32


class State(Message, frozen=True):
    """Board to gateway: the answer to HEARTBEAT, and unasked when ``flags`` change.

    ``outputs``: bit n is set while channel n is energised, read back from what the pins are driven to.
    ``board_ms`` is the board's clock when ``gateway_ms`` was read: the pair sets time.
    """

    KIND: ClassVar[int] = 0x05
    gateway_ms: u32
    board_ms: u32
    flags: u8
    outputs: u16
    trip: u32


class Stop(Message, frozen=True):
    """Everything safe at once, latched. Repeated by the gateway until a State shows STOPPED with ``trip``."""

    KIND: ClassVar[int] = 0x06
    trip: u32


class Again(Message, frozen=True):
    """Both ways: a reliable frame is missing, or there is room again for one that was refused. The peer sends
    all from ``ack`` on once more without waiting for REPEAT_MS. Said at most once for each ``ack``."""

    KIND: ClassVar[int] = 0x07


# -- reliable: gateway to board -------------------------------------------------------------------


class ResetStop(Message, frozen=True):
    """Ends the stop it names; the board stays disarmed. A board stopped by another trip ignores it, and so
    does one whose stop input is open. The next State shows what holds."""

    KIND: ClassVar[int] = 0x40
    trip: u32


class Arm(Message, frozen=True):
    KIND: ClassVar[int] = 0x41
    armed: u8


class TableEntry(Message, frozen=True):
    """One channel of the table being loaded.

    ``group``: of all channels with the same one (1 to 15) no two are energised together; 0: none. ``safe``
    is the level when nothing is asked: 0 or 255; pwm: any; servo: its home, 0 to 255 of the range; tone: 0.
    ``max_on_ms`` is the longest time energised, ``rest_ms`` the shortest time off after it. ``duty_permille``
    of any ``duty_window_s`` is the most it is energised; 0 and 1000: no such limit.

    ========  =====================  ==================  =============================
    kind      arg0                   arg1                arg2
    ========  =====================  ==================  =============================
    pwm       ramp ms, 0 to 255
    servo     us at 0                us at 255           us/s, 0: as fast as it goes
    tone      Hz
    input     debounce ms
    analog    threshold 0 to 1023    hysteresis
    ========  =====================  ==================  =============================
    """

    KIND: ClassVar[int] = 0x42
    index: u8
    kind: u8
    pin: u8
    flags: u8
    group: u8
    safe: u8
    max_on_ms: u32
    rest_ms: u32
    duty_permille: u16
    duty_window_s: u16
    arg0: u16
    arg1: u16
    arg2: u16 = 0


class TableCommit(Message, frozen=True):
    """Put the loaded table in force if ``count`` entries came and ``crc`` (of the packed TableEntry
    payloads, in order) is theirs; all outputs go to their safe level, the board disarms."""

    KIND: ClassVar[int] = 0x43
    count: u8
    crc: u32


class Run(Message, frozen=True):
    """Energise ``channel`` at ``level`` for ``on_ms``. An ``id`` never moves anything twice.

    ``level``: pulse, level, tone: 0 off, any other on; pwm: the duty; servo: the position in its range.
    ``arg``: pwm: ramp ms; tone: Hz; 0: as the table says. Other kinds: 0.
    """

    KIND: ClassVar[int] = 0x44
    id: u32
    channel: u8
    level: u8
    on_ms: u32
    arg: u16 = 0


class Cancel(Message, frozen=True):
    """End one command early; id 0 ends all."""

    KIND: ClassVar[int] = 0x45
    id: u32


class Query(Message, frozen=True):
    """Ask what became of ``id``; answered by Result."""

    KIND: ClassVar[int] = 0x46
    id: u32


class SetId(Message, frozen=True):
    """Write the board id into EEPROM; refused while armed. Answered by a HELLO of session 0 once it
    is written."""

    KIND: ClassVar[int] = 0x47
    board_id: text16


class GetStats(Message, frozen=True):
    """Answered by Stats."""

    KIND: ClassVar[int] = 0x48


class Renew(Message, frozen=True):
    """The run or pattern ``id`` shall end ``on_ms`` from now, sooner or later than it would, but never later
    than ``max_on_ms`` after it began: "on until told". Not answered while it runs; else by the Result of ``id``.
    A pattern, whose end follows from its steps, is left as it is."""

    KIND: ClassVar[int] = 0x49
    id: u32
    on_ms: u32


class PatternStep(Message, frozen=True):
    """Loads step ``index`` of the board's one pattern: ``channel`` at ``level`` for ``on_ms``.

    The next step begins ``wait_ms`` after this one began: 0 simultaneous, ``on_ms`` sequential. The last
    step's ``wait_ms`` leads to the next round. Steps stay loaded until they are overwritten or the session
    ends. While a pattern plays they cannot be changed: this one is refused, and so is every PatternRun that
    would play its index (FULL) until the step comes again.
    """

    KIND: ClassVar[int] = 0x4A
    index: u8
    channel: u8
    level: u8
    on_ms: u16
    wait_ms: u16


class PatternRun(Message, frozen=True):
    """Play steps 0 to ``count`` - 1 once and ``repeats`` times more. Results as for Run: STARTED at the first
    edge, one ending when all is over. Every step is checked before the first edge: nothing moves, or all does.
    FULL: a pattern plays already, or one did when these steps came."""

    KIND: ClassVar[int] = 0x4B
    id: u32
    count: u8
    repeats: u8


# -- reliable: board to gateway -------------------------------------------------------------------


class Result(Message, frozen=True):
    """``board_ms`` is when it happened: for STARTED and endings after it, the pin edge."""

    KIND: ClassVar[int] = 0x60
    id: u32
    status: u8
    board_ms: u32


class TableResult(Message, frozen=True):
    """Answer to TableCommit: ``ok`` 1 and the CRC in force, or 0 and ``bad_index`` (255: count or CRC)."""

    KIND: ClassVar[int] = 0x61
    ok: u8
    bad_index: u8
    table_crc: u32


class InputChanged(Message, frozen=True):
    """An input or analog channel changed. ``level``: 1 active. ``count``: active edges since the table came
    into force, so a lost message is noticed."""

    KIND: ClassVar[int] = 0x62
    channel: u8
    level: u8
    count: u32
    board_ms: u32


class Stats(Message, frozen=True):
    """``frames``: good ones received; ``bad_frames``: not COBS, wrong checksum or unknown; ``repeats``: sent again
    by the board. ``loop_max_us``: the longest pass. ``free_ram``: bytes that no stack has touched since boot.
    ``boots``: resets since power-on. ``lost_bytes``: received while the ring was full."""

    KIND: ClassVar[int] = 0x63
    frames: u32
    bad_frames: u32
    repeats: u32
    uptime_ms: u32
    loop_max_us: u16
    free_ram: u16
    boots: u16 = 0
    lost_bytes: u16 = 0


MESSAGES: dict[int, type[Message]] = {m.KIND: m for m in Message.__subclasses__()}


def _field_formats(message: type[Message]) -> list[str]:
    hints = get_type_hints(message, include_extras=True)
    return [str(get_args(hints[name])[1]) for name in message.__struct_fields__]


for _m in MESSAGES.values():
    _m._packer = struct.Struct("<" + "".join(_field_formats(_m)))


class Frame(Struct, frozen=True):
    """One decoded frame."""

    message: Message
    seq: int = 0
    ack: int = 0

    @property
    def reliable(self) -> bool:
        return self.message.KIND >= FIRST_RELIABLE


def encode(message: Message, seq: int = 0, ack: int = 0) -> bytes:
    """A whole frame with its delimiter, ready for the wire."""
    head = bytes((VERSION, message.KIND, seq, ack)) + message.pack()
    return bytes(cobs.encode(head + zlib.crc32(head).to_bytes(4, "little"))) + b"\0"


def decode(frame: bytes) -> Frame:
    """One frame without its delimiter. Raises ``WireError``; the caller counts it and carries on."""
    try:
        body = cobs.decode(frame)
    except cobs.DecodeError as e:
        raise WireError(f"not a COBS frame: {e}") from None
    if not 8 <= len(body) <= MAX_BODY:
        raise WireError(f"a frame of {len(body)} bytes; expected 8 to {MAX_BODY}")
    head, crc = body[:-4], int.from_bytes(body[-4:], "little")
    if zlib.crc32(head) != crc:
        raise WireError("the checksum is wrong")
    version, kind, seq, ack = head[:4]
    if version != VERSION:
        raise WireError(f"protocol version {version}; this gateway speaks {VERSION}: flash the board")
    message = MESSAGES.get(kind)
    if message is None:
        raise WireError(f"unknown message kind 0x{kind:02x}")
    payload = head[4:]
    if len(payload) != message._packer.size:
        raise WireError(f"{message.__name__} of {len(payload)} bytes; expected {message._packer.size}")
    values = message._packer.unpack(payload)
    try:
        parts = [v.rstrip(b"\0").decode("ascii") if isinstance(v, bytes) else v for v in values]
    except UnicodeDecodeError:
        raise WireError(f"{message.__name__} holds text that is not ASCII") from None
    return Frame(message(*parts), seq, ack)


def table_crc(entries: list[TableEntry]) -> int:
    """CRC-32 of a channel table as both sides compute it; 0 for an empty one."""
    return zlib.crc32(b"".join(e.pack() for e in entries)) if entries else 0
