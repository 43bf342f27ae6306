"""What happened when: counts in buckets of 10 s, 1 min, 5 min and 1 h, in bounded memory. Pure."""

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Literal

from msgspec import Struct

from gateway.messages import Bucket, stamp

LADDER: Mapping[int, int] = {10: 720, 60: 1440, 300: 2016, 3600: 2160}
"""Seconds of a bucket, and how many of them are kept: two hours, a day, a week, ninety days."""
LARGEST = 2**53
"""What is shown goes no higher: up to here every reader's numbers are exact, and no LIVE comes near."""

Counted = Literal["comments", "likes", "follows", "shares", "joins", "subscribes"]
"""What a message adds a count of. Gifts have two, their coins besides."""
COUNTS = ("gifts", "coins", "comments", "likes", "follows", "shares", "joins", "subscribes")
Span = tuple[float, float, int]
"""From when until when (seconds since 1970) there were so many viewers."""


class Tally(Struct, gc=False):
    """Sums over some time. ``viewed_seconds``: how long the number of viewers was known; ``viewer_seconds``: that
    time, each second as often as there were viewers."""

    gifts: int = 0
    coins: int = 0
    comments: int = 0
    likes: int = 0
    follows: int = 0
    shares: int = 0
    joins: int = 0
    subscribes: int = 0
    gap_seconds: float = 0.0
    viewer_seconds: float = 0.0
    viewed_seconds: float = 0.0
    peak_viewers: int = 0

    def add(self, what: Counted, count: int) -> None:
        setattr(self, what, getattr(self, what) + count)

    def watch(self, viewers: int, seconds: float) -> None:
        self.viewer_seconds += viewers * seconds
        self.viewed_seconds += seconds
        self.peak_viewers = max(self.peak_viewers, viewers)

    def counts(self) -> dict[str, int]:
        """As they are shown."""
        return {name: min(getattr(self, name), LARGEST) for name in COUNTS}

    @property
    def viewers(self) -> float | None:
        """Their mean over the time in which they were known, to a hundredth."""
        return round(self.viewer_seconds / self.viewed_seconds, 2) if self.viewed_seconds else None


_NOTHING = Tally()


class Ladder:
    """``total`` is everything; of each interval the newest buckets are kept. What comes a little late goes into
    the bucket of its time; what is older than the oldest counts in ``total`` and in the coarser ones only."""

    def __init__(self) -> None:
        self.total = Tally()
        self._rungs = [_Rung(interval, most) for interval, most in LADDER.items()]
        self._slot: int | None = None
        self._here: tuple[Tally, ...] = ()

    def at(self, t: float) -> tuple[Tally, ...]:
        """``total`` and the buckets of ``t`` (seconds since 1970): what happened then is added to each."""
        slot = int(t // 10)  # who shares the finest bucket shares all
        if slot != self._slot:
            found = [tally for rung in self._rungs if (tally := rung.tally(int(t // rung.interval))) is not None]
            self._slot, self._here = slot, (self.total, *found)
        return self._here

    def gap(self, start: float, end: float) -> None:
        """Nothing was heard from ``start`` to ``end``."""
        self.total.gap_seconds += end - start
        for rung in self._rungs:
            for tally, covered in rung.cover(start, end):
                tally.gap_seconds += covered

    def watched(self, span: Span) -> None:
        start, end, viewers = span
        self.total.watch(viewers, end - start)
        for rung in self._rungs:
            for tally, covered in rung.cover(start, end):
                tally.watch(viewers, covered)

    def buckets(self, watched: Span | None = None) -> dict[str, list[Bucket]]:
        """Every interval's buckets, oldest first and without holes, from the first to the last in which anything
        happened. ``watched``: viewers that are known and not counted yet."""
        return self.look(watched)()

    def look(self, watched: Span | None = None) -> Callable[[], dict[str, list[Bucket]]]:
        """``buckets`` as they are now; the call may take long, and come from another thread."""
        rungs = [rung.copy() for rung in self._rungs]
        return lambda: {str(rung.interval): rung.buckets(watched) for rung in rungs}


class _Rung:
    """The buckets of one interval by their number since 1970; those far behind the newest are dropped."""

    def __init__(self, interval: int, most: int) -> None:
        self.interval, self._most = interval, most
        self._tallies: dict[int, Tally] = {}
        self._newest: int | None = None

    def tally(self, slot: int) -> Tally | None:
        """The bucket with this number, None when it is too old to be kept."""
        found = self._tallies.get(slot)
        if found is not None:
            return found
        if self._newest is None:
            self._newest = slot
        elif slot <= self._newest - self._most:
            return None
        elif slot > self._newest:
            self._drop(self._newest - self._most, slot - self._most)
            self._newest = slot
        return self._tallies.setdefault(slot, Tally())

    def copy(self) -> "_Rung":
        same = _Rung(self.interval, self._most)
        same._newest = self._newest
        same._tallies = {slot: copy(tally) for slot, tally in self._tallies.items()}
        return same

    def cover(self, start: float, end: float) -> Iterator[tuple[Tally, float]]:
        """The buckets that a span of time touches, and how many seconds of each."""
        last = int(end // self.interval)
        oldest = max(last, self._newest or 0) - self._most + 1
        for slot in range(max(int(start // self.interval), oldest), last + 1):
            covered = self._covered(slot, start, end)
            if covered > 0 and (tally := self.tally(slot)) is not None:
                yield tally, covered

    def buckets(self, watched: Span | None) -> list[Bucket]:
        if self._newest is None:
            return []
        last = self._newest
        if watched is not None:
            last = max(last, -int(-watched[1] // self.interval) - 1)  # an end on the border touches no more
        first = max(min(self._tallies), last - self._most + 1)
        return [self._bucket(slot, watched) for slot in range(first, last + 1)]

    def _bucket(self, slot: int, watched: Span | None) -> Bucket:
        t = self._tallies.get(slot, _NOTHING)
        seen = t
        if watched is not None and (covered := self._covered(slot, watched[0], watched[1])) > 0:
            seen = Tally(0, 0, 0, 0, 0, 0, 0, 0, 0.0, t.viewer_seconds, t.viewed_seconds, t.peak_viewers)
            seen.watch(watched[2], covered)
        return Bucket(
            since=stamp(slot * self.interval),
            seconds=self.interval,
            viewers=seen.viewers,
            peak_viewers=min(seen.peak_viewers, LARGEST),
            **t.counts(),
            gap_seconds=round(t.gap_seconds, 3),
        )

    def _covered(self, slot: int, start: float, end: float) -> float:
        begin = slot * self.interval
        return min(end, begin + self.interval) - max(start, begin)

    def _drop(self, before: int, until: int) -> None:
        """Forgets the buckets from ``before`` to ``until``."""
        if until - before > self._most:
            self._tallies = {s: t for s, t in self._tallies.items() if s > until}
            return
        for slot in range(before, until + 1):
            self._tallies.pop(slot, None)
