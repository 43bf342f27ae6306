"""Rules ready to run: compiled once into an index, so rules that cannot match cost nothing."""

from msgspec import Struct

from gateway.messages import Outcome, Reason
from gateway.rules.conditions import Condition, Conditions
from gateway.rules.limits import Limits
from gateway.rules.moment import Matcher, Names
from gateway.rules.runs import Todo
from gateway.rules.stages import CompiledStages, compile_stages
from gateway.rules.steps import Planner, Steps
from gateway.rules.triggers import compile_when
from gateway.settings.models import Settings
from gateway.settings.rules import Combo, Counter, Rule, RuleBook, Who
from gateway.settings.schedule import Schedule, zone
from gateway.settings.steps import Then
from gateway.settings.triggers import When
from gateway.settings.values import duration
from gateway.settings.variables import variables


class Branch(Struct, frozen=True):
    """What a rule does, and how often it may. ``fixed``: where it does the same every time."""

    plan: Planner
    fixed: tuple[Todo, ...] | None
    limits: Limits | None


class Compiled(Struct, frozen=True):
    """One rule. ``no_match`` is what it says most of the time."""

    name: str
    match: Matcher
    condition: Condition | None
    combo: Combo | None
    then: Branch
    otherwise: Branch | None
    mode: str
    most: int
    priority: int
    deadline: float
    no_match: Reason


class Program(Struct, frozen=True):
    """A rule book, compiled.

    ``named`` and ``everyone``: account, then kind of event, to the rules that could match, in file order. Only
    accounts that a rule names have an entry of their own; all others share ``everyone``. ``venue``: the same by
    ``kind:name`` for what belongs to no account.
    """

    rules: dict[str, Compiled]
    named: dict[str, dict[str, list[Compiled]]]
    everyone: dict[str, list[Compiled]]
    venue: dict[str, list[Compiled]]
    schedules: dict[str, Schedule]
    counters: dict[str, Counter]
    timers: list[str]
    notes: list[str]
    stages: CompiledStages
    levels: dict[str, list[str]]
    wants_metrics: bool
    wants_top: bool
    owes: bool

    def rules_for(self, account: str, kind: str) -> list[Compiled]:
        return self.named.get(account, self.everyone).get(kind, _NONE)

    @property
    def topics(self) -> list[str]:
        """The MQTT topics that rules listen to."""
        return [key.removeprefix("topic:") for key in self.venue if key.startswith("topic:")]

    @property
    def buttons(self) -> list[str]:
        return [key.removeprefix("button:") for key in self.venue if key.startswith("button:")]


_NONE: list[Compiled] = []


def compile_rules(book: RuleBook, settings: Settings) -> Program:
    """Turn checked rules (gateway.settings.load) into a Program."""
    return _Compiler(book, settings).program()


class _Compiler:
    def __init__(self, book: RuleBook, settings: Settings) -> None:
        self._book, self._settings = book, settings
        kinds = variables(book)
        self._levels = {name: list(stage.levels) for name, stage in book.stages.items()}
        counters = ((name, c.start, c.per == "viewer") for name, c in book.counters.items())
        names = Names(counters, book.timers, book.notes, self._levels)
        self._zone = zone(settings.timezone)
        self._conditions = Conditions(names, kinds, self._levels, self._zone)
        self._steps = Steps(settings, book, names, kinds)

    def program(self) -> Program:
        book = self._book
        rules = {name: rule for name, rule in book.rules.items() if rule.enabled}
        program = Program(
            rules={},
            named={a: {} for rule in rules.values() for a in rule.accounts},
            everyone={},
            venue={},
            schedules={n: Schedule(r.when.time, self._zone) for n, r in rules.items() if r.when.time is not None},
            counters=dict(book.counters),
            timers=list(book.timers),
            notes=list(book.notes),
            stages=compile_stages(book.stages),
            levels=self._levels,
            wants_metrics=bool(book.stages) or any(map(_wants_metrics, rules.values())),
            wants_top=any(_wants_top(rule) for rule in rules.values()),
            owes=self._settings.gateway.after_stop == "owed",
        )
        for name, rule in rules.items():
            keys, matcher = compile_when(name, rule.when, self._levels)
            program.rules[name] = compiled = self._rule(name, rule, matcher)
            for key in keys:
                if ":" in key:
                    program.venue.setdefault(key, []).append(compiled)
                    continue
                for kinds in [program.named[a] for a in dict.fromkeys(rule.accounts)] or [
                    *program.named.values(),
                    program.everyone,
                ]:
                    kinds.setdefault(key, []).append(compiled)
        return program

    def _rule(self, name: str, rule: Rule, matcher: Matcher) -> Compiled:
        return Compiled(
            name=name,
            match=matcher,
            condition=self._conditions.compile(name, rule.if_, rule.unless),
            combo=rule.combo,
            then=self._branch(name, rule, rule.then),
            # For whom it is not meant has limits of their own: they use up nothing of the others.
            otherwise=self._branch(f"{name}/else", rule, rule.else_) if rule.else_ else None,
            mode=rule.mode,
            most=rule.max or 0,
            priority=rule.priority,
            deadline=duration(rule.deadline),
            no_match=Reason(rule=name, outcome=Outcome.NO_MATCH),
        )

    def _branch(self, name: str, rule: Rule, steps: list[Then]) -> Branch:
        limits = self._limits(name, rule, steps)
        plan, fixed = self._steps.compile(steps), self._steps.fixed(steps)
        return Branch(plan, fixed, limits if limits.any else None)

    def _limits(self, name: str, rule: Rule, steps: list[Then]) -> Limits:
        stations, group = self._settings.stations, rule.group if steps is rule.then else None
        rests = {
            s: duration(cooldown)
            for s in sorted(set(_stations(steps)))
            if (cooldown := stations[s].cooldown) is not None
        }
        return Limits(
            branch=name,
            cooldown=duration(rule.cooldown) if rule.cooldown else 0.0,
            user_cooldown=duration(rule.user_cooldown) if rule.user_cooldown else 0.0,
            group=group or "",
            group_cooldown=duration(self._book.groups[group].cooldown) if group else 0.0,
            user_per_minute=rule.user_per_minute or 0,
            all_per_minute=self._book.user_per_minute or 0,
            rests=rests,
        )


def _stations(steps: list[Then]) -> list[str]:
    """Every station that the steps may move."""
    found: list[str] = []
    for then in steps:
        found += [then.station] if then.station else []
        for branch in then.parallel or ():
            found += _stations(branch)
        for choice in then.choose or ():
            found += _stations(choice.steps)
        if then.repeat is not None:
            found += _stations(then.repeat.steps)
        if then.fork is not None:
            found += _stations(then.fork.steps) + _stations(then.fork.else_)
    return found


def _whos(rule: Rule) -> list[Who]:
    waiting = [who for who in (rule.if_, rule.unless) if who is not None]
    found: list[Who] = []
    while waiting:
        who = waiting.pop()
        found.append(who)
        waiting += [*(who.all or ()), *(who.any or ()), *([who.not_] if who.not_ is not None else ())]
    return found


def _wants_top(rule: Rule) -> bool:
    return any(who.top is not None for who in _whos(rule))


def _wants_metrics(rule: Rule) -> bool:
    return _listens_to_metrics(rule.when) or "live_" in repr(rule)  # an expression somewhere in it may read one


def _listens_to_metrics(when: When) -> bool:
    counted = when.milestone is not None or when.viewers is not None
    return counted or (when.like is not None and when.like.per_minute is not None)
