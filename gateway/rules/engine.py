"""The rules' front door: pure functions of (program, what happened, now, state).

``decide`` is where a gift becomes commands. Each function advances ``state`` and touches nothing else; the same
program, happenings, times and starting state give equal decisions. Times are seconds since 1970.
"""

import math
from collections.abc import Iterable
from itertools import islice

from msgspec import Struct

from gateway.messages import (
    Ack,
    Command,
    Decided,
    Event,
    InputEvent,
    LedgerCounts,
    Owed,
    PressEvent,
    Reason,
    StageState,
    Status,
    Tick,
    TickEvent,
    TopicEvent,
    stamp,
)
from gateway.rules import stages
from gateway.rules.program import Program as Program
from gateway.rules.program import compile_rules as compile_rules
from gateway.rules.running import is_far
from gateway.rules.runs import Clock, Count, Run, counted
from gateway.rules.state import State
from gateway.rules.steps import LONGEST_TIMER_S
from gateway.rules.turn import Turn, measured

LATE_TICK_S = 60.0
"""A clock that struck longer ago than this, while nobody was there, is not heard any more."""
MAX_WAKE = 1_000
"""Runs, timers and clocks that one ``wake`` handles; the next one has the rest."""


class Decision(Struct, frozen=True, kw_only=True):
    """All that follows.

    ``cancelled``: runs to be called back, with the reason, before ``commands`` are sent, in this order; those in
    ``repeated`` were sent before, and nobody knows what became of them. ``decided``: what the rules said of each
    event; ``events``: those that the engine saw itself (a clock, a timer).
    """

    commands: list[Command] = []
    repeated: set[str] = set()
    cancelled: dict[str, str] = {}
    decided: list[Decided] = []
    events: list[Event] = []

    @property
    def reasons(self) -> list[Reason]:
        return [reason for decided in self.decided for reason in decided.reasons]


def decide(program: Program, event: Event, now: float, state: State) -> Decision:
    """What ``event`` causes."""
    turn = Turn(program, state, now)
    turn.event(event, _venue_key(event))
    return _decision(turn)


def ended(program: Program, ack: Ack, now: float, state: State) -> Decision:
    """A command came to its end: its run goes on, or is over and the next of its rule begins."""
    turn = Turn(program, state, now)
    turn.ack(ack)
    turn.settle()
    return _decision(turn)


def due(program: Program, state: State, now: float) -> float | None:
    """When ``wake`` has something to do; None: only when something happens."""
    times = [*state.alarms.values(), *state.timers.values(), *state.ticked.values()]
    if program.levels and (change := stages.due(program.stages, state.stages, now)) is not None:
        times.append(change)
    return min(times, default=None)


def wake(program: Program, now: float, state: State) -> Decision:
    """Do what is due by time alone: steps of runs, timers that run out, clocks that strike, stages that change."""
    turn = Turn(program, state, now)
    alarms = ((at, state.runs[run_id].order, run_id) for run_id, at in state.alarms.items() if at <= now)
    for _, _, run_id in sorted(alarms)[:MAX_WAKE]:
        turn.go_on(state.runs[run_id])
    turn.settle()
    for timer in _due(state.timers, now):
        ends = state.timers.get(timer, math.inf)
        if ends > now:
            continue  # a rule on the one before has stopped or extended it
        tick = _tick(Tick(timer=timer), f"timer/{timer}", ends, now)
        del state.timers[timer]
        state.timed.drop(timer)
        turn.events.append(tick)
        turn.event(tick, f"timer:{timer}")
    for rule in _due(state.ticked, now):
        struck = state.ticked[rule]
        _wind(state, rule, program.schedules[rule].next(now))
        if now - struck <= LATE_TICK_S:
            again = f"/{state.rewound[rule]}" if rule in state.rewound else ""
            tick = _tick(Tick(rule=rule), f"time/{rule}{again}", struck, now)
            turn.events.append(tick)
            turn.event(tick, f"time:{rule}")
    turn.settle()
    return _decision(turn)


def begin(program: Program, now: float, state: State) -> None:
    """The program is in force from now on: its clocks are wound, those of other rules stop. What counters, runs
    and stages have come to stays."""
    for rule in [r for r in state.ticked if r not in program.schedules]:
        del state.ticked[rule]
    for rule, schedule in program.schedules.items():
        before = state.ticked.get(rule)
        if before is not None and is_far(before, schedule, now):
            state.rewound[rule] = state.rewound.get(rule, 0) + 1
        elif before is not None and before >= now - LATE_TICK_S and schedule.next(before - 0.001) == before:
            continue  # it goes on as it was wound; another schedule than then is wound anew
        _wind(state, rule, schedule.next(now))


def _wind(state: State, rule: str, upcoming: float) -> None:
    if math.isfinite(upcoming):
        state.ticked[rule] = upcoming
    else:
        state.ticked.drop(rule)  # a day that never comes


def halt(program: Program, now: float, state: State, words: str, *, owed: bool) -> Decision:
    """Everything was stopped: runs begin nothing more. What their commands come to is told by ``ended``: whoever
    stopped them knows best why they ended."""
    turn = Turn(program, state, now)
    for run in list(state.runs.values()):
        if run.todo:
            turn.keep(run.given_up(Status.CANCELLED, words, owed))
    return _decision(turn)


