"""What people ask of the rules: press a button, pay what is owed, trace an event, set a counter, lock a stage."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from gateway.deciding import Deciding
from gateway.messages import (
    MAX_PAYLOAD,
    LedgerCounts,
    LedgerState,
    Outcome,
    Param,
    Press,
    PressEvent,
    Request,
    RulesState,
    RuleState,
    encode,
    first_that_fit,
    stamp,
)
from gateway.requests import Answer, Handler
from gateway.rules import engine
from gateway.rules.engine import Decision
from gateway.settings.load import Rules
from gateway.settings.yamlfile import did_you_mean
from gateway.trace import TraceBook

MOST_OWED = 200
"""Debts told in one answer; the ledger's state says how many there are."""
MOST_BYTES = MAX_PAYLOAD - 1024
"""Of a state."""
SHORTEST = 200
"""Characters of what is wrong with a rule, where there is no room for more."""
PAID_AT_ONCE = 20
"""Debts given again, or forgiven, before anything else may have its turn: some 5 ms."""
Happened = Callable[[PressEvent], Decision | None]
"""None: it was heard before."""


class RuleRequests:
    """Answers the requests about rules, of which ``handlers`` has one each by its verb."""

    def __init__(
        self, deciding: Deciding, happened: Happened, trace: TraceBook, clock: Callable[[], float]
    ) -> None:
        self._deciding, self._happened, self._trace, self._clock = deciding, happened, trace, clock
        self.handlers: dict[str, Handler] = {
            "press": self._press,
            "ledger": self._ledger,
            "trace": self._answer_trace,
            "counter": self._counter,
            "timer": self._timer,
            "stage": self._stage,
        }

    def _press(self, request: Request) -> Answer:
        button, buttons = request.params.get("button"), self._deciding.program.buttons
        if not isinstance(button, str):
            return "expected params: {button: its name}", {}
        if button not in buttons:
            hint = did_you_mean(button, buttons) or f"; there are {', '.join(buttons) or 'none'}"
            return f"no rule listens to a button {button!r}{hint}", {}
        now = stamp(self._clock())
        # The transaction names the press: asked twice, it is pressed once.
        name = blake2b(request.transaction.encode(), digest_size=12).hexdigest()
        event_id = f"press/{button}/{name}"
        data = Press(button=button, by=request.by)
        event = PressEvent(id=event_id, source="/gateway", time=now, received=now, data=data)
        decision = self._happened(event)
        if decision is None:
            return "", {"event": event_id, "again": True}
        fired = [r.rule for r in decision.reasons if r.outcome is Outcome.FIRED]
        warning = {"but": why} if fired and (why := self._deciding.still) else {}
        return "", {"event": event_id, "fired": fired, **warning}

    def _ledger(self, request: Request) -> Answer | Awaitable[Answer]:
        do, run = request.params.get("do"), request.params.get("run")
        deciding = self._deciding
        if do in ("pay", "pay-all") and (why_not := deciding.unpayable):
            return why_not, {}
        match do, run:
            case "list", _:
                owed = engine.owed(deciding.state, MOST_OWED)
                return "", {"owed": msgspec.to_builtins(owed), "more": len(deciding.state.owed) - len(owed)}
            case "pay" | "forgive", str(run):
                done = deciding.pay(run) if do == "pay" else deciding.forgive(run)
                return ("", {"runs": 1}) if done else (f"run {run!r} is not owed anything (any more)", {})
            case "pay-all", _:
                return self._pay_all()
            case "forgive-all", _:
                return self._forgive_all()
        return "expected params: {do: list, pay, forgive, pay-all or forgive-all, run}", {}

    async def _pay_all(self) -> Answer:
        """All that is owed now, oldest first. Ten thousand debts must not keep a stop waiting."""
        paid = 0
        for n, run in enumerate(list(self._deciding.state.owed)):
            if n % PAID_AT_ONCE == 0:
                await asyncio.sleep(0)
                if why_not := self._deciding.unpayable:
                    return why_not, {"runs": paid}
            paid += self._deciding.pay(run)
        return "", {"runs": paid}

    async def _forgive_all(self) -> Answer:
        """All that is owed now, as ``_pay_all``."""
        forgiven = 0
        for n, run in enumerate(list(self._deciding.state.owed)):
            if n % PAID_AT_ONCE == 0:
                await asyncio.sleep(0)
            forgiven += self._deciding.forgive(run)
        return "", {"runs": forgiven}

    def _answer_trace(self, request: Request) -> Awaitable[Answer]:
        return self._trace.answer(request.params)

    def _counter(self, request: Request) -> Answer:
        name, value = request.params.get("name"), _number(request.params.get("value"))
        if isinstance(name, str) and value is not None:
            return self._deciding.set_counter(name, value), {}
        return "expected params: {name, value: a number}", {}

    def _timer(self, request: Request) -> Answer:
        name, seconds = request.params.get("name"), _number(request.params.get("seconds"))
        if isinstance(name, str) and seconds is not None:
            return self._deciding.set_timer(name, seconds), {}
        return "expected params: {name, seconds: from now; 0 ends it}", {}

    def _stage(self, request: Request) -> Answer:
        match request.params:
            case {"name": str(name), **more}:
                level: Param | None = more.get("lock")
                return self._deciding.lock_stage(name, str(level) if level else None), {}
        return "expected params: {name, lock: a level, or nothing to follow what is measured}", {}


