"""What people and integrators order over MQTT: emergency stop, mode, arming, and commands of their own."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from gateway.bus import Bus, Message
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import Driver
from gateway.errors import PayloadError
from gateway.estop import EmergencyStop, parse_trip, tell_each
from gateway.journal import Journal
from gateway.messages import (
    LONGEST_WAIT_S,
    Command,
    EstopReset,
    ModeOrder,
    Order,
    Param,
    Request,
    Response,
    decode,
    encode,
    seconds,
    stamp,
)
from gateway.retained import Publish
from gateway.settings.models import Settings
from gateway.topics import Address, Topics, parse

log = logging.getLogger(__name__)


class Control:
    """Carries out orders; ``handle`` raises ``PayloadError`` for what is not one."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        estop: EmergencyStop,
        dispatcher: Dispatcher,
        drivers: Mapping[str, Driver],
        publish: Publish,
        journal: Journal,
        clock: Callable[[], float],
    ) -> None:
        self._gateway = settings.gateway.id
        self._topics, self._estop, self._dispatcher, self._drivers = topics, estop, dispatcher, drivers
        self._publish, self._journal, self._clock = publish, journal, clock

    @property
    def armed(self) -> bool:
        return self._dispatcher.armed

    def subscribe(self, controls: Bus, orders: Bus) -> None:
        """``orders`` is another connection: a client that floods stations must not delay a stop."""
        for topic in (
            self._topics.estop_trip,
            self._topics.estop_reset,
            self._topics.mode,
            self._topics.gateway_request(self._gateway, "+"),
        ):
            controls.subscribe(topic)
        orders.subscribe(self._topics.station_command("+"))

    def handle(self, message: Message) -> None:
        address = parse(message.topic)
        match address:
            case Address(kind="control", facet="estop", detail="trip"):
                self._trip(message.payload)
            case Address(kind="control", facet="mode"):
                self._mode(decode(message.payload, ModeOrder))
            case _ if message.retain:
                # A retained order would be obeyed again at every reconnect; only the stop may be one.
                raise PayloadError("a retained instruction is refused: publish it without the retain flag")
            case Address(kind="control", facet="estop", detail="reset"):
                self._reset(decode(message.payload, EstopReset))
            case Address(kind="gateway", id=self._gateway, facet="request", detail=verb):
                self._request(verb, decode(message.payload, Request))
            case Address(kind="station", id=station, facet="command"):
                self._order(station, decode(message.payload, Order))
            case _:
                raise PayloadError("not an instruction that this gateway knows")

    def arm(self, armed: bool, by: str) -> str:
        """Allow or forbid movement on every board; an empty text, or in words why not."""
        if armed and self._estop.tripped:
            return "the emergency stop is in force: reset it first"
        log.warning("%s by %s", "ARMED: machines may move" if armed else "disarmed", by or "?")
        try:
            tell_each(self._drivers.values(), lambda driver: driver.arm(armed))
        finally:
            self._dispatcher.arm(armed, by)
        return ""

    def _trip(self, payload: bytes) -> None:
        trip = parse_trip(payload)
        if trip is not None:
            try:
                self._estop.trip(trip)
            finally:
                self._dispatcher.stop("emergency stop")
        elif (standing := self._estop.proof.trip) is not None:
            # Somebody cleared the retained trip, or a reset crossed a second stop. Only a reset ends a stop,
            # and until then it stays retained, so that a gateway that restarts is stopped again.
            self._publish(self._topics.estop_trip, encode(standing), retain=True)

    def _mode(self, order: ModeOrder) -> None:
        if order.mode != self._dispatcher.mode:  # it is retained: heard again at every reconnect
            log.warning("mode %s by %s", order.mode, order.by or "?")
        self._dispatcher.set_mode(order.mode)

    def _reset(self, order: EstopReset) -> None:
        refused = self._estop.reset(order)
        if refused:
            raise PayloadError(f"reset refused: {refused}")
        self._dispatcher.resume()
        self._publish(self._topics.estop_trip, b"", retain=True)

    def _request(self, verb: str, request: Request) -> None:
        result: dict[str, Any] = {}
        match verb, request.params:
            case "arm", {"armed": bool(armed)}:
                error = self.arm(armed, request.by)
                result = {"armed": self.armed}
            case "arm", _:
                error = "expected params: {armed: true or false}"
            case "queue", params:
                error = self._queue(params, request.by)
            case _:
                error = f"unknown request {verb!r}; known here: arm, queue"
        answer = Response(transaction=request.transaction, ok=not error, error=error, result=result)
        self._publish(self._topics.gateway_response(self._gateway, verb), encode(answer))

    def _queue(self, params: Mapping[str, Param], by: str) -> str:
        """Carry out a request for a station's queue; an empty text, or in words why not."""
        station, do, command = str(params.get("station")), params.get("do"), str(params.get("command", ""))
        if station not in self._drivers:
            return f"there is no station {station!r} here; there are {', '.join(self._drivers) or 'none'}"
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
            case _:
                return "expected params: {station, do: pause, resume, skip, hold, release or first, command}"
        log.info("%s: %s %s by %s", station, do, command, by or "?")
        return "" if done else f"command {command!r} does not wait for {station}: it ran, ended, or never was"

    def _order(self, station: str, order: Order) -> None:
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
        self._dispatcher.submit(command)
        self._journal.append(command, urgent=True)
