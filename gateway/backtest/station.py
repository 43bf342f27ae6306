"""Stations without wires, in virtual time: the board's own rules decide, and nothing moves."""

import asyncio
from collections.abc import Callable

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.clock import BoardClock
from gateway.drivers.arduino.commands import RENEW_S
from gateway.drivers.arduino.plans import HOLD_MS, Plan, Single
from gateway.drivers.arduino.table import Refused, Table
from gateway.drivers.arduino.waits import Waits
from gateway.drivers.arduino.wire import RunStatus
from gateway.drivers.base import Ending, Health, Input, Outcome
from gateway.messages import Command, seconds
from gateway.practice.boards.movement import Movement
from gateway.settings.stations import Station

_NO_ENDING = frozenset({RunStatus.STARTED, RunStatus.UNKNOWN_ID})


class _Job:
    """One command on the board."""

    def __init__(self, plan: Plan, on_moved: Callable[[float], None]) -> None:
        self.plan, self.on_moved = plan, on_moved
        self.began = asyncio.get_running_loop().time()
        self.moved: float | None = None
        self.status = RunStatus.UNKNOWN_ID
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()


class _Still:
    """``gateway.drivers.base.Driver`` but for ``perform``, on a loop whose time is seconds since 1970."""

    moves = False

    def __init__(self) -> None:
        self.on_health: Callable[[Health], None] = lambda health: None
        self.on_input: Callable[[Input], None] = lambda change: None
        self.health = Health(online=True)
        self._armed = self._stopped = False

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def recall(self, command: Command) -> Outcome | None:
        """There was no earlier run."""
        return None

    def estop(self, trip: int) -> None:
        self._stopped, self._armed = True, False
        self._publish()

    def reset_estop(self, trip: int) -> None:
        self._stopped = False
        self._publish()

    def arm(self, armed: bool) -> None:
        self._armed = armed and not self._stopped
        self._publish()

    def _publish(self, *, online: bool | None = None) -> None:
        online = self.health.online if online is None else online
        self.health = Health(online=online, armed=self._armed, stopped=self._stopped)
        self.on_health(self.health)


class InstantOutput(_Still):
    """A sound, a webhook, a message, an announcement: it takes no time here, and always succeeds."""

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        now = asyncio.get_running_loop().time()
        on_moved(now)
        return Outcome(ending=Ending.DONE, sent=now, moved=now, ended=now)


