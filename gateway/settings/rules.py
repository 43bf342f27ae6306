"""What a rules file says: when something happens, if it is meant, then what moves."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.messages import Id, Param
from gateway.settings.stages import Stage
from gateway.settings.steps import Then
from gateway.settings.triggers import When
from gateway.settings.values import Duration, Level, Name

Clock = Annotated[
    str,
    Meta(
        pattern=r"^(([01]?\d|2[0-3]):[0-5]\d|24:00)$",
        description="a time of day, such as 18:00",
        examples=["18:00"],
    ),
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Expression = Annotated[
    str, Meta(min_length=1, max_length=500, description="a comparison, such as coins >= 10 and goal < 100")
]


class Hours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From a time of day to another, over midnight too, in the venue's ``timezone``; ``days`` are those on which
    it begins, all when left out."""

    from_: Clock = field(name="from", default="00:00")
    to: Clock = "24:00"
    days: list[Day] = []


class Who(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has to be so; all that is said holds together. Levels are the least. ``users``: ids or @names.

    ``top``: the viewer is among so many who gave most coins in this LIVE. ``chance`` is a percentage, drawn anew
    for each event; the same event always draws the same. ``stage``: a stage and the least of its levels it has to
    be on. ``station``: what a station has to be now. ``so``: an expression that has to be true.
    """

    follower: bool | None = None
    moderator: bool | None = None
    subscriber: bool | None = None
    fan_level: Level | None = None
    gifter_level: Level | None = None
    top: Annotated[int, Meta(ge=1, le=100)] | None = None
    users: list[Name] | None = None
    chance: Annotated[float, Meta(gt=0, le=100)] | None = None
    stage: dict[Id, Id] | None = None
    station: dict[Id, Literal["online", "offline", "idle", "busy"]] | None = None
    hours: Hours | None = None
    so: Expression | None = None
    all: list["Who"] | None = None
    any: list["Who"] | None = None
    not_: "Who | None" = field(name="not", default=None)


class Combo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has to happen ``count`` times ``within`` so long, by so many different ``users``; then it begins anew."""

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    users: Annotated[int, Meta(ge=1, le=1000)] = 1
    within: Duration


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``if`` says who counts, ``unless`` who does not; for them ``else`` runs, if there is one.

    ``cooldown`` counts from the last time the rule fired, ``user_cooldown`` from the viewer's last time; rules of
    one ``group`` share its cooldown. ``user_per_minute``: how often it fires for one viewer. ``deadline`` is how
    late it may still move.
    ``mode``: what a run does while another one of the rule goes on. ``parallel``: it runs as well (the stations'
    queues keep order), ``queued``: when that one has ended, ``single``: it does not, ``restart``: it takes its
    place. ``max``: so many at once (parallel) or waiting (queued).
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
    group: Id | None = None
    user_per_minute: Annotated[int, Meta(ge=1, le=1000)] | None = None
    mode: Literal["single", "restart", "queued", "parallel"] = "parallel"
    max: Annotated[int, Meta(ge=1, le=1000)] | None = None
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    deadline: Duration = "30s"
    enabled: bool = True
    title: Name | None = None


class Group(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules that share a ``cooldown``: after one of them fired, none does for so long."""

    cooldown: Duration


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number that rules change and that outlives a restart. It stays between ``min`` and ``max``.

    ``per: viewer``: each viewer has their own. ``reset: live``: back to ``start`` when any account's LIVE begins.
    """

    start: float = 0
    min: float = 0
    max: float = 1_000_000_000
    per: Literal["venue", "viewer"] = "venue"
    reset: Literal["never", "live"] = "never"
    title: Name | None = None


class Game(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template with its parameters: its rules, counters, timers, notes and stages join those of the file under
    names that begin with the game's."""

    template: Id
    with_: dict[str, Param | list[Param]] = field(name="with", default_factory=dict)


class RuleBook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``rules.yaml``. Rules are tried in the order they stand in. ``timers`` are the names of those that rules
    start, ``notes`` those of the texts that they keep. ``user_per_minute``: how often all rules together fire for
    one viewer."""

    rules: dict[Id, Rule] = {}
    counters: dict[Id, Counter] = {}
    timers: list[Id] = []
    notes: list[Id] = []
    stages: dict[Id, Stage] = {}
    groups: dict[Id, Group] = {}
    games: dict[Id, Game] = {}
    user_per_minute: Annotated[int, Meta(ge=1, le=10_000)] | None = None


__all__ = ["Clock", "Combo", "Counter", "Day", "Game", "Group", "Hours", "Rule", "RuleBook", "Then", "Who"]
