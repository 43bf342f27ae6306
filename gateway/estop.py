"""The emergency stop: every driver told at once, and proof only from the boards' own words.

Sounds, webhooks, MQTT messages and announcements stop too, but no board vouches for them, and what was sent to
another system cannot be called back: they stand in no proof (docs/decisions/0013-outputs.md).
"""

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping

from gateway.drivers.base import Driver
from gateway.errors import PayloadError
from gateway.logs import PRESSED
from gateway.messages import BoardProof, EstopProof, EstopReset, EstopTrip, decode
from gateway.settings.outputs import OUTPUT_STATIONS

log = logging.getLogger(__name__)


def wire_id(text: str) -> int:
    """A trip's 32-bit name on the wire to a board; never 0, which means "no trip" there."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) or 1


def parse_trip(payload: bytes) -> EstopTrip | None:
    """What ``control/estop/trip`` holds: any non-empty payload trips, whatever it says; None for an empty one."""
    if not payload:
        return None
    try:
        return decode(payload, EstopTrip)
    except PayloadError:
        # A stop is never refused for its form; the same bytes are the same trip.
        return EstopTrip(id=hashlib.blake2b(payload, digest_size=8).hexdigest(), by="unknown sender")


def tell_each(drivers: Iterable[Driver], tell: Callable[[Driver], None]) -> None:
    """Tell every driver, also when another one raises; what was raised is raised after the last."""
    with contextlib.ExitStack() as all_of_them:
        for driver in drivers:
            all_of_them.callback(tell, driver)


class EmergencyStop:
    """``on_change`` hears every change of ``proof``."""

    def __init__(
        self, gateway: str, drivers: Mapping[str, Driver], on_change: Callable[[EstopProof], None]
    ) -> None:
        self._gateway = gateway
        self._drivers = drivers
        self._boards = {name: driver for name, driver in drivers.items() if name not in OUTPUT_STATIONS}
        self._on_change = on_change
        self._trip: EstopTrip | None = None
        self.proof = self._prove()

    @property
    def tripped(self) -> bool:
        return self._trip is not None

    def trip(self, trip: EstopTrip) -> None:
        """Stop every board now. A later trip takes the place of an earlier one, so that resetting the
        earlier does not end the later person's stop."""
        if self._trip is not None and self._trip.id == trip.id:
            return
        why = trip.reason or "no reason given"
        log.warning("EMERGENCY STOP %s by %s: %s", trip.id, trip.by or "somebody", why, extra=PRESSED)
        self._trip = trip
        try:
            tell_each(self._drivers.values(), lambda driver: driver.estop(wire_id(trip.id)))
        finally:
            self.refresh()

    def reset(self, order: EstopReset) -> str:
        """End the stop that ``order`` names; an empty text, or in words why not. Nothing is armed by it."""
        if self._trip is None:
            return "no emergency stop is in force"
        if order.trip != self._trip.id:
            return f"the stop in force is {self._trip.id}, not {order.trip}: somebody pressed stop again"
        log.warning("emergency stop %s reset by %s", order.trip, order.by or "somebody", extra=PRESSED)
        tell_each(self._drivers.values(), lambda driver: driver.arm(False))
        tell_each(self._drivers.values(), lambda driver: driver.reset_estop(wire_id(order.trip)))
        self._trip = None
        self.refresh()
        return ""

    def refresh(self) -> None:
        """Look at the boards again: called at every change of a driver's health."""
        proof = self._prove()
        if proof != self.proof:
            self.proof = proof
            self._on_change(proof)

    def _prove(self) -> EstopProof:
        boards = [_board_proof(name, driver) for name, driver in self._boards.items()] if self._trip else []
        return EstopProof(
            gateway=self._gateway,
            tripped=self._trip is not None,
            trip=self._trip,
            confirmed=bool(boards) and all(b.confirmed for b in boards),  # no board, no proof
            boards=boards,
        )


def _board_proof(station: str, driver: Driver) -> BoardProof:
    h = driver.health
    if h.stopped and not h.outputs:
        return BoardProof(station=station, confirmed=True, detail="the board says: stopped, all outputs off")
    if h.stopped:
        return BoardProof(station=station, confirmed=False, detail=f"{h.outputs} outputs are still on")
    if not h.online:
        return BoardProof(station=station, confirmed=False, detail=h.fault or "the board does not answer")
    return BoardProof(station=station, confirmed=False, detail="told; waiting for the board's word")
