"""A venue in virtual time: the gateway's own rules, queues and limits; only disk and wires are missing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from gateway.backtest.station import InstantOutput, SimulatedStation
from gateway.deciding import DOUBT_S, Deciding
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.resources import resources
from gateway.drivers.base import Driver
from gateway.messages import FINAL, Ack, Command, Decided, Event
from gateway.rules.engine import compile_rules
from gateway.rules.state import State
from gateway.settings.models import Settings
from gateway.settings.outputs import OUTPUT_STATIONS
from gateway.settings.rules import RuleBook
from gateway.virtual_time import VirtualLoop

T = TypeVar("T")

LOOK_S = 0.1
"""Between two looks whether all has ended."""


class Watcher(Protocol):
    """Who sees what comes of it."""

    def decided(self, event: Event, decided: Decided, commands: Iterable[Command] = ...) -> None:
        """Every rule's word on an event, and the commands that follow at once."""

    def commanded(self, command: Command) -> None:
        """A command of a run that went on, or whatever else came of no event."""

    def ack(self, ack: Ack, now: float) -> None:
        """A command took a step."""

    def queue(self, station: str, waiting: int, now: float) -> None:
        """So many commands wait there from ``now`` on."""

    def edge(self, station: str, channel: str, on: bool, at: float) -> None:
        """An output was energised, or is off again."""


class _NoRecords:
    """In place of the journal."""

    def append(
        self,
        record: Event | Command | Ack | Decided,
        *,
        urgent: bool = False,
        simulated: bool = False,
        on_durable: Callable[[], None] | None = None,
        state: Mapping[str, bytes | None] | None = None,
    ) -> None:
        if on_durable is not None:
            on_durable()

    def keep(self, state: Mapping[str, bytes | None]) -> None:
        pass


class _Unnoted(dict[str, None]):
    def __setitem__(self, key: str, value: None) -> None:
        pass


class _Unwritten(State):
    """What changes in it is not noted, for nothing of it goes to disk."""

    def __init__(self) -> None:
        super().__init__()
        for table in self._tables.values():
            table.changed = _Unnoted()

    def changes(self) -> dict[str, bytes | None]:
        return {}


class World:
    """Armed and live from ``began`` on, on the loop of ``in_virtual_time``."""

    def __init__(self, settings: Settings, book: RuleBook, watcher: Watcher, began: float) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self._loop, self._began = loop, began
        self._watcher = watcher
        self._over = False
        self.stations = {
            name: SimulatedStation(name, station, partial(watcher.edge, name))
            for name, station in settings.stations.items()
        }
        self._drivers: dict[str, Driver] = {**self.stations, **{name: InstantOutput() for name in OUTPUT_STATIONS}}
        self._dispatcher = Dispatcher(
            self._drivers,
            self._on_ack,
            self._on_change,
            self._loop.time,
            {name: station.queue for name, station in settings.stations.items()},
            resources(settings),
        )
        self.deciding = Deciding(
            compile_rules(book, settings), self._dispatcher, _NoRecords(), watcher, self._loop.time
        )
        self.deciding.state = _Unwritten()
        for driver in self._drivers.values():
            driver.arm(True)
        self._dispatcher.arm(True)
        for name in self._drivers:
            self._on_change(name)

    def leap(self, to: float) -> None:
        """Leave out the time until then."""
        self._loop.leap(to)

    @property
    def now(self) -> float:
        return self._loop.time()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end nobody hears of what is still under way."""
        self._loop.leap(self._began)
        self.deciding.load(self.deciding.program)
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self._dispatcher.run())
            try:
                yield
            finally:
                self._over = True
                self.deciding.close()
                work.cancel()

    async def settled(self, most: float) -> bool:
        """Wait until all that has begun has ended; False: some has not after ``most`` seconds."""
        until = self.now + most
        while self._busy():
            if self.now >= until:
                return False
            await asyncio.sleep(LOOK_S)
        return True

    def plug(self, station: str, plugged: bool) -> None:
        """Pull a station's cable, or put it back. Raises ``KeyError``."""
        self.stations[station].plug(plugged)
        self._on_change(station)

    def _busy(self) -> bool:
        d = self._dispatcher
        return bool(self.deciding.state.runs) or any(d.running(s) or d.waiting(s) for s in self._drivers)

    def _on_ack(self, ack: Ack) -> None:
        if self._over:
            return
        self._watcher.ack(ack, self.now)
        if ack.status in FINAL:
            self.deciding.ended(ack)

    def _on_change(self, station: str) -> None:
        if not self._over:
            self.deciding.observe(station, online=self._drivers[station].health.online)
            self._watcher.queue(station, self._dispatcher.waiting(station), self.now)


def in_virtual_time(start: float, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``work``, which begins a world at ``start``, on a loop of its own; not where a loop runs already."""
    # Built a little earlier: nothing that happens is in doubt, as it would be after a gateway was killed.
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start - 2 * DOUBT_S)) as runner:
        return runner.run(work())
