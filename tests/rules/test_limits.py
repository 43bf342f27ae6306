"""How often: cooldowns, budgets, combos; what one of them refuses costs nothing of another."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules.turn import MAX_UNITS
from tests.rules import happenings
from tests.rules.floor import FIRE, GLOW, HONK, Floor, rule
from tests.rules.happenings import NOW, gift, viewer

SAYS: dict[str, object] = {"comment": {"contains": "fire"}}


def comment(floor: Floor, user: m.User | None = None, after: float = 0.0, **more: Any) -> m.Reason:
    """Somebody says fire, and it is heard at once."""
    number = sum(r.received for r in floor.state.ledger.values()) + len(floor.given) * 1000
    said = happenings.comment(
        user=user or happenings.BUDI, number=number, received=m.stamp(floor.now + after), **more
    )
    return floor.happens(said, after).reasons[0]


def test_the_cooldown_blocks_with_the_time_that_is_left() -> None:
    floor = Floor(rule(SAYS, cooldown="10s"))
    assert comment(floor).outcome is Outcome.FIRED
    blocked = comment(floor, viewer(2), 4)
    assert (blocked.outcome, blocked.words) == (Outcome.COOLDOWN, "cooling down, 6.0 s left")
    assert comment(floor, after=6).outcome is Outcome.FIRED
    floor.done()
    assert floor.ledger() == {"received": 3, "done": 2, "blocked": 1}


def test_a_viewers_cooldown_holds_back_that_viewer_alone() -> None:
    floor = Floor(rule(SAYS, user_cooldown="30s"))
    assert comment(floor).outcome is Outcome.FIRED
    blocked = comment(floor, after=10)
    assert (blocked.outcome, blocked.words) == (Outcome.COOLDOWN, "cooling down for this viewer, 20.0 s left")
    assert comment(floor, viewer(2)).outcome is Outcome.FIRED
    assert comment(floor, after=20).outcome is Outcome.FIRED


def test_rules_of_a_group_share_its_cooldown_and_others_do_not() -> None:
    rules = {"a": rule(SAYS, group="big"), "b": rule(SAYS, HONK, group="big"), "c": rule(SAYS)}
    floor = Floor(rules, groups={"big": {"cooldown": "10s"}})
    said = floor.happens(happenings.comment()).reasons
    assert [r.outcome for r in said] == [Outcome.FIRED, Outcome.COOLDOWN, Outcome.FIRED]
    assert said[1].words == "group big cooling down, 10.0 s left"


def test_a_station_that_rests_holds_back_every_rule_that_moves_it() -> None:
    rules = {"a": rule(SAYS, GLOW), "b": rule(SAYS, FIRE, {"wait": "1s"}, {"parallel": [[GLOW]]}), "c": rule(SAYS)}
    floor = Floor(rules)
    said = floor.happens(happenings.comment()).reasons
    assert [r.outcome for r in said] == [Outcome.FIRED, Outcome.COOLDOWN, Outcome.FIRED]
    assert said[1].words == "lamp cooling down, 5.0 s left"
    assert floor.fired(happenings.comment(number=1, received=m.stamp(NOW + 5)), 5) == 2


def test_ten_roses_with_a_cooldown_are_one_that_fires_and_nine_that_are_blocked() -> None:
    floor = Floor(rule(cooldown="1s"))
    decision = floor.roses(10)
    assert len(decision.commands) == 1
    (reason,) = decision.reasons
    assert (reason.outcome, reason.times) == (Outcome.FIRED, 1)
    assert reason.words == "1 of 10, then: cooling down, 1.0 s left"
    floor.done()
    assert floor.ledger() == {"received": 10, "done": 1, "blocked": 9}
    assert floor.roses(10, 2).reasons[0].times == 10
    assert floor.ledger() == {"received": 20, "done": 1, "blocked": 19}


def test_one_message_cannot_flood_a_station() -> None:
    floor = Floor(rule())
    decision = floor.roses(100_000)
    assert len(decision.commands) == MAX_UNITS
    assert f"only {MAX_UNITS} run" in decision.reasons[0].words
    floor.done()
    assert floor.ledger() == {"received": 100_000, "done": MAX_UNITS, "dropped": 100_000 - MAX_UNITS}


def test_a_viewers_budget_counts_the_last_minute_of_one_rule_and_of_all() -> None:
    floor = Floor({"a": rule(SAYS, user_per_minute=2), "b": rule(SAYS, HONK)}, user_per_minute=5)
    fired: list[list[Outcome]] = []
    for n in range(4):
        said = happenings.comment(number=n, received=m.stamp(floor.now + 10))
        fired.append([r.outcome for r in floor.happens(said, 10).reasons])
    yes, no = Outcome.FIRED, Outcome.BUDGET
    assert fired == [[yes, yes], [yes, yes], [no, yes], [no, no]]
    assert comment(floor, viewer(2)).outcome is yes
    assert comment(floor, after=50).outcome is yes, "the first ones are a minute ago"


def test_what_one_limit_refuses_reserves_nothing_of_the_others() -> None:
    rules = {
        "a": rule(SAYS, GLOW),
        "r": rule(SAYS, FIRE, GLOW, cooldown="60s", user_cooldown="60s", group="big", user_per_minute=1),
    }
    floor = Floor(rules, groups={"big": {"cooldown": "60s"}}, user_per_minute=100)
    first = floor.happens(happenings.comment()).reasons
    assert [r.outcome for r in first] == [Outcome.FIRED, Outcome.COOLDOWN], "the lamp rests"
    state = floor.state
    assert not state.fired
    assert not state.fired_for
    assert not state.groups
    assert state.budgets.keys() == {"/u-1"}
    assert len(state.budgets["/u-1"]) == 1
    assert state.rested == {"lamp": NOW}


def test_a_late_gift_expires_and_starts_no_cooldown() -> None:
    floor = Floor(rule(cooldown="10s", deadline="5s"))
    (late,) = floor.happens(gift(), after=6).commands
    assert late.expires_at == m.stamp(NOW + 5)
    floor.ack(late.id, m.Status.EXPIRED, "deadline")
    assert floor.said(gift(received=m.stamp(NOW + 7), id="2"), 1).outcome is Outcome.FIRED
    assert floor.ledger() == {"received": 2, "expired": 1, "waiting": 1}


def test_a_connectors_clock_that_is_ahead_lends_no_command_a_longer_life() -> None:
    (command,) = Floor(rule(deadline="30s")).happens(gift(received=m.stamp(NOW + 3600))).commands
    assert command.expires_at == m.stamp(NOW + 30)


@pytest.mark.parametrize(
    "limit", [{"cooldown": "10s"}, {"user_cooldown": "10s"}, {"user_per_minute": 1}, {"group": "g"}]
)
def test_a_clock_that_was_set_back_keeps_nobody_waiting(limit: dict[str, object]) -> None:
    floor = Floor(rule(SAYS, **limit), groups={"g": {"cooldown": "10s"}})
    assert comment(floor).outcome is Outcome.FIRED
    assert comment(floor, after=-86_400).outcome is Outcome.FIRED
    assert comment(floor).outcome is not Outcome.FIRED


# -- combos --------------------------------------------------------------------------------------------


def test_a_combo_wants_its_number_within_its_time_and_begins_anew() -> None:
    floor = Floor(rule(SAYS, combo={"count": 3, "within": "10s"}))
    times = [0.0, 6.0, 11.0, 12.0, 13.0, 14.0, 15.0]
    fired = [floor.fired(happenings.comment(number=n), NOW + t - floor.now) for n, t in enumerate(times)]
    assert fired == [0, 0, 0, 1, 0, 0, 1]
    waiting = floor.said(happenings.comment(number=99), 1)
    assert (waiting.outcome, waiting.words) == (Outcome.WAITING, "1 of 3 within 10s")


def test_a_combo_of_viewers_counts_each_once() -> None:
    floor = Floor(rule(SAYS, combo={"users": 3, "within": "30s"}))
    said = [happenings.comment(user=viewer(n), number=i) for i, n in enumerate((1, 1, 2, 1, 3))]
    assert [floor.fired(c) for c in said] == [0, 0, 0, 0, 1]


def test_five_roses_of_one_message_are_five_of_a_combo() -> None:
    floor = Floor(rule(combo={"count": 5, "within": "30s"}))
    assert len(floor.roses(5).commands) == 1
    assert len(floor.roses(4, 2).commands) == 0


def test_a_stale_happening_is_no_part_of_a_combo() -> None:
    floor = Floor(rule(SAYS, combo={"count": 2, "within": "10s"}))
    fired = [floor.fired(happenings.comment(number=n, stale=n == 0)) for n in range(3)]
    assert fired == [0, 0, 1]


def test_a_combo_after_the_clock_was_set_back_begins_anew_instead_of_never() -> None:
    floor = Floor(rule(SAYS, combo={"count": 2, "within": "10s"}))
    fired = [floor.fired(happenings.comment(number=n), after) for n, after in enumerate((0, -3600, 1, 1))]
    assert fired == [0, 0, 1, 0]


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 60)), max_size=40))
def test_cooldowns_and_budgets_hold_whatever_comes(evening: list[tuple[int, float]]) -> None:
    floor = Floor(rule(SAYS, user_cooldown="5s", user_per_minute=3))
    fired: dict[int, list[float]] = {}
    for number, (n, after) in enumerate(evening):
        said = happenings.comment(user=viewer(n), number=number, received=m.stamp(floor.now + after))
        if floor.fired(said, after):
            fired.setdefault(n, []).append(floor.now)
    for times in fired.values():
        assert all(b - a >= 5 for a, b in pairwise(times))
        assert all(b - a >= 60 for a, b in zip(times[:-3], times[3:], strict=True))


def test_those_who_are_not_meant_use_up_nothing_of_those_who_are() -> None:
    moderators = rule(SAYS, cooldown="1m") | {"if": {"moderator": True}, "else": [{"announce": "not you"}]}
    floor = Floor(moderators)
    assert comment(floor, viewer(1)).words == "only for moderators"
    assert comment(floor, viewer(2)).outcome is Outcome.COOLDOWN  # the else has a cooldown of its own
    assert comment(floor, m.User(id="u-9", moderator=True)).outcome is Outcome.FIRED
    assert len(floor.given) == 2


def test_a_station_rests_only_after_what_moved_it() -> None:
    blank = {"choose": [{"steps": []}, {"weight": 1e-9, "steps": [GLOW]}]}
    floor = Floor({"wheel": rule(SAYS, blank), "lamp": rule({"follow": {}}, GLOW)})
    assert comment(floor).outcome is Outcome.FIRED
    assert not floor.given
    follows = happenings.event(m.FollowEvent, m.Person(user=happenings.BUDI))
    assert floor.happens(follows).reasons[0].outcome is Outcome.FIRED
