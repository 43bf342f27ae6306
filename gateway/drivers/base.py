"""The protocol between dispatch and a driver: the closed set of what may pass."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from gateway.messages import Command, KeptBy, StationBoard


class Ending(StrEnum):
    """What a driver may say of a command it was given; nothing else exists."""

    DONE = "done"
    FAILED = "failed"
    REJECTED = "rejected"  # the board refuses it as it stands: limit, unknown channel
    BLOCKED = "blocked"  # not now: stopped, not armed, resting, busy, interlock
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Outcome(Struct, frozen=True, kw_only=True):
    """A command's one ending. ``sent``, ``moved`` and ``ended`` are seconds since 1970, None where it never
    came that far; ``moved`` is the board's own time of the pin edge, brought to the gateway's clock. ``kept_by``:
    what kept it from being done, where the driver knows better than ``ending`` alone says."""

    ending: Ending
    reason: str = ""
    kept_by: KeptBy = ""
    sent: float | None = None
    moved: float | None = None
    ended: float | None = None


class Health(Struct, frozen=True, kw_only=True):
    """A wire as it is now. ``fault`` is for a person: what is wrong and what to do.

    ``stopped`` and ``outputs`` are the board's own words, never the gateway's belief.
    """

    online: bool
    armed: bool = False
    stopped: bool = False
    outputs: int = 0
    board: str = ""
    firmware: str = ""
    fault: str = ""


class Input(Struct, frozen=True, kw_only=True):
    """An input changed: ``level`` after debounce, ``count`` of active edges since the board started."""

    channel: str
    level: bool
    count: int
    at: float


class Driver(Protocol):
    """One wire to one station. Every method is called on the gateway's loop.

    ``on_health`` and ``on_input`` are called on the loop too, at every change.
    """

    on_health: Callable[[Health], None]
    on_input: Callable[[Input], None]

    @property
    def moves(self) -> bool:
        """It can move something: its commands need arming. False for what only shows or sounds."""

    @property
    def health(self) -> Health: ...

    async def run(self) -> None:
        """Own the wire until cancelled: open, keep alive, reopen with backoff. Never raises for a bad wire."""

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """Carry out one command; return its one ending. Never raises but for cancellation.

        ``on_moved(t)`` is called once, when the board reports the pin edge. While the wire is away the
        command waits until ``expires_at``.
        """

    async def recall(self, command: Command) -> Outcome | None:
        """What became of a command that an earlier run of the gateway may have sent; None when the wire knows
        nothing of it. Moves nothing, and may be asked while stopped or not armed. Waits while the wire is away.
        """

    def estop(self, trip: int) -> None:
        """Make everything safe now, past every queue, repeated until ``health.stopped``. ``trip`` has 32 bits."""

    def reset_estop(self, trip: int) -> None:
        """End that stop. Outputs stay off until ``arm``."""

    def arm(self, armed: bool) -> None:
        """Allow or forbid movement; kept over reconnects within this run of the gateway only."""


class BoardDriver(Driver, Protocol):
    """A driver with a board behind it, at which a technician may look more closely."""

    @property
    def board(self) -> StationBoard: ...

    def explain(self, command: Command) -> str:
        """What ``command`` would do, in words. Raises ``DriverError`` where it makes no sense."""

    async def ping(self) -> float:
        """Seconds until the board answers a question. Raises ``DriverError`` where it does not."""

    def lent(self, why: str) -> AbstractAsyncContextManager[str]:
        """Let go of the port for as long as this lasts, for another program; gives its device, "" where none is
        known. ``why`` is its fault meanwhile. One at a time."""
