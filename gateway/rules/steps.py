"""Then: what a rule does, compiled; a plan is what it does this time, lots drawn, values worked out. Pure."""

from collections.abc import Callable, Mapping

from gateway.messages import Param
from gateway.rules.moment import Moment, Names, counter_key
from gateway.rules.runs import Act, Clock, Count, Effect, Note, Todo
from gateway.settings.expressions import Kind, Value, compile_expression, compile_template
from gateway.settings.models import Settings
from gateway.settings.outputs import fit_for_json
from gateway.settings.parameters import Parameter, parameters
from gateway.settings.rules import Counter, RuleBook
from gateway.settings.steps import MOST_REPEATS, Choice, Fork, Publish, Repeat, SetCounter, SetNote, SetTimer, Then
from gateway.settings.values import DURATION_RE, duration
from gateway.text import clean

MOST_TODO = 1_000
"""Steps of one run; repeats in repeats end here."""
LONGEST_RUN_S = 24 * 3600.0
"""Seconds from the beginning of a part of a run to its last step: later, the LIVE is over."""
LONGEST_NOTE = 200
"""Characters of a text that rules keep."""
LONGEST_TIMER_S = 24 * 3600.0


class Plan:
    """What one run does, in the order in which it is written down; ``at``: seconds since its part began."""

    def __init__(self, m: Moment, rule: str) -> None:
        self.m, self._rule = m, rule
        self._done: list[Todo] = []
        self._part: list[Todo] = []
        self._draws = 0
        self._rounds = 0
        self.parts = 1

    def add(self, at: float, effect: Effect) -> None:
        if len(self._part) + len(self._done) < MOST_TODO and at <= LONGEST_RUN_S:
            self._part.append(Todo(at, effect))

    def end_part(self, at: float) -> None:
        """What follows begins when all so far has ended."""
        self.parts += 1
        self._close()
        self._done.append(Todo(min(at, LONGEST_RUN_S), None))

    def once_more(self) -> bool:
        """Whether anything may be repeated again."""
        self._rounds += 1
        return self._rounds <= MOST_TODO

    def draw(self) -> float:
        """0 to 1, another one each time; the same for the same event, rule and unit."""
        self._draws += 1
        return self.m.draw(f"{self._rule}/{self.m.unit}/{self._draws}")

    def todo(self) -> tuple[Todo, ...]:
        self._close()
        self.m.ahead.clear()  # other rules read what is so now, not what this one will do later
        self.m.noted.clear()
        return tuple(self._done)

    def _close(self) -> None:
        self._part.sort(key=lambda t: t.at)  # stable: what begins together stays in order
        self._done += self._part
        self._part = []


Planner = Callable[[Plan, float], float]
"""Puts a step into the plan from so many seconds on; returns from when on the next one begins."""
Number = Callable[[Moment], float]
_NOTHING: Mapping[str, Param] = {}