class SimulatedStation(_Still):
    """A command takes the time that its action takes, waits where the driver would wait, and is refused where the
    board would refuse it: longest on-time, rest, duty, groups, one pattern at a time. The wire takes no time.

    ``on_edge(channel, on, at)``: an output was energised, or is off again. Raises ``DriverError`` for settings
    that no board can hold.
    """

    moves = True

    def __init__(self, station_id: str, station: Station, on_edge: Callable[[str, bool, float], None]) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._on_edge = on_edge
        self._channels = {c.pin: (name, c.active_low) for name, c in station.channels.items()}
        self._table = Table(station_id, station)
        clock = BoardClock()
        clock.learn(self._loop.time(), self._loop.time(), 0)
        self._waits = Waits(self._table)
        self._waits.session(clock)
        self._jobs: dict[int, _Job] = {}
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None
        self._there = asyncio.Event()
        self._there.set()
        self._movement = Movement(self._told, self._edge)
        self._movement.enforce(self._table.entries, self._loop.time())

    def plug(self, plugged: bool) -> None:
        """Pull the cable, or put it back. What comes meanwhile waits for it until its deadline."""
        if not plugged:
            self._there.clear()
            self._movement.make_safe(RunStatus.LEASE_LOST, self._loop.time())
        else:
            self._there.set()
        self._publish(online=plugged)

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """As ``Driver.perform``."""
        try:
            plan = self._table.plan(command)
        except Refused as e:
            return Outcome(ending=Ending.REJECTED, reason=str(e), kept_by="limit")
        deadline = seconds(command.expires_at)
        again, not_before = True, 0.0
        while await self._online(deadline):
            now = self._loop.time()
            wait = max(not_before - now, self._waits.known(plan, self._running(), now))
            if wait > 0 and now + wait < deadline:
                await asyncio.sleep(wait)
                continue
            outcome, status = await self._run(plan, on_moved)
            later = self._waits.after(status, plan, self._running(), now) if again else None
            if later is None or outcome.moved is not None or now + later >= deadline:
                return outcome
            again, not_before = False, now + later
        why = "not sent before its deadline: the station is offline"
        return Outcome(ending=Ending.EXPIRED, reason=why, kept_by="offline")

    async def _online(self, deadline: float) -> bool:
        """Wait for the board. False: not before the deadline."""
        if self.health.online:
            return True
        try:
            async with asyncio.timeout_at(deadline):
                return await self._there.wait()
        except TimeoutError:
            return False

    def _running(self) -> list[tuple[Plan, float]]:
        return [(job.plan, job.began) for job in self._jobs.values()]

    async def _run(self, plan: Plan, on_moved: Callable[[float], None]) -> tuple[Outcome, RunStatus]:
        """Give it to the board; what it came to, and the board's last word on it."""
        self._last += 1
        run, job = self._last, _Job(plan, on_moved)
        self._jobs[run] = job
        try:
            self._order(run, plan)
            if not job.outcome.done() and isinstance(plan, Single) and plan.hold:
                return await self._hold(run, job), job.status
            return await job.outcome, job.status
        except asyncio.CancelledError:
            self._movement.cancel(run, self._loop.time())
            if job.moved is not None:
                self._waits.ran(plan, job.moved, self._loop.time())
            raise
        finally:
            del self._jobs[run]
            self._rearm()

    def _order(self, run: int, plan: Plan) -> None:
        now = self._loop.time()
        refusal = RunStatus.STOPPED if self._stopped else None if self._armed else RunStatus.NOT_ARMED
        for message in plan.messages(run):
            match message:
                case wire.Run():
                    self._movement.run(message, refusal, now)
                case wire.PatternStep():
                    self._movement.load(message)
                case wire.PatternRun():
                    self._movement.play(message, refusal, now)
        self._rearm()

    async def _hold(self, run: int, job: _Job) -> Outcome:
        """Renewed as the driver does it: the board ends it at the longest on-time."""
        while not job.outcome.done():
            await asyncio.wait([job.outcome], timeout=RENEW_S)
            self._movement.renew(wire.Renew(run, HOLD_MS), self._loop.time())
            self._rearm()
        return job.outcome.result()

    # -- stop and arm --------------------------------------------------------------------------

    def estop(self, trip: int) -> None:
        super().estop(trip)
        self._movement.make_safe(RunStatus.STOPPED, self._loop.time())

    def arm(self, armed: bool) -> None:
        super().arm(armed)
        if not armed:
            self._movement.make_safe(RunStatus.CANCELLED, self._loop.time())

    # -- what the board does ---------------------------------------------------------------------

    def _tick(self) -> None:
        self._timer = None
        self._movement.tick(self._loop.time())
        self._rearm()

    def _rearm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if times := self._movement.due:
            self._timer = self._loop.call_at(min(times), self._tick)

    def _edge(self, pin: int, level: bool, at: float) -> None:
        channel, active_low = self._channels[pin]
        self._on_edge(channel, level != active_low, at)

    def _told(self, run: int, status: RunStatus, at: float) -> None:
        """What the board says of a run, as the driver takes it."""
        job = self._jobs.get(run)
        if job is None or job.outcome.done():
            return
        if status is RunStatus.STARTED:
            job.moved = at
            job.on_moved(at)
        if status in _NO_ENDING:
            return
        plan, job.status = job.plan, status
        if job.moved is not None:
            self._waits.ran(plan, job.moved, at)
        ending, reason, kept_by = words.ending(
            status,
            subject=plan.subject,
            asked_ms=plan.longest_ms,
            limit=self._table.limit(plan.channel) if isinstance(plan, Single) else "",
            rest_s=self._waits.rest_s(plan, at),
            cooling=self._waits.cooling_words(plan, at),
            moved=job.moved is not None,
        )
        ended = None if job.moved is None else at
        job.outcome.set_result(
            Outcome(
                ending=ending, reason=reason, kept_by=kept_by, sent=job.moved or at, moved=job.moved, ended=ended
            )
        )
