"""What the stations without a board share: the emergency stop, arming, deadlines, health."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from gateway.drivers.base import Ending, Health, Input, Outcome
from gateway.messages import Command, seconds

log = logging.getLogger(__name__)

STOPPED = "stopped: reset the emergency stop first"


class Refused(Exception):
    """The command cannot be carried out as it stands; its text says why."""


class Boardless(ABC):
    """``gateway.drivers.base.Driver`` but for ``carry_out``.

    In an emergency stop ``health.stopped`` is true at once and nothing begins any more. That is the gateway's own
    word, as no board is there to give one, and therefore no part of the proof of a stop.
    """

    moves = False
    cut_off = "the emergency stop ended it"
    """What is said of a command that ran when the stop came."""

    def __init__(self, station_id: str, clock: Callable[[], float] = time.time) -> None:
        self.on_health: Callable[[Health], None] = lambda health: None
        self.on_input: Callable[[Input], None] = lambda change: None
        self.health = Health(online=True)
        self._id = station_id
        self._clock = clock
        self._armed = False
        self._trip: int | None = None  # the stop in force
        self._running: set[asyncio.Timeout] = set()
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """As ``Driver.run``: there is no wire to keep."""
        await asyncio.Event().wait()

    @abstractmethod
    async def carry_out(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """As ``Driver.perform``, for a command that may run now. Raises ``Refused``; cancelled by a stop."""

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """As ``Driver.perform``. The deadline is for the beginning: what has begun in time ends by itself."""
        if refusal := self._refusal(command):
            return refusal
        running = asyncio.timeout(None)  # a stop moves its end to now
        try:
            async with running:
                self._running.add(running)
                try:
                    return await self.carry_out(command, on_moved)
                finally:
                    self._running.discard(running)
        except Refused as e:
            return Outcome(ending=Ending.REJECTED, reason=str(e), kept_by="limit")
        except TimeoutError:
            if not running.expired():
                raise
            return Outcome(ending=Ending.CANCELLED, reason=self.cut_off, kept_by="stop", ended=self._clock())

    async def recall(self, command: Command) -> Outcome | None:
        """As ``Driver.recall``: nothing here remembers."""
        return None

    def _refusal(self, command: Command) -> Outcome | None:
        if self._trip is not None:
            return Outcome(ending=Ending.BLOCKED, reason=STOPPED, kept_by="stop")
        if command.dry_run:
            return Outcome(ending=Ending.BLOCKED, reason="dry run: nothing is done", kept_by="mode")
        if self.moves and not self._armed:
            return Outcome(ending=Ending.BLOCKED, reason="not armed: press Arm on the page", kept_by="disarmed")
        if seconds(command.expires_at) <= self._clock():
            return Outcome(ending=Ending.EXPIRED, reason="its deadline passed before it began", kept_by="deadline")
        return None

    # -- stop and arm --------------------------------------------------------------------------

    def estop(self, trip: int) -> None:
        self._trip = trip
        self._armed = False
        running, self._running = self._running, set()
        for each in running:
            each.reschedule(asyncio.get_running_loop().time())
        self._publish()

    def reset_estop(self, trip: int) -> None:
        if self._trip not in (None, trip):
            log.warning("%s: reset names another stop than the one in force; ignored", self._id)
            return
        self._trip = None
        self._publish()

    def arm(self, armed: bool) -> None:
        self._armed = armed and self._trip is None
        self._publish()

    # -- health --------------------------------------------------------------------------------

    def _trouble(self, key: str, words: str) -> None:
        """What is wrong with ``key`` now, shown until it is well again (no words); a warning once."""
        if words:
            again = self._troubles.get(key) == words
            log.log(logging.DEBUG if again else logging.WARNING, "%s: %s", self._id, words)
            self._troubles[key] = words
        else:
            self._troubles.pop(key, None)
        self._publish()

    def _online(self) -> bool:
        return True

    def _publish(self) -> None:
        health = Health(
            online=self._online(),
            armed=self._armed,
            stopped=self._trip is not None,
            fault="; ".join(self._troubles.values()),
        )
        if health != self.health:
            self.health = health
            self.on_health(health)
