"""decide(program, event, now, state) -> what shall move, and in words why or why not.

Compiled once into an index by account and kind of event, so rules that cannot match cost nothing.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct, field

from gateway.messages import (
    KINDS,
    Command,
    CommentEvent,
    Event,
    GiftEvent,
    LikeEvent,
    seconds,
    stamp,
)
from gateway.settings.models import OnComment, OnGift, OnLike, Rule, Then, duration
from gateway.text import normalise

MAX_UNITS = 500
"""Commands that one event may cause in one rule step: a single message cannot flood a station for hours."""


class Outcome(StrEnum):
    """What a rule that was looked at said; nothing else exists."""

    FIRED = "fired"
    NO_MATCH = "no match"
    WAITING = "waiting"
    COOLDOWN = "cooldown"
    STALE = "stale"


class Reason(Struct, frozen=True):
    """One rule's word on one event, for the trace."""

    rule: str
    outcome: Outcome
    words: str = ""


class Decision(Struct, frozen=True):
    """All that follows from one event. ``commands`` in the order they shall run."""

    commands: list[Command]
    reasons: list[Reason]


class State(Struct):
    """All that rules remember, owned by one caller and advanced by ``decide``. Serialises with msgspec."""

    fired: dict[str, float] = field(default_factory=dict)
    """Rule to when it last fired."""
    likes: dict[str, int] = field(default_factory=dict)
    """``rule/account`` to the likes carried over."""


Match = tuple[int, Outcome, str]
"""How often the rule's actions shall run, and the outcome with its words when that is 0."""
Matcher = Callable[[Event, State], Match]

_NO: Match = (0, Outcome.NO_MATCH, "")


class Compiled(Struct, frozen=True):
    name: str
    match: Matcher
    then: list[Then]
    cooldown: float
    deadline: float


class Program(Struct, frozen=True):
    """Rules ready to run: account, then kind, to the rules that could match, in file order.

    Only accounts that a rule names have an entry of their own; all others share ``everyone``.
    """

    named: dict[str, dict[str, list[Compiled]]]
    everyone: dict[str, list[Compiled]]

    def rules_for(self, event: Event) -> list[Compiled]:
        return self.named.get(event.account, self.everyone).get(KINDS[type(event)], [])


def compile_rules(rules: Mapping[str, Rule]) -> Program:
    """Turn checked rules (gateway.settings.load) into a Program."""
    program = Program({a: {} for rule in rules.values() for a in rule.accounts}, {})
    for name, rule in rules.items():
        if not rule.enabled:
            continue
        kind, matcher = _matcher(name, rule)
        compiled = Compiled(
            name, matcher, rule.then, duration(rule.cooldown) if rule.cooldown else 0.0, duration(rule.deadline)
        )
        wanted = [program.named[a] for a in rule.accounts] or [*program.named.values(), program.everyone]
        for kinds in wanted:
            kinds.setdefault(kind, []).append(compiled)
    return program


def decide(program: Program, event: Event, now: float, state: State) -> Decision:
    """What ``event`` causes at ``now`` (seconds since 1970). Advances ``state``; touches nothing else.

    The same program, events, times and starting state give equal decisions. Command ids derive from
    (event, rule, step, unit), so an event decided twice yields the same commands.
    """
    commands: list[Command] = []
    reasons: list[Reason] = []
    for rule in program.rules_for(event):
        times, outcome, words = rule.match(event, state)
        if times:
            if event.stale:
                outcome, words, times = Outcome.STALE, "heard too late: it counts, but moves nothing", 0
            elif (
                0
                < (wait := state.fired.get(rule.name, now - rule.cooldown) + rule.cooldown - now)
                <= rule.cooldown
            ):
                # Longer than the cooldown itself: the clock was set back, and nobody shall wait for it.
                outcome, words, times = Outcome.COOLDOWN, f"cooling down, {wait:.1f} s left", 0
            else:
                if now <= seconds(event.received) + rule.deadline:  # else its commands expire, and nothing cools
                    state.fired[rule.name] = now
                commands += _commands(rule, event, now, min(times, MAX_UNITS))
                if times > MAX_UNITS:
                    words = f"{times} at once; only {MAX_UNITS} run"
        reasons.append(Reason(rule.name, outcome, words))
    return Decision(commands, reasons)


def _commands(rule: Compiled, event: Event, now: float, times: int) -> list[Command]:
    # A connector whose clock is ahead must not make commands last longer.
    expires_at = stamp(min(seconds(event.received), now) + rule.deadline)
    user = getattr(event.data, "user", None)
    value = (event.data.coins or 0) if isinstance(event, GiftEvent) else 0
    return [
        Command(
            id=f"{event.id}/{rule.name}/{step}/{unit}",
            station=then.station,
            action=then.action,
            params=then.params,
            cause=event.id,
            trigger=KINDS[type(event)],
            rule=rule.name,
            account=event.account,
            user=user.nickname or user.name if user else "",
            viewer=user.id if user else "",
            run=f"{event.id}/{rule.name}/{unit}",
            value=value,
            received=event.received,
            expires_at=expires_at,
            simulated=event.simulated,
        )
        for unit in range(times)
        for step, then in enumerate(rule.then)
    ]


def _matcher(name: str, rule: Rule) -> tuple[str, Matcher]:
    match (rule.when.gift, rule.when.comment, rule.when.like):
        case (OnGift() as on, None, None):
            return "gift", _on_gift(on)
        case (None, OnComment() as on, None):
            return "comment", _on_comment(on)
        case (None, None, OnLike() as on):
            return "like", _on_like(name, on)
        case _:  # gateway.settings.load has refused it already
            raise ValueError(f"rule {name!r} needs exactly one trigger")


def _on_gift(on: OnGift) -> Matcher:
    name = normalise(on.name) if on.name else None

    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, GiftEvent)
        gift = event.data
        if on.id is not None and gift.gift_id != on.id:
            return _NO
        if name is not None and normalise(gift.name) != name:
            return _NO
        if on.min_coins is not None and (gift.coins or 0) < on.min_coins:
            return _NO
        if on.pay == "each":
            times = gift.count
        elif on.pay == "start":
            times = int(gift.count > 0 and gift.total == gift.count)
        else:
            times = int(gift.ended)
        return (times, Outcome.FIRED, "") if times else (0, Outcome.WAITING, "the streak goes on")

    return match


def _on_comment(on: OnComment) -> Matcher:
    exact = normalise(on.exact) if on.exact else None
    contains = normalise(on.contains) if on.contains else ""

    def match(event: Event, _state: State) -> Match:
        assert isinstance(event, CommentEvent)
        text = event.data.plain or normalise(event.data.text)
        hit = text == exact if exact is not None else contains in text
        return (1, Outcome.FIRED, "") if hit else _NO

    return match


def _on_like(name: str, on: OnLike) -> Matcher:
    def match(event: Event, state: State) -> Match:
        assert isinstance(event, LikeEvent)
        key = f"{name}/{event.account}"
        times, state.likes[key] = divmod(state.likes.get(key, 0) + event.data.count, on.every)
        if times:
            return times, Outcome.FIRED, ""
        return 0, Outcome.WAITING, f"{state.likes[key]} of {on.every} likes"

    return match
