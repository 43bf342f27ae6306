"""What follows from one another: sequences, counters, stages, and loops that end."""

from typing import Any

import pytest

from gateway import messages as m
from gateway.messages import Outcome
from gateway.rules import engine
from gateway.rules.state import State
from gateway.rules.turn import MAX_SIGNALS
from tests.rules.floor import FIRE, HONK, ROSE, Floor, rule
from tests.rules.happenings import BUDI, NOW, comment, event, gift, live, viewer, viewers

ADD: dict[str, object] = {"counter": {"name": "goal", "add": 1}}
GOAL: dict[str, Any] = {"counters": {"goal": {}}}
A, B, C = ({"comment": {"exact": word}} for word in "abc")


# -- sequences -------------------------------------------------------------------------------------------


def sequence(words: str, *steps: object, within: str = "10s", **more: object) -> list[int]:
    """Which comments, a second apart, fired."""
    floor = Floor(rule({"sequence": {"steps": list(steps), "within": within, **more}}))
    fired = []
    for n, word in enumerate(words):
        floor.restart()
        if floor.fired(comment(word, number=n), 1):
            fired.append(n)
    return fired


@pytest.mark.parametrize(
    ("words", "steps", "fired"),
    [
        ("ab", [A, B], [1]),
        ("ba", [A, B], []),
        ("axxb", [A, B], [3]),
        ("ababb", [A, B], [1, 3]),
        ("aab", [A, A, B], [2]),
        ("ab", [A, A, B], []),
        ("aaab", [A, A, B], [3]),
        ("abac", [A, B, C], [3]),
        ("aa", [A, A], [1]),
        ("aaaa", [A, A], [1, 3]),
        ("abcabc", [A, B, C], [2, 5]),
    ],
)
def test_one_after_the_other_is_found_whatever_comes_in_between_and_begins_anew(
    words: str, steps: list[object], fired: list[int]
) -> None:
    assert sequence(words, *steps) == fired


def test_a_sequence_has_to_be_within_its_time_counted_from_its_first_step() -> None:
    assert sequence("axxb", A, B, within="3s") == []
    assert sequence("axxb", A, B, within="4s") == [3]
    assert sequence("axaxxb", A, B, within="4s") == [5], "the later beginning counts"
    assert sequence("axbxc", A, B, C, within="4s") == []


def test_a_sequence_is_one_viewers_or_anybodys() -> None:
    for same, fired in ((True, [0, 0, 1]), (False, [0, 1, 0])):
        floor = Floor(rule({"sequence": {"steps": [A, B], "within": "10s", "same_viewer": same}}))
        said = [comment("a", viewer(1), 1), comment("b", viewer(2), 2), comment("b", viewer(1), 3)]
        assert [floor.fired(c) for c in said] == fired


def test_a_sequence_mixes_kinds_of_happenings_and_says_how_far_it_is() -> None:
    floor = Floor(rule({"sequence": {"steps": [{"follow": {}}, {"gift": {"min_coins": 5}}], "within": "1m"}}))
    followed = event(m.FollowEvent, m.Person(user=BUDI))
    told = [gift(1, 1, 9), followed, gift(1, 2, 1), gift(1, 3, 5)]
    said = [floor.said(e) for e in told]
    assert [(r.outcome, r.words) for r in said] == [
        (Outcome.NO_MATCH, ""),
        (Outcome.WAITING, "1 of 2 steps"),
        (Outcome.WAITING, "1 of 2 steps"),
        (Outcome.FIRED, ""),
    ]


def test_a_stale_happening_is_no_part_of_a_sequence() -> None:
    floor = Floor(rule({"sequence": {"steps": [A, B], "within": "10s"}}))
    assert [floor.fired(comment(w, number=n, stale=n == 0)) for n, w in enumerate("abab")] == [0, 0, 0, 1]


