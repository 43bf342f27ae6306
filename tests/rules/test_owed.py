"""What a stopped or broken station kept from a viewer is owed, and can be paid."""

import pytest

from gateway import messages as m
from gateway.rules import engine, running
from gateway.settings.models import Gateway
from tests.rules.floor import FIRE, HONK, Floor, rule, venue
from tests.rules.happenings import NOW, comment, gift, press

THREE = (FIRE, {"wait": "done"}, HONK, {"wait": "5s"}, FIRE)
FAILED, CANCELLED, EXPIRED = m.Status.FAILED, m.Status.CANCELLED, m.Status.EXPIRED


@pytest.mark.parametrize(
    ("status", "kept_by", "word"),
    [
        (CANCELLED, "stop", "owed"),
        (m.Status.REJECTED, "disarmed", "owed"),
        (EXPIRED, "offline", "owed"),
        (FAILED, "fault", "owed"),
        (m.Status.BLOCKED, "mode", "blocked"),
        (EXPIRED, "deadline", "expired"),
        (m.Status.DROPPED, "overflow", "dropped"),
        (CANCELLED, "person", "cancelled"),
        (m.Status.REJECTED, "limit", "failed"),
        (m.Status.DONE, "", "done"),
    ],
)
def test_what_a_stop_or_a_fault_kept_is_owed_and_nothing_else(
    status: m.Status, kept_by: m.KeptBy, word: str
) -> None:
    floor = Floor(rule())
    (fire,) = floor.happens(gift()).commands
    floor.ack(fire.id, status, kept_by)
    assert floor.ledger() == {"received": 1, word: 1}
    assert floor.owed() == (["GiftEvent-1/r/0"] if word == "owed" else [])


def test_only_gifts_are_owed() -> None:
    floor = Floor({"r": rule({"comment": {"contains": "fire"}})})
    (fire,) = floor.happens(comment()).commands
    floor.ack(fire.id, CANCELLED, "stop")
    assert floor.ledger() == {"received": 1, "cancelled": 1}


def test_a_venue_may_owe_nothing() -> None:
    floor = Floor(rule(), venue(gateway=Gateway(after_stop="cancelled")))
    (fire,) = floor.happens(gift()).commands
    floor.ack(fire.id, CANCELLED, "stop")
    assert floor.ledger() == {"received": 1, "cancelled": 1}


def test_what_is_owed_says_to_whom_since_when_and_why() -> None:
    floor = Floor(rule())
    (fire,) = floor.happens(gift(1, 1, 99)).commands
    floor.ack(fire.id, CANCELLED, "stop")
    (owed,) = engine.owed(floor.state)
    assert (owed.user, owed.account, owed.value, owed.rule) == ("Budi", "ayu", 99, "r")
    assert (owed.since, owed.reason) == (m.stamp(NOW), "kept by stop")


def test_paying_gives_exactly_what_was_missing() -> None:
    floor = Floor(rule(None, *THREE))
    (fire,) = floor.happens(gift()).commands
    (honk,) = floor.ack(fire.id).commands
    floor.ack(honk.id, CANCELLED, "stop")
    floor.restart()
    assert floor.ledger() == {"received": 1, "owed": 1}
    paid = floor.pay("GiftEvent-1/r/0")
    assert [c.action for c in paid.commands] == ["honk", "fire"]
    assert not paid.repeated
    assert {c.id for c in paid.commands}.isdisjoint({fire.id, honk.id})
    assert floor.ledger() == {"received": 1, "waiting": 1}
    assert floor.owed() == []
    floor.done()
    assert floor.ledger() == {"received": 1, "done": 1}


def test_what_nobody_knows_the_fate_of_is_asked_for_again_under_its_own_id() -> None:
    floor = Floor(rule(None, FIRE, HONK))
    fire, honk = floor.happens(gift()).commands
    floor.ack(fire.id, FAILED, "fault")
    floor.ack(honk.id, EXPIRED, "offline")
    floor.now += 600
    paid = floor.pay("GiftEvent-1/r/0")
    assert paid.repeated == {fire.id}
    assert {c.id: c.action for c in paid.commands} == {fire.id: "fire", "GiftEvent-1/r/0/2": "honk"}
    assert {c.expires_at for c in paid.commands} == {m.stamp(NOW + 630)}


