"""What a rule may look at while it decides: the event, the state, and the values that expressions read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b

from msgspec import Struct

from gateway.messages import (
    KINDS,
    Comment,
    Event,
    Gift,
    GiftEvent,
    Outcome,
    Question,
    TopicEvent,
    User,
    seconds,
)
from gateway.rules.metrics import Metrics, values
from gateway.rules.runs import Cause
from gateway.rules.state import State
from gateway.settings.expressions import Expression, Template, Value
from gateway.text import normalise

EMPTY = Metrics()


class Signal(Struct, frozen=True):
    """A counter or a stage that changed: rules listen to that, too. ``key``: which of the viewers' counters;
    ``origin``: what did it, by a name of its own: the step of a run, the level that was left and since when."""

    kind: str
    name: str
    before: float
    after: float
    key: str = ""
    origin: str = ""
    simulated: bool = False

    def follows(self, last: "Signal") -> bool:
        """Whether it only goes on where ``last`` ended, in the same direction: then both are one change."""
        return (
            (self.kind, self.key, self.before, self.simulated) == (last.kind, last.key, last.after, last.simulated)
            and self.name == last.name
            and (self.after > self.before) is (last.after > last.before)
        )


class Moment:
    """One event at one time. ``unit`` of ``times``: rules fire once for each gift of a message."""

    __slots__ = (
        "_cause",
        "_live",
        "_plain",
        "_received",
        "account",
        "ahead",
        "before",
        "event",
        "kind",
        "noted",
        "now",
        "signal",
        "state",
        "times",
        "unit",
        "units",
        "user",
    )

    def __init__(self, event: Event, now: float, state: State, before: Metrics = EMPTY) -> None:
        self.event, self.now, self.state, self.before = event, now, state, before
        self.kind, self.account = KINDS[type(event)], event.account
        self.user: User | None = getattr(event.data, "user", None)
        self.signal: Signal | None = None
        self.times, self.unit = 1, 0
        self.ahead: dict[str, float] = {}  # counters as they will be after the steps planned so far
        self.noted: dict[str, str] = {}  # and notes
        self.units: dict[str, int] = {}  # rule -> runs that the event has begun
        self._live: dict[str, float] | None = None
        self._plain: str | None = None
        self._received: float | None = None
        self._cause: Cause | None = None

    @property
    def viewer(self) -> str:
        return self.user.id if self.user is not None else ""

    @property
    def after(self) -> Metrics:
        """The account's totals with this event; ``before``: without it."""
        return self.state.metrics.get(self.account, EMPTY)

    def live(self, metric: str) -> float:
        if self._live is None:
            self._live = values(self.after, self.now)
        return self._live[metric]

    @property
    def plain(self) -> str:
        """A comment, a question or the name of a gift, in the form in which words are compared."""
        if self._plain is None:
            data = self.event.data
            if isinstance(data, Gift):
                self._plain = normalise(data.name)
            else:
                self._plain = data.plain or normalise(data.text) if isinstance(data, Comment | Question) else ""
        return self._plain

    @property
    def received(self) -> float:
        """When the event was received, seconds since 1970."""
        if self._received is None:
            self._received = seconds(self.event.received)
        return self._received

    @property
    def cause(self) -> Cause:
        """The event, as what it causes names it; one for all runs that it begins."""
        if self._cause is None:
            event, user = self.event, self.user
            self._cause = Cause(
                event=event.id,
                trigger=self.kind,
                received=event.received,
                account=self.account,
                user=(user.nickname or user.name) if user is not None else "",
                viewer=self.viewer,
                value=(event.data.coins or 0) if isinstance(event, GiftEvent) else 0,
                paid=isinstance(event, GiftEvent),
                simulated=event.simulated,
            )
        return self._cause

    def draw(self, purpose: str) -> float:
        """0 to 1, the same for the same event and purpose: a replay and a second gateway draw alike."""
        digest = blake2b(f"{purpose}/{self.event.id}".encode(), digest_size=6).digest()
        return int.from_bytes(digest) / 2**48


Match = tuple[int, Outcome, str]
"""How often a rule's actions shall run, and the outcome with its words when that is 0."""
NO: Match = (0, Outcome.NO_MATCH, "")
Matcher = Callable[[Moment], Match]
Getter = Callable[[Moment], Value]


