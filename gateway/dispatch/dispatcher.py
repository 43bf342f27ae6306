"""One queue and one worker for each wire; every command that enters gets exactly one ending."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from gateway.dispatch.acks import make_ack, status_of
from gateway.dispatch.queue import FairQueue
from gateway.drivers.base import Driver, Ending, Outcome
from gateway.messages import FINAL, Ack, Command, Mode, Status, seconds
from gateway.settings.models import Queue

log = logging.getLogger(__name__)

MAX_REMEMBERED = 20_000
"""Command ids remembered to drop duplicates: over an hour of a busy venue."""


SWEEP_S = 1.0
"""Between two looks for deadlines that have passed."""
_TOO_LATE = Status.EXPIRED, "its deadline passed before its turn came"
_USUAL: Mapping[str, Queue] = {}


class Dispatcher:
    """``on_ack`` hears every step of every command, on the loop, in order; ``on_change(station)`` that a
    queue or a running command changed. ``clock`` gives seconds since 1970. ``queues``: how much may wait for a
    station, where it is not the usual.

    Whether a command may move is asked twice: when it comes, and again when its turn comes.
    """

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        on_ack: Callable[[Ack], None],
        on_change: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        queues: Mapping[str, Queue] = _USUAL,
    ) -> None:
        self.mode: Mode = "live"
        self.armed = False
        self._drivers = drivers
        self._on_ack = on_ack
        self._on_change = on_change
        self._clock = clock
        self._stopped = ""
        self._held = False
        self._remembered: OrderedDict[str, None] = OrderedDict()
        limits = {s: queues.get(s, Queue()) for s in drivers}
        self._queues = {s: FairQueue(q.limit, q.overflow) for s, q in limits.items()}
        self._full = {s: f"{q.limit} commands wait for the station already" for s, q in limits.items()}
        self._paused: set[str] = set()
        self._running: dict[str, tuple[Command, asyncio.Task[Outcome]]] = {}
        self._interrupted: dict[str, str] = {}  # station -> why its running command was ended
        self._wake = {s: asyncio.Event() for s in drivers}

    def remember(self, ids: Iterable[str]) -> None:
        """Ids of commands that ran before this start: they are duplicates from now on."""
        for command_id in ids:
            self._remembered[command_id] = None
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)

    def waiting(self, station: str) -> int:
        return len(self._queues[station])

    def running(self, station: str) -> str:
        """The station's running action, or an empty text."""
        return self._running[station][0].action if station in self._running else ""

    def submit(self, command: Command) -> None:
        """Take a command; whatever happens to it is told through ``on_ack``. A duplicate id is ignored."""
        if command.id in self._remembered:
            log.debug("%s: command %s again; ignored", command.station, command.id)
            return
        self.remember([command.id])
        now = self._clock()
        queue = self._queues.get(command.station)
        if queue is None:
            self._end(command, Status.REJECTED, f"there is no station {command.station!r} here", now)
        elif refused := self._refusal(command, now):
            self._end(command, *refused, now)
        else:
            self._queue(queue, command, now)

    def _queue(self, queue: FairQueue, command: Command, now: float) -> None:
        gone = queue.push(command, now)
        if gone is None or gone.command is not command:
            self._tell(command, Status.QUEUED, decided=now)
            self._wake[command.station].set()
        if gone is not None:
            self._end(gone.command, Status.BLOCKED, self._full[command.station], gone.decided)
        self._on_change(command.station)

    def _refusal(self, command: Command, now: float) -> tuple[Status, str] | None:
        """Why ``command`` must not move anything at ``now``."""
        if self._stopped:
            return Status.BLOCKED, self._stopped
        if self.mode != "live" or command.dry_run:
            why = "dry run" if command.dry_run else self.mode
            return Status.BLOCKED, f"{why}: decided, but nothing moves"
        if not self.armed:
            return Status.BLOCKED, "not armed: press Arm on the page"
        if seconds(command.expires_at) <= now:
            return _TOO_LATE
        return None

    # -- what people want ------------------------------------------------------------------------

    def stop(self, why: str) -> None:
        """Disarm, cancel all that waits and block all that comes, until ``resume``. The boards are stopped
        elsewhere, and their drivers say what became of the commands that ran."""
        self._stopped = why
        self.armed = False
        for station in self._queues:
            self._cancel_waiting(station, why)

    def resume(self) -> None:
        self._stopped = ""

    def arm(self, armed: bool, by: str = "") -> None:
        """Disarming ends what runs and waits: nothing asked for before may move at the next arming."""
        self.armed = armed
        if not armed:
            self._cancel_all(f"disarmed by {by or 'somebody'}")

    def set_mode(self, mode: Mode) -> None:
        """Any mode but ``live`` ends what runs and waits: a pause is for now, not for after the queue."""
        self.mode = mode
        if mode != "live":
            self._cancel_all(f"{mode}: nothing moves")

    def hold(self, held: bool) -> None:
        """While held nothing starts, and what comes waits until its deadline."""
        self._held = held
        for wake in self._wake.values():
            wake.set()

    def pause(self, station: str, paused: bool) -> None:
        """The same for one station. Raises ``KeyError`` when there is none of this name."""
        wake = self._wake[station]
        (self._paused.add if paused else self._paused.discard)(station)
        wake.set()
        self._on_change(station)

    def paused(self, station: str) -> bool:
        return station in self._paused

    def skip(self, station: str, command_id: str, by: str) -> bool:
        """End one that waits. This and the next two: False when it does not wait (any more); ``KeyError`` for a
        station that there is not."""
        gone = self._queues[station].take(command_id)
        if gone is not None:
            self._end(gone.command, Status.CANCELLED, f"skipped by {by or 'somebody'}", gone.decided)
            self._on_change(station)
        return gone is not None

    def hold_one(self, station: str, command_id: str, held: bool) -> bool:
        """One that is held keeps its place and does not run; its deadline passes all the same."""
        found = self._queues[station].find(command_id)
        if found is not None:
            found.held = held
            self._wake[station].set()
            self._on_change(station)
        return found is not None

    def put_first(self, station: str, command_id: str) -> bool:
        """Let one that waits run next."""
        done = self._queues[station].put_first(command_id)
        if done:
            self._wake[station].set()
            self._on_change(station)
        return done

    def queue(self, station: str) -> FairQueue:
        """What waits; iterate over it for the order in which it would run now."""
        return self._queues[station]

    def _cancel_all(self, why: str) -> None:
        for station in self._queues:
            self._cancel_waiting(station, why)
        for station, (_, task) in self._running.items():
            self._interrupted.setdefault(station, why)
            task.cancel()

    def _cancel_waiting(self, station: str, why: str) -> None:
        for waiting in self._queues[station].clear():
            self._end(waiting.command, Status.CANCELLED, why, waiting.decided)
        self._on_change(station)

    # -- the workers -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Work all queues until cancelled; what waits then is cancelled and told."""
        try:
            async with asyncio.TaskGroup() as workers:
                for station, driver in self._drivers.items():
                    workers.create_task(self._work(station, driver), name=f"dispatch {station}")
                workers.create_task(self._sweep(), name="dispatch deadlines")
        finally:
            for station in self._queues:
                self._cancel_waiting(station, "the gateway stopped")

    async def _sweep(self) -> None:
        """What is held, paused or behind others ends when its deadline passes, not when its turn would come."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._clock()
            for station, queue in self._queues.items():
                late = [w for w in queue.waiting if seconds(w.command.expires_at) <= now]
                for w in late:
                    queue.take(w.command.id)
                    self._end(w.command, *_TOO_LATE, w.decided)
                if late:
                    self._on_change(station)

    async def _work(self, station: str, driver: Driver) -> None:
        queue, wake = self._queues[station], self._wake[station]
        while True:
            while self._held or station in self._paused or (next_one := queue.pop()) is None:
                wake.clear()
                await wake.wait()
            command, decided = next_one.command, next_one.decided
            if refused := self._refusal(command, self._clock()):
                self._end(command, *refused, decided)
            else:
                await self._perform(station, driver, command, decided)
            self._on_change(station)

    async def _perform(self, station: str, driver: Driver, command: Command, decided: float) -> None:
        def moved(t: float) -> None:
            self._tell(command, Status.RUNNING, decided=decided, moved=t)

        task = asyncio.create_task(driver.perform(command, moved))
        self._running[station] = command, task
        self._on_change(station)
        try:
            outcome = await task
        except asyncio.CancelledError:
            why = self._interrupted.get(station, "the gateway stopped while it ran")
            self._end(command, Status.CANCELLED, why, decided)
            worker = asyncio.current_task()
            if worker is not None and worker.cancelling():
                raise
        except Exception as e:  # the wire's top: its fault must not empty the queues of the others
            log.exception("%s: the driver failed on command %s", station, command.id)
            self._end(command, Status.FAILED, f"the driver failed ({type(e).__name__}): see the log", decided)
        else:
            self._end(command, status_of(outcome.ending), outcome.reason, decided, outcome)
        finally:
            del self._running[station]
            self._interrupted.pop(station, None)

    def _end(
        self, command: Command, status: Status, reason: str, decided: float, outcome: Outcome | None = None
    ) -> None:
        assert status in FINAL
        o = outcome or Outcome(ending=Ending.REJECTED)
        self._tell(
            command, status, reason, decided=decided, sent=o.sent, moved=o.moved, ended=o.ended or self._clock()
        )

    def _tell(self, command: Command, status: Status, reason: str = "", **times: float | None) -> None:
        self._on_ack(make_ack(command, status, reason, **times))
