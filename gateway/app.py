"""The gateway's composition root, and the road itself: event -> rules -> commands -> wires -> acks -> totals.

Start reading at ``Gateway._on_event``: there a gift becomes commands. ``dispatch.Dispatcher`` hands each to
its station's driver (``drivers.arduino``), whose frame is the pulse; ``Gateway._on_ack`` hears what became of it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from gateway import __version__
from gateway.bus import Bus, Message
from gateway.control import Control
from gateway.dispatch.acks import left_behind
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.arduino.ports import Ports
from gateway.drivers.base import Driver, Health, Input
from gateway.errors import PayloadError
from gateway.estop import EmergencyStop
from gateway.health import HealthMonitor, Systemd
from gateway.heard import REMEMBERED_EVENTS, REMEMBERED_STREAKS, STREAK_LIFE_S, Heard
from gateway.journal import Journal
from gateway.messages import FINAL, KINDS, Ack, Event, GatewayInfo, GiftEvent, Status, decode_event, encode, stamp
from gateway.retained import RetainedStates
from gateway.rules.engine import compile_rules, decide
from gateway.rules.state import State as RuleState
from gateway.service import own_folder, running, until_signalled
from gateway.settings.load import Config
from gateway.states import States, input_event
from gateway.stats.folds import Totals
from gateway.stats.latency import Latency
from gateway.stats.store import StatsStore
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)

MAX_STRANGERS = 100
"""Accounts heard of that the settings do not name; more are refused, for each costs memory and disk for good."""
RESULTS_QUEUED = 600
"""Results held for a slow broker: all that the largest gift causes at once, and no more, for ``bus`` reads as many
messages in one go."""
STATES_S = 1.0
"""Counters and totals are looked at this often; what a machine does is sent at once."""


class Gateway:
    """Everything that must outlive everything else, on one asyncio loop that owns all state; no locks."""

    def __init__(
        self, config: Config, drivers: Mapping[str, Driver], clock: Callable[[], float] = time.time
    ) -> None:
        settings = config.settings
        self._config, self._clock, self._drivers = config, clock, drivers
        self._topics = Topics(settings.venue)
        data = config.base_dir / settings.gateway.data
        self._journal = Journal(data)
        self._store = StatsStore(data)
        self._totals = Totals()
        self._program = compile_rules(config.rules)
        self._rule_state = RuleState()
        self._heard = Heard()
        self._latency = Latency()
        queues = {name: station.queue for name, station in settings.stations.items()}
        self._dispatcher = Dispatcher(drivers, self._on_ack, self._on_queue, clock, queues)

        # Three connections. Events are acknowledged only once they are on disk, and a broker stops sending when
        # too many wait for that; orders and results may come in floods, and a broker drops what a client does
        # not take in time. An emergency stop and its proof must never queue behind either.
        gateway = settings.gateway.id
        broker, base = settings.broker, config.base_dir
        self._events = Bus(
            broker,
            f"stagewire-{settings.venue}-{gateway}-events",
            on_message=self._on_event_message,
            keep_session=True,
            manual_ack=True,
            sibling=True,
            base_dir=base,
        )
        self._events.subscribe(self._topics.account_event("+", "+"))
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
        self._dispatcher.hold(True)  # until a stop could be heard
        self._strangers: set[str] = set()
        self._retained = RetainedStates(self._bus.publish)
        self._estop = EmergencyStop(gateway, drivers, self._on_proof)
        self._control = Control(
            settings, self._topics, self._estop, self._dispatcher, drivers, self._bus.publish, self._journal, clock
        )
        self._control.subscribe(self._bus, self._orders)
        self._states = States(settings, self._topics, self._retained, self._dispatcher, drivers, self._latency)
        self._process = HealthMonitor(gateway, data, storage=self._storage_fault)
        for station, driver in drivers.items():
            driver.on_health = partial(self._on_health, station)
            driver.on_input = partial(self._on_input, station)

    # -- the road --------------------------------------------------------------------------------

    def _on_event_message(self, message: Message) -> None:
        address = parse(message.topic)
        if address is None or message.retain:  # events are never retained: an old one must not move anything
            self._states.garbage(message.topic, "retained, or not one of our topics")
            message.ack()
            return
        try:
            event = decode_event(message.payload)
            kind = KINDS[type(event)]
            if (address.id, address.detail) != (event.account, kind):
                raise PayloadError(f"a {kind} of {event.account!r} does not belong on this topic")
            self._check_stranger(event.account)
            self._on_event(event, message.ack)
        except PayloadError as e:
            self._states.garbage(message.topic, str(e))
            message.ack()

    def _on_event(self, event: Event, acknowledge: Callable[[], None]) -> None:
        """An event, for the first time or again: decide, send what follows on its way, then write it down.

        The broker keeps the event until ``acknowledge``, which is after it is on disk; a crash in between
        brings it again, with the same command ids, and the boards know those.
        """
        if event in self._heard:
            self._states.counts.duplicates += 1
            if self._journal.fault:
                acknowledge()
            else:  # the first copy may not be on disk yet
                self._journal.append(event, urgent=self._events.crowded, on_durable=acknowledge)
            return
        event = self._heard.add(event)  # from here on, the journal included, as it counts
        decision = decide(self._program, event, self._clock(), self._rule_state)
        for command in decision.commands:
            self._dispatcher.submit(command)
        urgent = bool(decision.commands) or isinstance(event, GiftEvent) or self._events.crowded
        if self._journal.fault:
            acknowledge()  # the disk is away: the show goes on from memory, loudly, rather than stall
            self._journal.append(event, urgent=urgent)
        else:
            self._journal.append(event, urgent=urgent, on_durable=acknowledge)
        for command in decision.commands:
            self._journal.append(command, urgent=True, simulated=event.simulated)
        self._states.counted(event)
        totals = self._totals.of(event.account, simulated=event.simulated)
        self._store.save(totals, ended=totals.event(event))

    def _on_ack(self, ack: Ack) -> None:
        """A command took a step: tell everyone, write it down, count it when it is an ending."""
        self._publish(self._topics.station_result(ack.station), encode(ack))
        if ack.status in FINAL:
            self._journal.append(ack, urgent=ack.status is Status.DONE, simulated=ack.simulated)
            self._states.ended(ack)
            if ack.account:
                totals = self._totals.of(ack.account, simulated=ack.simulated)
                if totals.ack(ack):
                    self._store.save(totals)
        elif ack.latency_ms is not None and ack.trigger == "gift":
            self._latency.add(ack.latency_ms)

    def _check_stranger(self, account: str) -> None:
        if account in self._config.settings.accounts or account in self._strangers:
            return
        if len(self._strangers) >= MAX_STRANGERS:
            raise PayloadError(
                f"account {account!r} is not in the settings, like {MAX_STRANGERS} others before it"
            )
        self._strangers.add(account)

    # -- controls and states -----------------------------------------------------------------------

    def _on_control_message(self, message: Message) -> None:
        try:
            self._on_order_message(message)
        finally:
            self._states.controls()

    def _on_order_message(self, message: Message) -> None:
        try:
            self._control.handle(message)
        except PayloadError as e:
            self._states.garbage(message.topic, str(e))

    def _on_bus(self, connected: bool, _words: str) -> None:
        # While no stop could be heard, nothing starts: somebody may be pressing it just now.
        self._dispatcher.hold(not connected)
        if connected:
            self._retained.resend()

    def _on_health(self, station: str, _health: Health) -> None:
        self._estop.refresh()
        self._states.station(station)

    def _on_input(self, station: str, change: Input) -> None:
        self._publish(self._topics.station_event(station, "input"), encode(input_event(station, change)))

    def _on_queue(self, station: str) -> None:
        self._states.station(station)

    def _on_proof(self, _proof: object) -> None:
        self._retained.put(self._topics.gateway_estop(self._config.settings.gateway.id), self._estop.proof)

    def _publish(self, topic: str, payload: bytes) -> None:
        self._orders.publish(topic, payload)

    def _storage_fault(self) -> str:
        return "; ".join(f for f in (self._journal.fault, self._store.fault) if f)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(STATES_S)
            self._states.tick(self._totals, self._process.snapshot())

    # -- start and stop ----------------------------------------------------------------------------

    async def run(self, until: Callable[[], Awaitable[None]]) -> None:
        """Start everything in order, serve until ``until()`` is done, end everything in reverse.

        Raises ``StorageError`` or ``BusError`` when it cannot start at all.
        """
        systemd = Systemd()
        data = self._config.base_dir / self._config.settings.gateway.data
        self._lock = own_folder(data)
        await self._journal.open()
        self._totals = await self._store.open()
        self._strangers = {t.account for t in self._totals} - self._config.settings.accounts.keys()
        self._warm()
        self._end_what_was_left()
        self._states.start(self._info())
        self._on_proof(None)
        async with contextlib.AsyncExitStack() as rooms:
            rooms.callback(self._lock.close)
            rooms.push_async_callback(self._store.close)
            rooms.push_async_callback(self._journal.close)
            await rooms.enter_async_context(running("bus", self._bus.run))
            await rooms.enter_async_context(running("orders", self._orders.run))
            await rooms.enter_async_context(running("states", self._retained.run))
            for station, driver in self._drivers.items():
                await rooms.enter_async_context(running(f"station {station}", driver.run))
            await rooms.enter_async_context(running("dispatch", self._dispatcher.run))
            await rooms.enter_async_context(running("health", self._process.run))
            await rooms.enter_async_context(running("tick", self._tick))
            # Events last: nothing may come in before all that it can set in motion is ready.
            await rooms.enter_async_context(running("events", self._events.run))
            rooms.callback(self._disarm)  # the first thing at the end, however it comes
            if self._config.settings.gateway.arm == "at-start":
                self._control.arm(True, by="settings (simulated boards)")
                self._states.controls()
            systemd.ready()
            await until()
            systemd.stopping()

    def _disarm(self) -> None:
        self._control.arm(False, by="the gateway is stopping")
        self._states.controls()

    def _warm(self) -> None:
        """What happened before this start is known: a redelivered event is a duplicate."""
        past = self._journal.reader
        gifts = past.recent_gifts(REMEMBERED_STREAKS, since=self._clock() - STREAK_LIFE_S)
        self._heard.remember(past.recent_event_ids(REMEMBERED_EVENTS), gifts)
        self._dispatcher.remember(past.recent_command_ids(REMEMBERED_EVENTS))

    def _end_what_was_left(self) -> None:
        """What waited or ran when the gateway was killed gets its ending: it never runs, and nobody may wonder."""
        left = self._journal.reader.unfinished(REMEMBERED_EVENTS)
        for command in left:
            self._on_ack(left_behind(command, self._clock()))
        if left:
            log.warning("%d commands of an earlier run were left without an ending; they failed", len(left))

    def _info(self) -> GatewayInfo:
        s, started = self._config.settings, stamp(self._clock())
        config, stations = self._config.fingerprint, list(s.stations)
        return GatewayInfo(
            gateway=s.gateway.id, version=__version__, started=started, config=config, stations=stations
        )


async def run_gateway(config: Config) -> None:
    """The gateway process: until SIGTERM or Ctrl-C. Raises ``StagewireError`` when it cannot start."""
    ports = Ports()
    drivers: dict[str, Driver] = {
        name: ArduinoDriver(name, station, ports) for name, station in config.settings.stations.items()
    }
    await Gateway(config, drivers).run(until_signalled)