def _gift(m: Moment) -> Gift | None:
    return m.event.data if isinstance(m.event, GiftEvent) else None


def _text(m: Moment) -> str:
    return "" if isinstance(m.event, GiftEvent) else m.plain


def _word(m: Moment, number: int) -> str:
    words = _text(m).split(" ", number + 1)
    return words[number] if len(words) > number else ""


def _of_user(name: str) -> Getter:
    return lambda m: getattr(m.user, name) if m.user is not None else (False if name in _FLAGS else 0)


_FLAGS = ("follower", "moderator", "subscriber")
_FIXED: dict[str, Getter] = {
    "user": lambda m: (m.user.nickname or m.user.name) if m.user is not None else "",
    "account": lambda m: m.account,
    **{name: _of_user(name) for name in (*_FLAGS, "fan_level", "gifter_level")},
    "times": lambda m: m.times,
    "n": lambda m: m.unit + 1,
    "coins": lambda m: (g.coins or 0) if (g := _gift(m)) else 0,
    "count": lambda m: getattr(m.event.data, "count", 0),
    "total": lambda m: getattr(m.event.data, "total", 0),
    "value": lambda m: (g.coins or 0) * g.count if (g := _gift(m)) else 0,
    "gift": lambda m: g.name if (g := _gift(m)) else "",
    "text": _text,
    "args": lambda m: _text(m).partition(" ")[2],
    "arg1": lambda m: _word(m, 1),
    "arg2": lambda m: _word(m, 2),
    "arg3": lambda m: _word(m, 3),
    "payload": lambda m: m.event.data.payload if isinstance(m.event, TopicEvent) else "",
}


class Names:
    """Where the values of a rule book's variables come from (``gateway.settings.variables`` has their kinds)."""

    def __init__(
        self,
        counters: Iterable[tuple[str, float, bool]],
        timers: Iterable[str],
        notes: Iterable[str],
        levels: Mapping[str, Sequence[str]],
    ) -> None:
        self._getters = dict(_FIXED)
        for name, start, per_viewer in counters:
            self._getters[variable(name)] = _counter(name, start, per_viewer)
        for name in timers:
            self._getters[f"timer_{variable(name)}"] = _timer(name)
        for name in notes:
            self._getters[f"note_{variable(name)}"] = _note(name)
        for name, of_stage in levels.items():
            self._getters[f"stage_{variable(name)}"] = _stage(name, of_stage)

    def value(
        self, expression: Expression | Template, fit: Callable[[Value], Value] | None = None
    ) -> Callable[[Moment], Value]:
        """The expression, ready to be worked out at a moment: it looks up only what it reads. ``fit`` makes each
        value safe for where the result goes."""
        getters = [(name, self._getter(name)) for name in sorted(expression.names)]
        if fit is not None:
            return lambda m: expression({name: fit(get(m)) for name, get in getters})
        return lambda m: expression({name: get(m) for name, get in getters})

    def _getter(self, name: str) -> Getter:
        if name.startswith("live_"):
            metric = name.removeprefix("live_")
            return lambda m: m.live(metric)
        return self._getters[name]


def variable(name: str) -> str:
    """How a counter, timer, note or stage is called in expressions."""
    return name.replace("-", "_")


def counter_key(name: str, per_viewer: bool, m: Moment) -> str:
    return f"{name}/{m.viewer}" if per_viewer else name


def _counter(name: str, start: float, per_viewer: bool) -> Getter:
    def get(m: Moment) -> Value:
        key = counter_key(name, per_viewer, m)
        value = float(m.ahead[key] if key in m.ahead else m.state.counter(key, start))
        return int(value) if value.is_integer() else value

    return get


def _timer(name: str) -> Getter:
    return lambda m: max(0.0, m.state.timers.get(name, 0.0) - m.now)


def _note(name: str) -> Getter:
    return lambda m: m.noted[name] if name in m.noted else m.state.notes.get(name, "")


def _stage(name: str, levels: Sequence[str]) -> Getter:
    return lambda m: level_number(m.state, name, levels)


def level_number(state: State, stage: str, levels: Sequence[str]) -> int:
    """Where a stage stands, from 0; one that has not begun, or whose level is no more, is on its ground."""
    memory = state.stages.get(stage)
    return levels.index(memory.level) if memory is not None and memory.level in levels else 0
