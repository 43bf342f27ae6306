"""How many watch: single wrong samples change nothing, and what is not known is not made up. Pure."""

from gateway.stats.buckets import Span

HOLDS_S = 60.0
"""Seconds. TikTok tells the number of viewers every few seconds; an older number is none any more."""


class Watching:
    """``shown`` is the middle one of the last three samples: of three in a row one may be wrong, too high or too
    low, and changes nothing; a real change is taken with the second sample that tells it, down as readily as up.
    The first sample counts at once; until there are three, none of them counts for good: neither as a peak nor
    in a mean.
    """

    def __init__(self) -> None:
        self.shown = 0
        self._peak: int | None = None
        self._first = 0  # what stands for a peak until one is sure
        self._samples: tuple[int, ...] = ()
        self._since: float | None = None  # from when on ``shown`` waits to be counted; None: not known

    @property
    def peak(self) -> int:
        return self._first if self._peak is None else self._peak

    def sample(self, viewers: int, now: float) -> Span | None:
        """One more number; answers with the time before it, which can be counted now. One that is older than the
        last says nothing."""
        if self._since is None:
            self._since = now
        elif now < self._since:
            return None
        sure = len(self._samples) == 3
        self._samples = (*self._samples[-2:], viewers)
        if len(self._samples) < 3:
            self.shown = self._first = self._samples[0]
            return None
        before, self.shown = self.shown, sorted(self._samples)[1]
        self._peak = max(self._peak or 0, self.shown)
        span = self.known(now, before if sure else self.shown)
        self._since = now
        return span

    def pause(self, start: float, end: float) -> Span | None:
        """From ``start`` to ``end`` nothing is known; afterwards it begins anew. Answers with the time before."""
        if self._since is None or self._since >= end:
            return None
        span = self.known(start, self.shown) if len(self._samples) == 3 else None
        self._since, self._samples = None, ()
        return span

    def over(self, now: float) -> Span | None:
        """The LIVE has ended, and nobody watches it."""
        span = self.pause(now, float("inf"))
        self.shown = 0
        return span

    def known(self, until: float, viewers: int | None = None) -> Span | None:
        """What is known up to ``until`` and not counted yet."""
        if self._since is None:
            return None
        end = min(until, self._since + HOLDS_S)
        return (self._since, end, self.shown if viewers is None else viewers) if end > self._since else None

    def restore(self, viewers: int, peak: int) -> None:
        """Go on from what was shown."""
        self.shown, self._peak = viewers, peak
