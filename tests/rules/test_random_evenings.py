"""Whatever the rules are and whatever happens: the ledger adds up, and decisions are the same every time."""

import json
import os
import subprocess
import sys
from hashlib import blake2b
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.rules import engine
from gateway.rules.engine import Decision
from tests.rules.evenings import Step, books, happening, make_evening, seeds
from tests.rules.floor import Floor

MOST_WAKES = 40
QUICK = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
"""Shrinking whole evenings takes minutes; what fails says its book and its seed."""


def play(floor: Floor, evening: list[Step], restarts: frozenset[int] = frozenset()) -> list[bytes]:
    """Every decision of an evening; before the steps of ``restarts`` the gateway starts anew. ``Floor`` checks the
    ledger, and that no command comes twice, after each of them."""
    told: list[bytes] = []

    def tell(decision: Decision) -> None:
        told.append(msgspec.json.encode(decision, order="deterministic"))

    for number, step in enumerate(evening):
        if number in restarts:
            floor.restart()
        match step:
            case ("event", kind, size, who, stale):
                tell(floor.happens(happening(kind, number, size, who, floor.now, stale=stale)))
            case ("ack", n, (status, kept_by)) if floor.open:
                tell(floor.ack(list(floor.open)[n % len(floor.open)], status, kept_by))
            case ("wait", seconds):
                _wait(floor, seconds, tell)
            case ("halt", owed):
                tell(floor.halt(owed=owed))
            case ("pay", n) if floor.owed():
                tell(floor.pay(floor.owed()[n % len(floor.owed())]))
            case ("forgive", n) if floor.owed():
                floor.forgive(floor.owed()[n % len(floor.owed())])
        told.append(msgspec.json.encode(engine.owed(floor.state)))
        told.append(msgspec.json.encode(engine.stage_states(floor.program, floor.now, floor.state)))
        told.append(msgspec.json.encode(engine.ledger(floor.state), order="sorted"))
        assert {run.id for run in floor.state.runs.values() if run.open} == {c.run for c in floor.open.values()}
    return told


def _wait(floor: Floor, seconds: float, tell: Any) -> None:
    """So much time goes by; the gateway wakes when it says."""
    until = floor.now + seconds
    if seconds < 0:
        floor.now = until
        tell(floor._came(engine.wake(floor.program, floor.now, floor.state)))
        return
    for _ in range(MOST_WAKES):
        at = engine.due(floor.program, floor.state, floor.now)
        if at is None or at > until:
            break
        floor.now = max(floor.now, at)
        tell(floor._came(engine.wake(floor.program, floor.now, floor.state)))
    floor.now = max(floor.now, until)


def floor_of(book: dict[str, Any]) -> Floor:
    return Floor(json.dumps(book))


@settings(QUICK, max_examples=80)
@given(books(), seeds, st.frozensets(st.integers(0, 59), max_size=8))
def test_a_gateway_that_is_killed_at_any_point_decides_as_if_it_had_not_been(
    book: dict[str, Any], seed: int, restarts: frozenset[int]
) -> None:
    evening = make_evening(seed)
    assert play(floor_of(book), evening, restarts) == play(floor_of(book), evening)


@settings(QUICK, max_examples=60)
@given(books(), seeds)
def test_in_the_end_every_run_has_an_ending(book: dict[str, Any], seed: int) -> None:
    floor = floor_of(book)
    play(floor, make_evening(seed))
    floor.halt()
    for command in list(floor.open):
        floor.ack(command)
    assert not floor.state.runs
    assert not floor.state.alarms
    assert not floor.state.by_rule
    counts, balanced = engine.ledger(floor.state)
    assert balanced
    assert sum(c.waiting for c in counts.values()) == 0
    for run in floor.owed():
        floor.forgive(run)
    assert sum(c.owed for c in engine.ledger(floor.state)[0].values()) == 0


CHILD = "import sys; from tests.rules.test_random_evenings import replay; replay(sys.stdin.read())"


def replay(text: str) -> None:
    """In a process of its own: what came of each evening, as one digest a line."""
    for book, seed in json.loads(text):
        print(digest(play(floor_of(book), make_evening(seed))))


def digest(told: list[bytes]) -> str:
    return blake2b(b"\n".join(told), digest_size=16).hexdigest()


@settings(QUICK, max_examples=1)
@given(st.lists(st.tuples(books(), seeds), min_size=30, max_size=30))
def test_another_process_with_other_hashes_decides_alike(programs: list[tuple[dict[str, Any], int]]) -> None:
    told = [digest(play(floor_of(book), make_evening(seed))) for book, seed in programs]
    for hashes in ("1", "77"):
        child = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps(programs),
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert child.stdout.split() == told
