"""What became of a session's commands. Pure."""

from gateway.messages import Ack, StationStats, Status
from gateway.stats.percentiles import Percentiles
from gateway.stats.stations import StationWear, latency_of

STATIONS_MAX = 200
"""Stations counted apart; anybody may send an order to a station that does not exist."""


class Actions:
    """Those that ended, of all stations and of each, counted from ``since`` (seconds since 1970) on."""

    def __init__(self, since: float) -> None:
        self.done = self.not_done = 0
        self.latency = Percentiles()
        self._since = since
        self._stations: dict[str, StationWear] = {}

    def ack(self, ack: Ack) -> None:
        """A command's ending."""
        if ack.status is Status.DONE:
            self.done += 1
        else:
            self.not_done += 1
        if (latency := latency_of(ack)) is not None:
            self.latency.add(latency)
        wear = self._stations.get(ack.station)
        if wear is None:
            if len(self._stations) >= STATIONS_MAX:
                return
            wear = self._stations[ack.station] = StationWear(ack.station, self._since)
        wear.ack(ack)

    def stations(self, until: float) -> list[StationStats]:
        """By their names."""
        return [self._stations[name].stats(until) for name in sorted(self._stations)]
