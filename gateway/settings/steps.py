"""``then`` of a rule: what moves, sounds, counts and waits."""

from typing import Annotated

from msgspec import Meta, Struct, field

from gateway.messages import Id, Param
from gateway.settings.values import DURATION, Duration

Number = float | Annotated[str, Meta(max_length=500, description="a number, or an expression such as coins * 2")]
Words = Annotated[
    str, Meta(min_length=1, max_length=1000, description="text; {…} stands for an expression, such as {user}")
]
Text = Annotated[str, Meta(max_length=1000, description="as above, or nothing")]
Wait = Annotated[
    str,
    Meta(
        pattern=f"^(done|{DURATION[1:-1]})$",
        description="a number and its unit, such as 500ms or 2s, or done",
        examples=["2s", "done"],
    ),
]
Length = (
    float
    | Annotated[
        str, Meta(max_length=500, description="such as 30s, or an expression in seconds, such as coins * 2")
    ]
)
MOST_REPEATS = 100


class SetCounter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``add`` to a counter, or ``set`` it."""

    name: Id
    add: Number | None = None
    set: Number | None = None


class SetTimer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``start`` it anew for so long, ``extend`` it by so long (it starts if it does not run; never beyond
    ``most``), or ``stop`` it. Lengths are a duration, or an expression in seconds."""

    name: Id
    start: Length | None = None
    extend: Length | None = None
    most: Duration | None = None
    stop: bool = False


class SetNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keep a text in a note, at most 200 characters of it; an empty one wipes it out."""

    name: Id
    set: Text


class Publish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An MQTT message on a topic of somebody else's."""

    topic: Annotated[str, Meta(min_length=1, max_length=200)]
    payload: Words = "on"
    retain: bool = False


class Call(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook of the settings, with the text it gets."""

    name: Id
    body: Words | None = None


class Repeat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``steps``, ``times`` times over, with ``every`` so long from one beginning to the next.

    ``jitter``: each time up to so many percent earlier or later, drawn by lot.
    """

    times: Number
    every: Duration = "0ms"
    jitter: Annotated[float, Meta(ge=0, le=25)] = 0
    steps: Annotated[list["Then"], Meta(min_length=1)]


class Choice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of those that are drawn by lot: ``weight`` 2 comes twice as often as 1. No steps: a blank."""

    weight: Annotated[float, Meta(gt=0, le=1_000_000)] = 1
    steps: list["Then"] = []


class Fork(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``steps`` if the expression is true, else ``else``."""

    so: Annotated[str, Meta(min_length=1, max_length=500)]
    steps: list["Then"] = []
    else_: list["Then"] = field(name="else", default_factory=list)


class Then(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step; exactly one of ``station``, ``wait``, ``parallel``, ``repeat``, ``choose``, ``fork``, ``counter``,
    ``timer``, ``note``, ``announce``, ``sound``, ``publish``, ``webhook``.

    ``action`` of a ``station`` with its ``params``, numbers or expressions; those beyond what the action takes are
    brought to its limits. ``wait``: so long, or ``done``: until all that this run has begun has ended.
    ``parallel``: lists of steps that begin together; what follows begins when the last wait in them is over.
    """

    station: Id | None = None
    action: Id | None = None
    params: dict[Id, Param] = {}
    wait: Wait | None = None
    parallel: list[list["Then"]] | None = None
    repeat: Repeat | None = None
    choose: list[Choice] | None = None
    fork: Fork | None = None
    counter: SetCounter | None = None
    timer: SetTimer | None = None
    note: SetNote | None = None
    announce: Words | None = None
    sound: Id | None = None
    publish: Publish | None = None
    webhook: Call | None = None

    @property
    def given(self) -> list[str]:
        """Which steps are said: exactly one where the settings were checked."""
        return [name for name in STEPS if getattr(self, name) is not None]


STEPS = (
    "station",
    "wait",
    "parallel",
    "repeat",
    "choose",
    "fork",
    "counter",
    "timer",
    "note",
    "announce",
    "sound",
    "publish",
    "webhook",
)
