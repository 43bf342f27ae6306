"""A stop pressed on this page: said again until the broker shows it back, kept until a gateway has taken it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from gateway.logs import PRESSED
from gateway.messages import EstopTrip, stamp
from web.stop import Seen, Stop

log = logging.getLogger(__name__)

REPEAT_S = 1.0
"""A stop that the broker has not shown us back is sent again this often while it can be reached."""
MEMORY = 64
"""Presses remembered: one repeated by a phone after its stop was reset must not stop the venue again."""


class Pressed:
    """Of the bus's loop. ``send`` publishes a trip, retained. ``pending``: what the broker has not shown back."""

    def __init__(self, send: Callable[[EstopTrip], object]) -> None:
        self.pending: EstopTrip | None = None
        self._send = send
        self._held: EstopTrip | None = None  # no gateway has taken it: a broker that restarts may forget it
        self._known: deque[str] = deque(maxlen=MEMORY)
        self._repeat: asyncio.TimerHandle | None = None

    def press(self, name: str, by: str, stop: Stop) -> bool:
        """Stop everything, ``stop`` being what stands. False, and nothing is done, for a press that was reset."""
        if stop.phase == "clear" and name in self._known:
            return False
        self._known.append(name)
        if self.pending is None:
            # Another phone's stop that a gateway holds is this stop too: its proof must stay valid.
            held = stop.can_reset and stop.trip
            trip = EstopTrip(id=held or name, by=by, at=stamp(time.time()), reason="pressed on the page")
            self.pending = self._held = trip
            log.warning("stop %s pressed by %s", trip.id, by, extra=PRESSED)
        self._say()
        return True

    def connected(self) -> None:
        """To a broker that may have forgotten."""
        self.pending = self._held
        self._say()

    def follow(self, shown: bool, trip: EstopTrip | None, gateways: Callable[[], Iterable[Seen]]) -> None:
        """After a message; ``shown``: it said which ``trip`` the broker has now."""
        if self._held is None:
            return
        if shown:
            if self.pending and trip and trip.id == self.pending.id:
                self.pending = None
            elif self.pending is None:
                self._held = None  # cleared, or another's: not ours to keep any more
        if self._held and any(_took(g, self._held) for g in gateways()):
            self._held = None

    def _say(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
        if self.pending is not None:
            self._send(self.pending)
            self._repeat = asyncio.get_running_loop().call_later(REPEAT_S, self._say)


def _took(gateway: Seen, trip: EstopTrip) -> bool:
    proof = gateway.proof
    return proof is not None and proof.tripped and proof.trip is not None and proof.trip.id == trip.id
