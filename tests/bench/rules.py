"""What a decision costs with 500 rules over 20 accounts: ``python -m tests.bench.rules``."""

import random
import time

import msgspec

from gateway import messages as m
from gateway.rules.engine import Program, begin, compile_rules, decide, ended
from gateway.rules.state import State
from gateway.service import calm_collector
from gateway.settings.rules import RuleBook
from tests.rules.floor import venue
from tests.rules.happenings import NOW, comment, event, gift

RULES, ACCOUNTS, EVENTS = 500, 20, 20_000


def make_rules(dice: random.Random, accounts: int) -> dict[str, object]:
    """A venue chain's: gifts by name and price, words, likes; some for followers, with cooldowns, combos."""
    rules: dict[str, object] = {}
    for n in range(RULES * accounts // ACCOUNTS):
        when: dict[str, object] = dice.choice(
            [
                {"gift": {"name": f"Gift {n % 60}"}},
                {"comment": {"contains": f"word{n}"}},
                {"like": {"every": 100}},
                {"gift": {"min_coins": dice.randrange(1, 1000)}},
            ]
        )
        rule: dict[str, object] = {"when": when, "then": [{"station": "cannon", "action": "fire"}]}
        rule["accounts"] = [f"a{n % accounts}"]
        if dice.random() < 0.3:
            rule["if"] = {"follower": True}
        if dice.random() < 0.2:
            rule["cooldown"] = "2s"
        if dice.random() < 0.1:
            rule["combo"] = {"count": 3, "within": "10s"}
        rules[f"r{n}"] = rule
    return rules


def make_event(dice: random.Random, n: int, accounts: int) -> m.Event:
    account, now = f"a{dice.randrange(accounts)}", m.stamp(NOW + n / 100)
    match dice.choices(("gift", "comment", "like"), (3, 4, 3))[0]:
        case "gift":
            return gift(1, 1, dice.randrange(1, 50), account=account, id=f"g{n}", received=now)
        case "comment":
            return comment(f"hello word{dice.randrange(RULES)} there", number=n, account=account, received=now)
        case _:
            return event(m.LikeEvent, m.Like(count=7), n, account=account, received=now)


def measure(program: Program, events: list[m.Event]) -> tuple[list[float], list[float]]:
    """Microseconds of each decision, and of writing down what it changed. The stations are done at once."""
    state, took, wrote = State(), list[float](), list[float]()
    begin(program, NOW, state)
    for n, e in enumerate(events):
        now = NOW + n / 100
        began = time.perf_counter()
        decision = decide(program, e, now, state)
        decided = time.perf_counter()
        state.changes()
        took.append((decided - began) * 1e6)
        wrote.append((time.perf_counter() - decided) * 1e6)
        for c in decision.commands:
            done = m.Ack(id=c.id, station=c.station, action=c.action, status=m.Status.DONE)
            ended(program, done, now, state)
    return sorted(took), sorted(wrote)


def main() -> None:
    """With all accounts, and with one alone: rules that cannot match must not cost anything."""
    calm_collector()  # as the gateway does
    for accounts in (ACCOUNTS, 1):
        dice = random.Random(1)
        rules = make_rules(dice, accounts)
        program = compile_rules(msgspec.convert({"rules": rules}, RuleBook), venue())
        took, wrote = measure(program, [make_event(dice, n, accounts) for n in range(EVENTS)])
        p50, p99 = EVENTS // 2, EVENTS * 99 // 100
        print(
            f"{EVENTS} events, {len(rules)} rules, {accounts} accounts: "
            f"p50 {took[p50]:.1f} us, p99 {took[p99]:.1f} us; "
            f"what changed, as bytes: p50 {wrote[p50]:.1f} us, p99 {wrote[p99]:.1f} us"
        )


if __name__ == "__main__":
    main()
