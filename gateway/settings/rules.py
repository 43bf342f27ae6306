"""What a rules file says: when something happens, if it is meant, then what moves."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.messages import Id, Param
from gateway.settings.values import Duration, Name

Tier = Literal["common", "uncommon", "rare", "epic", "legendary"]
TIERS: dict[Tier, int] = {"common": 0, "uncommon": 100, "rare": 1_000, "epic": 5_000, "legendary": 10_000}
"""The least that a gift or its streak so far is worth, in coins."""
Level = Annotated[int, Meta(ge=1, le=1000)]


class OnGift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift by ``name`` or ``id``, or any one worth ``min_coins`` to ``max_coins`` a piece; ``tier``: worth at
    least so much, with its streak so far. All that is said holds together. A gift of unknown price has none.

    ``pay``: ``each`` runs the actions once for every gift of a streak, ``start`` and ``end`` once a streak.
    ``streak``: once a streak, when it has come to so many.
    """

    name: Name | None = None
    id: Name | None = None
    min_coins: Annotated[int, Meta(ge=1)] | None = None
    max_coins: Annotated[int, Meta(ge=1)] | None = None
    tier: Tier | None = None
    pay: Literal["each", "start", "end"] = "each"
    streak: Annotated[int, Meta(ge=2)] | None = None


class OnComment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``contains`` finds a word anywhere, ``exact`` wants the whole comment, ``command`` its first word. Case,
    accents, stretched letters and full-width letters never count."""

    contains: Name | None = None
    exact: Name | None = None
    command: Name | None = None


class OnLike(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every N likes of the account's LIVE; the remainder is carried over."""

    every: Annotated[int, Meta(ge=1)]


class OnPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody follows, shares, subscribes or joins; there is nothing more to say of it."""


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


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of these."""

    gift: OnGift | None = None
    comment: OnComment | None = None
    like: OnLike | None = None
    follow: OnPerson | None = None
    share: OnPerson | None = None
    subscribe: OnPerson | None = None
    join: OnPerson | None = None
    viewers: OnViewers | None = None
    question: OnComment | None = None
    envelope: OnEnvelope | None = None
    battle: OnBattle | None = None
    live: OnLive | None = None
    gap: OnGap | None = None

    @property
    def given(self) -> dict[str, Struct]:
        """Those that are said."""
        return {name: on for name in self.__struct_fields__ if (on := getattr(self, name)) is not None}


class Who(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the viewer has to be; all that is said holds together. Levels are the least. ``users``: ids or @names.

    ``chance`` is a percentage, drawn anew for each event; the same event always draws the same.
    """

    follower: bool | None = None
    moderator: bool | None = None
    subscriber: bool | None = None
    fan_level: Level | None = None
    gifter_level: Level | None = None
    users: list[Name] | None = None
    chance: Annotated[float, Meta(gt=0, le=100)] | None = None


class Combo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has to happen ``count`` times ``within`` so long, by so many different ``users``; then it begins anew."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    users: Annotated[int, Meta(ge=1, le=1000)] = 1
    within: Duration


class Then(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    station: Id
    action: Id
    params: dict[Id, Param] = {}


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``if`` says who counts, ``unless`` who does not; for them ``else`` runs, if there is one.

    ``cooldown`` counts from the last time the rule fired, ``user_cooldown`` from the viewer's last time;
    ``deadline`` is how late it may still move.
    """

    when: When
    if_: Who | None = field(name="if", default=None)
    unless: Who | None = None
    combo: Combo | None = None
    then: Annotated[list[Then], Meta(min_length=1)]
    else_: list[Then] = field(name="else", default_factory=list)
    accounts: list[Id] = []
    cooldown: Duration | None = None
    user_cooldown: Duration | None = None
    deadline: Duration = "30s"
    enabled: bool = True
    title: Name | None = None


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``rules.yaml``. Rules are tried in the order they stand in."""

    rules: dict[Id, Rule] = {}
