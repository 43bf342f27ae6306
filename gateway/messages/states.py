"""States: retained, one writer each. Together they are the Snapshot that a person sees."""

from typing import Any, Literal

from msgspec import Struct

from gateway.messages.values import Id, MessageId, Text, Timestamp

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


class AccountStats(Struct, frozen=True, kw_only=True):
    """Totals of one account's current session (``session`` is its id), as in ``SessionSummary``, and of all its
    sessions."""

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
    average_viewers: float | None = None
    unique_viewers: int = 0
    usd: float = 0.0
    activity: float = 0.0
    actions_done: int = 0
    actions_not_done: int = 0
    actions_owed: int = 0
    gaps: int = 0
    gap_seconds: float = 0.0
    all_gifts: int = 0
    all_coins: int = 0
    all_sessions: int = 0
    simulated: bool = False


class ChannelInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pin of a board, as the settings have it. ``duty_percent`` of any ``duty_seconds``; ``test``: the JSON
    Schema of what a test of it takes, None of what is no output."""

    kind: str
    pin: int
    active_low: bool = False
    max_on_ms: int = 0
    rest_ms: int = 0
    group: str = ""
    power: float | None = None
    duty_percent: float | None = None
    duty_seconds: float | None = None
    test: dict[str, Any] | None = None


class StationInfo(Struct, frozen=True, kw_only=True):
    """What a station can do: each action with the JSON Schema of its parameters, and the channels behind them."""

    station: Id
    title: Text = ""
    driver: str
    actions: dict[str, Any]
    channels: dict[str, ChannelInfo] = {}


class ChannelWear(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an output did since the gateway began to count: how often it was on, and for how long altogether.
    ``duty``: the share of its duty's window that it was on lately; None where it has no duty limit."""

    cycles: int = 0
    on_seconds: float = 0.0
    duty: float | None = None


class InputState(Struct, frozen=True, kw_only=True):
    """An input at its last change. ``count``: of active edges since the board has its channel table."""

    level: bool
    count: int
    since: Timestamp


class StationBoard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Retained on ``station/<s>/board``: the board behind a station. What is not known yet is left out.

    ``boot``: why it started last, ``boots``: resets since power-on, ``started``: when it began to run. Of the
    wire, counted by both its ends: good ``frames``, ``damaged`` ones, ``repeats`` (sent again), ``lost_bytes``;
    ``round_trip_ms``: a question and its answer. ``loop_max_us``: the longest pass of its program; ``free_ram``:
    bytes. ``wear``: of each output since ``counted_since``. ``inputs``: those that changed since the board was
    met: a board does not tell a level that stays.
    """

    station: Id
    id: str = ""
    kind: str = ""
    port: str = ""
    firmware: str = ""
    boot: str = ""
    boots: int = 0
    started: Timestamp | None = None
    frames: int | None = None
    damaged: int | None = None
    repeats: int | None = None
    lost_bytes: int | None = None
    round_trip_ms: float | None = None
    loop_max_us: int | None = None
    free_ram: int | None = None
    counted_since: Timestamp | None = None
    wear: dict[str, ChannelWear] = {}
    inputs: dict[str, InputState] = {}


class StationState(Struct, frozen=True, kw_only=True):
    """``fault`` says in words what is wrong and what to do; empty when all is well.

    ``outputs`` is how many outputs the board says are energised now. ``running`` is the action that runs,
    ``command`` its command's id; ``waits_for``: which of the venue's shared things keeps the next one waiting.
    """

    station: Id
    online: bool
    armed: bool = False
    stopped: bool = False
    running: str = ""
    command: str = ""
    waits_for: Text = ""
    queue: int = 0
    fault: Text = ""
    board: str = ""
    firmware: str = ""
    outputs: int = 0
    done: int = 0
    failed: int = 0
    simulated: bool = False


class QueueItem(Struct, frozen=True, kw_only=True):
    """A command that waits. ``since``: when it was decided; ``held``: it runs only when somebody lets it."""

    id: MessageId
    action: Id
    user: Text = ""
    rule: str = ""
    since: Timestamp
    expires_at: Timestamp
    held: bool = False


class QueueState(Struct, frozen=True, kw_only=True):
    """What waits for a station, in the order in which it would run now; ``more`` wait behind these."""

    station: Id
    paused: bool = False
    waiting: list[QueueItem] = []
    more: int = 0


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
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None


class GatewayInfo(Struct, frozen=True, kw_only=True):
    gateway: Id
    version: str
    started: Timestamp
    config: str
    stations: list[Id] = []


Power = Literal["good", "low", "was low", "unknown"]
"""Of a Raspberry Pi's supply, ``was low``: since it started. Other machines do not tell."""
Clock = Literal["synchronised", "not synchronised", "unknown"]


class GatewayHealth(Struct, frozen=True, kw_only=True):
    """``loop_lag_ms``: worst of the last seconds; ``storage`` says in words what cannot be written.

    Of the machine: ``temperature_c`` of its processor, ``load`` for each core over a minute, None where it does
    not tell; ``power`` and ``clock``.
    """

    gateway: Id
    loop_lag_ms: float
    memory_mb: float
    disk_free_mb: float
    storage: Text = ""
    disk_total_mb: float = 0.0
    temperature_c: float | None = None
    load: float | None = None
    power: Power = "unknown"
    clock: Clock = "unknown"
