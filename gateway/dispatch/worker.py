"""One station's worker: its queue, and the one command that runs. Every command gets exactly one ending here."""

import asyncio
import logging
from collections.abc import Callable

from gateway.dispatch.acks import NOBODY_KNOWS, Verdict, gave_way, make_ack, verdict_of
from gateway.dispatch.doubts import Doubt, Doubts
from gateway.dispatch.permission import Permission
from gateway.dispatch.queue import FairQueue, Waiting
from gateway.dispatch.resources import Resources
from gateway.drivers.base import Driver, Ending, Outcome
from gateway.messages import Ack, Command, KeptBy, Status, seconds

log = logging.getLogger(__name__)

SETTLE_S = 1.0
"""The most that a board is waited for to say that its outputs are off, before others may have what it shared."""
LOOK_S = 0.005
ASKED_AT_ONCE = 8
"""Questions on the wire at a time: more than it holds unanswered would only wait."""
BEFORE = "it ran before the gateway was started again"
_GATEWAY_STOPPED = Verdict(Status.CANCELLED, "the gateway stopped", "fault")
_NEVER_CAME_FAR = Outcome(ending=Ending.BLOCKED)
"""Of a command that no driver was given: no time of it is known."""


class Worker:
    """``on_ack`` hears every step of every command, in order, and may give or end other commands right then;
    ``on_change`` that the queue or the running command changed.

    A command leaves the queue only when it starts: while it waits for what its station shares with others, it can
    be skipped, held and overtaken like any other.
    """

    def __init__(
        self,
        station: str,
        driver: Driver,
        queue: FairQueue,
        permission: Permission,
        resources: Resources,
        on_ack: Callable[[Ack], None],
        on_change: Callable[[], None],
        clock: Callable[[], float],
        most_unwritten: int | None = None,
    ) -> None:
        self.queue = queue
        self.moves = driver.moves
        self.paused = False
        self.running: Command | None = None
        self._station, self._driver = station, driver
        self._permission, self._resources = permission, resources
        self._on_ack, self._on_change, self._clock = on_ack, on_change, clock
        self._wake = asyncio.Event()
        self._task: asyncio.Task[Outcome] | None = None
        self._interrupted: Verdict | None = None
        self._closed = False
        self._doubts = Doubts()
        self._most_unwritten = most_unwritten
        self._unwritten: set[str] = set()

    # -- what waits ------------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Take a command, or end it at once."""
        now = self._clock()
        refused = _GATEWAY_STOPPED if self._closed else self._permission.refusal(command, moves=self.moves)
        if refused is None and seconds(command.expires_at) <= now:
            refused = Verdict(Status.EXPIRED, "its deadline had passed when it came", "deadline")
        if refused is not None:
            self._end(command, refused, now)
            return
        gone = self.queue.push(command, now)
        if gone is None or gone.command is not command:
            self._on_ack(make_ack(command, Status.QUEUED, decided=now))
        if gone is not None:
            self._end(gone.command, gave_way(self.queue, gone), gone.decided)
        self.changed()

    def doubt(self, command: Command, otherwise: Verdict | None = None) -> None:
        """Take one that an earlier run of the gateway may have sent. Before anything else starts here, its board
        is asked what became of it; one that it never had is like any other, or ends as ``otherwise``."""
        self._doubts.add(command, otherwise, self._clock())
        self.changed()

    def clear(self, verdict: Verdict) -> list[Waiting]:
        """Take all that waits out of the queue. What is doubtful ends so if its board knows nothing of it."""
        self._doubts.give_up(verdict)
        return self.queue.clear()

    def give_up(self, run: str, verdict: Verdict) -> int:
        """As ``clear``, what is doubtful of a run; returns how many that are."""
        return self._doubts.give_up(verdict, run)

    @property
    def waiting(self) -> int:
        return len(self.queue) + len(self._doubts)

    def has(self, command_id: str) -> bool:
        """It waits or runs here."""
        runs = self.running is not None and self.running.id == command_id
        return runs or command_id in self._doubts or self.queue.find(command_id) is not None

    def written(self, command_id: str) -> None:
        """Its ending is on disk."""
        if command_id in self._unwritten:
            self._unwritten.remove(command_id)
            self.wake()

    def forget_unwritten(self) -> None:
        """Wait for no ending of before: a disk that refuses for long may never have it."""
        self._unwritten.clear()
        self.wake()

    def changed(self) -> None:
        """What may run next may be another one now."""
        self.wake()
        self._on_change()

    def wake(self) -> None:
        self._wake.set()

    def end_waiting(self, gone: list[Waiting], verdict: Verdict) -> None:
        """End some that were taken from the queue."""
        for waiting in gone:
            self._end(waiting.command, verdict, waiting.decided)
        if gone:
            self.changed()

    def end_late(self) -> None:
        """What is held, paused or behind others ends when its deadline passes, not when its turn would come. To be
        called about once a second: it is also the look whether a station that was away is back."""
        now = self._clock()
        for waiting in self.queue.waiting:
            # One ending may end others of its run, and those have had theirs.
            if seconds(waiting.command.expires_at) <= now and self.queue.remove(waiting):
                self._end(waiting.command, self._late(waiting), waiting.decided)
                self._on_change()
        self.wake()

    def _late(self, waiting: Waiting) -> Verdict:
        """The deadline of one that waits has passed: what kept it, as things stand now."""

        def expired(why: str, kept_by: KeptBy) -> Verdict:
            return Verdict(Status.EXPIRED, f"its deadline passed {why}", kept_by)

        health = self._driver.health
        if health.stopped:
            return expired("while the station was stopped", "stop")
        if not health.online:
            return expired(f"while the station was away: {health.fault or 'it does not answer'}", "offline")
        if self._permission.held:
            return expired("while the broker was away: nothing starts when no stop could be heard", "fault")
        if self.paused or waiting.held:
            return expired("while somebody held it back", "person")
        if why := self._resources.why(self._station):
            return expired(f"before its turn came; the station waited for {why}", "deadline")
        return expired("before its turn came", "deadline")

    # -- what runs -------------------------------------------------------------------------------

    def interrupt(self, verdict: Verdict) -> bool:
        """End the running command, ``verdict`` says why. False when none runs, or it is over already."""
        if self._task is None or self._task.done():
            return False
        if self._interrupted is None:  # once: the driver may be making things safe
            self._interrupted = verdict
            self._task.cancel()
        return True

    async def run(self) -> None:
        """Work until cancelled; what waits then is cancelled and told."""
        self._closed = False
        try:
            while True:
                await self._settle()
                if (waiting := self._next()) is None:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                try:
                    over = await self._start(waiting)
                    if not over and self._resources.shares(self._station, waiting.command.work):
                        await self._off()
                finally:
                    self._resources.leave(self._station)
                self._on_change()
        finally:
            self._closed = True  # what an ending still sets in motion finds nobody here any more
            for doubt in self._doubts.clear():
                self._end(doubt.command, NOBODY_KNOWS, doubt.since)
            self.end_waiting(self.queue.clear(), _GATEWAY_STOPPED)

    async def _settle(self) -> None:
        """Ask the board about all that is doubtful, before what starts now makes it forget."""
        while batch := self._doubts.first(ASKED_AT_ONCE):
            self._resources.leave(self._station)  # the board may be away
            answers = await asyncio.gather(*map(self._recall, batch))
            for doubt, (verdict, outcome) in zip(batch, answers, strict=True):
                self._doubts.remove(doubt.command.id)
                verdict = verdict or doubt.otherwise
                if verdict is None:
                    self.submit(doubt.command)
                else:
                    self._only_the_board_knows(doubt.command)
                    self._end(doubt.command, verdict, doubt.since, outcome)

    async def _recall(self, doubt: Doubt) -> tuple[Verdict | None, Outcome]:
        """How its board says that it ended; None: the board knows nothing of it."""
        try:
            async with asyncio.timeout(max(0.0, doubt.until - self._clock())):
                outcome = await self._driver.recall(doubt.command)
        except TimeoutError:
            return NOBODY_KNOWS, _NEVER_CAME_FAR
        if outcome is None:
            return None, _NEVER_CAME_FAR
        verdict = verdict_of(outcome)
        return verdict._replace(reason=verdict.reason or BEFORE), outcome

    def _next(self) -> Waiting | None:
        """Take what may start now out of the queue, and hold what it needs."""
        stays = self.paused or self._permission.held or self._must_be_written()
        first = None if stays else self.queue.first()
        if first is None or self._must_not_keep(first.command.work):
            self._resources.leave(self._station)
            return None
        return self.queue.pop() if self._resources.take(self._station, first.command.work) else None

    def _must_be_written(self) -> bool:
        """The board would forget what nobody else knows yet."""
        most = self._most_unwritten
        return most is not None and len(self._unwritten) >= most

    def _only_the_board_knows(self, command: Command) -> None:
        """Until its ending is on disk. Also of one that an earlier run of the gateway sent: should this one be
        killed, too, the next has to ask for both, and together they must not be more than a board remembers."""
        if self._most_unwritten is not None and not self._permission.unwritten:
            self._unwritten.add(command.id)

    def _must_not_keep(self, work: str) -> bool:
        """A board that is away would hold what others need until its command's deadline, for nothing."""
        return not self._driver.health.online and self._resources.shares(self._station, work)

    async def _start(self, waiting: Waiting) -> bool:
        """Whether it may move was asked when it came, and is asked again now. False: its board was told to end it,
        and may not have heard that yet."""
        command = waiting.command
        refused = self._permission.refusal(command, moves=self.moves)
        if refused is None and seconds(command.expires_at) <= self._clock():
            refused = self._late(waiting)
        if refused is not None:
            self._end(command, refused, waiting.decided)
            return True
        return await self._perform(command, waiting.decided)

    async def _off(self) -> None:
        """Until the board itself says that nothing is on."""
        patience = SETTLE_S
        while self._driver.health.outputs and patience > 0:
            await asyncio.sleep(LOOK_S)
            patience -= LOOK_S

    async def _perform(self, command: Command, decided: float) -> bool:
        cut_off = _NEVER_CAME_FAR

        def moved(t: float) -> None:
            nonlocal cut_off
            cut_off = Outcome(ending=Ending.CANCELLED, moved=t)
            self._on_ack(make_ack(command, Status.RUNNING, decided=decided, moved=t))

        self.running = command
        self._task = asyncio.create_task(self._driver.perform(command, moved))
        self._on_change()
        try:
            outcome = await self._task
            verdict = verdict_of(outcome)
        except asyncio.CancelledError:
            outcome, verdict = cut_off, self._interrupted or _GATEWAY_STOPPED
        except Exception as e:  # the wire's top: its fault must not empty the queues of the others
            log.exception("%s: the driver failed on command %s", self._station, command.id)
            words = f"the driver failed ({type(e).__name__}): see the log"
            outcome, verdict = cut_off, Verdict(Status.FAILED, words, "fault")
        self.running = self._task = self._interrupted = None
        self._only_the_board_knows(command)
        self._end(command, verdict, decided, outcome)
        worker = asyncio.current_task()
        if worker is not None and worker.cancelling():
            raise asyncio.CancelledError
        return outcome is not cut_off

    # -- telling ---------------------------------------------------------------------------------

    def _end(self, command: Command, verdict: Verdict, decided: float, o: Outcome = _NEVER_CAME_FAR) -> None:
        ended = o.ended or self._clock()
        self._on_ack(make_ack(command, *verdict, decided=decided, sent=o.sent, moved=o.moved, ended=ended))
