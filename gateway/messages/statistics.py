"""What was counted: of a session, of an account, of a station. True data only: what is not known is None.

One form for a LIVE that runs and for one that is long over: ``SessionRecord``. Everything that a person sees of a
session is worked out of it (``gateway.stats``).
"""

from typing import Literal

from msgspec import Struct

from gateway.messages.values import Count, Id, Text, Timestamp

Opened = Literal["live", "heard", "hand"]
"""What began a session: a LIVE that started, something that was heard of a LIVE that ran already, or a person."""
Board = Literal["session", "7d", "30d", "all"]
"""Leaderboards of the session that runs, of those that began in the last 7 or 30 days, and of all."""
BOARDS: tuple[Board, ...] = ("session", "7d", "30d", "all")
Score = Literal["coins", "gifts", "likes", "comments", "shares"]
"""What places are given by."""


class GiftTotal(Struct, frozen=True, kw_only=True):
    name: Text
    count: Count = 0
    coins: Count = 0


class Bucket(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What happened in the ``seconds`` from ``since`` on. ``viewers``: their mean over the time that was heard,
    None where nothing was; ``gap_seconds``: so much of it was not heard."""

    since: Timestamp
    seconds: int
    viewers: float | None = None
    peak_viewers: Count = 0
    gifts: Count = 0
    coins: Count = 0
    comments: Count = 0
    likes: Count = 0
    follows: Count = 0
    shares: Count = 0
    joins: Count = 0
    subscribes: Count = 0
    gap_seconds: float = 0.0


class Contribution(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What one viewer gave. ``viewer`` is the platform's id, ``name`` the @name, ``nickname`` what is shown."""

    viewer: str
    name: Text = ""
    nickname: Text = ""
    coins: Count = 0
    gifts: Count = 0
    likes: Count = 0
    comments: Count = 0
    shares: Count = 0
    follows: Count = 0


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Equal scores share a ``place``."""

    place: int
    score: Count
    viewer: str
    name: Text = ""
    nickname: Text = ""


class Leaderboard(Struct, frozen=True, kw_only=True):
    """``account/<a>/leaderboard/<board>``. ``exact``: every viewer was counted alone; otherwise a score may be too
    small by ``missing_at_most``."""

    account: Id
    board: Board
    by: Score = "coins"
    places: list[Place] = []
    exact: bool = True
    missing_at_most: Count = 0
    since: Timestamp | None = None
    simulated: bool = False


class StationStats(Struct, frozen=True, kw_only=True):
    """What a station did. ``cycles``: actions that were done; ``on_seconds``: from the first movement to the end
    of each, summed up; ``duty``: ``on_seconds`` by the time from ``since`` to ``until``. ``practice``: the cycles
    among them that were practice: wear is wear. ``success``: done by all that ended, None before the first.
    Latencies: of gifts, milliseconds to the first movement, within one percent.
    """

    station: Id
    since: Timestamp
    until: Timestamp
    cycles: Count = 0
    practice: Count = 0
    not_done: Count = 0
    on_seconds: float = 0.0
    duty: float = 0.0
    success: float | None = None
    actions: dict[str, Count] = {}
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None


class SessionSummary(Struct, frozen=True, kw_only=True):
    """One session: ``session/<id>/summary``, once it has ended. ``last``: when it was last heard of.

    ``usd`` is an estimate. ``average_viewers``: over the time that was heard. ``unique_viewers``: who did
    something; with more than 50 000 of them it is at most what is said. ``gap_seconds``: TikTok was not heard for
    so long, in ``gaps`` times. ``actions_owed``: paid ones that are owed now. ``activity``: points a minute, see
    docs/statistics.md. Latencies: of gifts, milliseconds from ``received`` to ``moved``, within one percent.
    """

    id: Id
    account: Id
    simulated: bool = False
    room: str = ""
    opened: Opened = "heard"
    since: Timestamp
    last: Timestamp
    ended: Timestamp | None = None
    gifts: Count = 0
    coins: Count = 0
    unpriced: Count = 0
    usd: float = 0.0
    comments: Count = 0
    likes: Count = 0
    follows: Count = 0
    shares: Count = 0
    joins: Count = 0
    subscribes: Count = 0
    viewers: Count = 0
    peak_viewers: Count = 0
    average_viewers: float | None = None
    unique_viewers: Count = 0
    gaps: Count = 0
    gap_seconds: float = 0.0
    actions_done: Count = 0
    actions_not_done: Count = 0
    actions_owed: Count = 0
    activity: float = 0.0
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    latency_p99_ms: float | None = None


class SessionRecord(Struct, frozen=True, kw_only=True):
    """A session with all its parts. ``buckets``: seconds of an interval (``10``, ``60``, ``300``, ``3600``) to its
    buckets, oldest first; where a session is long, the fine ones of its beginning are gone.

    ``contributions``: those who gave most; ``others`` is the sum of who is not among them, and ``exact`` and
    ``missing_at_most`` are as in ``Leaderboard``.
    """

    summary: SessionSummary
    gifts: list[GiftTotal] = []
    buckets: dict[str, list[Bucket]] = {}
    contributions: list[Contribution] = []
    others: Contribution = Contribution(viewer="")
    exact: bool = True
    missing_at_most: Count = 0
    stations: list[StationStats] = []


class Finding(Struct, frozen=True, kw_only=True):
    """How the change of viewers goes with ``metric`` ``lag`` minutes before: rank correlation ``strength`` (-1 to
    1) over ``n`` minutes, with its 95 % confidence interval. ``p``: how often pure chance, looking at as many
    metrics and lags, finds one as strong. ``clear``: not by chance (p <= 0.05)."""

    metric: Literal["likes", "gifts", "comments", "follows", "shares"]
    lag: int
    strength: float
    low: float
    high: float
    n: int
    p: float
    clear: bool


class Correlation(Struct, frozen=True, kw_only=True):
    """ "What makes viewers rise?" ``minutes`` could be looked at; ``enough`` is False where they are too few, and
    then there are no findings. ``findings``: each metric's strongest lag, the strongest first. ``words`` for a
    person."""

    minutes: int = 0
    enough: bool = False
    words: Text = ""
    findings: list[Finding] = []


class CatalogueGift(Struct, frozen=True, kw_only=True):
    """A gift as it was seen. ``names``: in the languages in which it came, the newest last, at most five."""

    gift_id: str
    names: list[Text] = []
    coins: Count | None = None
    count: Count = 0
    first: Timestamp
    last: Timestamp


class Figure(Struct, frozen=True, kw_only=True):
    """One figure of two sessions; None where it is not known. ``difference`` is b - a, ``ratio`` b / a (None where
    a is 0). ``..._per_hour``: by the time that was heard; None for what is no sum, and for a session of which
    less than ten minutes were heard."""

    name: str
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    ratio: float | None = None
    a_per_hour: float | None = None
    b_per_hour: float | None = None


class ComparedGift(Struct, frozen=True, kw_only=True):
    """A kind of gift in two sessions."""

    name: Text
    a_count: Count = 0
    b_count: Count = 0
    a_coins: Count = 0
    b_coins: Count = 0


class Comparison(Struct, frozen=True, kw_only=True):
    """Two sessions side by side. ``..._hours``: the time that was heard. ``gifts``: those that brought most coins
    in both together first. Of the two leaderboards by coins: ``common`` (places in ``b``) are on both, ``new``
    only on that of ``b``, ``gone`` only on that of ``a``.
    """

    a: SessionSummary
    b: SessionSummary
    a_hours: float = 0.0
    b_hours: float = 0.0
    figures: list[Figure] = []
    gifts: list[ComparedGift] = []
    common: list[Place] = []
    new: list[Place] = []
    gone: list[Place] = []
