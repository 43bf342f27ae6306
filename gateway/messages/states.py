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


class StationInfo(Struct, frozen=True, kw_only=True):
    """What a station can do: each action with the JSON Schema of its parameters."""

    station: Id
    title: Text = ""
    driver: str
    actions: dict[str, Any]


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
