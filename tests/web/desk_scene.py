"""What rules, ledger, queues and statistics say in the middle of a LIVE. Invented people."""

import time
from typing import Any

from gateway.messages import (
    Announcement,
    Leaderboard,
    LedgerCounts,
    LedgerState,
    Owed,
    Place,
    QueueItem,
    QueueState,
    RulesState,
    RuleState,
    StageState,
    StationStats,
    stamp,
)
from tests.web.peer import Peer, T
from tests.web.scene import GATEWAY, station

BROKEN = "rules.yaml:31: rules.bell-rings.then[0].station: there is no station 'bel'; did you mean 'bell'?"


def debt(run: str, who: str, ago: float = 190.0, **more: Any) -> Owed:
    base: dict[str, Any] = {
        "rule": "confetti",
        "event": f"g-{run}",
        "user": who,
        "value": 100,
        "since": stamp(time.time() - ago),
        "reason": "the emergency stop was pressed",
    }
    return Owed(run=run, **(base | more))


def ledger(*owed: Owed, more: int = 0, balanced: bool = True) -> LedgerState:
    total = LedgerCounts(received=96 + len(owed) + more, done=90, blocked=6, owed=len(owed) + more)
    return LedgerState(gateway=GATEWAY, total=total, balanced=balanced, oldest=list(owed), more=more)


def rules(**changes: Any) -> RulesState:
    now = time.time()
    base: dict[str, Any] = {
        "rules": [
            RuleState(rule="confetti", title="A dear gift fires the cannon", fired=41),
            RuleState(rule="rose", title="A rose blinks the lamp", fired=55),
            RuleState(rule="night", enabled=False),
            RuleState(rule="bell-rings", broken=BROKEN),
        ],
        "counters": {"goal": 25.0, "rounds": 3.5},
        "timers": {"round": stamp(now + 83)},
        "notes": {"king": "Tomás"},
        "stages": [
            StageState(
                stage="crowd", level="full", since=stamp(now - 200), metric=84.0, next="packed", needs=100.0
            )
        ],
        "buttons": ["confetti", "encore"],
    }
    return RulesState(gateway=GATEWAY, fingerprint="c0ffee", loaded=stamp(now - 900), **(base | changes))


def waits(name: str, who: str, action: str = "beat", ago: float = 12.0, held: bool = False) -> QueueItem:
    now = time.time()
    return QueueItem(
        id=name, action=action, user=who, since=stamp(now - ago), expires_at=stamp(now + 60), held=held
    )


def queue(station: str, *items: QueueItem, paused: bool = False, more: int = 0) -> QueueState:
    return QueueState(station=station, paused=paused, waiting=list(items), more=more)


def board() -> Leaderboard:
    people = [("Liên", 1420), ("Tomás", 960), ("Noor", 305), ("Aoife", 12)]
    places = [
        Place(place=n, score=score, viewer=f"id-{who}", name=who.lower(), nickname=who)
        for n, (who, score) in enumerate(people, 1)
    ]
    return Leaderboard(account="mira", board="session", places=places)


def worn(station: str) -> StationStats:
    now = time.time()
    return StationStats(
        station=station,
        since=stamp(now - 9e6),
        until=stamp(now),
        cycles=1204,
        not_done=3,
        success=0.9975,
        latency_p95_ms=7.4,
    )


def open_desk(peer: Peer) -> None:
    """Rules with one that is broken, debts, queues, statistics."""
    peer.say(T.gateway_rules(GATEWAY), rules())
    owed = [
        debt("r1", "Liên"),
        debt("r2", "Tomás", 95, rule="rose", value=1, reason="offline: the lamp was away"),
        debt("r3", "Noor", 80, simulated=True),
        debt("r4", "Dewi", 61),
    ]
    peer.say(T.gateway_ledger(GATEWAY), ledger(*owed, more=2))
    items = [waits("q1", "Liên"), waits("q2", "Tomás", ago=9, held=True), waits("q3", "Noor"), waits("q4", "Budi")]
    peer.say(T.station_queue("drum"), queue("drum", *items, more=5))
    peer.say(T.station_state("drum"), station("drum", running="beat", outputs=1, queue=9))
    peer.say(T.station_queue("lamp"), queue("lamp", paused=True))
    peer.say(T.station_queue("cannon"), queue("cannon"))
    for name in ("drum", "lamp", "cannon"):
        peer.say(T.station_stats(name), worn(name))
    peer.say(T.account_leaderboard("mira", "session"), board())
    said = Announcement(text="Tomás is king of the hill", user="Tomás", rule="king", time=stamp(time.time()))
    peer.say(T.gateway_announcement(GATEWAY), said, retain=False)
