"""What a run does while another one of its rule goes on."""

import pytest

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules import turn
from gateway.rules.engine import Decision, compile_rules
from tests.rules.floor import FIRE, HONK, Floor, rule
from tests.rules.happenings import press

GO: dict[str, object] = {"button": {"name": "go"}}
TWO = (FIRE, {"wait": "done"}, HONK)


def go(floor: Floor, number: int) -> Decision:
    return floor.happens(press(number=number, received=m.stamp(floor.now)))


def test_single_begins_no_other_while_its_run_goes_on() -> None:
    floor = Floor(rule(GO, *TWO, mode="single"))
    (fire,) = go(floor, 1).commands
    busy = go(floor, 2).reasons[0]
    assert (busy.outcome, busy.words) == (Outcome.BUSY, "its last run goes on")
    (honk,) = floor.ack(fire.id).commands
    assert go(floor, 3).reasons[0].outcome is Outcome.BUSY
    floor.ack(honk.id)
    assert go(floor, 4).commands
    assert floor.ledger() == {"received": 4, "done": 1, "blocked": 2, "waiting": 1}


def test_parallel_runs_as_many_as_it_may() -> None:
    floor = Floor(rule(GO, *TWO, mode="parallel", max=2))
    assert [len(go(floor, n).commands) for n in range(3)] == [1, 1, 0]
    floor.later(0)
    assert len(go(floor, 3).commands) == 1
    assert len(Floor(rule(None, *TWO)).roses(20).commands) == 20, "without max: all"


def test_queued_runs_begin_in_their_order_and_each_when_the_one_before_has_ended() -> None:
    floor = Floor(rule(None, FIRE, {"wait": "1s"}, HONK, mode="queued"))
    assert [c.run for c in floor.roses(12).commands] == ["rose-1/r/0"]
    floor.restart()
    order = [c.run for c in floor.later(30)]
    assert list(dict.fromkeys(order)) == [f"rose-1/r/{n}" for n in range(12)]
    assert [at for at, action in floor.moved if action == "fire"] == list(range(12))
    assert floor.ledger() == {"received": 12, "done": 12}


def test_queued_with_max_lets_so_many_wait() -> None:
    floor = Floor(rule(None, *TWO, mode="queued", max=3))
    reason = floor.roses(10).reasons[0]
    assert (reason.times, reason.words) == (4, "4 of 10, then: 3 of its runs wait")
    floor.later(0)
    assert floor.ledger() == {"received": 10, "done": 4, "blocked": 6}


def test_hundreds_of_queued_runs_that_end_at_once_are_no_burden() -> None:
    count = {"counter": {"name": "c", "add": 1}}
    fork = {"fork": {"so": "n == 1", "steps": [FIRE], "else": [count]}}
    floor = Floor(rule(None, fork, mode="queued"), counters={"c": {}})
    floor.roses(500)
    assert floor.ledger() == {"received": 500, "waiting": 500}
    floor.done()
    assert floor.ledger() == {"received": 500, "done": 500}
    assert floor.state.counters == {"c": 499}


def test_restart_takes_the_place_of_the_run_that_goes_on() -> None:
    floor = Floor(rule(GO, FIRE, {"wait": "5s"}, HONK, mode="restart"))
    (first,) = go(floor, 1).commands
    floor.now += 3
    again = go(floor, 2)
    assert again.cancelled == {first.run: "a newer run took its place"}
    assert [c.action for c in again.commands] == ["fire"]
    floor.ack(first.id, m.Status.CANCELLED, "limit")
    assert [c.action for c in floor.later(10)] == ["honk"]
    assert floor.ledger() == {"received": 2, "cancelled": 1, "done": 1}


def test_of_ten_roses_that_restart_each_other_only_the_last_one_is_sent() -> None:
    floor = Floor(rule(mode="restart"))
    decision = floor.roses(10)
    assert [c.run for c in decision.commands] == ["rose-1/r/9"]
    assert not decision.cancelled, "nothing of the others was ever sent"
    floor.done()
    assert floor.ledger() == {"received": 10, "cancelled": 9, "done": 1}


def test_a_restart_after_other_rules_were_loaded_begins_nothing_that_waited() -> None:
    floor = Floor(rule(GO, FIRE, {"wait": "1m"}, HONK, mode="queued"))
    for n in range(3):
        go(floor, n)
    floor.done()
    again = Floor(rule(GO, FIRE, {"wait": "1m"}, HONK, mode="restart"))
    floor.program = compile_rules(again.book, again.settings)
    assert [c.run for c in go(floor, 9).commands] == ["PressEvent-9/r/0"]
    floor.later(100)
    assert floor.ledger() == {"received": 4, "cancelled": 3, "done": 1}


def test_a_stop_begins_nothing_that_waited_for_its_turn() -> None:
    floor = Floor(rule(GO, FIRE, {"wait": "10s"}, FIRE, mode="queued"))
    for n in range(4):
        go(floor, n)
    floor.done()
    assert not floor.open, "the first one waits for its second step"
    decision = floor.halt()
    assert not decision.commands
    assert not floor.later(100)
    assert floor.ledger() == {"received": 4, "cancelled": 4}
    assert go(floor, 9).commands, "and the next one begins"


def test_runs_have_a_limit_over_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "MAX_RUNS", 30)
    floor = Floor({"a": rule(None, {"wait": "10s"}, FIRE), "b": rule()})
    said = floor.roses(40).reasons
    assert [(r.times, r.outcome) for r in said] == [(30, Outcome.FIRED), (40, Outcome.BUSY)]
    assert said[1].words == "30 runs go on"
    floor.later(10)
    assert floor.ledger("a") == {"received": 40, "done": 30, "blocked": 10}
    assert len(floor.roses(10, 2).reasons) == 2


def test_a_rule_that_was_taken_out_ends_what_it_began() -> None:
    floor = Floor({"r": rule(GO, FIRE, {"wait": "1s"}, HONK), "s": rule()})
    go(floor, 1)
    floor.program = compile_rules(Floor({"s": rule()}).book, floor.settings)
    floor.later(5)
    assert floor.moved == [(0, "fire"), (1, "honk")]
    assert floor.ledger() == {"received": 1, "done": 1}
