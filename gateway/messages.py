"""What passes between the rooms: frozen Structs, JSON in and out (DESIGN: the seven nouns).

Every struct here is part of the public MQTT contract, version 1: fields are only
ever added, unknown fields are ignored on reading.
Times on the wire are UTC, RFC 3339 with milliseconds (``stamp``); inside the
programs they are seconds since 1970 as ``float`` (``seconds``).
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.errors import PayloadError

Id = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$")]
"""Name of a venue, account, gateway, station... in a topic: ``[a-z0-9-]{1,32}``."""
Timestamp = Annotated[str, Meta(pattern=r"^(19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")]
"""UTC, RFC 3339, milliseconds when written by us."""
Text = Annotated[str, Meta(max_length=4096)]
MessageId = Annotated[str, Meta(min_length=1, max_length=200)]
EventId = Annotated[str, Meta(min_length=1, max_length=120)]
"""Shorter, since a command's id is the event's with the rule and step behind it."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""How many of something: what the platform's own 64 bits hold. JSON knows numbers of thousands of digits, and a
sum of those cannot be written any more."""


def stamp(t: float) -> Timestamp:
    """Seconds since 1970 as RFC 3339 UTC with milliseconds."""
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def seconds(text: Timestamp) -> float:
    """The inverse of ``stamp``. Raises ``PayloadError`` for a date that does not exist."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as e:
        raise PayloadError(f"{text!r} is not a time: {e}") from None


# -- Event: something happened on a stream -----------------------------------------------------


class User(Struct, frozen=True, kw_only=True):
    """A viewer. ``id`` is the platform's stable id, ``name`` the @name, ``nickname`` what is shown."""

    id: str
    name: Text = ""
    nickname: Text = ""
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    fan_level: Count = 0
    gifter_level: Count = 0


class Gift(Struct, frozen=True, kw_only=True):
    """``count`` is what this message adds (a delta), ``total`` the streak's count so far.

    ``coins`` is the price of one gift, None when it is not known (never guessed).
    ``streak`` names the streak the gift belongs to; ``ended`` closes it.
    """

    user: User
    gift_id: str
    name: Text
    count: Count
    total: Count
    coins: Count | None = None
    streak: str = ""
    ended: bool = True


class Comment(Struct, frozen=True, kw_only=True):
    user: User
    text: Text


class Like(Struct, frozen=True, kw_only=True):
    """``count`` likes since the last message; ``total`` is the room's own counter."""

    user: User | None = None
    count: Count
    total: Count = 0


class Person(Struct, frozen=True, kw_only=True):
    """The data of follow, share, join and subscribe: who did it."""

    user: User | None = None
    count: Annotated[int, Meta(ge=1, le=2**63 - 1)] = 1


class Viewers(Struct, frozen=True, kw_only=True):
    count: Count


class Live(Struct, frozen=True, kw_only=True):
    """The LIVE began or ended, as seen by the connector."""

    phase: Literal["started", "ended"]
    title: Text = ""


class Gap(Struct, frozen=True, kw_only=True):
    """TikTok was not heard from ``start`` to ``end``; statistics must not pretend otherwise."""

    start: Timestamp
    end: Timestamp
    why: Text


class _Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """CloudEvents 1.0 context attributes. ``id`` is the same for every copy of the same happening.

    ``time`` is when the platform says it happened, ``received`` when the connector read it.
    ``simulated`` marks practice data, which never mixes with real statistics.
    ``stale`` marks an event delivered too late: it counts, but does not fire.
    """

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: str
    time: Timestamp
    received: Timestamp
    account: Id
    room: str = ""
    simulated: bool = False
    stale: bool = False


class GiftEvent(_Event, frozen=True, kw_only=True, tag="stagewire.gift"):
    data: Gift


class CommentEvent(_Event, frozen=True, kw_only=True, tag="stagewire.comment"):
    data: Comment


class LikeEvent(_Event, frozen=True, kw_only=True, tag="stagewire.like"):
    data: Like


class FollowEvent(_Event, frozen=True, kw_only=True, tag="stagewire.follow"):
    data: Person


class ShareEvent(_Event, frozen=True, kw_only=True, tag="stagewire.share"):
    data: Person


class JoinEvent(_Event, frozen=True, kw_only=True, tag="stagewire.join"):
    data: Person


class SubscribeEvent(_Event, frozen=True, kw_only=True, tag="stagewire.subscribe"):
    data: Person


