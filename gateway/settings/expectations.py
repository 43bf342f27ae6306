"""Tests that stand beside rules: given these happenings, this has to come of them (``rules.test.yaml``)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.messages import Count, Id, Param
from gateway.settings.values import Duration, Name

Times = Annotated[int, Meta(ge=0, le=100_000)]
Words = Annotated[str, Meta(min_length=1, max_length=1000)]
Start = Annotated[
    str,
    Meta(
        pattern=r"^((mon|tue|wed|thu|fri|sat|sun) )?([01]?\d|2[0-3]):[0-5]\d$",
        description="a time of day in the venue's timezone, such as 20:00, or fri 20:00",
        examples=["20:00", "fri 20:00"],
    ),
]


class Viewer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody invented; ``name`` tells them apart, and is what is shown."""

    name: Name
    follower: bool = False
    moderator: bool = False
    subscriber: bool = False
    fan_level: Count = 0
    gifter_level: Count = 0


Who = Name | Viewer
SOMEBODY = "somebody"


class Gift(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``count`` gifts at once, each worth ``coins`` (null: nobody knows). ``streak``: a name for the streak that
    they go on; ``ended``: they close it."""

    name: Name = "Rose"
    id: Name | None = None
    count: Annotated[int, Meta(ge=0, le=10_000)] = 1
    coins: Count | None = 1
    user: Who = SOMEBODY
    streak: Name | None = None
    ended: bool = True


class Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a viewer wrote."""

    text: Words
    user: Who = SOMEBODY


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user: Who = SOMEBODY


class Chest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    coins: Count | None = None
    user: Who = SOMEBODY


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    topic: Annotated[str, Meta(min_length=1, max_length=200)]
    payload: Annotated[str, Meta(max_length=1000)] = ""


class Input(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    station: Id
    channel: Id
    level: bool = True


class Counted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person sets a counter."""

    name: Id
    to: float


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One happening; exactly one of them, with the ``account`` whose LIVE it is (usually the first of the
    settings). ``like``: so many at once. ``wait``: time passes. ``away``, ``back``: a station's cable is pulled,
    or put back."""

    gift: Gift | None = None
    comment: Said | None = None
    question: Said | None = None
    like: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    follow: Person | None = None
    share: Person | None = None
    subscribe: Person | None = None
    join: Person | None = None
    viewers: Count | None = None
    envelope: Chest | None = None
    battle: Literal["started", "ended"] | None = None
    live: Literal["started", "ended"] | None = None
    gap: Duration | None = None
    button: Id | None = None
    input: Input | None = None
    topic: Topic | None = None
    counter: Counted | None = None
    away: Id | None = None
    back: Id | None = None
    wait: Duration | None = None
    account: Id | None = None

    @property
    def given(self) -> list[str]:
        """Which of them are said."""
        return [n for n in self.__struct_fields__ if n != "account" and getattr(self, n) is not None]


class Blocked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``why`` the rule did not fire: a limit, or ``not meant`` by its ``if`` or ``unless``."""

    rule: Id
    why: Literal["cooldown", "busy", "budget", "stale", "not meant"]
    times: Times | None = None


class Fired(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rule: Id
    times: Times | None = None


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``user``: whose, where each viewer has their own."""

    name: Id
    is_: float = field(name="is")
    user: Name | None = None


class Note(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note says exactly this; an empty text: nothing."""

    name: Id
    is_: Annotated[str, Meta(max_length=200)] = field(name="is")


class Timer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It runs, or not; ``left``: so long from the last happening on, to a tenth of a second."""

    name: Id
    left: Duration | None = None
    running: bool = True


class Stage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Id
    level: Id


class Expect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of it; exactly one of ``station`` (with ``action``), ``fired``, ``blocked``, ``counter``,
    ``note``, ``timer``, ``stage``, ``announced``, ``nothing``. ``times``: so often; left out: at least once.

    ``station``: it did ``action``, with at least these ``params``; also sound, webhook, mqtt and announce.
    ``nothing``: no station was told anything.
    """

    station: Id | None = None
    action: Id | None = None
    params: dict[Id, Param] = {}
    times: Times | None = None
    fired: Fired | None = None
    blocked: Blocked | None = None
    counter: Counter | None = None
    note: Note | None = None
    timer: Timer | None = None
    stage: Stage | None = None
    announced: Words | None = None
    nothing: Literal[True] | None = None

    @property
    def given(self) -> list[str]:
        """Which of them are said."""
        return [n for n in _EXPECTED if getattr(self, n) is not None]


_EXPECTED = ("station", "fired", "blocked", "counter", "note", "timer", "stage", "announced", "nothing")


class RuleTest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens, one after the other, from ``start`` on (usually a Monday at noon), and all that has to have
    come of it once what began has ended."""

    given: Annotated[list[Given], Meta(min_length=1, max_length=1000)]
    expect: Annotated[list[Expect], Meta(min_length=1, max_length=100)]
    start: Start = "12:00"


class RuleTests(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``rules.test.yaml``; each test has a sentence for a name."""

    tests: dict[Name, RuleTest]
