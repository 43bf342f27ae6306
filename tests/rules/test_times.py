"""Time: timers, clocks that strike, and a clock that is set back."""

import pytest

from gateway import messages as m
from gateway.rules import engine
from tests.rules.floor import FIRE, HONK, Floor, rule
from tests.rules.happenings import NOW, comment, gift, press

GO: dict[str, object] = {"button": {"name": "go"}}


def go(floor: Floor, number: int) -> list[str]:
    """What a press brings at once."""
    return [c.action for c in floor.happens(press(number=number, received=m.stamp(floor.now))).commands]


# -- timers ----------------------------------------------------------------------------------------------


def timer(**do: object) -> dict[str, object]:
    return {"timer": {"name": "round", **do}}


def test_a_timer_runs_out_once_and_can_be_extended_and_stopped() -> None:
    rules = {
        "start": rule({"comment": {"exact": "go"}}, timer(start="10s")),
        "more": rule(None, timer(extend="coins * 2", most="15s")),
        "stop": rule({"comment": {"exact": "stop"}}, timer(stop=True)),
        "r": rule({"timer": {"name": "round"}}),
    }
    floor = Floor(rules, timers=["round"])
    floor.happens(comment("go"))
    assert [at for at, _ in floor.moved] == []
    floor.later(20)
    assert [at for at, _ in floor.moved] == [10]
    floor.happens(comment("go", number=1))  # at 20
    floor.later(5)
    floor.happens(gift(1, 1, 4))
    floor.restart()
    floor.later(30)
    assert [at for at, _ in floor.moved] == [10, 38]
    floor.happens(gift(1, 2, 5000))  # at 55: it starts, and no longer than 15 s
    floor.later(1)
    floor.happens(gift(1, 3, 1))
    floor.later(30)
    assert [at for at, _ in floor.moved] == [10, 38, 71]
    floor.happens(comment("go", number=2))
    floor.happens(comment("stop"))
    floor.later(30)
    assert [at for at, _ in floor.moved] == [10, 38, 71]


def test_a_gift_never_shortens_a_timer_that_runs_longer_than_gifts_may_make_it() -> None:
    rules = {"start": rule(GO, timer(start="60s")), "more": rule(None, timer(extend="5s", most="30s"))}
    floor = Floor(rules, timers=["round"])
    go(floor, 1)
    floor.happens(gift())
    assert floor.state.timers["round"] == NOW + 60


def test_a_timer_of_nothing_that_starts_itself_leaves_time_for_all_else() -> None:
    rules = {
        "start": rule(None, timer(start="coins - 5000")),
        "r": rule({"timer": {"name": "round"}}, FIRE, timer(start="0 * n")),
    }
    floor = Floor(rules, timers=["round"])
    floor.happens(gift())
    floor.later(1.05)
    assert len(floor.moved) == 10
    floor = Floor(rule(None, timer(extend="coins * 0")), timers=["round"])
    floor.happens(gift())
    assert not floor.state.timers, "nothing more of nothing is nothing"


# -- clocks ----------------------------------------------------------------------------------------------


def test_a_clock_strikes_every_so_long_also_over_a_restart() -> None:
    floor = Floor(rule({"time": {"every": "20s"}}))
    for _ in range(10):
        floor.later(10)
        floor.restart()
    assert NOW % 20 == 0
    assert [at for at, _ in floor.moved] == [20, 40, 60, 80, 100]


def test_a_cron_strikes_in_the_venues_timezone_and_within_opening_hours() -> None:
    hourly = rule({"time": {"cron": "0 * * * *"}}, **{"if": {"hours": {"from": "22:00", "to": "00:00"}}})
    floor = Floor(hourly)  # it is 21:13:20 in Jakarta
    floor.later(4 * 3600)
    assert [at for at, _ in floor.moved] == [2800, 6400]


def test_a_clock_that_struck_while_nobody_was_there_is_not_heard_any_more() -> None:
    floor = Floor(rule({"time": {"every": "1h"}}))
    floor.now += 5 * 3600 + 120
    floor.restart()
    assert floor.later(60) == []
    assert len(floor.later(3600)) == 1


def test_a_clock_that_struck_just_now_while_the_gateway_started_again_is_heard() -> None:
    floor = Floor(rule({"time": {"every": "1h"}}))
    at = floor.state.ticked["r"]
    floor.now = at + 30
    floor.restart()
    assert [c.cause for c in floor.later(0)] == [f"time/r/{m.stamp(at)}"]


def test_a_day_that_never_comes_is_no_trouble() -> None:
    floor = Floor({"r": rule({"time": {"cron": "0 0 29 2 *"}}), "s": rule()})
    for _ in range(3):
        floor.restart()
    assert floor.later(60) == []


# -- a clock that is set back ------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_set_back_freezes_nothing(restarted: bool) -> None:
    rules = {
        "run": rule(GO, {"wait": "10s"}, HONK),
        "start": rule(GO, timer(start="20s")),
        "timer": rule({"timer": {"name": "round"}}),
        "tick": rule({"time": {"every": "30s"}}, {"announce": "tick"}),
    }
    floor = Floor(rules, timers=["round"])
    go(floor, 1)
    floor.now -= 86_400
    if restarted:
        floor.restart()
    floor.happens(comment("x"))
    before = floor.now - NOW
    floor.later(60)
    moved = [(at - before, action) for at, action in floor.moved]
    assert [(at, action) for at, action in moved if action != "say"] == [(10, "honk"), (20, "fire")]
    assert sum(action == "say" for _, action in moved) == 2


def test_a_clock_that_is_told_another_time_does_not_strike_at_the_old_one() -> None:
    floor = Floor(rule({"time": {"cron": "30 21 * * *"}}))
    later = Floor(rule({"time": {"cron": "0 22 * * *"}}))
    floor.program = later.program
    engine.begin(floor.program, floor.now, floor.state)
    floor.later(3600)
    assert [at for at, _ in floor.moved] == [2800]


def test_a_clock_set_back_a_little_does_not_strike_twice() -> None:
    floor = Floor(rule({"time": {"cron": "0 22 * * *"}}))
    floor.later(2800)
    assert len(floor.moved) == 1
    floor.now -= 30
    floor.restart()
    floor.happens(comment())
    floor.later(3600)
    assert len(floor.moved) == 1
    floor.now -= 7200  # somebody has corrected it by hours: the evening comes again, under another name
    floor.happens(comment())
    floor.later(7200)
    assert len(floor.moved) == 2


@pytest.mark.parametrize(("does", "moved"), [({"stop": True}, []), ({"extend": "5s"}, [6.0])])
def test_of_two_timers_that_run_out_together_the_first_one_may_stop_or_extend_the_other(
    does: dict[str, object], moved: list[float]
) -> None:
    def second(**do: object) -> dict[str, object]:
        return {"timer": {"name": "second", **do}}

    rules = {
        "start": rule(GO, timer(start="1s"), second(start="1s")),
        "one": rule({"timer": {"name": "round"}}, second(**does)),
        "two": rule({"timer": {"name": "second"}}),
    }
    floor = Floor(rules, timers=["round", "second"])
    go(floor, 1)
    floor.later(20)
    assert [at for at, _ in floor.moved] == moved
