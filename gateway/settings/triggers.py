"""``when`` of a rule: what has to happen."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.messages import Id
from gateway.settings.values import Duration, Name

Tier = Literal["common", "uncommon", "rare", "epic", "legendary"]
TIERS: dict[Tier, int] = {"common": 0, "uncommon": 100, "rare": 1_000, "epic": 5_000, "legendary": 10_000}
"""The least that a gift or its streak so far is worth, in coins."""
Category = Literal["standard", "special", "premium"]
CATEGORIES: dict[Category, tuple[int, int | None]] = {
    "standard": (0, 99),
    "special": (100, 999),
    "premium": (1_000, None),
}
"""What one gift costs, in coins."""
Regex = Annotated[
    str, Meta(min_length=1, max_length=200, description="a regular expression of RE2's syntax, on the plain text")
]


class OnGift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift by ``name`` or ``id``, or any one worth ``min_coins`` to ``max_coins`` a piece; ``tier``: worth at
    least so much, with its streak so far. All that is said holds together. A gift of unknown price has none.
    A ``name`` in any language means the gift that was once seen under it.

    ``pay``: ``each`` runs the actions once for every gift of a streak, ``start`` and ``end`` once a streak,
    ``message`` once for each message about it, which may tell of many (``count``): for what only counts.
    ``streak``: once a streak, when it has come to so many.
    """

    name: Name | None = None
    id: Name | None = None
    min_coins: Annotated[int, Meta(ge=1)] | None = None
    max_coins: Annotated[int, Meta(ge=1)] | None = None
    category: Category | None = None
    tier: Tier | None = None
    pay: Literal["each", "start", "end", "message"] = "each"
    streak: Annotated[int, Meta(ge=2)] | None = None


class OnComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``contains`` finds a word anywhere, ``exact`` wants the whole comment, ``command`` its first word, ``regex``
    is found anywhere. Case, accents, stretched letters and full-width letters never count.

    What follows a command is ``args`` in expressions, and its words ``arg1`` to ``arg3``.
    """

    contains: Name | None = None
    exact: Name | None = None
    command: Name | None = None
    regex: Regex | None = None


class OnLike(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every N likes of the account's LIVE, the remainder carried over; or when likes come as fast as
    ``per_minute``."""

    every: Annotated[int, Meta(ge=1)] | None = None
    per_minute: Annotated[int, Meta(ge=1)] | None = None


class OnPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody follows, shares, subscribes or joins; there is nothing more to say of it."""


class OnFirst(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A viewer does something for the first time in this LIVE: a gift, a comment, a follow..."""


class OnViewers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of viewers comes to ``above`` from below, or falls under ``below``."""

    above: Annotated[int, Meta(ge=1)] | None = None
    below: Annotated[int, Meta(ge=1)] | None = None


class OnEnvelope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A treasure chest, of ``min_coins`` at least."""

    min_coins: Annotated[int, Meta(ge=1)] | None = None


class OnBattle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phase: Literal["started", "ended"]


class OnLive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    phase: Literal["started", "ended"]


class OnGap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The platform was not heard for a while, and is again."""


class OnMilestone(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A total of this LIVE passes one of ``at``, or another ``every`` so many."""

    of: Literal["likes", "gifts", "coins", "comments", "follows", "shares", "joins", "subscribes", "viewers"]
    at: list[Annotated[int, Meta(ge=1)]] | None = None
    every: Annotated[int, Meta(ge=1)] | None = None


class OnInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input of a station: a button, a light barrier, a coin slot. ``level``: it becomes active, or inactive.
    ``count``: every so many times."""

    station: Id
    channel: Id
    level: bool = True
    count: Annotated[int, Meta(ge=1, le=10_000)] = 1


class OnTime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``every`` so long, counted from midnight UTC so that a restart changes nothing; or ``cron``, in the venue's
    timezone. Opening hours: ``if: {hours: ...}``."""

    every: Duration | None = None
    cron: Annotated[
        str, Meta(max_length=100, description="minute hour day month weekday", examples=["0 20 * * fri"])
    ] | (None) = None


class OnTopic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message on an MQTT topic; with ``payload``, only this one. In expressions it is ``payload``."""

    topic: Annotated[str, Meta(min_length=1, max_length=200)]
    payload: Annotated[str, Meta(max_length=1000)] | None = None


class OnButton(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A button of this name on the page, or the request ``press``."""

    name: Id


class OnTimer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A timer that a rule started has run out."""

    name: Id


class OnCounter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counter comes to ``reaches`` from below, ``falls_to`` from above, or another ``every`` upwards."""

    name: Id
    reaches: float | None = None
    falls_to: float | None = None
    every: Annotated[float, Meta(gt=0)] | None = None


class OnStage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stage comes to ``level`` from below (``up``), from above (``down``), or either."""

    name: Id
    level: Id
    going: Literal["up", "down", "either"] = "up"


class OnSequence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One after the other, all ``within`` so long; ``same_viewer``: by one and the same. Other things may happen
    in between."""

    steps: Annotated[list["When"], Meta(min_length=2, max_length=10)]
    within: Duration
    same_viewer: bool = True


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of these."""

    gift: OnGift | None = None
    comment: OnComment | None = None
    like: OnLike | None = None
    follow: OnPerson | None = None
    share: OnPerson | None = None
    subscribe: OnPerson | None = None
    join: OnPerson | None = None
    first: OnFirst | None = None
    viewers: OnViewers | None = None
    question: OnComment | None = None
    envelope: OnEnvelope | None = None
    battle: OnBattle | None = None
    live: OnLive | None = None
    gap: OnGap | None = None
    milestone: OnMilestone | None = None
    input: OnInput | None = None
    time: OnTime | None = None
    topic: OnTopic | None = None
    button: OnButton | None = None
    timer: OnTimer | None = None
    counter: OnCounter | None = None
    stage: OnStage | None = None
    sequence: OnSequence | None = None

    @property
    def given(self) -> dict[str, Struct]:
        """Those that are said."""
        return {name: on for name in self.__struct_fields__ if (on := getattr(self, name)) is not None}
