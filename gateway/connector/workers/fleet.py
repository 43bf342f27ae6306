"""The parent of the workers: gives each account to one of them, moves accounts and never loses one."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from gateway.connector.account.session import Memory
from gateway.connector.accounts import STOPPED, Road, several
from gateway.connector.budget import Turns
from gateway.connector.sources.base import PACE, Pace
from gateway.connector.sources.make import Sources
from gateway.connector.workers import planner, wire
from gateway.connector.workers.charge import Charge, Moving, charge_of
from gateway.connector.workers.crew import TICK, Crew
from gateway.connector.workers.planner import LIMITS, Limits, Move, Placed
from gateway.connector.workers.process import SMOOTH_S, Process
from gateway.errors import ServiceError
from gateway.settings import models

log = logging.getLogger(__name__)

TOGETHER_S = 20.0
"""Accounts wait so long at the start for all workers to be up, so that they are spread."""
BEGIN_ANEW = frozenset({"replay", "practice"})
"""Sources whose second connection would be another show."""
PREPARE_S = 20.0
"""A second connection that does not stand after so long is given up, and the account stays where it is."""


class Fleet:
    """A ``control.Runner`` over ``least`` to ``most`` worker processes. ``road`` takes what no worker can say."""

    def __init__(
        self,
        settings: models.Settings,
        road: Road,
        base_dir: Path,
        least: int,
        most: int,
        *,
        pace: Pace = PACE,
        limits: Limits = LIMITS,
        smooth: float = SMOOTH_S,
    ) -> None:
        self.charges: dict[str, Charge] = {}
        self._settings = settings
        self._road = road
        self._base_dir = base_dir
        self._pace = pace
        self._limits = limits
        self._crew = Crew(self._setup, least, most, limits, smooth, self._on_word, self._on_end)
        self._sources = Sources(settings.connector, base_dir, pace)  # for their names only
        self._turns = Turns(pace.sign)
        self._asking: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None]

    @property
    def workers(self) -> dict[int, Process]:
        """By their numbers."""
        return self._crew.all

    async def run(self) -> None:
        """Until cancelled. Raises ``ServiceError`` when a worker says that none can work."""
        loop = asyncio.get_running_loop()
        self._failed = loop.create_future()
        together = loop.time() + TOGETHER_S
        try:
            self._crew.begin()
            while not self._failed.done():
                await asyncio.wait([self._failed], timeout=TICK)
                now = loop.time()
                self._crew.look(now)
                if now > together or all(worker.up for worker in self.workers.values()):
                    together = now
                    self._plan(now)
            self._failed.result()
        finally:
            for task in self._asking:
                task.cancel()
            for charge in self.charges.values():
                if charge.where is None and charge.state.phase != "offline":
                    self._road.tell(charge.say("offline", STOPPED))
            await self._crew.stop()

    def _setup(self, number: int) -> wire.Setup:
        level = logging.getLogger().getEffectiveLevel()
        return wire.Setup(number, self._settings, str(self._base_dir), self._pace, level)

    def tell_again(self) -> None:
        """The states of accounts that no worker has."""
        for charge in self.charges.values():
            if charge.where is None:
                self._road.tell(charge.state)

    # -- what is wanted (control.Runner) ---------------------------------------------------------

    def put(self, name: str, account: models.Account, note: str = "") -> None:
        new = charge_of(self._sources.stream(name, account), account, note)
        old = self.charges.get(name)
        if old is None:
            self.charges[name] = new
            return

        def replace() -> None:
            same = (old.config.source, old.config.username) == (account.source, account.username)
            new.memory = Memory(asked=old.memory.asked if same else 0.0)
            new.wanted, new.why_not = old.wanted, old.why_not
            self.charges[name] = new
            if not new.wanted:
                self._road.tell(new.say("offline", new.why_not))

        self._end(old, "its settings changed", replace)

    def connect(self, name: str) -> None:
        charge = self.charges[name]
        charge.wanted = True
        if charge.where is None and charge.state.phase == "offline":
            self._road.tell(charge.say("waiting", "waiting for a worker process"))

    def disconnect(self, name: str, why: str) -> None:
        charge = self.charges[name]
        charge.wanted, charge.why_not = False, why
        if charge.where is None:
            self._road.tell(charge.say("offline", why))
        else:
            self._release(charge, why)

    def drop(self, name: str) -> None:
        def clear() -> None:
            del self.charges[name]
            self._road.clear(name)

        self._end(self.charges[name], "removed", clear)

    def _end(self, charge: Charge, why: str, then: Callable[[], None]) -> None:
        charge.then = then
        if charge.where is None:
            then()
        else:
            self._release(charge, why)

    # -- what the workers say --------------------------------------------------------------------

    def _on_word(self, worker: Process, word: wire.Word) -> None:
        match word:
            case wire.Ask(account):
                task = asyncio.create_task(self._give_turn(worker, account))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            case wire.Limited(until):
                self._turns.limit(until)
                self._crew.say_to_all(wire.Limited(until))
            case wire.Released(account, memory):
                self._released(worker, account, memory)
            case wire.Standing(account):
                charge = self.charges.get(account)
                if charge is not None and charge.moving is not None and charge.moving.to == worker.number:
                    charge.moving.stands = True
                    charge.moving.until = asyncio.get_running_loop().time() + self._limits.overlap
            case wire.Failed(words, account):
                self._on_failed(worker, words, account)
            case wire.Up() | wire.Beat():
                pass

    async def _give_turn(self, worker: Process, account: str) -> None:
        await self._turns.turn(account)
        worker.say(wire.Turn(account))

    def _released(self, worker: Process, name: str, memory: Memory) -> None:
        charge = self.charges.get(name)
        if charge is None or charge.where != worker.number:
            return
        charge.where, charge.releasing, charge.memory = None, False, memory
        charge.state = memory.state or charge.state
        moving, charge.moving = charge.moving, None
        if charge.then is not None:
            self._forget(charge, moving)
            then, charge.then = charge.then, None
            then()
        elif not charge.wanted:
            self._forget(charge, moving)
            if charge.state.phase != "offline":
                self._road.tell(charge.say("offline", charge.why_not))
        elif moving is not None and moving.to in self.workers:
            self._give(charge, moving.to, prepared=moving.prepared)

    def _on_failed(self, worker: Process, words: str, account: str) -> None:
        charge = self.charges.get(account)
        if charge is not None and charge.moving is not None and charge.moving.to == worker.number:
            self._forget(charge, charge.moving)
            charge.moving = None
        elif charge is not None:
            log.error("%s: %s", account, words)
            charge.where, charge.wanted, charge.why_not, charge.releasing = None, False, words, False
            self._road.tell(charge.say("offline", words))
        elif self._crew.up:
            log.error("worker %d cannot work: %s", worker.number, words)
        elif not self._failed.done():
            self._failed.set_exception(ServiceError(words))

    def _on_end(self, worker: Process) -> None:
        """A worker is gone: what it had goes on elsewhere."""
        had = [c for c in self.charges.values() if c.where == worker.number]
        if had or not worker.dismissed:
            log.error("worker %d died; it had %s", worker.number, several([c.name for c in had]))
        for charge in self.charges.values():
            if charge.moving is not None and charge.moving.to == worker.number:
                charge.moving = None
        for charge in had:
            why = "a worker process of the connector died"
            charge.remember(worker.sights.get(charge.name), time.time() - worker.silent, why)
            self._forget(charge, charge.moving)
            charge.where, charge.releasing, charge.moving = None, False, None
            if charge.then is not None:
                then, charge.then = charge.then, None
                then()
            elif charge.wanted:
                self._road.tell(charge.say("connecting", f"{why}; another one takes over"))
            else:
                self._road.tell(charge.say("offline", charge.why_not))
        for heir in list(self._crew.up.values())[:1]:
            heir.say(wire.Inherit())
        self._plan(asyncio.get_running_loop().time())

    # -- who has which account -------------------------------------------------------------------

    def _plan(self, now: float) -> None:
        if self._crew.stopping:
            return
        up = self._crew.up
        staying = [n for n, w in up.items() if not w.retiring]
        placed = {c.name: self._placed(c, up[c.where]) for c in self.charges.values() if c.where in up}
        new = {c.name: 0.0 for c in self.charges.values() if c.wanted and c.where is None and c.then is None}
        for name, to in planner.place(new, placed.values(), staying).items():
            self._give(self.charges[name], to)
        self._hurry(now)
        retiring = frozenset(up) - frozenset(staying)
        loads = {n: w.load for n, w in up.items()}
        if not any(c.moving for c in self.charges.values()):
            settled = {n: p for n, p in placed.items() if not self.charges[n].releasing}
            move = planner.rebalance(settled, loads, retiring, now, self._limits)
            if move is not None:
                self.move(move)
        for number in retiring:
            if not any(c.where == number for c in self.charges.values()):
                up[number].stop()
        self._crew.resize(now)

    def _placed(self, charge: Charge, worker: Process) -> Placed:
        sight = worker.sights.get(charge.name)
        streaking = sight is not None and sight.streaking
        fixed = charge.config.source in BEGIN_ANEW
        return Placed(worker.number, worker.share(charge.name), streaking, fixed, charge.moved_at)

    def _give(self, charge: Charge, to: int, *, prepared: bool = False) -> None:
        order = wire.Adopt if prepared else wire.Start
        self.workers[to].say(order(charge.name, charge.config, charge.note, charge.memory))
        charge.where = to

    def _release(self, charge: Charge, why: str) -> None:
        """Take it from its worker; with ``why``, which says ``offline`` first."""
        if charge.where in self.workers and not charge.releasing:
            charge.releasing = True
            self.workers[charge.where].say(wire.Release(charge.name, why))

    def move(self, move: Move) -> None:
        """To another worker: a second connection first where the LIVE is heard, so that nothing is missed."""
        charge, now = self.charges[move.account], asyncio.get_running_loop().time()
        if charge.where is None or charge.moving is not None or charge.releasing:
            return
        sight = self.workers[charge.where].sights.get(charge.name)
        if sight is None:  # its worker has hardly begun with it
            return
        log.info("%s: moving from worker %d to worker %d", charge.name, charge.where, move.to)
        charge.moved_at = now
        charge.moving = Moving(move.to, now + PREPARE_S)
        if sight.phase == "live" and charge.config.source not in BEGIN_ANEW:
            charge.moving.prepared = True
            self.workers[move.to].say(wire.Prepare(charge.name, charge.config, sight.room))
        else:
            self._release(charge, "")

    def _hurry(self, now: float) -> None:
        for charge in self.charges.values():
            moving = charge.moving
            if moving is None or not moving.prepared or charge.releasing or now < moving.until:
                continue
            if moving.stands:
                self._release(charge, "")
            else:
                log.warning("%s: stays where it is, a second connection did not come about", charge.name)
                self._forget(charge, moving)
                charge.moving = None

    def _forget(self, charge: Charge, moving: Moving | None) -> None:
        if moving is not None and moving.prepared and moving.to in self.workers:
            self.workers[moving.to].say(wire.Forget(charge.name))
