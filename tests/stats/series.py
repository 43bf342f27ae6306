"""Evenings minute by minute, with and without something to find in them. The same seed gives the same evening."""

import random
from collections.abc import Callable, Mapping, Sequence

from gateway.messages import Bucket, stamp
from gateway.stats.correlation import METRICS, Metric
from tests.records import NOON

Evening = Callable[[random.Random, int], list[Bucket]]


def buckets(viewers: Sequence[float | None], counts: Mapping[Metric, Sequence[int]]) -> list[Bucket]:
    """A minute each."""
    return [
        Bucket(
            since=stamp(NOON + 60 * n),
            seconds=60,
            viewers=figure,
            likes=counts["likes"][n],
            gifts=counts["gifts"][n],
            comments=counts["comments"][n],
            follows=counts["follows"][n],
            shares=counts["shares"][n],
        )
        for n, figure in enumerate(viewers)
    ]


def planted(
    rng: random.Random, minutes: int, *, metric: Metric = "likes", lag: int = 3, weight: float = 1.5
) -> list[Bucket]:
    """Viewers change by ``weight`` times what ``metric`` was ``lag`` minutes before (in standard deviations) and
    by noise of one; the other metrics are noise."""
    counts = {m: [max(0, round(rng.gauss(50, 10))) for _ in range(minutes)] for m in METRICS}
    viewers = [500.0][:minutes]
    for n in range(1, minutes):
        moved = weight * (counts[metric][n - lag] - 50) / 10 if n >= lag else 0.0
        viewers.append(viewers[-1] + moved + rng.gauss(0, 1))
    return buckets(viewers, counts)


def white(rng: random.Random, minutes: int) -> list[Bucket]:
    """Every minute is news."""
    return _nothing(rng, minutes, [rng.gauss(0, 5) for _ in range(minutes)], lambda: _normal(rng, minutes))


def sluggish(rng: random.Random, minutes: int) -> list[Bucket]:
    """Changes and metrics resemble those of the minute before: AR(1) with 0.8."""
    return _nothing(rng, minutes, _ar(rng, minutes), lambda: [round(100 + 10 * x) for x in _ar(rng, minutes)])


def level(rng: random.Random, minutes: int) -> list[Bucket]:
    """Viewers go back to their level: AR(1) with 0.8; so do the metrics."""
    at = _ar(rng, minutes)
    changes = [now - before for before, now in zip([at[0], *at], at, strict=False)]
    return _nothing(rng, minutes, changes, lambda: [round(100 + 10 * x) for x in _ar(rng, minutes)])


def bursts(rng: random.Random, minutes: int) -> list[Bucket]:
    """Long silence and short storms, each series for itself."""
    changes = [storm * rng.choice((1, -1)) for storm in _bursts(rng, minutes)]
    return _nothing(rng, minutes, [float(change) for change in changes], lambda: _bursts(rng, minutes))


def together(rng: random.Random, minutes: int) -> list[Bucket]:
    """All metrics storm at the same time; viewers, sluggish, know nothing of it."""
    stormy = _bursts(rng, minutes)
    return _nothing(
        rng, minutes, _ar(rng, minutes), lambda: [rng.randrange(50) if s > 1 else rng.randrange(5) for s in stormy]
    )


def small(rng: random.Random, minutes: int) -> list[Bucket]:
    """Twenty viewers, of whom now and then one comes or goes, and who seldom do anything."""
    changes = [rng.choice((1.0, -1.0)) if rng.random() < 0.2 else 0.0 for _ in range(minutes)]
    return _nothing(
        rng, minutes, changes, lambda: [rng.randrange(1, 5) if rng.random() < 0.3 else 0 for _ in range(minutes)]
    )


NOISE: dict[str, Evening] = {f.__name__: f for f in (white, sluggish, level, bursts, together, small)}


def _nothing(
    rng: random.Random, minutes: int, changes: Sequence[float], counts: Callable[[], list[int]]
) -> list[Bucket]:
    viewers = [500.0]
    for change in changes[1:minutes]:
        viewers.append(viewers[-1] + change)
    return buckets(viewers, {m: [max(0, c) for c in counts()] for m in METRICS})


def _normal(rng: random.Random, minutes: int) -> list[int]:
    return [max(0, round(rng.gauss(50, 10))) for _ in range(minutes)]


def _ar(rng: random.Random, minutes: int) -> list[float]:
    x = rng.gauss(0, 1) / 0.6
    out = []
    for _ in range(minutes):
        out.append(x)
        x = 0.8 * x + rng.gauss(0, 1)
    return out


def _bursts(rng: random.Random, minutes: int) -> list[int]:
    left, out = 0, []
    for _ in range(minutes):
        left = rng.randrange(2, 8) if rng.random() < 0.05 else max(0, left - 1)
        out.append(round(20 * rng.paretovariate(1.2)) if left else int(rng.random() < 0.2))
    return out