class Steps:
    """Compiles the steps of a rule book."""

    def __init__(self, settings: Settings, book: RuleBook, names: Names, kinds: Mapping[str, Kind]) -> None:
        self._settings, self._book, self._names, self._kinds = settings, book, names, kinds

    def compile(self, steps: list[Then]) -> Planner:
        planners = [self._step(then) for then in steps]
        if len(planners) == 1:
            return planners[0]

        def plan(p: Plan, at: float) -> float:
            for step in planners:
                at = step(p, at)
            return at

        return plan

    def fixed(self, steps: list[Then]) -> tuple[Todo, ...] | None:
        """What the steps do, where that is the same every time: most rules need no plan."""
        at, todo = 0.0, list[Todo]()
        for then in steps:
            if then.wait is not None and then.wait != "done":
                at += duration(then.wait)
            elif then.station is not None and not any(isinstance(v, str) for v in then.params.values()):
                assert then.action is not None
                todo.append(Todo(at, Act(then.station, then.action, then.params)))
            else:
                return None
        return tuple(todo) if at <= LONGEST_RUN_S else None

    def _step(self, then: Then) -> Planner:
        match then:
            case Then(station=str(station), action=str(action)):
                return self._act(station, action, then.params)
            case Then(wait=str(wait)):
                return _wait(wait)
            case Then(parallel=list(branches)):
                return _parallel([self.compile(branch) for branch in branches])
            case Then(repeat=Repeat() as repeat):
                return self._repeat(repeat)
            case Then(choose=list(choices)):
                return self._choose(choices)
            case Then(fork=Fork() as fork):
                return self._fork(fork)
            case Then(counter=SetCounter() as counter):
                return self._count(counter)
            case Then(timer=SetTimer() as timer):
                return self._clock(timer)
            case Then(note=SetNote() as note):
                return self._keep(note)
            case Then(announce=str(text)):
                return self._say("announce", "say", {"text": text})
            case Then(sound=str(sound)):
                return _simply(Act("sound", sound))
            case Then(publish=Publish() as p):
                retain: dict[str, Param] = {"retain": True} if p.retain else {}
                # Viewers' words go into JSON between its quotes: they must not end them.
                fit = _for_json if p.payload.lstrip().startswith(("{{", "[", '"')) else None
                return self._say("mqtt", "publish", {"payload": p.payload}, {"topic": p.topic, **retain}, fit=fit)
            case Then(webhook=call) if call is not None:
                fit = _for_json if "json" in self._settings.webhooks[call.name].content_type else None
                return self._say(
                    "webhook", call.name, {"body": call.body} if call.body is not None else {}, fit=fit
                )
        raise ValueError(f"{then!r} is no step")

    def _act(self, station: str, action: str, params: Mapping[str, Param]) -> Planner:
        takes = parameters(self._settings.stations[station], action)
        fixed: dict[str, Param] = {k: v for k, v in params.items() if not isinstance(v, str)}
        worked_out = {k: self._bounded(v, takes[k]) for k, v in params.items() if isinstance(v, str)}
        if not worked_out:
            return _simply(Act(station, action, fixed))

        def plan(p: Plan, at: float) -> float:
            now: dict[str, Param] = {k: value(p.m) for k, value in worked_out.items()}
            p.add(at, Act(station, action, fixed | now))
            return at

        return plan

    def _bounded(self, text: str, takes: Parameter) -> Number:
        """An expression within what the action takes: a paid gift moves something, if only as far as it may."""
        number = self._number(text)
        least = takes.least + (1 if takes.whole else 0.1) * takes.open

        def value(m: Moment) -> float:
            bounded = min(max(number(m), least), takes.most)
            return round(bounded) if takes.whole else bounded

        return value

    def _number(self, value: float | str) -> Number:
        if not isinstance(value, str):
            return lambda _: value
        return self._names.value(compile_expression(value, self._kinds))  # type: ignore[return-value]  # a number, checked at load

    def _repeat(self, repeat: Repeat) -> Planner:
        times, every, steps = self._number(repeat.times), duration(repeat.every), self.compile(repeat.steps)

        def plan(p: Plan, at: float) -> float:
            for _ in range(max(0, min(round(times(p.m)), MOST_REPEATS))):
                if not p.once_more():
                    break
                early = (p.draw() * 2 - 1) * repeat.jitter / 100 * every if repeat.jitter else 0.0
                part = p.parts
                after = steps(p, at)
                # Where it waited for what it began, time counts from then on.
                at = max(after, (at if p.parts == part else 0.0) + every + early)
            return at

        return plan

    def _choose(self, choices: list[Choice]) -> Planner:
        whole = sum(c.weight for c in choices)
        planners = [(c.weight / whole, self.compile(c.steps)) for c in choices]

        def plan(p: Plan, at: float) -> float:
            left = p.draw()
            for share, steps in planners:
                left -= share
                if left < 0:
                    return steps(p, at)
            return planners[-1][1](p, at)  # shares add up to 1 but for rounding

        return plan

    def _fork(self, fork: Fork) -> Planner:
        so = self._names.value(compile_expression(fork.so, self._kinds))
        steps, otherwise = self.compile(fork.steps), self.compile(fork.else_)
        return lambda p, at: (steps if so(p.m) else otherwise)(p, at)

    def _count(self, counter: SetCounter) -> Planner:
        name, of = counter.name, self._book.counters[counter.name]
        add = self._number(counter.add) if counter.add is not None else None
        to = self._number(counter.set) if counter.set is not None else None

        def plan(p: Plan, at: float) -> float:
            key = counter_key(name, of.per == "viewer", p.m)
            count = Count(name, key, add(p.m) if add else 0.0, to(p.m) if to else None)
            before = p.m.ahead.get(key, p.m.state.counter(key, of.start))
            p.m.ahead[key] = changed(count, before, of)  # the steps after this one read it so
            p.add(at, count)
            return at

        return plan

    def _clock(self, timer: SetTimer) -> Planner:
        start, extend = self._seconds(timer.start), self._seconds(timer.extend)
        most = duration(timer.most) if timer.most else None

        def plan(p: Plan, at: float) -> float:
            p.add(at, Clock(timer.name, start and start(p.m), extend and extend(p.m), most))
            return at

        return plan

    def _keep(self, note: SetNote) -> Planner:
        name, text = note.name, self._names.value(compile_template(note.set, self._kinds))

        def plan(p: Plan, at: float) -> float:
            p.m.noted[name] = kept = clean(str(text(p.m)), LONGEST_NOTE)
            p.add(at, Note(name, kept))
            return at

        return plan

    def _seconds(self, value: float | str | None) -> Number | None:
        if value is None:
            return None
        if isinstance(value, str) and DURATION_RE.fullmatch(value):
            length = duration(value)
            return lambda _: length
        number = self._number(value)
        return lambda m: min(max(number(m), 0.0), LONGEST_TIMER_S)

    def _say(
        self,
        station: str,
        action: str,
        texts: Mapping[str, str],
        fixed: Mapping[str, Param] = _NOTHING,
        fit: Callable[[Value], Value] | None = None,
    ) -> Planner:
        templates = {k: self._names.value(compile_template(text, self._kinds), fit) for k, text in texts.items()}

        def plan(p: Plan, at: float) -> float:
            p.add(at, Act(station, action, {**fixed, **{k: text(p.m) for k, text in templates.items()}}))
            return at

        return plan


def _for_json(value: Value) -> Value:
    return fit_for_json({"": value})[""]


def changed(count: Count, before: float, counter: Counter) -> float:
    """A counter after a change, within its limits."""
    after = count.to if count.to is not None else before + count.add
    return float(min(max(after, counter.min), counter.max))  # as it comes back from disk


def _simply(act: Act) -> Planner:
    def plan(p: Plan, at: float) -> float:
        p.add(at, act)
        return at

    return plan


def _wait(wait: str) -> Planner:
    if wait == "done":

        def until_done(p: Plan, at: float) -> float:
            p.end_part(at)
            return 0.0

        return until_done
    seconds = duration(wait)
    return lambda _p, at: at + seconds


def _parallel(branches: list[Planner]) -> Planner:
    return lambda p, at: max(branch(p, at) for branch in branches)
