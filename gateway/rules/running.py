"""What runs do: they go on, end, are called back and paid again, and the ledger counts every one of them."""

from collections import deque

from msgspec.structs import replace

from gateway.messages import Ack, Command, Status
from gateway.rules.moment import Signal
from gateway.rules.program import Program
from gateway.rules.runs import ENDINGS, Act, Clock, Count, Debt, Note, Run, Todo, counted
from gateway.rules.state import REMEMBERED_DEBTS, State
from gateway.rules.steps import changed
from gateway.settings.schedule import Schedule

SET_BACK_S = 60.0
"""So far a clock may be set back without striking again."""
LEAST_TIMER_S = 0.1
"""A timer that starts itself again must not keep the gateway from everything else."""


class Running:
    """``commands`` in the order they shall run, ``cancelled`` runs to their reasons, ``repeated``: commands that
    were sent before. ``signals``: changes that no rule has heard of yet."""

    def __init__(self, program: Program, state: State, now: float) -> None:
        self.program, self.state, self.now = program, state, now
        self.commands: list[Command] = []
        self.cancelled: dict[str, str] = {}
        self.repeated: set[str] = set()
        self.signals: deque[Signal] = deque()
        self._freed: deque[str] = deque()
        if now < state.now:
            self._set_back()
        state.now = now

    def go_on(self, run: Run, start: float | None = None) -> None:
        """Do all that is due of a run that has begun, and remember the rest. ``start``: from when on the deadline
        of its commands counts, where that is not now."""
        assert run.base is not None
        base, todo, number, opened = run.base, run.todo, run.number, dict(run.open)
        done = 0
        for step in todo:
            if base + step.at > self.now:
                break
            match step.effect:
                case Act() as act:
                    # Derived from event, rule, unit and place: an event decided twice yields the same ones.
                    command = run.command(act, f"{run.id}/{number}", self.now if start is None else start)
                    opened[command.id] = act
                    number += 1
                    self.commands.append(command)
                case None:
                    if opened:
                        break
                    base = self.now
                case Count() as count:
                    self.change(count, f"{run.id}/{len(todo) - done}", run.cause.simulated)
                case Clock() as clock:
                    self.set_timer(clock)
                case Note(name=name, text=text):
                    if name in self.program.notes:
                        self.state.set_note(name, text)
            done += 1
        self.keep(replace(run, base=base, todo=todo[done:], number=number, open=opened))

    def ack(self, ack: Ack) -> None:
        """A command has ended: its run may go on, or be over."""
        run = self.state.runs.get(ack.id.rpartition("/")[0])
        if run is None or ack.id not in run.open:
            return
        kept = ack.kept_by in ("stop", "disarmed", "offline", "fault")
        run = run.ended(ack, owed=kept and ack.status is not Status.DONE)
        if ack.kept_by in ("stop", "disarmed", "mode"):
            run = run.given_up(ack.status, ack.reason, owed=kept)
        if run.todo and run.base is not None:
            self.go_on(run)
        else:
            self.keep(run)

    def cancel(self, run: Run, status: Status, words: str, *, owed: bool = False) -> None:
        """End a run: what has begun of it is called back, the rest is not begun."""
        unsent = {c.id for c in self.commands if c.run == run.id} - self.repeated
        if unsent:
            self.commands = [c for c in self.commands if c.id not in unsent]
            run = run.without(unsent)
        if run.open:
            self.cancelled[run.id] = words
        self.keep(run.given_up(status, words, owed))

    def keep(self, run: Run) -> None:
        """Remember a run as it is now, or count its ending."""
        if not run.over or run.id in self.state.runs:
            self.state.keep(run)
        if run.over:
            self._close(run)
            self._freed.append(run.rule)

    def follow(self) -> None:
        """Where a run is over, the one that waited for it begins."""
        while self._freed:
            waiting = self.state.by_rule.get(self._freed.popleft())
            if waiting:
                following = self.state.runs[next(iter(waiting))]
                if following.base is None:
                    self.go_on(replace(following, base=self.now))

    def pay(self, run_id: str) -> bool:
        """Give again what a run is owed. False when it is not."""
        debt = self.state.owed.drop(run_id)
        if debt is None:
            return False
        run = debt.run
        self.count(run.rule, run.cause.simulated, owed=-1)
        unknown = {kept.id: kept.act for kept in run.kept if kept.id}
        for command_id, act in unknown.items():
            self.commands.append(run.command(act, command_id, self.now))
        self.repeated |= unknown.keys()
        again = replace(
            run,
            since=self.now,
            order=self.state.order(),
            base=self.now,
            todo=tuple(Todo(0.0, kept.act) for kept in run.kept if not kept.id),
            open=unknown,
            status=None,
            reason="",
            owed=False,
            again=True,
            kept=(),
        )
        self.go_on(again)
        return True

    def forgive(self, run_id: str) -> bool:
        """What a run is owed is not given any more. False when it is not owed anything."""
        debt = self.state.owed.drop(run_id)
        if debt is not None:
            self.count(debt.run.rule, debt.run.cause.simulated, owed=-1, cancelled=1)
        return debt is not None

    def count(self, rule: str, simulated: bool, **more: int) -> None:
        """In the ledger."""
        key = f"practice/{rule}" if simulated else rule
        self.state.ledger[key] = counted(self.state.ledger.get(key), **more)

    def signal(self, signal: Signal) -> None:
        """Something changed. A hundred steps of one counter are one change, if nobody heard of it in between."""
        if f"{signal.kind}:{signal.name}" not in self.program.venue:
            return
        if self.signals and signal.follows(self.signals[-1]):
            self.signals[-1] = replace(self.signals[-1], after=signal.after)
        else:
            self.signals.append(signal)

    def _close(self, run: Run) -> None:
        """The run's one ending, in the ledger."""
        if run.status is None:
            self.count(run.rule, run.cause.simulated, done=1)
        elif run.kept and (run.again or (run.owed and self.program.owes and run.cause.paid)):
            self.count(run.rule, run.cause.simulated, owed=1)
            if len(self.state.owed) >= REMEMBERED_DEBTS:
                self.forgive(next(iter(self.state.owed)))
            self.state.owed[run.id] = Debt(run, self.state.order())
        else:
            self.count(run.rule, run.cause.simulated, **{ENDINGS[run.status]: 1})

    def change(self, count: Count, origin: str, simulated: bool = False) -> None:
        counter = self.program.counters.get(count.name)
        if counter is None:
            return  # the rules of now know no such counter
        before = self.state.counter(count.key, counter.start)
        after = changed(count, before, counter)
        if after != before:
            self.state.set_counter(count.key, after, counter.start)
            self.signal(Signal("counter", count.name, before, after, count.key, origin, simulated))

    def set_timer(self, clock: Clock) -> None:
        timers, now = self.state.timers, self.now
        ends = max(timers.get(clock.name, now), now)
        if clock.start is not None:
            ends = now + max(clock.start, LEAST_TIMER_S)
        elif clock.extend is not None:
            longer = ends + clock.extend
            ends = max(ends, longer if clock.most is None else min(longer, now + clock.most))
        else:
            ends = now
        if ends > now:
            timers[clock.name], self.state.timed[clock.name] = ends, now
        else:
            timers.drop(clock.name)
            self.state.timed.drop(clock.name)

    def _set_back(self) -> None:
        """The clock was set back: what waits must not wait as much longer. Waits begin anew, timers keep what they
        had left when they were last set, clocks strike when it is their time again."""
        state, now = self.state, self.now
        for run in list(state.runs.values()):
            if run.base is not None and run.base > now:
                state.keep(replace(run, base=now))
        for timer, since in list(state.timed.items()):
            if since > now and timer in state.timers:
                state.timers[timer] -= since - now
                state.timed[timer] = now
        for rule, at in list(state.ticked.items()):
            schedule = self.program.schedules.get(rule)
            if schedule is not None and is_far(at, schedule, now):
                state.ticked[rule] = schedule.next(now)
                state.rewound[rule] = state.rewound.get(rule, 0) + 1


def is_far(at: float, schedule: Schedule, now: float) -> bool:
    """Whether a clock that is to strike ``at`` was wound when the time was later than it is now. A minute does not
    count: what has struck just before strikes only once."""
    return at > schedule.next(now + SET_BACK_S)
