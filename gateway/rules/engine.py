"""decide(program, event, now, state) -> what shall move, and in words why or why not.

Compiled once into an index by account and kind of event, so rules that cannot match cost nothing.
"""

from collections.abc import Mapping

from msgspec import Struct

from gateway.messages import KINDS, Command, Event, GiftEvent, seconds, stamp
from gateway.rules.conditions import Condition, compile_who, count_combo, left, remember_viewer
from gateway.rules.state import State
from gateway.rules.triggers import Matcher, Outcome, compile_when
from gateway.settings.rules import Combo, Rule, Then
from gateway.settings.values import duration

MAX_UNITS = 500
"""Commands that one event may cause in one rule step: a single message cannot flood a station for hours."""


class Reason(Struct, frozen=True):
    """One rule's word on one event, for the trace."""

    rule: str
    outcome: Outcome
    words: str = ""


class Decision(Struct, frozen=True):
    """All that follows from one event. ``commands`` in the order they shall run."""

    commands: list[Command]
    reasons: list[Reason]


class Compiled(Struct, frozen=True):
    name: str
    match: Matcher
    condition: Condition | None
    combo: Combo | None
    then: list[Then]
    otherwise: list[Then]
    cooldown: float
    user_cooldown: float
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
        kind, matcher = compile_when(name, rule.when)
        compiled = Compiled(
            name,
            matcher,
            compile_who(name, rule.if_, rule.unless),
            rule.combo,
            rule.then,
            rule.else_,
            duration(rule.cooldown) if rule.cooldown else 0.0,
            duration(rule.user_cooldown) if rule.user_cooldown else 0.0,
            duration(rule.deadline),
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
        steps = rule.then
        if times:
            steps, times, outcome, words = _meant(rule, event, times, now, state)
        if times:
            commands += _commands(rule, steps, event, now, min(times, MAX_UNITS))
            if times > MAX_UNITS:
                words = f"{times} at once; only {MAX_UNITS} run"
        reasons.append(Reason(rule.name, outcome, words))
    return Decision(commands, reasons)


def _meant(
    rule: Compiled, event: Event, times: int, now: float, state: State
) -> tuple[list[Then], int, Outcome, str]:
    """The trigger matched: which steps run how often, or why none."""
    if event.stale:
        return [], 0, Outcome.STALE, "heard too late: it counts, but moves nothing"
    steps, why_not = rule.then, rule.condition(event) if rule.condition is not None else ""
    if why_not:
        steps = rule.otherwise
        if not steps:
            return [], 0, Outcome.NOT_MEANT, why_not
    elif rule.combo is not None:
        if waiting := count_combo(rule.name, rule.combo, event, times, now, state):
            return [], 0, Outcome.WAITING, waiting
        times = 1
    if wait := left(state.fired.get(rule.name), rule.cooldown, now):
        return [], 0, Outcome.COOLDOWN, f"cooling down, {wait:.1f} s left"
    viewer = _viewer(rule, event)
    if viewer and (wait := left(state.fired_for.get(viewer), rule.user_cooldown, now)):
        return [], 0, Outcome.COOLDOWN, f"cooling down for this viewer, {wait:.1f} s left"
    if now <= seconds(event.received) + rule.deadline:  # else its commands expire, and nothing cools
        state.fired[rule.name] = now
        if viewer:
            remember_viewer(viewer, now, state)
    return steps, times, Outcome.FIRED, why_not


def _viewer(rule: Compiled, event: Event) -> str:
    """Whose cooldown it is; empty where there is none."""
    user = getattr(event.data, "user", None) if rule.user_cooldown else None
    return f"{rule.name}/{user.id}" if user else ""


def _commands(rule: Compiled, steps: list[Then], event: Event, now: float, times: int) -> list[Command]:
    # A connector whose clock is ahead must not make commands last longer.
    expires_at = stamp(min(seconds(event.received), now) + rule.deadline)
    word = "" if steps is rule.then else "else-"
    user = getattr(event.data, "user", None)
    value = (event.data.coins or 0) if isinstance(event, GiftEvent) else 0
    return [
        Command(
            id=f"{event.id}/{rule.name}/{word}{step}/{unit}",
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
        for step, then in enumerate(steps)
    ]
