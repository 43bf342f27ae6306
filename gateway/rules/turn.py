"""One turn of the engine: rules are asked, and what they begin, begins."""

from collections import deque
from hashlib import blake2b

from msgspec.structs import replace

from gateway.messages import (
    Decided,
    Event,
    GiftEvent,
    LiveEvent,
    Outcome,
    Reason,
    Status,
    Tick,
    TickEvent,
    seconds,
    stamp,
)
from gateway.rules import metrics, stages
from gateway.rules.limits import count_combo
from gateway.rules.moment import EMPTY, NO, Moment, Signal
from gateway.rules.program import Branch, Compiled, Program
from gateway.rules.running import Running
from gateway.rules.runs import Cause, Count, Effect, Run, Todo
from gateway.rules.state import State
from gateway.rules.steps import Plan
from gateway.settings.stages import Stage

MAX_UNITS = 500
"""Runs of one rule that one event may begin: a single message cannot flood a station for hours."""
MAX_TIMES = 1_000_000
"""Of one event and rule: what is more was never sent by people, and its sum could not be written any more."""
MAX_RUNS = 10_000
"""Runs that go on or wait, of all rules: each is kept in memory and on disk."""
MAX_SIGNALS = 100
"""Changes of counters and stages that one event may bring about by rules that listen to them; more is a loop."""