class ViewersEvent(_Event, frozen=True, kw_only=True, tag="stagewire.viewers"):
    data: Viewers


class LiveEvent(_Event, frozen=True, kw_only=True, tag="stagewire.live"):
    data: Live


class GapEvent(_Event, frozen=True, kw_only=True, tag="stagewire.gap"):
    data: Gap


Event = (
    GiftEvent
    | CommentEvent
    | LikeEvent
    | FollowEvent
    | ShareEvent
    | JoinEvent
    | SubscribeEvent
    | ViewersEvent
    | LiveEvent
    | GapEvent
)

EVENT_CLASSES: dict[str, type[Event]] = {
    str(c.__struct_config__.tag).removeprefix("stagewire."): c for c in Event.__args__
}
"""Kind (the last word of the topic) to class."""

KINDS: dict[type[Event], str] = {c: k for k, c in EVENT_CLASSES.items()}
"""Class to kind: the closed set of event kinds, in the contract's order."""

MERGED_KINDS = frozenset({"like", "join", "viewers"})
"""Sent at QoS 0 and merged to at most 2/s per account; every other kind is QoS 1, one message each."""


# -- Command and Ack: what a station shall do, and what became of it ------------------------------

Param = bool | int | float | Annotated[str, Meta(max_length=200)]


LONGEST_WAIT_S = 600.0
"""Seconds. No deadline counts later than this from now: what waits for a board that is away must not move it an
hour later, when somebody has a hand in the machine."""


class Command(Struct, frozen=True, kw_only=True):
    """One action of one station. ``id`` derives from (event, rule, step, unit): the same gift seen
    twice is the same command. After ``expires_at`` it never moves anything.

    ``cause`` is the id of the event (or order) behind it, ``trigger`` that event's kind (empty for an order),
    ``received`` its ``received``.
    """

    id: MessageId
    station: Id
    action: Id
    params: dict[str, Param] = {}
    cause: str = ""
    trigger: str = ""
    rule: str = ""
    account: str = ""
    user: Text = ""
    received: Timestamp | None = None
    expires_at: Timestamp
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    dry_run: bool = False
    simulated: bool = False


class Order(Struct, frozen=True, kw_only=True):
    """What an integrator sends to ``station/<s>/command``; the gateway makes a Command of it, with a deadline
    at most ten minutes ahead."""

    id: MessageId
    action: Id
    params: dict[str, Param] = {}
    by: Text = ""
    expires_at: Timestamp
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    dry_run: bool = False


class Status(StrEnum):
    """Every state a command can be in; those in ``FINAL`` are endings, and each command gets exactly one."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"


FINAL = frozenset({Status.DONE, Status.FAILED, Status.REJECTED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED})


class Times(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When each hop saw a command. ``moved`` is when the output changed, by the board's own clock."""

    received: Timestamp | None = None
    decided: Timestamp | None = None
    sent: Timestamp | None = None
    moved: Timestamp | None = None
    ended: Timestamp | None = None


class Ack(Struct, frozen=True, kw_only=True):
    """What became of a command. ``latency_ms``: from the event's ``received`` to ``moved``."""

    id: MessageId
    station: Id
    action: Id
    status: Status
    reason: Text = ""
    cause: str = ""
    trigger: str = ""
    rule: str = ""
    account: str = ""
    user: Text = ""
    times: Times = Times()
    latency_ms: float | None = None
    simulated: bool = False


# -- States: retained, one writer each -----------------------------------------------------------

AccountPhase = Literal["offline", "waiting", "connecting", "live", "stalled", "ended"]


class AccountState(Struct, frozen=True, kw_only=True):
    """``detail`` says in words why the account is not live and what happens next."""

    account: Id
    username: str
    phase: AccountPhase
    since: Timestamp
    detail: Text = ""
    room: str = ""
    viewers: int = 0
    next_retry: Timestamp | None = None
    simulated: bool = False


class GiftTotal(Struct, frozen=True, kw_only=True):
    name: Text
    count: int = 0
    coins: int = 0


class AccountStats(Struct, frozen=True, kw_only=True):
    """Totals of one account's current session (``session`` is its id) and of all its sessions."""

    account: Id
    session: str = ""
    since: Timestamp | None = None
    gifts: int = 0
    coins: int = 0
    unpriced: int = 0
    comments: int = 0
    likes: int = 0
    follows: int = 0
    shares: int = 0
    joins: int = 0
    subscribes: int = 0
    viewers: int = 0
    peak_viewers: int = 0
    actions_done: int = 0
    actions_not_done: int = 0
    gap_seconds: float = 0.0
    all_gifts: int = 0
    all_coins: int = 0
    all_sessions: int = 0
    simulated: bool = False


