"""The driver of one station on an Arduino board: find it, hold it, keep it told, and say what became of it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.agreement import agree
from gateway.drivers.arduino.commands import Commands, wall
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.facts import Facts
from gateway.drivers.arduino.loan import Loan
from gateway.drivers.arduino.memory import Worked
from gateway.drivers.arduino.ports import Finder
from gateway.drivers.arduino.quality import Quality
from gateway.drivers.arduino.search import Search
from gateway.drivers.arduino.table import Table
from gateway.drivers.base import Health, Input, Outcome
from gateway.errors import DriverError
from gateway.messages import Command, StationBoard
from gateway.settings.models import Station

STOP_S = 0.02
"""A stop is repeated this often until the board confirms it."""
PING_S = 1.0
"""A board that works answers a question within milliseconds."""
AGAIN_S = 0.3
"""An arm or reset that the board's state does not show yet is sent again after this long."""


class ArduinoDriver:
    """``gateway.drivers.base.Driver`` for one station. Raises ``DriverError`` for settings no board can hold."""

    moves = True

    def __init__(
        self, station_id: str, station: Station, finder: Finder, log: logging.Logger | None = None
    ) -> None:
        self.on_health: Callable[[Health], None] = lambda health: None
        self.on_input: Callable[[Input], None] = lambda change: None
        self._id = station_id
        self._baud = station.board.baud
        self._search = Search(station.board, finder)
        self._log = log or logging.getLogger(__name__)
        self._table = Table(station_id, station)
        self._commands = Commands(station_id, self._table)
        self._health = Health(online=False, fault=self._commands.away)
        self._connection: Connection | None = None
        self._hello: wire.Hello | None = None
        self._worked: Worked | None = None
        self._quality = Quality()
        self._configured = False
        self._ready = False
        self._fault = self._commands.away
        self._logged = self._fault
        self._wanted = False  # armed, by a person's word
        self._trip: int | None = None  # the stop in force
        self._released: int | None = None  # the last stop that a person ended
        self._sent_at = float("-inf")  # when Arm or ResetStop was last sent
        self._stop_timer: asyncio.TimerHandle | None = None
        self._facts = Facts(station_id)
        self._loan = Loan()
        self._asking = asyncio.Lock()

    @property
    def health(self) -> Health:
        return self._health

    @property
    def board(self) -> StationBoard:
        return self._facts.told(self._commands.waits, asyncio.get_running_loop().time())

    def explain(self, command: Command) -> str:
        """As ``BoardDriver.explain``."""
        return self._table.plan(command).words

    async def ping(self) -> float:
        """As ``BoardDriver.ping``."""
        async with self._asking:  # a connection carries one question at a time
            loop, c = asyncio.get_running_loop(), self._connection
            asked = loop.time()
            if not self._ready or c is None:
                raise DriverError(self._fault)
            if await c.ask([wire.GetStats()], wire.Stats, PING_S) is None:
                raise DriverError(f"the board did not answer within {PING_S:g} s: check its cable and power")
            return loop.time() - asked

    async def perform(self, command: Command, on_moved: Callable[[float], None]) -> Outcome:
        """As ``Driver.perform``. Commands on different channels may run at the same time."""
        return await self._commands.perform(command, on_moved)

    async def recall(self, command: Command) -> Outcome | None:
        """As ``Driver.recall``: a board remembers the last 32 commands, over its own resets too."""
        return await self._commands.recall(command)

    # -- stop and arm --------------------------------------------------------------------------

    def estop(self, trip: int) -> None:
        self._trip = trip
        self._released = None
        self._wanted = False
        self._commands.stop()
        self._repeat_stop()
        self._publish()

    def reset_estop(self, trip: int) -> None:
        if self._trip not in (None, trip):
            self._log.warning("%s: reset names another stop than the one in force; ignored", self._id)
            return
        self._trip = None
        self._released = trip
        self._commands.stopped = False
        self._send(wire.ResetStop(trip))
        self._publish()

    def arm(self, armed: bool) -> None:
        self._wanted = armed and self._trip is None
        if self._ready:
            self._send(wire.Arm(int(self._wanted)))

    def _send(self, message: wire.Message) -> None:
        if self._connection is not None and self._connection.send(message):
            self._sent_at = asyncio.get_running_loop().time()

    def _stop_frame(self) -> wire.Stop | None:
        return None if self._trip is None else wire.Stop(self._trip)

    def _repeat_stop(self) -> None:
        """Send the stop now and every STOP_S until the board itself shows it."""
        if self._stop_timer is not None:
            self._stop_timer.cancel()
            self._stop_timer = None
        stop, c = self._stop_frame(), self._connection
        if stop is None or c is None or not c.opened:
            return
        if c.state is not None and _shows_stop(c.state, stop.trip) and not c.state.outputs:
            return
        c.urgent(stop)
        self._stop_timer = asyncio.get_running_loop().call_later(STOP_S, self._repeat_stop)

    # -- the wire ------------------------------------------------------------------------------

    async def run(self) -> None:
        await self._loan.run(self._hold)

    @contextlib.asynccontextmanager
    async def lent(self, why: str) -> AsyncIterator[str]:
        """As ``BoardDriver.lent``."""
        async with self._loan.out():
            self._logged = why
            self._away(why)
            port = self.board.port
            with self._search.lent(port):
                yield port

    async def _hold(self) -> None:
        try:
            while True:
                worked = self._worked
                try:
                    await self._serve(await self._search.port())
                except DriverError as e:
                    found = self._worked is not worked
                    self._away(str(e) if found else self._search.failed(str(e)) or self._fault)
                await self._search.pause(worked=self._worked is not worked)
        finally:
            self._logged = self._fault = "the gateway does not hold the board"
            self._away(self._fault)

    async def _serve(self, port: str) -> None:
        """Hold ``port``, one session after another. Ends by ``DriverError``, which says why."""
        connection = await Connection.open(port, self._baud, self._on_message, self._stop_frame)
        try:
            hello = await connection.greet(listen=True)
            while True:
                self._search.check(port, hello)
                self._connection, self._hello = connection, hello
                self._facts.met(hello, port)
                self._repeat_stop()
                await self._configure(connection, hello)
                self._away(await connection.ended())
                hello = await connection.greet(listen=False)
        finally:
            self._connection = None
            await connection.close()

    async def _configure(self, connection: Connection, hello: wire.Hello) -> None:
        """Begin work when the board's channel table is in line with the settings."""
        why_not = await agree(connection, hello, self._table)
        if why_not == "":
            self._configured = True
            self._check_ready()
        elif why_not is not None and connection.opened:  # it is there and can be stopped, but cannot work
            self._away(why_not)

    def _check_ready(self) -> None:
        """Begin work once the board has its table, has told its state, and its clock is known."""
        c, hello = self._connection, self._hello
        if c is None or c.state is None or hello is None or self._ready or not c.opened:
            return
        if not self._configured or not c.clock.known:
            self._publish()
            return
        remembers = self._worked is None or self._worked.remembered_by(c, hello)
        self._ready, self._worked, self._fault = True, Worked(c, hello), ""
        self._logged = ""
        self._sent_at = float("-inf")  # whatever was sent before, this session has not heard it
        self._log.info("%s: board %s on %s is ready", self._id, hello.board_id or "without id", c.port)
        self._obey(c.state)
        self._commands.ready(c, remembers=remembers)
        self._publish()

    def _away(self, why: str) -> None:
        """No board that can work: say so once."""
        self._ready = self._configured = False
        self._fault = why
        self._commands.lost(why)
        if why != self._logged:
            self._log.warning("%s: %s", self._id, why)
            self._logged = why
        self._publish()

    # -- what the board says -------------------------------------------------------------------

    def _on_message(self, message: wire.Message, now: float) -> None:
        if isinstance(message, wire.Result):
            self._commands.result(message, now)
        elif isinstance(message, wire.State):
            self._on_state(message)
            if self._ready and self._connection is not None and self._quality.due(now):
                self._connection.send(wire.GetStats())
        elif isinstance(message, wire.Stats) and self._connection is not None:
            self._quality.told(message, self._connection.link)
            self._facts.counted(message, self._connection)
        elif isinstance(message, wire.InputChanged):
            c, name = self._connection, self._table.name(message.channel)
            if c is not None and name:
                at = wall(c.clock.at(message.board_ms, now))
                change = Input(channel=name, level=bool(message.level), count=message.count, at=at)
                self._facts.changed(change)
                self.on_input(change)

    def _on_state(self, state: wire.State) -> None:
        if self._connection is None:
            return  # not yet known to be our board
        if self._trip is not None and self._stop_timer is None:
            self._repeat_stop()
        if self._ready:
            self._obey(state)
            self._publish()
        else:
            self._check_ready()

    def _obey(self, state: wire.State) -> None:
        """Bring the board's stop and arm state in line with what people asked for."""
        stopped = bool(state.flags & wire.StateFlag.STOPPED)
        armed = bool(state.flags & wire.StateFlag.ARMED)
        ours_to_end = stopped and self._trip is None and state.trip == self._released
        if stopped and not ours_to_end:
            self._wanted = False  # whoever stopped it, a person arms it again
        if asyncio.get_running_loop().time() - self._sent_at < AGAIN_S:
            return
        if ours_to_end:
            self._send(wire.ResetStop(state.trip))
        elif armed != self._wanted and not stopped:
            self._send(wire.Arm(int(self._wanted)))

    def _publish(self) -> None:
        c, hello = self._connection, self._hello
        state = c.state if c is not None and c.opened else None
        fault = self._fault
        if state is not None and not fault:
            fault = words.complaint(state, known_trip=state.trip in (self._trip, self._released))
            fault = fault or self._quality.words
        health = Health(
            online=self._ready,
            armed=self._ready and state is not None and bool(state.flags & wire.StateFlag.ARMED),
            stopped=state is not None and _shows_stop(state, self._trip),
            outputs=0 if state is None else state.outputs.bit_count(),
            board=hello.board_id if hello is not None else "",
            firmware=words.firmware(hello) if hello is not None else "",
            fault=fault,
        )
        if health != self._health:
            self._health = health
            self.on_health(health)


def _shows_stop(state: wire.State, trip: int | None) -> bool:
    """The board says it is stopped, and by ``trip`` where that is asked for."""
    return bool(state.flags & wire.StateFlag.STOPPED) and trip in (None, state.trip)
