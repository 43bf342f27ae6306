"""What people and integrators order over MQTT: emergency stop, mode, arming, and commands of their own."""

import logging
from collections.abc import Callable, Mapping

from gateway.bus import Bus, Message
from gateway.deciding import Deciding
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import Driver
from gateway.errors import PayloadError
from gateway.estop import EmergencyStop, parse_trip, tell_each
from gateway.logs import PRESSED
from gateway.messages import (
    LONGEST_WAIT_S,
    Command,
    EstopReset,
    ModeOrder,
    Order,
    Request,
    decode,
    encode,
    seconds,
    stamp,
)
from gateway.requests import Answer, Requests
from gateway.retained import Publish
from gateway.settings.models import Settings
from gateway.topics import Address, Topics, parse

log = logging.getLogger(__name__)

# A retained order would be obeyed again at every reconnect; only the stop and the mode may be.
RETAINED = "a retained instruction is refused: publish it without the retain flag"
UNKNOWN = "not an instruction that this gateway knows"
QUEUE_PARAMS = "expected params: {station, do: pause, resume, skip, hold, release, first or cancel, command}"


class Control:
    """Carries out what comes on two connections: ``handle`` what must never queue behind anything (stop, mode,
    arming), ``handle_order`` what may come in floods. Both raise ``PayloadError`` for what is no instruction.
    ``on_change`` hears that somebody changed something that is shown; ``busy`` says in words why machines may not
    be armed now."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        estop: EmergencyStop,
        dispatcher: Dispatcher,
        drivers: Mapping[str, Driver],
        publish: Publish,
        deciding: Deciding,
        requests: Requests,
        on_change: Callable[[], None],
        clock: Callable[[], float],
        busy: Callable[[], str],
    ) -> None:
        self._gateway = settings.gateway.id
        self._topics, self._estop, self._dispatcher, self._drivers = topics, estop, dispatcher, drivers
        self._publish, self._deciding, self._clock = publish, deciding, clock
        self._requests, self._on_change, self._busy = requests, on_change, busy
        requests.add({"arm": self._arm, "queue": self._queue})

    @property
    def armed(self) -> bool:
        return self._dispatcher.armed

    def subscribe(self, controls: Bus, orders: Bus) -> None:
        """``orders`` is another connection: a client that floods stations, or asks without end, must not delay a
        stop."""
        for topic in (
            self._topics.estop_trip,
            self._topics.estop_reset,
            self._topics.mode,
            self._topics.gateway_request(self._gateway, "arm"),
        ):
            controls.subscribe(topic)
        orders.subscribe(self._topics.station_command("+"))
        orders.subscribe(self._topics.gateway_request(self._gateway, "+"))

    def handle(self, message: Message) -> None:
        try:
            match parse(message.topic):
                case Address(kind="control", facet="estop", detail="trip"):
                    self._trip(message.payload)
                case Address(kind="control", facet="mode"):
                    self._mode(decode(message.payload, ModeOrder))
                case _ if message.retain:
                    raise PayloadError(RETAINED)
                case Address(kind="control", facet="estop", detail="reset"):
                    self._reset(decode(message.payload, EstopReset))
                case Address(kind="gateway", id=self._gateway, facet="request", detail="arm"):
                    self._requests.handle("arm", message.payload)
                case _:
                    raise PayloadError(UNKNOWN)
        finally:
            self._on_change()

    def handle_order(self, message: Message) -> None:
        match parse(message.topic):
            case Address(kind="gateway", facet="request", detail="arm"):
                return  # it comes on the other connection, too
            case _ if message.retain:
                raise PayloadError(RETAINED)
            case Address(kind="gateway", id=self._gateway, facet="request", detail=verb):
                self._requests.handle(verb, message.payload)
            case Address(kind="station", id=station, facet="command"):
                self._order(station, decode(message.payload, Order))
            case _:
                raise PayloadError(UNKNOWN)

    def arm(self, armed: bool, by: str) -> str:
        """Allow or forbid movement on every board; an empty text, or in words why not. Disarming ends all runs."""
        if armed and self._estop.tripped:
            return "the emergency stop is in force: reset it first"
        if armed and (busy := self._busy()):
            return busy
        try:
            self._tell(armed, by)
        finally:
            if not armed:
                self._deciding.halt(f"disarmed by {by or 'somebody'}", owed=True)
        return ""

    def stopping(self) -> None:
        """The gateway ends: nothing moves any more. Runs that only wait for their time go on at the next start."""
        self._tell(False, "the gateway is stopping")

    def _tell(self, armed: bool, by: str) -> None:
        log.warning(
            "%s by %s", "ARMED: machines may move" if armed else "disarmed", by or "somebody", extra=PRESSED
        )
        try:
            tell_each(self._drivers.values(), lambda driver: driver.arm(armed))
        finally:
            self._dispatcher.arm(armed, by)
            self._on_change()

    def _trip(self, payload: bytes) -> None:
        trip = parse_trip(payload)
        if trip is not None:
            try:
                self._estop.trip(trip)
            finally:
                self._dispatcher.stop("emergency stop")
                self._deciding.halt("emergency stop", owed=True)
        elif (standing := self._estop.proof.trip) is not None:
            # Somebody cleared the retained trip, or a reset crossed a second stop. Only a reset ends a stop,
            # and until then it stays retained, so that a gateway that restarts is stopped again.
            self._publish(self._topics.estop_trip, encode(standing), retain=True)

    def _mode(self, order: ModeOrder) -> None:
        if order.mode != self._dispatcher.mode:  # it is retained: heard again at every reconnect
            log.warning("mode %s by %s", order.mode, order.by or "somebody", extra=PRESSED)
        self._dispatcher.set_mode(order.mode)
        if order.mode != "live":
            self._deciding.halt(f"{order.mode}: nothing moves", owed=False)

    def _reset(self, order: EstopReset) -> None:
        refused = self._estop.reset(order)
        if refused:
            raise PayloadError(f"reset refused: {refused}")
        self._dispatcher.resume()
        self._publish(self._topics.estop_trip, b"", retain=True)

    def _arm(self, request: Request) -> Answer:
        match request.params:
            case {"armed": bool(armed)}:
                if armed and not self.armed:  # what came before may surprise nobody now; who paid is owed it
                    self._deciding.halt("it came before machines were armed", owed=True)
                return self.arm(armed, request.by), {"armed": self.armed}
        return "expected params: {armed: true or false}", {}

    def _queue(self, request: Request) -> Answer:
        match request.params:
            case {"do": "pause" | "resume" as do, **more} if "station" not in more:
                for station in self._drivers:
                    self._change_queue(station, do, "", request.by)
                self._on_change()
                return "", {"stations": list(self._drivers)}
            case {"station": str(station), "do": str(do), **more}:
                why_not = self._change_queue(station, do, str(more.get("command", "")), request.by)
                self._on_change()
                return why_not, {}
        return QUEUE_PARAMS, {}

    def _change_queue(self, station: str, do: str, command: str, by: str) -> str:
        """Carry out a request for a station's queue; an empty text, or in words why not."""
        if station not in self._drivers:
            return f"there is no station {station!r} here; there are {', '.join(self._drivers) or 'none'}"
        if not command and do in ("skip", "hold", "release", "first", "cancel"):
            return f"say which command to {do}: station/{station}/queue lists those that wait, with their ids"
        d = self._dispatcher
        match do:
            case "pause" | "resume":
                d.pause(station, do == "pause")
                done = True
            case "skip":
                done = d.skip(station, command, by)
            case "hold" | "release":
                done = d.hold_one(station, command, do == "hold")
            case "first":
                done = d.put_first(station, command)
            case "cancel":
                if not d.cancel(station, command, by):
                    return f"command {command!r} neither waits nor runs at {station}: it ended, or never was"
                done = True
            case _:
                return QUEUE_PARAMS
        log.info("%s: %s %s by %s", station, do, command, by or "somebody")
        return "" if done else f"command {command!r} does not wait for {station}: it ran, ended, or never was"

    def _order(self, station: str, order: Order) -> None:
        if station in ("mqtt", "webhook"):
            # Else whoever may order a lamp could publish anywhere, and call others, with the gateway's rights.
            raise PayloadError(f"station {station!r} obeys rules only: publish or call by yourself")
        if "/" in order.id:  # else an order could take the id of a rule's command, which would then be a duplicate
            raise PayloadError(f"an order's id has no '/': found {order.id!r}")
        command = Command(
            id=order.id,
            station=station,
            action=order.action,
            params=order.params,
            cause=order.id,
            user=order.by,
            expires_at=stamp(min(seconds(order.expires_at), self._clock() + LONGEST_WAIT_S)),
            priority=order.priority,
            dry_run=order.dry_run,
        )
        self._deciding.ordered(command)
