"""What stations share: the supply's power and the interlocks. Who holds what, and who waits for it. Pure.

One may begin when it fits beside all who run *and* all who asked before it. So a big one is never starved by many
small ones, and who waits for a lock keeps nobody from what it does not wait for itself.
"""

from collections.abc import Callable, Mapping

from gateway.settings.models import Settings
from gateway.settings.venue_limits import Need, needs

_NOTHING: Mapping[tuple[str, str], Need] = {}
_ROUNDING_W = 1e-6
"""Watts are decimals, and 0.1 + 0.2 is more than 0.3."""


class Resources:
    """``budget``: watts, None without a limit. ``needs``: (station, action) -> what it takes, if that is anything.

    A station asks for one action at a time: it waits, or holds, or does neither. ``on_room(station)`` is told of
    each that waits when something became free: it may ask again.
    """

    def __init__(self, budget: float | None = None, needs: Mapping[tuple[str, str], Need] = _NOTHING) -> None:
        self.on_room: Callable[[str], None] = lambda station: None
        self._budget = budget
        self._needs = needs
        self._held: dict[str, Need] = {}
        self._waiting: dict[str, Need] = {}  # in the order of asking

    def shares(self, station: str, action: str) -> bool:
        """``action`` takes something that others may need."""
        return (station, action) in self._needs

    def take(self, station: str, action: str) -> bool:
        """Hold what ``action`` takes, until ``leave``. False: not yet; ask again at ``on_room``, also for another
        action: the place in the line is kept until ``leave``."""
        need = self._needs.get((station, action), Need())
        before = self._waiting.get(station)
        fits = not self._kept_by(station, need)
        if fits:
            self._waiting.pop(station, None)
            self._held[station] = need
        else:
            self._waiting[station] = need
        if before not in (None, need):
            self._tell()
        return fits

    def obstacle(self, station: str, work: str) -> str:
        """What would keep ``work`` waiting now, for a person; empty when it would fit."""
        return self._kept_by(station, self._needs.get((station, work), Need()))

    def leave(self, station: str) -> None:
        """Hold nothing, and wait for nothing."""
        held, waited = self._held.pop(station, None), self._waiting.pop(station, None)
        if held or waited:
            self._tell()

    def why(self, station: str) -> str:
        """What keeps a station that waits, for a person; empty when it does not wait."""
        need = self._waiting.get(station)
        return "" if need is None else self._kept_by(station, need)

    def _kept_by(self, station: str, need: Need) -> str:
        """What is in the way of ``need``; empty when it fits."""
        if need == Need():
            return ""
        before = dict(self._held)
        for other, theirs in self._waiting.items():
            if other == station:
                break
            before[other] = theirs
        for other, theirs in before.items():
            if both := need.interlocks & theirs.interlocks:
                return f"{other} (interlock {min(both)})"
        taken = sum(theirs.power for theirs in before.values())
        if need.power and self._budget is not None and taken + need.power > self._budget + _ROUNDING_W:
            return f"power: it takes {need.power:g} W, and of {self._budget:g} W {taken:g} are taken or spoken for"
        return ""

    def _tell(self) -> None:
        for station in list(self._waiting):
            self.on_room(station)


def resources(settings: Settings) -> Resources:
    """What the stations of a venue share."""
    return Resources(settings.power_budget, needs(settings))