def test_what_is_paid_can_be_kept_again_and_paid_again() -> None:
    floor = Floor(rule())
    (command,) = floor.happens(gift()).commands
    for _ in range(5):
        floor.ack(command.id, CANCELLED, "stop")
        assert floor.ledger() == {"received": 1, "owed": 1}
        (command,) = floor.pay("GiftEvent-1/r/0").commands
    floor.done()
    assert floor.ledger() == {"received": 1, "done": 1}
    assert engine.pay(floor.program, "GiftEvent-1/r/0", floor.now, floor.state) is None


def test_what_is_forgiven_counts_as_cancelled() -> None:
    floor = Floor(rule())
    (fire,) = floor.happens(gift()).commands
    floor.ack(fire.id, CANCELLED, "stop")
    floor.forgive("GiftEvent-1/r/0")
    assert floor.ledger() == {"received": 1, "cancelled": 1}
    assert not engine.forgive(floor.program, "GiftEvent-1/r/0", floor.now, floor.state)


def test_beyond_all_measure_the_oldest_debt_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "REMEMBERED_DEBTS", 3)
    floor = Floor(rule())
    for n in range(12):
        floor.now -= 10  # whatever the clock says
        (fire,) = floor.happens(gift(id=f"g{n}", received=m.stamp(floor.now))).commands
        floor.ack(fire.id, CANCELLED, "stop")
        floor.restart()
    assert floor.owed() == ["g9/r/0", "g10/r/0", "g11/r/0"]
    assert floor.ledger() == {"received": 12, "owed": 3, "cancelled": 9}


def test_a_stop_ends_what_a_run_had_still_to_do_and_a_gift_is_owed_it() -> None:
    floor = Floor({"r": rule(None, *THREE), "s": rule({"button": {"name": "go"}}, *THREE)})
    (fire,) = floor.happens(gift()).commands
    (other,) = floor.happens(press()).commands
    halted = floor.halt()
    assert not halted.cancelled  # whoever stops them says of each why it ended
    floor.ack(fire.id)
    floor.ack(other.id, CANCELLED, "stop")
    assert floor.ledger("r") == {"received": 1, "owed": 1}
    assert floor.ledger("s") == {"received": 1, "cancelled": 1}
    assert not floor.later(60)
    assert [c.action for c in floor.pay("GiftEvent-1/r/0").commands] == ["honk", "fire"]


def test_a_stop_by_choice_owes_nothing() -> None:
    floor = Floor(rule(None, *THREE))
    (fire,) = floor.happens(gift()).commands
    floor.halt(owed=False)
    floor.ack(fire.id)
    assert floor.ledger() == {"received": 1, "cancelled": 1}


def test_a_station_that_stopped_ends_the_run_and_one_that_is_away_does_not() -> None:
    for kept_by, following in (("stop", 0), ("disarmed", 0), ("mode", 0), ("offline", 1), ("fault", 1)):
        floor = Floor(rule(None, *THREE))
        (fire,) = floor.happens(gift()).commands
        assert len(floor.ack(fire.id, FAILED, kept_by).commands) == following  # type: ignore[arg-type]


def test_what_a_killed_gateway_left_is_asked_again_with_no_later_deadline_than_it_had() -> None:
    floor = Floor(rule(None, FIRE, {"wait": "3s"}, HONK))
    late = gift(received=m.stamp(NOW - 20))
    (fire,) = floor.happens(late).commands
    floor.restart()
    assert engine.left(floor.state) == [fire]
    floor.now += 3
    (honk,) = floor._came(engine.wake(floor.program, floor.now, floor.state)).commands
    floor.restart()
    left = {c.id: c for c in engine.left(floor.state)}
    assert left.keys() == {fire.id, honk.id}
    assert all(left[c.id].expires_at <= c.expires_at for c in (fire, honk))