# -- counters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "steps", "fired"),
    [
        ({"reaches": 3}, [1, 1, 1, 1, -2, 1, 5], [0, 0, 1, 0, 0, 1, 0]),
        ({"falls_to": 1}, [1, 1, -1, -1, 5, -4], [0, 0, 1, 0, 0, 1]),
        ({"every": 3}, [2, 2, 5, -9, 3], [0, 1, 2, 0, 1]),
    ],
)
def test_a_counter_is_heard_when_it_crosses(on: dict[str, object], steps: list[int], fired: list[int]) -> None:
    floor = Floor(
        {
            "add": rule({"comment": {"command": "add"}}, {"counter": {"name": "goal", "add": "number(arg1)"}}),
            "sub": rule({"comment": {"command": "sub"}}, {"counter": {"name": "goal", "add": "0 - number(arg1)"}}),
            "r": rule({"counter": {"name": "goal", **on}}),
        },
        **GOAL,
    )
    came = [floor.fired(comment(f"{'sub' if n < 0 else 'add'} {abs(n)}", number=i)) for i, n in enumerate(steps)]
    assert came == fired


def test_500_roses_of_one_message_reach_every_number_on_their_way() -> None:
    rules = {
        "add": rule(None, ADD),
        "full": rule({"counter": {"name": "goal", "reaches": 437}}, HONK),
        "each": rule({"counter": {"name": "goal", "every": 100}}, {"announce": "{goal}"}),
    }
    floor = Floor(rules, **GOAL)
    assert [c.action for c in floor.roses(500).commands] == ["honk", *["say"] * 5]


def test_each_viewers_own_counter_is_heard_for_that_viewer() -> None:
    floor = Floor(
        {
            "add": rule({"comment": {"contains": "hi"}}, {"wait": "1s"}, ADD),
            "r": rule({"counter": {"name": "goal", "reaches": 2}}, {"announce": "{goal}"}),
        },
        counters={"goal": {"per": "viewer"}},
    )
    for n in (1, 2, 3):
        floor.happens(comment("hi", viewer(n), n))
    assert floor.later(2) == [], "three viewers with 1 each are not one with 3"


def test_what_came_of_a_counter_names_the_event_and_its_viewer() -> None:
    floor = Floor({"add": rule(None, ADD), "r": rule({"counter": {"name": "goal", "reaches": 1}})}, **GOAL)
    (fire,) = floor.happens(gift()).commands
    assert (fire.cause, fire.viewer, fire.account, fire.value) == ("GiftEvent-1", "u-1", "ayu", 1)


def test_practice_that_takes_its_time_stays_practice() -> None:
    rules = {"add": rule(None, {"wait": "1s"}, ADD), "r": rule({"counter": {"name": "goal", "every": 1}})}
    floor = Floor(rules, **GOAL)
    floor.happens(gift(id="practice", simulated=True))
    floor.happens(gift(id="real"))
    assert [c.simulated for c in floor.later(2)] == [True, False]
    assert floor.ledger("practice/r") == floor.ledger("r") == {"received": 1, "done": 1}


def test_rules_that_feed_each_other_are_stopped_and_told_on() -> None:
    rules = {
        "start": rule(None, ADD),
        "loop": rule({"counter": {"name": "goal", "every": 1}}, ADD, FIRE),
        "other": rule({"comment": {"contains": "fire"}}),
    }
    floor = Floor(rules, **GOAL)
    decision = floor.happens(gift())
    assert len(decision.commands) == MAX_SIGNALS
    last = decision.reasons[-1]
    assert (last.rule, last.outcome) == ("loop", Outcome.BUSY)
    assert "do rules change what they listen to?" in last.words
    assert floor.fired(comment()) == 1, "all else goes on"


def test_a_loop_that_grows_has_an_end_too() -> None:
    twice = {"repeat": {"times": 2, "steps": [ADD]}}
    floor = Floor(
        {"start": rule(None, ADD), "loop": rule({"counter": {"name": "goal", "every": 1}}, twice)}, **GOAL
    )
    floor.happens(gift())
    assert floor.ledger("loop")["received"] < 10_000