class Turn(Running):
    """``decided``: what the rules said, for the trace; ``events``: those that the engine saw itself."""

    def __init__(self, program: Program, state: State, now: float) -> None:
        super().__init__(program, state, now)
        self.decided: list[Decided] = []
        self.events: list[Event] = []

    # -- an event ----------------------------------------------------------------------------------

    def event(self, event: Event, venue_key: str = "") -> None:
        """Ask every rule that could match. ``venue_key``: under which those stand that belong to no account."""
        moment = Moment(event, self.now, self.state)
        if venue_key:
            rules = self.program.venue.get(venue_key, [])
        else:
            first = self._observe(moment)
            rules = self.program.rules_for(event.account, moment.kind)
            if first:
                rules = [*rules, *self.program.rules_for(event.account, "first")]
        reasons = [self._ask(rule, moment) for rule in rules]
        self._cascade(moment, reasons)
        self.decided.append(Decided(event=event.id, account=event.account, time=stamp(self.now), reasons=reasons))

    def settle(self) -> None:
        """What waited for a run that is over begins; the rules on counters and stages hear what time, or a run
        that went on, has changed of them."""
        self.follow()
        self.advance_stages()
        for practice in {signal.simulated: None for signal in self.signals}:  # practice never mixes with the rest
            others = [signal for signal in self.signals if signal.simulated is not practice]
            self.signals = deque(signal for signal in self.signals if signal.simulated is practice)
            self._tell(self.signals[0])
            self.signals = deque(others)

    def _tell(self, first: Signal) -> None:
        """All signals, as an event of their own. It is named by where the first of them comes from, and not by the
        time: a killed gateway that comes to it again brings the same event, and the same commands."""
        at = stamp(self.now)
        origin = blake2b(first.origin.encode(), digest_size=8).hexdigest()
        name = f"{first.kind}/{first.name}/{origin}"
        tick = TickEvent(id=name, source=f"/{name}", time=at, received=at, simulated=first.simulated, data=Tick())
        reasons = list[Reason]()
        self._cascade(Moment(tick, self.now, self.state), reasons)
        self.events.append(tick)
        self.decided.append(Decided(event=tick.id, time=at, reasons=reasons))

    def _observe(self, m: Moment) -> bool:
        """Count what the event tells of the LIVE. True when it is its viewer's first one."""
        program, state, event = self.program, self.state, m.event
        if isinstance(event, LiveEvent) and event.data.phase == "started":
            room, received = state.rooms.get(m.account, ("", ""))
            if event.room and (event.room == room or (received and seconds(event.received) < seconds(received))):
                return False  # the same LIVE is heard again, or the one before comes late
            state.rooms[m.account] = (event.room, event.received)
            self._reset(m.account)
        if program.wants_metrics:
            before = state.metrics.get(m.account, EMPTY)
            state.metrics[m.account] = after = metrics.add(before, event, self.now)
            m.before = before if after.room == before.room or not before.room else EMPTY
        if m.user is None:
            return False
        if program.wants_top and isinstance(event, GiftEvent) and event.data.coins and event.data.count:
            state.give(m.account, m.viewer, event.data.coins * event.data.count)
        if not program.rules_for(m.account, "first"):
            return False
        key = f"{m.account}/{m.viewer}"
        first = key not in state.seen
        state.seen[key] = True
        return first

    def _reset(self, account: str) -> None:
        """Another LIVE begins."""
        self.state.forget_live(account)
        for name, counter in self.program.counters.items():
            if counter.reset == "live":
                self.state.reset_counter(name)

    def _cascade(self, m: Moment, reasons: list[Reason]) -> None:
        """Rules on counters and stages hear what the rules before them changed."""
        for _ in range(MAX_SIGNALS):
            if not self.signals:
                self.advance_stages()
            if not self.signals:
                return
            m.signal = self.signals.popleft()
            reasons += [self._ask(rule, m) for rule in self._listening(m.signal)]
        if self.signals:
            words = f"more than {MAX_SIGNALS} changes by one event: do rules change what they listen to?"
            rules = {rule.name: None for signal in self.signals for rule in self._listening(signal)}
            reasons += [Reason(rule=name, outcome=Outcome.BUSY, words=words) for name in rules]
            self.signals.clear()

    def _listening(self, signal: Signal) -> list[Compiled]:
        return self.program.venue.get(f"{signal.kind}:{signal.name}", [])

    # -- one rule ----------------------------------------------------------------------------------

    def _ask(self, rule: Compiled, m: Moment) -> Reason:
        found = rule.match(m)
        if found is NO:
            return rule.no_match
        times, outcome, words = found
        if not times:
            return Reason(rule=rule.name, outcome=outcome, words=words)
        m.times = times = min(times, MAX_TIMES)
        m.unit = 0
        why_not = rule.condition(m) if rule.condition is not None else ""
        branch = rule.otherwise if why_not else rule.then
        if branch is None:
            return Reason(rule=rule.name, outcome=Outcome.NOT_MEANT, words=why_not)
        if m.event.stale:
            self.count(rule.name, m.event.simulated, received=times, blocked=times)
            words = "heard too late: it counts, but moves nothing"
            return Reason(rule=rule.name, outcome=Outcome.STALE, words=words, times=times)
        if rule.combo is not None and not why_not:
            if waiting := count_combo(rule.name, rule.combo, m, times):
                return Reason(rule=rule.name, outcome=Outcome.WAITING, words=waiting)
            m.times = times = 1
        return self._fire(rule, branch, m, times, why_not)

    def _fire(self, rule: Compiled, branch: Branch, m: Moment, times: int, words: str) -> Reason:
        """Begin a run for each unit that the limits let pass."""
        fired, refused, earlier = 0, None, m.units.get(rule.name, 0)
        late = self.now > m.received + rule.deadline  # then its commands expire, and nothing cools
        for unit in range(earlier, min(earlier + times, MAX_UNITS)):
            m.unit = unit
            run_id, todo, limits = f"{m.event.id}/{rule.name}/{unit}", _planned(rule, branch, m), branch.limits
            refused = limits.refusal(m, todo) if limits is not None else None
            refused = refused or self._busy(rule, run_id)
            if refused is not None:
                break
            if limits is not None and not late:
                limits.count(m, todo)
            cause = m.cause
            if branch.fixed is None and not cause.paid and any(_spends(step.effect) for step in todo):
                cause = replace(cause, paid=True)
            self._begin(rule, todo, m, run_id, cause)
            fired += 1
        m.units[rule.name] = earlier + fired
        if fired:
            self.count(rule.name, m.event.simulated, received=fired)
        blocked = times - fired
        if blocked and refused is None:
            self.count(rule.name, m.event.simulated, received=blocked, dropped=blocked)
            words = f"{times} at once; only {MAX_UNITS} run"
        elif blocked and refused is not None:
            self.count(rule.name, m.event.simulated, received=blocked, blocked=blocked)
            if not fired:
                return Reason(rule=rule.name, outcome=refused[0], words=refused[1], times=times)
            words = f"{fired} of {times}, then: {refused[1]}"
        return Reason(rule=rule.name, outcome=Outcome.FIRED, words=words, times=fired)

    def _busy(self, rule: Compiled, run_id: str) -> tuple[Outcome, str] | None:
        """Whether other runs are in the way of this one."""
        if run_id in self.state.runs or run_id in self.state.owed:
            return Outcome.BUSY, "the same event was decided before, and this run goes on"
        if len(self.state.runs) >= MAX_RUNS:
            return Outcome.BUSY, f"{MAX_RUNS} runs go on"
        if rule.mode == "parallel" and not rule.most:
            return None
        runs = len(self.state.by_rule.get(rule.name, ()))
        match rule.mode:
            case "single" if runs:
                return Outcome.BUSY, "its last run goes on"
            case "parallel" if runs >= rule.most:
                return Outcome.BUSY, f"{rule.most} of its runs go on"
            case "queued" if rule.most and runs > rule.most:
                return Outcome.BUSY, f"{rule.most} of its runs wait"
        return None

    def _begin(self, rule: Compiled, todo: tuple[Todo, ...], m: Moment, run_id: str, cause: Cause) -> None:
        waits = rule.mode == "queued" and todo and rule.name in self.state.by_rule
        run = Run(
            id=run_id,
            rule=rule.name,
            cause=cause,
            since=self.now,
            deadline=rule.deadline,
            order=self.state.order(),
            priority=rule.priority,
            base=None if waits else self.now,
            todo=todo,
        )
        if rule.mode == "restart":
            for other in list(self.state.by_rule.get(rule.name, ())):
                self.cancel(self.state.runs[other], Status.CANCELLED, "a newer run took its place")
        if waits:
            self.state.keep(run)
        else:  # a connector whose clock is ahead must not make commands last longer
            self.go_on(run, min(m.received, self.now))

    # -- stages ------------------------------------------------------------------------------------

    def advance_stages(self) -> None:
        if not self.program.levels:
            return
        changed, changes = stages.advance(self.program.stages, self.state.stages, self._read, self.now)
        for change in changes:
            levels = self.program.levels[change.stage]
            before, after = levels.index(change.from_level), levels.index(change.to_level)
            memory = self.state.stages.get(change.stage)
            since = self.now if memory is None else memory.since
            self.signal(Signal("stage", change.stage, before, after, origin=f"{change.from_level}/{since}"))
        self.state.stages.update(changed)

    def _read(self, stage: Stage) -> float:
        return measured(self.program, self.state, stage, self.now)


def _planned(rule: Compiled, branch: Branch, m: Moment) -> tuple[Todo, ...]:
    if branch.fixed is not None:
        return branch.fixed
    plan = Plan(m, rule.name)
    branch.plan(plan, 0.0)
    return plan.todo()


def measured(program: Program, state: State, stage: Stage, now: float) -> float:
    """What a stage is about, now."""
    if stage.counter is not None:
        return state.counters.get(stage.counter, program.counters[stage.counter].start)
    assert stage.metric is not None
    accounts = [stage.account] if stage.account is not None else list(state.metrics)
    return sum(metrics.value(state.metrics.get(a, EMPTY), stage.metric, now) for a in accounts)


def _spends(effect: Effect | None) -> bool:
    """It takes from a viewer's own credit."""
    return isinstance(effect, Count) and "/" in effect.key and effect.add < 0