def left(state: State) -> list[Command]:
    """The commands that a killed gateway left without an ending, with deadlines no later than those they had."""
    return [
        run.command(act, command_id, run.begun)
        for run in state.runs.values()
        for command_id, act in run.open.items()
    ]


# -- the ledger ------------------------------------------------------------------------------------


def pay(program: Program, run_id: str, now: float, state: State) -> Decision | None:
    """Give again what a run is owed; None when it is not owed anything."""
    turn = Turn(program, state, now)
    return _decision(turn) if turn.pay(run_id) else None


def forgive(program: Program, run_id: str, now: float, state: State) -> bool:
    """What a run is owed is not given any more; it counts as cancelled. False when it is not owed anything."""
    return Turn(program, state, now).forgive(run_id)


def owed(state: State, most: int | None = None) -> list[Owed]:
    """The oldest first, ``most`` of them or all."""
    return [_owed(debt.run) for debt in islice(state.owed.values(), most)]


def ledger(state: State) -> tuple[dict[str, LedgerCounts], bool]:
    """What became of each rule's runs (``practice/rule``: those of practice), and whether it adds up: every run
    has one ending, is owed, or waits."""
    waiting: dict[str, int] = {}
    for run in state.runs.values():
        key = f"practice/{run.rule}" if run.cause.simulated else run.rule
        waiting[key] = waiting.get(key, 0) + 1
    counts = {key: counted(c, waiting=waiting.get(key, 0)) for key, c in state.ledger.items()}
    balanced = all(adds_up(c) for c in counts.values()) and waiting.keys() <= counts.keys()
    return counts, balanced and sum(c.owed for c in counts.values()) == len(state.owed)


def adds_up(c: LedgerCounts) -> bool:
    """Every run that was received is somewhere, once."""
    ends = c.done + c.blocked + c.expired + c.dropped + c.cancelled + c.failed
    return c.received == ends + c.owed + c.waiting


def summed(counts: Iterable[LedgerCounts]) -> LedgerCounts:
    """All of them together."""
    total = LedgerCounts()
    for c in counts:
        total = counted(total, **{name: getattr(c, name) for name in c.__struct_fields__})
    return total


# -- what people set ---------------------------------------------------------------------------------


def set_counter(program: Program, name: str, value: float, now: float, state: State) -> Decision | str:
    """What follows from it, or in words why not; so for timers and stages."""
    counter = program.counters.get(name)
    if counter is None:
        return f"there is no counter {name!r}; there are {', '.join(program.counters) or 'none'}"
    if counter.per == "viewer":
        return f"each viewer has a counter {name!r} of their own"
    turn = Turn(program, state, now)
    turn.change(Count(name, name, to=value), f"a person/{stamp(now)}/{state.order()}")
    turn.settle()
    return _decision(turn)


def set_timer(program: Program, name: str, seconds: float, now: float, state: State) -> Decision | str:
    """It ends in so many seconds; 0 stops it, and nobody hears of that."""
    if name not in program.timers:
        return f"there is no timer {name!r}; there are {', '.join(program.timers) or 'none'}"
    if not 0 <= seconds <= LONGEST_TIMER_S:
        return f"expected 0 to {LONGEST_TIMER_S:g} seconds"
    Turn(program, state, now).set_timer(Clock(name, start=seconds or None))
    return Decision()


def stage_states(program: Program, now: float, state: State) -> list[StageState]:
    """Every stage, for the page."""
    return stages.state(program.stages, state.stages, lambda s: measured(program, state, s, now), now)


def lock_stage(program: Program, stage: str, level: str | None, now: float, state: State) -> Decision | str:
    """Keep a stage on ``level``, or with None let it follow what is measured."""
    if words := stages.complaint(program.stages, stage, level):
        return words
    memory = state.stages.get(stage)
    if memory is None:
        return "the stage has not begun yet: it does with the first event"
    state.stages[stage] = stages.lock(memory, level)
    turn = Turn(program, state, now)
    turn.settle()
    return _decision(turn)


def _owed(run: Run) -> Owed:
    c = run.cause
    return Owed(
        run=run.id,
        rule=run.rule,
        event=c.event,
        account=c.account,
        user=c.user,
        value=c.value,
        since=stamp(run.since),
        reason=run.reason,
        simulated=c.simulated,
    )


def _decision(turn: Turn) -> Decision:
    return Decision(
        commands=turn.commands,
        repeated=turn.repeated,
        cancelled=turn.cancelled,
        decided=turn.decided,
        events=turn.events,
    )


def _venue_key(event: Event) -> str:
    match event:
        case InputEvent(data=change):
            return f"input:{change.station}/{change.channel}"
        case PressEvent(data=press):
            return f"button:{press.button}"
        case TopicEvent(data=message):
            return f"topic:{message.topic}"
        case TickEvent(data=tick):
            return f"timer:{tick.timer}" if tick.timer else f"time:{tick.rule}"
    return ""


def _due(times: dict[str, float], now: float) -> list[str]:
    """The keys whose time has come, the earliest first."""
    found = sorted((at, key) for key, at in times.items() if at <= now)
    return [key for _, key in found[:MAX_WAKE]]


def _tick(data: Tick, name: str, due_at: float, now: float) -> TickEvent:
    # Named by when it was due: a tick that a killed gateway had already decided is the same one again.
    time = stamp(due_at) if math.isfinite(due_at) else stamp(now)
    return TickEvent(id=f"{name}/{time}", source=f"/{name}", time=time, received=stamp(now), data=data)