def test_a_counter_that_a_person_sets_is_heard() -> None:
    floor = Floor(rule({"counter": {"name": "goal", "reaches": 5}}), **GOAL)
    decision = engine.set_counter(floor.program, "goal", 7, floor.now, floor.state)
    assert not isinstance(decision, str)
    assert [c.action for c in decision.commands] == ["fire"]
    assert engine.set_counter(floor.program, "gaol", 7, floor.now, floor.state)


# -- stages ----------------------------------------------------------------------------------------------


CROWD = {
    "metric": "viewers",
    "levels": {"few": {}, "some": {"minimum": 30, "delay": "5s"}, "many": {"minimum": 80, "delay": "10s"}},
}


def test_stages_are_heard_up_and_down_each_level_when_its_time_has_come() -> None:
    rules = {
        "up": rule({"stage": {"name": "crowd", "level": "some"}}, {"announce": "up {stage_crowd}"}),
        "top": rule({"stage": {"name": "crowd", "level": "many"}}, {"announce": "top {stage_crowd}"}),
        "down": rule({"stage": {"name": "crowd", "level": "some", "going": "down"}}, {"announce": "down"}),
    }
    floor = Floor(rules, stages={"crowd": CROWD})
    floor.happens(live())
    floor.happens(viewers(100))
    told = [(round(floor.now - NOW), c.params["text"]) for c in floor.later(4)]
    floor.restart()
    for _ in range(30):
        told += [(round(floor.now - NOW), c.params["text"]) for c in floor.later(1)]
    assert told == [(5, "up 1"), (15, "top 2")]
    for n in range(2):
        floor.happens(viewers(40, id=f"fewer{n}"))
    assert [c.params["text"] for c in floor.later(20)] == ["down"]


def test_a_stage_that_a_counter_lifts_is_heard_in_the_same_turn() -> None:
    rules = {"add": rule(None, ADD), "r": rule({"stage": {"name": "heat", "level": "hot"}})}
    stages = {"heat": {"counter": "goal", "levels": {"cold": {}, "hot": {"minimum": 2}}}}
    floor = Floor(rules, stages=stages, **GOAL)
    (fire,) = floor.roses(2).commands
    assert (fire.cause, fire.viewer) == ("rose-1", "u-1")


def test_a_counter_that_a_script_sets_twice_at_once_is_heard_twice() -> None:
    floor = Floor(rule({"counter": {"name": "goal", "every": 100}}), counters={"goal": {}})
    for value in (100, 200):
        decision = engine.set_counter(floor.program, "goal", value, floor.now, floor.state)
        assert isinstance(decision, engine.Decision)
        floor._came(decision)
        assert len(floor.open) == 1
        floor.done()
    assert floor.ledger() == {"received": 2, "done": 2}


def test_what_a_killed_gateway_comes_to_again_later_has_the_same_commands() -> None:
    count = {"counter": {"name": "goal", "add": 1}}
    rules = {
        "counts": rule(ROSE, FIRE, {"wait": "done"}, count),
        "told": rule({"counter": {"name": "goal", "every": 1}}, HONK),
        "staged": rule({"stage": {"name": "heat", "level": "hot"}}, FIRE),
    }
    levels = {"cold": {}, "hot": {"minimum": 1, "delay": "2s"}}
    floor = Floor(rules, counters={"goal": {}}, stages={"heat": {"counter": "goal", "levels": levels}})

    def lived_again(at: float, *, wake: bool) -> list[str]:
        """What the gateway that was killed before it was on disk would have sent, had it lived until then."""
        state, lost = State.restored(floor.kept)
        assert not lost
        if wake:
            decision = engine.wake(floor.program, at, state)
        else:
            (command,) = engine.left(state)
            ack = m.Ack(id=command.id, station=command.station, action=command.action, status=m.Status.DONE)
            decision = engine.ended(floor.program, ack, at, state)
        assert len(decision.commands) == 1
        return [command.id for command in decision.commands]

    floor.happens(gift())
    assert lived_again(floor.now + 0.1, wake=False) == lived_again(floor.now + 4, wake=False)
    floor.done()
    assert lived_again(floor.now + 2, wake=True) == lived_again(floor.now + 6, wake=True)