def _number(param: Param | None) -> float | None:
    """None for what is none; JSON knows integers of hundreds of digits."""
    if isinstance(param, bool | str | None):
        return None
    try:
        return float(param)
    except OverflowError:
        return None


def ledger_state(gateway: str, deciding: Deciding, most: int = 20) -> LedgerState:
    """The ledger for everybody to see; practice is counted apart."""
    counts, balanced = engine.ledger(deciding.state)
    owed = engine.owed(deciding.state, most)
    real = {rule: c for rule, c in counts.items() if not rule.startswith("practice/")}
    practice = [c for rule, c in counts.items() if rule.startswith("practice/")]
    return LedgerState(
        gateway=gateway,
        total=engine.summed(real.values()),
        practice=engine.summed(practice),
        rules=real,
        balanced=balanced,
        oldest=owed,
        more=len(deciding.state.owed) - len(owed),
    )


def rules_state(
    gateway: str,
    rules: Rules,
    loaded: float,
    deciding: Deciding,
    now: float,
    *,
    previous: bool,
    trouble: Iterable[str] = (),
) -> RulesState:
    """Which rules run, since ``loaded``, and where counters, timers, notes and stages stand. ``trouble``: why the
    file as it stands is not in force."""
    state, program = deciding.state, deciding.program
    broken = {place.removeprefix("rules."): b.text for place, b in rules.broken.items()}
    if told := "\n".join(trouble):
        broken["file"] = told
    ledger = state.ledger
    shown = [
        RuleState(
            rule=name,
            title=rule.title or "",
            enabled=rule.enabled,
            fired=_fired(ledger.get(name)) + _fired(ledger.get(f"practice/{name}")),
            last=last,
            why_not=why_not,
        )
        for name, rule in rules.book.rules.items()
        for last, why_not in (deciding.latest.of(name),)
    ]
    counters = {n: state.counters.get(n, c.start) for n, c in program.counters.items() if c.per == "venue"}
    everything = RulesState(
        gateway=gateway,
        fingerprint=rules.fingerprint,
        loaded=stamp(loaded),
        previous=previous,
        rules=shown + [RuleState(rule=name, broken=text) for name, text in broken.items()],
        counters=counters,
        timers={name: stamp(at) for name, at in state.timers.items() if name in program.timers},
        notes={name: text for name, text in state.notes.items() if name in program.notes},
        stages=engine.stage_states(program, now, state),
        buttons=program.buttons,
    )
    return _fitting(everything)


def _fitting(state: RulesState) -> RulesState:
    """In one message: of very many rules the broken ones come first, in fewer words, and then as many as fit."""
    if len(encode(state)) <= MOST_BYTES:
        return state
    short = [replace(r, title="", broken=r.broken[:SHORTEST], last=None, why_not=[]) for r in state.rules]
    rest = replace(state, rules=[])
    rules = first_that_fit(sorted(short, key=lambda r: not r.broken), MOST_BYTES - len(encode(rest)))
    return replace(rest, rules=rules, more=len(short) - len(rules))


def _fired(counts: LedgerCounts | None) -> int:
    return 0 if counts is None else counts.received - counts.blocked
