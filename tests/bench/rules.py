"""What a decision costs with 500 rules over 20 accounts: ``python -m tests.bench.rules``."""

import random
import time

import msgspec

from gateway import messages as m
from gateway.rules.engine import compile_rules, decide
from gateway.rules.state import State
from gateway.settings.rules import RuleBook
from tests.rules.happenings import NOW, comment, event, gift

RULES, ACCOUNTS, EVENTS = 500, 20, 20_000


def make_rules(dice: random.Random) -> dict[str, object]:
    """A venue chain's: gifts by name and price, words, likes; some for followers, with cooldowns, combos."""
    rules: dict[str, object] = {}
    for n in range(RULES):
        when: dict[str, object] = dice.choice(
            [
                {"gift": {"name": f"Gift {n % 60}"}},
                {"comment": {"contains": f"word{n}"}},
                {"like": {"every": 100}},
                {"gift": {"min_coins": dice.randrange(1, 1000)}},
            ]
        )
        rule: dict[str, object] = {"when": when, "then": [{"station": "c", "action": "fire"}]}
        rule["accounts"] = [f"a{n % ACCOUNTS}"]
        if dice.random() < 0.3:
            rule["if"] = {"follower": True}
        if dice.random() < 0.2:
            rule["cooldown"] = "2s"
        if dice.random() < 0.1:
            rule["combo"] = {"count": 3, "within": "10s"}
        rules[f"r{n}"] = rule
    return rules


def make_event(dice: random.Random, n: int) -> m.Event:
    account = f"a{dice.randrange(ACCOUNTS)}"
    match dice.choices(("gift", "comment", "like"), (3, 4, 3))[0]:
        case "gift":
            return gift(1, 1, dice.randrange(1, 50), account=account, id=f"g{n}")
        case "comment":
            return comment(f"hello word{dice.randrange(RULES)} there", number=n, account=account)
        case _:
            return event(m.LikeEvent, m.Like(count=7), n, account=account)


def main() -> None:
    dice, state, took = random.Random(1), State(), []
    program = compile_rules(msgspec.convert({"rules": make_rules(dice)}, RuleBook).rules)
    for n, e in enumerate([make_event(dice, n) for n in range(EVENTS)]):
        began = time.perf_counter()
        decide(program, e, NOW + n / 100, state)
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    print(f"{EVENTS} events, {RULES} rules: p50 {took[EVENTS // 2]:.1f} us, p99 {took[EVENTS * 99 // 100]:.1f} us")


if __name__ == "__main__":
    main()
