"""What a station did: its wear, how often it did what it was told, how fast. Pure."""

from gateway.messages import Ack, StationStats, Status, seconds, stamp
from gateway.stats.kept import KeptStation
from gateway.stats.percentiles import Percentiles

LONGEST_ACTION_S = 3600.0
"""Seconds. No action takes longer: what seems to was timed by a clock that was set, and how long it took is not
known."""
ACTIONS_MAX = 100
"""Kinds of actions counted apart; a station has a handful."""


class StationWear:
    """Counted from ``since`` (seconds since 1970) on. Practice moves the machine as well: wear is wear."""

    def __init__(self, station: str, since: float) -> None:
        self.station, self.since = station, since
        self.counted = ""
        self._cycles = self._practice = self._not_done = 0
        self._on_seconds = 0.0
        self._actions: dict[str, int] = {}
        self._latency = Percentiles()

    @classmethod
    def restored(cls, kept: KeptStation) -> "StationWear":
        """Latencies begin anew: they tell how it is now, and wear how it was."""
        wear = cls(kept.station, seconds(kept.since))
        wear.counted = kept.counted
        wear._cycles, wear._practice, wear._not_done = kept.cycles, kept.practice, kept.not_done
        wear._on_seconds, wear._actions = kept.on_seconds, dict(kept.actions)
        return wear

    def ack(self, ack: Ack) -> None:
        """A command's ending."""
        self.counted = ack.id
        if (latency := latency_of(ack)) is not None:
            self._latency.add(latency)
        if ack.status is not Status.DONE:
            self._not_done += 1
            return
        self._cycles += 1
        self._practice += ack.simulated
        if ack.action in self._actions or len(self._actions) < ACTIONS_MAX:
            self._actions[ack.action] = self._actions.get(ack.action, 0) + 1
        moved, ended = ack.times.moved, ack.times.ended
        if (
            moved is not None
            and ended is not None
            and 0 <= (on := seconds(ended) - seconds(moved)) <= LONGEST_ACTION_S
        ):
            self._on_seconds += on

    def stats(self, until: float) -> StationStats:
        told = self._cycles + self._not_done
        time = until - self.since
        return StationStats(
            station=self.station,
            since=stamp(self.since),
            until=stamp(until),
            cycles=self._cycles,
            practice=self._practice,
            not_done=self._not_done,
            on_seconds=round(self._on_seconds, 3),
            duty=round(min(self._on_seconds / time, 1.0), 6) if time > 0 else 0.0,
            success=round(self._cycles / told, 4) if told else None,
            actions=dict(self._actions),
            latency_p50_ms=self._latency.percentile(50),
            latency_p95_ms=self._latency.percentile(95),
            latency_p99_ms=self._latency.percentile(99),
        )

    def kept(self) -> KeptStation:
        return KeptStation(
            station=self.station,
            since=stamp(self.since),
            cycles=self._cycles,
            practice=self._practice,
            not_done=self._not_done,
            on_seconds=self._on_seconds,
            actions=dict(self._actions),
            counted=self.counted,
        )


def latency_of(ack: Ack) -> float | None:
    """From a gift's ``received`` to the first movement, in milliseconds. None for what says nothing of the way:
    what no gift began, and later steps of a run, which wait for the steps before them."""
    return ack.latency_ms if ack.trigger == "gift" and ack.id.endswith("/0") else None


def time_of(ack: Ack) -> float | None:
    """When the command ended, as far as the ack tells."""
    t = ack.times
    at = t.ended or t.moved or t.sent or t.decided or t.received
    return None if at is None else seconds(at)
