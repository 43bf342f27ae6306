"""The gateway's composition root, and the road itself: event -> rules -> commands -> wires -> acks -> totals.

Start reading at ``Gateway._on_event``, where ``intake.Intake`` brings each event once. ``deciding.Deciding``
makes commands of a gift, ``dispatch.Dispatcher`` hands each to its station's driver (``drivers.arduino``), whose
frame is the pulse; ``Gateway._on_ack`` hears what became of it.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial

from gateway.bus import Bus, Message
from gateway.config_room import ConfigRoom
from gateway.control import Control
from gateway.dispatch.dispatcher import Dispatcher
from gateway.dispatch.resources import resources
from gateway.drivers.base import BoardDriver, Driver, Health, Input
from gateway.drivers.outputs import outputs
from gateway.errors import PayloadError
from gateway.estop import EmergencyStop
from gateway.health import HealthMonitor, Systemd
from gateway.heard import REMEMBERED_EVENTS, Heard
from gateway.hearing import Hearing
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.keeping.room import Keeping
from gateway.messages import FINAL, Ack, Event, encode, stamp
from gateway.requests import Requests
from gateway.retained import RetainedStates
from gateway.rule_room import RuleRoom
from gateway.service import first_of, own_folder, running
from gateway.settings.load import Config
from gateway.states import States, input_event
from gateway.station_requests import StationRequests
from gateway.statistics import Statistics
from gateway.stats.latency import Latency
from gateway.system_room import SystemRoom
from gateway.topics import ONLINE, Topics

RESULTS_QUEUED = 600
"""Results held for a slow broker: all that the largest gift causes at once, and no more, for ``bus`` reads as many
messages in one go."""
MOST_UNWRITTEN = 16
"""Commands of a station that may have ended without that being on disk: half of what its board remembers."""
EVENTS_S = 5.0
"""After a start what the broker kept is waited for so long before anything moves: boards may know it already."""
STATES_S = 1.0
"""Counters and totals are looked at this often; what a machine does is sent at once."""


class Gateway:
    """Everything that must outlive everything else, on one asyncio loop that owns all state; no locks."""

    def __init__(
        self, config: Config, drivers: Mapping[str, BoardDriver], clock: Callable[[], float] = time.time
    ) -> None:
        settings = config.settings
        self._config, self._clock = config, clock
        self._topics = Topics(settings.venue)
        data = config.base_dir / settings.gateway.data
        self._journal = Journal(data)
        heard = Heard()
        self._latency = Latency()
        # Three connections, with the intake's. Orders, requests and results may come in floods, and a broker drops
        # what a client does not take in time: an emergency stop and its proof must never queue behind those.
        gateway = settings.gateway.id
        broker, base = settings.broker, config.base_dir
        self._bus = Bus(
            broker,
            f"stagewire-{settings.venue}-{gateway}",
            on_message=self._on_control_message,
            on_state=self._on_bus,
            availability=self._topics.gateway_availability(gateway),
            base_dir=base,
        )
        self._orders = Bus(
            broker,
            f"stagewire-{settings.venue}-{gateway}-orders",
            on_message=self._on_order_message,
            max_queued=RESULTS_QUEUED,
            sibling=True,
            base_dir=base,
        )
        self._waits_for_events = True
        online = partial(self._bus.publish, self._topics.gateway_availability(gateway), ONLINE, retain=True)
        self._hearing = Hearing(online, self._hold)
        self._retained = RetainedStates(self._bus.publish)
        self._drivers: dict[str, Driver] = {**drivers, **outputs(settings, base, self._orders.publish, clock)}
        queues = {name: station.queue for name, station in settings.stations.items()}
        self._dispatcher = Dispatcher(
            self._drivers, self._on_ack, self._on_queue, clock, queues, resources(settings), MOST_UNWRITTEN
        )
        self._dispatcher.hold(True)  # until a stop could be heard
        self._estop = EmergencyStop(gateway, self._drivers, self._on_proof)
        self._requests = Requests(self._topics, gateway, self._orders.publish)
        self._statistics = Statistics(
            config, self._journal, heard, self._retained, lambda: self._rules.debts(), clock
        )
        self._requests.add(self._statistics.handlers)
        self._rules = RuleRoom(
            config,
            self._dispatcher,
            self._drivers,
            self._statistics.recorder,
            self._journal.reader,
            heard,
            self._orders,
            self._retained,
            self._requests,
            clock,
        )
        forget = [self._statistics.forget, heard.forget, self._rules.forget]
        self._keeping = Keeping(config, self._journal, self._statistics.store, self._rules.deciding, forget, clock)
        self._requests.add(self._keeping.handlers)
        self._bench = StationRequests(config, drivers, self._dispatcher, self._rules.deciding.ordered, clock)
        self._requests.add(self._bench.handlers)
        self._file = ConfigRoom(config, clock, self._bench.busy)
        self._requests.add(self._file.handlers)
        self._control = Control(
            settings,
            self._topics,
            self._estop,
            self._dispatcher,
            self._drivers,
            self._bus.publish,
            self._rules.deciding,
            self._requests,
            self._on_change,
            clock,
            self._bench.busy,
        )
        self._control.subscribe(self._bus, self._orders)
        self._states = States(settings, self._topics, self._retained, self._dispatcher, drivers, self._latency)
        self._events = Intake(
            config, self._journal, heard, self._on_event, self._states, self._on_events_bus, clock
        )
        self._changed: asyncio.Handle | None = None
        self._process = HealthMonitor(gateway, data, storage=self._storage_fault)
        rules, again = self._rules, self._file.restart
        self.system = SystemRoom(config, lambda: rules.book, rules.trace, self._process, again, self._bench.busy)
        self._requests.add(self.system.handlers)
        for station, driver in drivers.items():
            driver.on_health = partial(self._on_health, station)
            driver.on_input = partial(self._on_input, station)

    # -- the road --------------------------------------------------------------------------------

    def _on_event(self, event: Event, *, urgent: bool, on_durable: Callable[[], None] | None) -> None:
        """Something new happened on a stream."""
        self._rules.deciding.happened(event, urgent=urgent, on_durable=on_durable)
        self._states.counted(event)

    def _on_ack(self, ack: Ack) -> None:
        """A command took a step: tell everyone, write it down, count it when it is an ending."""
        self._publish(self._topics.station_result(ack.station), encode(ack))
        self._rules.trace.ack(ack)
        if ack.status in FINAL:
            self._rules.deciding.ended(ack)
            self._states.ended(ack)
        elif ack.latency_ms is not None and ack.trigger == "gift" and self._rules.deciding.at_once(ack):
            self._latency.add(ack.latency_ms)

    # -- controls and states -----------------------------------------------------------------------

    def _on_control_message(self, message: Message) -> None:
        try:
            self._control.handle(message)
        except PayloadError as e:
            self._states.garbage(message.topic, str(e))

    def _on_order_message(self, message: Message) -> None:
        try:
            if not self._rules.topics.heard(message):
                self._control.handle_order(message)
        except PayloadError as e:
            self._states.garbage(message.topic, str(e))

    def _on_change(self) -> None:
        """Shown once in a turn of the loop: what changes may come in floods."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().call_soon(self._show_controls)

    def _show_controls(self) -> None:
        self._changed = None
        self._states.controls()

    def _on_bus(self, connected: bool, _words: str) -> None:
        self._hearing.connected(connected)
        if connected:
            self._retained.resend()
            asyncio.get_running_loop().call_later(EVENTS_S, self._on_events_bus, True)

    def _on_events_bus(self, connected: bool, _words: str = "") -> None:
        if connected and self._waits_for_events:
            self._waits_for_events = False
            self._hold()

    def _hold(self) -> None:
        # While no stop could be heard, nothing starts: somebody may be pressing it just now.
        self._dispatcher.hold(self._waits_for_events or not self._hearing.now)

    def _on_health(self, station: str, _health: Health) -> None:
        self._estop.refresh()
        self._rules.observe(station)
        self._states.station(station)

    def _on_input(self, station: str, change: Input) -> None:
        event = input_event(station, change)
        self._publish(self._topics.station_event(station, "input"), encode(event))
        self._rules.happened(event)
        self._states.board(station)

    def _on_queue(self, station: str) -> None:
        if station in self._config.settings.stations:
            self._rules.observe(station)
            self._states.station(station)

    def _on_proof(self, _proof: object) -> None:
        self._retained.put(self._topics.gateway_estop(self._config.settings.gateway.id), self._estop.proof)

    def _publish(self, topic: str, payload: bytes) -> None:
        self._orders.publish(topic, payload)

    def _storage_fault(self) -> str:
        return "; ".join(f for f in (self._journal.fault, self._statistics.fault, self._keeping.fault) if f)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(STATES_S)
            self._dispatcher.go_on_unwritten(refuses := bool(self._journal.fault))
            self._events.go_on_unwritten(refuses)
            self._states.tick(self._process.snapshot())
            self._rules.show()
            self._states.info(self._began, self._rules.fingerprint)

    # -- start and stop ----------------------------------------------------------------------------

    async def run(self, until: Callable[[], Coroutine[None, None, None]]) -> bool:
        """Start everything in order, serve until ``until()`` is done, end everything in reverse. True: to restart.
        Raises ``StorageError`` or ``BusError`` when it cannot start at all.
        """
        systemd = Systemd()
        systemd.watchdog()  # of a restart it goes on counting
        data = self._config.base_dir / self._config.settings.gateway.data
        self._lock = own_folder(data)
        await self._keeping.prepare()
        await self._journal.open()
        await asyncio.to_thread(self._file.load)
        self._events.warm(await self._statistics.open())
        self._dispatcher.remember(self._journal.reader.recent_command_ids(REMEMBERED_EVENTS))
        self._rules.load(self._journal.reader.state())
        self._began = stamp(self._clock())
        self._states.start()
        self._on_proof(None)
        async with contextlib.AsyncExitStack() as rooms:
            rooms.callback(self._lock.close)
            rooms.enter_context(self.system.watching())
            rooms.push_async_callback(self._journal.close)
            await rooms.enter_async_context(running("bus", self._bus.run))
            await rooms.enter_async_context(running("orders", self._orders.run))
            await rooms.enter_async_context(running("states", self._retained.run))
            await rooms.enter_async_context(self._statistics.running())
            rooms.callback(self._rules.show)  # what the last endings left
            for station, driver in self._drivers.items():
                await rooms.enter_async_context(running(f"station {station}", driver.run))
            await rooms.enter_async_context(running("dispatch", self._dispatcher.run))
            await rooms.enter_async_context(running("health", self._process.run))
            await rooms.enter_async_context(running("tick", self._tick))
            await rooms.enter_async_context(self._rules.running())
            await rooms.enter_async_context(self._keeping.running())
            rooms.push_async_callback(self._requests.close)
            rooms.push_async_callback(self._bench.close)
            # Events last: nothing may come in before all that it can set in motion is ready.
            await rooms.enter_async_context(running("events", self._events.run))
            rooms.callback(self._disarm)  # the first thing at the end, however it comes
            armed = self._config.settings.gateway.arm == "at-start"
            if armed:
                self._control.arm(True, by="settings (simulated boards)")
            self._rules.begin(armed=armed)
            systemd.ready()
            await first_of(until(), self._file.restart.wait())
            systemd.stopping(again=self._file.restart.is_set())
        return self._file.restart.is_set()

    def _disarm(self) -> None:
        self._rules.deciding.clocks(False)  # runs that wait for their time go on at the next start
        self._control.stopping()
        self._states.controls()
