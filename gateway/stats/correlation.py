""" "What makes viewers rise?": how the change of viewers goes with what happened in the minutes before. Pure.

The method, what it was measured to do, and what was not taken: docs/decisions/0018-statistics.md.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import mul
from typing import Literal, get_args

from msgspec import Struct

from gateway.messages import Bucket, Correlation, Finding, seconds

MINUTE_S = 60
LAG_MAX = 10
"""Minutes before the change that are looked at: 0 to so many."""
ENOUGH = 40
"""Minutes with a known change of viewers. With 40 of them a strength of 0.5, which Cohen (1988) calls large, is
just clear (``CLEAR`` over 55 looks: Fisher's z of 3.3); with fewer, only one that no audience shows would be."""
PAIRS = 20
"""Fewer pairs of minutes tell nothing: such a lag, or such a shift, is left out."""
EXPECTED = 5
"""Where most minutes are alike (no gift, no change of viewers), so many of the others must be expected to meet by
chance, or one coincidence would look like a law: the rule of five (Cochran 1954)."""
CLEAR = 0.05
RAREST = 0.001
"""No smaller ``p`` is said: no evening is long enough to know."""
MINUTES_MAX = 1440
"""Only the latest day is looked at: the work grows with the square of it."""

Metric = Literal["likes", "gifts", "comments", "follows", "shares"]
METRICS: tuple[Metric, ...] = get_args(Metric)

_Z95 = 1.959964
_NEARLY_1 = 1 - 1e-12
_Known = list[float | None]
"""Minute by minute; None where it is not known."""


def correlation(buckets: Sequence[Bucket]) -> Correlation:
    """Spearman's rank correlation between the change of viewers, from one minute to the next, and each metric 0 to
    10 minutes before. ``buckets`` are those of a minute (``SessionRecord.buckets["60"]``), in any order.

    A minute counts where all of it was heard and its viewers are known; a change, where it counts and the minute
    before does. Of the first and the last minute only viewers count, for they are hardly ever whole. Ties have
    mean ranks.

    The confidence interval is Fisher's z with the standard error of Bonett and Wright (2000, Psychometrika 65:23),
    ``sqrt((1 + r^2 / 2) / (n - 3))``, times the spread that correlations have where the metrics are shifted far
    against the changes: minutes resemble their neighbours, so that 60 of them are worth less than 60. ``p`` is the
    greater of two: how many of the far shifts have one as strong, in any metric and lag; and what the normal
    distribution of that spread says of so many looks (Sidak), for few shifts cannot show what is rare.
    """
    viewers, metrics = _minutes(buckets)
    changes = [_change(before, now) for before, now in zip([None, *viewers], viewers, strict=False)]
    minutes = len(changes) - changes.count(None)
    if minutes < ENOUGH:
        return Correlation(minutes=minutes, words=f"not enough data: {minutes} minutes, {ENOUGH} are needed")
    usable = {metric: values for metric, values in metrics.items() if _vary_enough(changes, values, minutes)}
    chance = _Chance.of(changes, usable)
    looked = [_strongest(metric, changes, values, chance) for metric, values in usable.items()]
    findings = sorted((f for f in looked if f is not None), key=lambda f: -abs(f.strength))
    return Correlation(minutes=minutes, enough=True, words=_words(minutes, findings), findings=findings)


def _minutes(buckets: Sequence[Bucket]) -> tuple[_Known, dict[Metric, _Known]]:
    """Viewers and metrics of the latest ``MINUTES_MAX``."""
    at = {round(seconds(b.since) / MINUTE_S): b for b in buckets if b.seconds == MINUTE_S}
    if not at:
        return [], {}
    last = max(at)
    span = range(max(min(at), last - MINUTES_MAX + 1), last + 1)
    heard = [b if (b := at.get(m)) and not b.gap_seconds and b.viewers is not None else None for m in span]
    whole = [None, *heard[1:-1], None]
    metrics: dict[Metric, _Known] = {m: [getattr(b, m) if b else None for b in whole] for m in METRICS}
    return [b.viewers if b else None for b in heard], metrics


def _change(before: float | None, now: float | None) -> float | None:
    if before is None or now is None:
        return None
    return round(now - before, 6)  # equal changes stay equal


def _vary_enough(changes: _Known, values: _Known, minutes: int) -> bool:
    return _unusual(changes) * _unusual(values) >= EXPECTED * minutes


def _unusual(series: _Known) -> int:
    """How many differ from the most frequent value."""
    counts = Counter(value for value in series if value is not None)
    return counts.total() - max(counts.values(), default=0)


def _strongest(metric: Metric, changes: _Known, values: _Known, chance: "_Chance") -> Finding | None:
    best: tuple[float, int, int, float] | None = None
    for lag in range(LAG_MAX + 1):
        both = zip(changes[lag:], values, strict=False)
        pairs = [(x, y) for x, y in both if x is not None and y is not None]
        if len(pairs) >= PAIRS and (r := _spearman(*zip(*pairs, strict=True))) is not None:
            best = max(best or (-1.0, 0, 0, 0.0), (abs(_score(r, len(pairs))), -lag, len(pairs), r))
    if best is None:
        return None
    score, minus_lag, n, r = best
    error = chance.spread[metric] * math.sqrt((1 + r * r / 2) / (n - 3))
    p = chance.of_score(score, metric)
    return Finding(
        metric=metric,
        lag=-minus_lag,
        strength=r,
        low=math.tanh(_fisher(r) - _Z95 * error),
        high=math.tanh(_fisher(r) + _Z95 * error),
        n=n,
        p=p,
        clear=p <= CLEAR,
    )


def _spearman(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """None where one of them does not vary."""
    a, b = _ranks(xs), _ranks(ys)
    size = math.sqrt(sum(map(mul, a, a)) * sum(map(mul, b, b)))
    return sum(map(mul, a, b)) / size if size else None


def _ranks(values: Sequence[float]) -> list[float]:
    """Mean ranks, centred."""
    rank: dict[float, float] = {}
    below = -(len(values) - 1) / 2
    for value, many in sorted(Counter(values).items()):
        rank[value] = below + (many - 1) / 2
        below += many
    return [rank[value] for value in values]


def _fisher(r: float) -> float:
    return math.atanh(max(-_NEARLY_1, min(_NEARLY_1, r)))


def _score(r: float, n: float) -> float:
    """Fisher's z over its standard error for series that have nothing to do with each other or with themselves."""
    return _fisher(r) * math.sqrt(n - 3)


class _OnCircle(Struct, frozen=True):
    """Ranks of a series and their squares, 0 where it is not known, and 1 where it is."""

    known: list[float]
    ranks: list[float]
    squares: list[float]

    @classmethod
    def of(cls, series: _Known) -> "_OnCircle":
        # Behind it come as many unknown minutes as the longest lag: no lag joins the end with the beginning.
        circle = [*series, *[None] * LAG_MAX]
        following = iter(_ranks([value for value in series if value is not None]))
        ranks = [0.0 if value is None else next(following) for value in circle]
        return cls([float(value is not None) for value in circle], ranks, [r * r for r in ranks])


def _shifted(x: _OnCircle, y: _OnCircle) -> list[float]:
    """Scores of all shifts: entry k pairs each minute of ``x`` with that of ``y`` k minutes before; 0 where too
    few pairs are known."""
    size = len(x.known)
    known, ranks, squares = y.known * 2, y.ranks * 2, y.squares * 2
    scores = []
    for start in range(size, 0, -1):
        turned = slice(start, start + size)
        there, ys = known[turned], ranks[turned]
        score = 0.0
        n = sum(map(mul, x.known, there))
        if n >= PAIRS:
            sx, sy = sum(map(mul, x.ranks, there)), sum(map(mul, x.known, ys))
            xx = sum(map(mul, x.squares, there)) - sx * sx / n
            yy = sum(map(mul, x.known, squares[turned])) - sy * sy / n
            if min(xx, yy) > 1e-6:  # the one and the other vary there
                score = _score((sum(map(mul, x.ranks, ys)) - sx * sy / n) / math.sqrt(xx * yy), n)
        scores.append(score)
    return scores


class _Chance(Struct, frozen=True):
    """What is found where there is nothing to find: the metrics, together, shifted far against the changes.

    ``spread`` of each metric's scores; ``peaks``: of each shift, the strongest in all metrics and lags.
    """

    spread: dict[Metric, float]
    peaks: list[float]

    @classmethod
    def of(cls, changes: _Known, metrics: Mapping[Metric, _Known]) -> "_Chance":
        x = _OnCircle.of(changes)
        # Shifts within the longest lag of a real one would see what is really there.
        far = {m: _shifted(x, _OnCircle.of(values))[2 * LAG_MAX : -LAG_MAX] for m, values in metrics.items()}
        highest = [max(map(abs, scores)) for scores in zip(*far.values(), strict=True)]
        lags = LAG_MAX + 1
        peaks = [max(highest[k : k + lags]) for k in range(len(highest) - LAG_MAX)]
        return cls({m: _spread(scores) for m, scores in far.items()}, peaks)

    def of_score(self, score: float, metric: Metric) -> float:
        """How often chance finds one as strong, at least ``RAREST``."""
        often = sum(peak >= score for peak in self.peaks) / max(1, len(self.peaks))
        once = math.erfc(score / self.spread[metric] / math.sqrt(2))
        looks = (LAG_MAX + 1) * len(self.spread)
        return max(RAREST, often, -math.expm1(looks * math.log1p(-once)) if once < 1 else 1.0)


def _spread(scores: Sequence[float]) -> float:
    """Standard deviation of the scores, at least 1, and its own standard error on top: the more minutes resemble
    their neighbours, the fewer of the shifts are news, and the more their own mean hides. Infinite without any."""
    known = [score for score in scores if score]
    if not known:
        return math.inf
    variance = max(1.0, sum(s * s for s in known) / len(known))
    news = max(2.0, len(known) / variance)
    return math.sqrt(variance / (1 - 1 / news)) * (1 + math.sqrt(1 / (2 * news)))


def _words(minutes: int, findings: Sequence[Finding]) -> str:
    clear = [f for f in findings if f.clear]
    if not findings:
        return f"in {minutes} minutes too little changed to compare anything"
    if not clear:
        return f"in {minutes} minutes nothing went with a change of viewers more than chance would have it"
    said = "; ".join(f"viewers {'rose' if f.strength > 0 else 'fell'} {_after(f.lag)} {f.metric}" for f in clear)
    return f"in {minutes} minutes, {said}; this is no proof that {_joined([f.metric for f in clear])} caused it"


def _after(lag: int) -> str:
    if lag == 0:
        return "in the same minute as"
    return f"about {lag} minute{'' if lag == 1 else 's'} after"


def _joined(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
