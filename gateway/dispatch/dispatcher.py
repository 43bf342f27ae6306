"""One queue and one worker for each wire; every command that enters gets exactly one ending."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from gateway.dispatch.acks import LEFT_BEHIND, NOBODY_KNOWS, Verdict, make_ack
from gateway.dispatch.obstacles import obstacle
from gateway.dispatch.permission import Permission
from gateway.dispatch.queue import FairQueue, run_of
from gateway.dispatch.resources import Resources
from gateway.dispatch.worker import Worker
from gateway.drivers.base import Driver
from gateway.messages import Ack, Command, Mode, Status
from gateway.settings.models import Queue

log = logging.getLogger(__name__)

MAX_REMEMBERED = 20_000
"""Command ids remembered to drop duplicates: over an hour of a busy venue."""
SWEEP_S = 1.0
"""Between two looks for deadlines that have passed."""
_USUAL: Mapping[str, Queue] = {}


class Dispatcher:
    """``on_ack`` hears every step of every command, on the loop, in order; ``on_change(station)`` that a
    queue or a running command changed. ``clock`` gives seconds since 1970. ``queues``: how much may wait for a
    station, where it is not the usual. ``resources``: what the stations share.

    ``most_unwritten``: so many commands of a station may have ended before ``written`` says of them that their
    endings are on disk; None: any number. A board remembers only the latest, and has to remember all that a
    gateway that is killed would not.

    Whether a command may move is asked twice: when it comes, and again when its turn comes.
    """

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        on_ack: Callable[[Ack], None],
        on_change: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        queues: Mapping[str, Queue] = _USUAL,
        resources: Resources | None = None,
        most_unwritten: int | None = None,
    ) -> None:
        self._drivers = drivers
        self._on_ack = on_ack
        self._clock = clock
        self._permission = Permission()
        self._resources = resources or Resources()
        self._resources.on_room = lambda station: self._workers[station].wake()
        self._remembered: OrderedDict[str, None] = OrderedDict()
        self._workers = {
            station: Worker(
                station,
                driver,
                FairQueue((queue := queues.get(station, Queue())).limit, queue.overflow),
                self._permission,
                self._resources,
                on_ack,
                partial(on_change, station),
                clock,
                most_unwritten,
            )
            for station, driver in drivers.items()
        }

    async def run(self) -> None:
        """Work all queues until cancelled; what waits then is cancelled and told."""
        async with asyncio.TaskGroup() as tasks:
            for station, worker in self._workers.items():
                tasks.create_task(worker.run(), name=f"dispatch {station}")
            tasks.create_task(self._sweep(), name="dispatch deadlines")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for worker in self._workers.values():
                worker.end_late()

    # -- what comes ------------------------------------------------------------------------------

    def remember(self, ids: Iterable[str]) -> None:
        """Ids of commands that ran before this start: they are duplicates from now on."""
        for command_id in ids:
            self._remembered[command_id] = None
            if len(self._remembered) > MAX_REMEMBERED:
                self._remembered.popitem(last=False)

    def submit(self, command: Command, *, again: bool = False, doubtful: bool = False) -> None:
        """Take a command; whatever happens to it is told through ``on_ack``. A duplicate id is ignored, but for
        one that is meant to be asked for ``again``, since nobody knows what became of it: its board does. Of one
        that waits or runs here it is known. ``doubtful``: an earlier run of the gateway may have sent it."""
        worker = self._workers.get(command.station)
        on_its_way = worker is not None and again and worker.has(command.id)
        if on_its_way or (command.id in self._remembered and not again):
            log.debug("%s: command %s again; ignored", command.station, command.id)
            return
        self.remember([command.id])
        if worker is not None:
            if again or doubtful:
                worker.doubt(command)
            else:
                worker.submit(command)
            return
        now, why = self._clock(), f"there is no station {command.station!r} here"
        self._on_ack(make_ack(command, Status.REJECTED, why, "limit", decided=now, ended=now))

    def leave(self, command: Command) -> None:
        """End one that an earlier run of the gateway was killed over, as its board says."""
        self.remember([command.id])
        worker = self._workers.get(command.station)
        if worker is not None:
            worker.doubt(command, LEFT_BEHIND)
        else:
            self._on_ack(make_ack(command, *NOBODY_KNOWS, ended=self._clock()))

    def written(self, station: str, command_id: str) -> None:
        """A command's ending is on disk."""
        if station in self._workers:
            self._workers[station].written(command_id)

    # -- what people want, of all stations -------------------------------------------------------

    @property
    def mode(self) -> Mode:
        return self._permission.mode

    @property
    def armed(self) -> bool:
        return self._permission.armed

    def stop(self, why: str) -> None:
        """Disarm, cancel all that waits and block all that comes, until ``resume``. The boards are stopped
        elsewhere, and their drivers say what became of the commands that ran."""
        self._permission.stopped = why
        self._permission.armed = False
        for station, worker in self._workers.items():
            worker.end_waiting(worker.clear(verdict := Verdict(Status.CANCELLED, why, "stop")), verdict)
            self._resources.leave(station)

    def resume(self) -> None:
        self._permission.stopped = ""

    def arm(self, armed: bool, by: str = "") -> None:
        """Disarming ends what runs and waits: nothing asked for before may move at the next arming. What moves
        nothing goes on."""
        self._permission.armed = armed
        if not armed:
            verdict = Verdict(Status.CANCELLED, f"disarmed by {by or 'somebody'}", "disarmed")
            self._end_all([w for w in self._workers.values() if w.moves], verdict)

    def set_mode(self, mode: Mode) -> None:
        """Any mode but ``live`` ends what runs and waits: a pause is for now, not for after the queue."""
        self._permission.mode = mode
        if mode != "live":
            self._end_all(self._workers.values(), Verdict(Status.CANCELLED, f"{mode}: nothing moves", "mode"))

    def hold(self, held: bool) -> None:
        """While held nothing starts, and what comes waits until its deadline."""
        self._permission.held = held
        for worker in self._workers.values():
            worker.wake()

    def go_on_unwritten(self, unwritten: bool) -> None:
        """Nobody waits for a disk that refuses: the show goes on."""
        self._permission.unwritten = unwritten
        if unwritten:
            for worker in self._workers.values():
                worker.forget_unwritten()

    @staticmethod
    def _end_all(workers: Iterable[Worker], verdict: Verdict) -> None:
        for worker in workers:
            worker.end_waiting(worker.clear(verdict), verdict)
            worker.interrupt(verdict)

    # -- what people want, of one station; ``KeyError`` when there is none of this name ------------

    def pause(self, station: str, paused: bool) -> None:
        """While paused nothing starts there, and what comes waits until its deadline."""
        worker = self._workers[station]
        worker.paused = paused
        worker.changed()

    def paused(self, station: str) -> bool:
        return self._workers[station].paused

    def skip(self, station: str, command_id: str, by: str) -> bool:
        """End one that waits. This, ``hold_one`` and ``put_first``: False when it does not wait (any more)."""
        worker = self._workers[station]
        gone = worker.queue.take(command_id)
        if gone is not None:
            worker.end_waiting([gone], Verdict(Status.CANCELLED, f"skipped by {by or 'somebody'}", "person"))
        return gone is not None

    def cancel(self, station: str, command_id: str, by: str) -> bool:
        """End one that waits or runs: a held output goes off. False when it does neither (any more)."""
        worker = self._workers[station]
        verdict = Verdict(Status.CANCELLED, f"ended by {by or 'somebody'}", "person")
        if worker.running is not None and worker.running.id == command_id:
            return worker.interrupt(verdict)
        gone = worker.queue.take(command_id)
        if gone is not None:
            worker.end_waiting([gone], verdict)
        return gone is not None

    def hold_one(self, station: str, command_id: str, held: bool) -> bool:
        """One that is held keeps its place and does not run; its deadline passes all the same."""
        worker = self._workers[station]
        found = worker.queue.find(command_id)
        if found is not None:
            found.held = held
            worker.changed()
        return found is not None

    def put_first(self, station: str, command_id: str) -> bool:
        """Let one that waits run next."""
        worker = self._workers[station]
        done = worker.queue.put_first(command_id)
        if done:
            worker.changed()
        return done

    # -- what rules want -------------------------------------------------------------------------

    def cancel_run(self, run: str, why: str) -> int:
        """End all that waits and runs of one run of a rule, at all stations; returns how many that are."""
        verdict = Verdict(Status.CANCELLED, why, "limit")
        ended = 0
        for worker in self._workers.values():
            gone = worker.queue.take_run(run)
            worker.end_waiting(gone, verdict)
            ended += len(gone) + worker.give_up(run, verdict)
            if worker.running is not None and run_of(worker.running) == run:
                ended += worker.interrupt(verdict)
        return ended

    # -- what people see -------------------------------------------------------------------------

    def obstacle(self, command: Command) -> str:
        """What keeps ``command`` from starting at once, in words; empty when nothing does."""
        health = self._drivers[command.station].health
        return obstacle(command, self._workers[command.station], health, self._permission, self._resources)

    def waiting(self, station: str) -> int:
        return self._workers[station].waiting

    def running(self, station: str) -> str:
        """The station's running action, or an empty text."""
        command = self._workers[station].running
        return "" if command is None else command.action

    def running_command(self, station: str) -> str:
        """The id of the command that runs, or an empty text."""
        command = self._workers[station].running
        return "" if command is None else command.id

    def waits_for(self, station: str) -> str:
        """What of the shared things keeps the station's next command, for a person; empty when nothing does."""
        return self._resources.why(station)

    def queue(self, station: str) -> FairQueue:
        """What waits; iterate over it for the order in which it would run now."""
        return self._workers[station].queue
