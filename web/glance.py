"""Long states as the little of them that the live screen shows: what is sent to forty phones each second is small,
and a viewer's id stays here."""

from itertools import islice
from typing import Any

from gateway.messages import Leaderboard, LedgerState, RulesState

MOST = 50
"""Counters, timers, notes, stages and buttons, of each."""
MOST_BROKEN = 10
PLACES = 3


def rules(state: RulesState) -> dict[str, Any]:
    """How many rules run, which are broken and why, and where all stands that they keep."""
    broken = [{"rule": r.rule, "words": r.broken} for r in state.rules if r.broken]
    off = sum(not r.enabled and not r.broken for r in state.rules)
    return {
        "running": len(state.rules) + state.more - len(broken) - off,
        "off": off,
        "broken": broken[:MOST_BROKEN],
        "more": max(0, len(broken) - MOST_BROKEN),
        "stages": state.stages[:MOST],
        "counters": dict(islice(state.counters.items(), MOST)),
        "timers": dict(islice(state.timers.items(), MOST)),
        "notes": dict(islice(state.notes.items(), MOST)),
        "buttons": state.buttons[:MOST],
    }


def ledger(state: LedgerState, rules: RulesState | None) -> dict[str, Any]:
    """The sums, and the oldest debts with the titles of their rules."""
    wanted = {o.rule for o in state.oldest}
    titles = {r.rule: r.title for r in rules.rules if r.rule in wanted} if rules else {}
    owed = [
        {
            "run": o.run,
            "rule": titles.get(o.rule) or o.rule,
            "who": o.user,
            "coins": o.value,
            "since": o.since,
            "reason": o.reason,
            "simulated": o.simulated,
        }
        for o in state.oldest
    ]
    return {
        "total": state.total,
        "practice": state.practice,
        "balanced": state.balanced,
        "owed": owed,
        "more": state.more,
    }


def top(board: Leaderboard) -> dict[str, Any]:
    """The first places of a leaderboard."""
    places = board.places[:PLACES]
    return {
        "by": board.by,
        "places": [{"place": p.place, "who": p.nickname or p.name, "score": p.score} for p in places],
    }