class StationInfo(Struct, frozen=True, kw_only=True):
    """What a station can do: each action with the JSON Schema of its parameters."""

    station: Id
    title: Text = ""
    driver: str
    actions: dict[str, Any]


class StationState(Struct, frozen=True, kw_only=True):
    """``fault`` says in words what is wrong and what to do; empty when all is well.

    ``outputs`` is how many outputs the board says are energised now.
    """

    station: Id
    online: bool
    armed: bool = False
    stopped: bool = False
    running: str = ""
    queue: int = 0
    fault: Text = ""
    board: str = ""
    firmware: str = ""
    outputs: int = 0
    done: int = 0
    failed: int = 0
    simulated: bool = False


Mode = Literal["live", "rehearsal", "paused"]


class GatewayState(Struct, frozen=True, kw_only=True):
    """The gateway in one look. Latencies: of gifts, milliseconds from ``received`` to ``moved``."""

    gateway: Id
    mode: Mode = "live"
    armed: bool = False
    queue: int = 0
    events: int = 0
    gifts: int = 0
    duplicates: int = 0
    garbage: int = 0
    actions: int = 0
    not_done: int = 0
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None


class GatewayInfo(Struct, frozen=True, kw_only=True):
    gateway: Id
    version: str
    started: Timestamp
    config: str
    stations: list[Id] = []


class GatewayHealth(Struct, frozen=True, kw_only=True):
    """``loop_lag_ms``: worst of the last seconds; ``storage`` says in words what cannot be written."""

    gateway: Id
    loop_lag_ms: float
    memory_mb: float
    disk_free_mb: float
    storage: Text = ""


class InputEvent(Struct, frozen=True, kw_only=True):
    """``station/<s>/event/input``: an input changed. ``count``: active edges since the board started."""

    station: Id
    channel: Id
    level: bool
    count: int
    time: Timestamp


# -- Requests and emergency stop ----------------------------------------------------------------


class Request(Struct, frozen=True, kw_only=True):
    """``gateway/<g>/request/<verb>``; the answer carries the same ``transaction``."""

    transaction: MessageId
    by: Text = ""
    params: dict[str, Param] = {}


class Response(Struct, frozen=True, kw_only=True):
    transaction: MessageId
    ok: bool
    error: Text = ""
    result: dict[str, Any] = {}


class ModeOrder(Struct, frozen=True, kw_only=True):
    """Retained on ``control/mode``. Rehearsal: everything is decided, nothing moves. Paused: nothing fires.
    Both end what runs and cancel what waits."""

    mode: Mode
    by: Text = ""


class EstopTrip(Struct, frozen=True, kw_only=True):
    """Any non-empty retained payload on ``control/estop/trip`` trips; this is what our own clients send."""

    id: MessageId
    by: Text = ""
    at: Timestamp | None = None
    reason: Text = ""


class EstopReset(Struct, frozen=True, kw_only=True):
    """Must name the trip it ends. Never re-arms by itself."""

    trip: MessageId
    by: Text = ""


class BoardProof(Struct, frozen=True, kw_only=True):
    """``confirmed`` only when the board itself said that it is stopped and no output is energised."""

    station: Id
    confirmed: bool
    detail: Text = ""


class EstopProof(Struct, frozen=True, kw_only=True):
    """Retained on ``gateway/<g>/estop``. ``confirmed``: every board has proved it. An unreachable board
    is never counted as stopped."""

    gateway: Id
    tripped: bool
    trip: EstopTrip | None = None
    confirmed: bool = False
    boards: list[BoardProof] = []


T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

MAX_PAYLOAD = 64 * 1024
"""Bytes; nothing in the contract comes near it, so a longer payload is garbage."""


def encode(message: Struct) -> bytes:
    """The message as UTF-8 JSON."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[T] | Any) -> T:
    """Parse ``payload`` as ``kind``. Raises ``PayloadError`` that says which field is wrong."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError(f"payload of {len(payload)} bytes; at most {MAX_PAYLOAD} are allowed")
    try:
        return decoder.decode(payload)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadError(str(e)) from None


def decode_event(payload: bytes) -> Event:
    """Parse one event. Raises ``PayloadError``, also for a time that does not exist (the 30th of February)."""
    event: Event = decode(payload, Event)
    seconds(event.time)
    seconds(event.received)
    return event
