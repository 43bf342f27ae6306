"""Then: what moves, with which numbers, and when."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from gateway import messages as m
from gateway.rules.steps import LONGEST_RUN_S, MOST_TODO
from gateway.settings.steps import MOST_REPEATS
from tests.rules.floor import FIRE, GLOW, HONK, Floor, rule
from tests.rules.happenings import NOW, gift, press

GO: dict[str, object] = {"button": {"name": "go"}}
BLANK: dict[str, object] = {"choose": [{"steps": []}, {"steps": [FIRE]}]}


def road(*steps: object, seconds: float = 100.0) -> list[tuple[float, str]]:
    """What moved when; the machines are done at once."""
    floor = Floor(rule(GO, *steps))
    floor.happens(press())
    floor.later(seconds)
    assert floor.ledger() == {"received": 1, "done": 1}
    return floor.moved


def params(step: dict[str, object], event: m.Event, **more: Any) -> dict[str, Any]:
    (command,) = Floor(rule(None, step), **more).happens(event).commands
    return command.params


# -- parameters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "coins", "ms"),
    [
        ("coins * 10", 30, 300),
        ("coins * 10", 5_000, 2000),
        ("coins * 0.001", 1, 1),
        ("0 - coins", 7, 1),
        ("scale(coins, 1, 1000, 100, 1000)", 1000, 1000),
        ("clamp(coins, 50, 400)", 7, 50),
        ("coins * 0.25 + 1", 10, 4),
        ("coins / 0", 10, 1),
    ],
)
def test_numbers_are_worked_out_and_brought_to_what_the_action_takes(text: str, coins: int, ms: int) -> None:
    found = params({**FIRE, "params": {"ms": text}}, gift(1, 1, coins))["ms"]
    assert found == ms
    assert isinstance(found, int)


def test_a_level_is_never_quite_nothing_and_fixed_numbers_stay() -> None:
    step = {**GLOW, "params": {"level": "coins - 50", "ramp": 100}}
    assert params(step, gift(1, 1, 10)) == {"level": 0.1, "ramp": 100}
    assert params(step, gift(1, 1, 90)) == {"level": 40, "ramp": 100}


def test_a_step_reads_what_the_steps_before_it_have_counted() -> None:
    count = {"counter": {"name": "shots", "add": "coins"}}
    steps = [count, {"announce": "{shots} of 10"}, count, {"announce": "{shots} of 10"}]
    floor = Floor(rule(None, *steps), counters={"shots": {"max": 10}})
    assert [c.params["text"] for c in floor.happens(gift(1, 1, 6)).commands] == ["6 of 10", "10 of 10"]
    assert floor.state.counters == {"shots": 10}


def test_each_gift_of_a_message_knows_which_one_it_is() -> None:
    floor = Floor(rule(None, {"announce": "{n} of {times} {gift} by {user}: {value}"}))
    said = [c.params["text"] for c in floor.happens(gift(2, 5, 3)).commands]
    assert said == ["1 of 2 Rose by Budi: 6", "2 of 2 Rose by Budi: 6"]


def test_texts_sounds_messages_and_webhooks_are_stations_too() -> None:
    steps = [
        {"announce": "thanks {user}"},
        {"sound": "bell"},
        {"publish": {"topic": "other/lamp", "payload": "{coins}", "retain": True}},
        {"webhook": {"name": "score", "body": "{count}"}},
    ]
    told = [(c.station, c.action, c.params) for c in Floor(rule(None, *steps)).happens(gift()).commands]
    assert told == [
        ("announce", "say", {"text": "thanks Budi"}),
        ("sound", "bell", {}),
        ("mqtt", "publish", {"topic": "other/lamp", "payload": "1", "retain": True}),
        ("webhook", "score", {"body": "1"}),
    ]


@pytest.mark.parametrize("count", [1, 2**62, 2**63 - 1])
def test_numbers_that_no_live_ever_sends_break_nothing(count: int) -> None:
    rules = {
        "a": rule(None, {**FIRE, "params": {"ms": "value * value * total"}}),
        "b": rule(None, {"counter": {"name": "c", "add": "value"}}, HONK, **{"if": {"top": 3}}),
        "d": rule({"milestone": {"of": "coins", "every": 1}}, {"announce": "{times}"}),
    }
    floor = Floor(rules, counters={"c": {"max": 1e300}})
    for n in range(3):
        floor.happens(gift(count, count, count, id=f"g{n}"))
        floor.restart()
    assert floor.ledger("a").keys() >= {"received", "waiting"}


# -- time --------------------------------------------------------------------------------------------


def test_steps_wait_as_long_as_they_say() -> None:
    assert road(FIRE, {"wait": "2s"}, HONK, {"wait": "500ms"}, FIRE) == [(0, "fire"), (2, "honk"), (2.5, "fire")]


def test_wait_done_waits_for_all_that_the_run_has_begun() -> None:
    floor = Floor(rule(GO, FIRE, GLOW, {"wait": "done"}, HONK, {"wait": "1s"}, FIRE))
    fire, glow = floor.happens(press()).commands
    assert not floor.ack(glow.id).commands
    floor.now += 3
    (honk,) = floor.ack(fire.id).commands
    assert honk.action == "honk"
    assert [c.action for c in floor.later(0.9)] == []
    assert [c.action for c in floor.later(0.2)] == ["fire"]


def test_a_failed_step_does_not_keep_the_next_ones_from_coming_but_the_run_has_failed() -> None:
    floor = Floor(rule(GO, FIRE, {"wait": "done"}, HONK))
    (fire,) = floor.happens(press()).commands
    (honk,) = floor.ack(fire.id, m.Status.REJECTED, "limit").commands
    floor.ack(honk.id)
    assert floor.ledger() == {"received": 1, "failed": 1}


def test_parallel_steps_begin_together_and_what_follows_waits_for_the_longest() -> None:
    branches = [[FIRE, {"wait": "3s"}, FIRE], [HONK, {"wait": "1s"}, HONK]]
    moved = [(0, "fire"), (0, "honk"), (1, "honk"), (3, "fire"), (3, "glow")]
    assert road({"parallel": branches}, GLOW) == moved


def test_a_repeat_counts_from_beginning_to_beginning() -> None:
    repeat = {"repeat": {"times": 3, "every": "2s", "steps": [FIRE, {"wait": "500ms"}, HONK]}}
    assert road(repeat) == [(0, "fire"), (0.5, "honk"), (2, "fire"), (2.5, "honk"), (4, "fire"), (4.5, "honk")]
    slow = {"repeat": {"times": 2, "every": "1s", "steps": [FIRE, {"wait": "3s"}]}}
    assert road(slow) == [(0, "fire"), (3, "fire")]


def test_a_repeat_that_waits_for_its_steps_goes_on_evenly() -> None:
    repeat = {"repeat": {"times": 4, "every": "2s", "steps": [FIRE, {"wait": "done"}]}}
    assert road(repeat) == [(0, "fire"), (2, "fire"), (4, "fire"), (6, "fire")]


def test_the_jitter_of_a_repeat_stays_within_its_share_and_is_not_always_the_same() -> None:
    repeat = {"repeat": {"times": 21, "every": "10s", "jitter": 25, "steps": [FIRE]}}
    times = [at for at, _ in road(repeat, seconds=300)]
    gaps = [round(b - a, 3) for a, b in pairwise(times)]
    assert len(gaps) == 20
    assert all(7.5 <= gap <= 12.5 for gap in gaps)
    assert len(set(gaps)) > 10


def test_how_often_it_repeats_may_be_worked_out_and_has_a_limit() -> None:
    repeat = {"repeat": {"times": "coins", "steps": [FIRE]}}
    for coins, times in ((3, 3), (0, 0), (5000, MOST_REPEATS)):
        assert len(Floor(rule(None, repeat)).happens(gift(1, 1, coins)).commands) == times


def test_repeats_within_repeats_end_whatever_they_do() -> None:
    nested: dict[str, object] = {"repeat": {"times": "coins", "every": "1ms", "steps": [FIRE]}}
    waits: dict[str, object] = {"repeat": {"times": "coins", "steps": [{"wait": "done"}]}}
    for _ in range(4):
        nested = {"repeat": {"times": "coins", "steps": [nested]}}
        waits = {"repeat": {"times": "coins", "steps": [waits]}}
    floor = Floor(rule(None, nested, waits))
    floor.happens(gift(1, 1, 100))
    (run,) = floor.state.runs.values()
    assert len(run.todo) + run.number <= 2 * MOST_TODO


def test_steps_that_would_come_when_the_live_is_long_over_do_not_come_all_at_once() -> None:
    repeat = {"repeat": {"times": "100", "every": "10m", "steps": [{"wait": "10m"}, FIRE]}}
    floor = Floor(rule(GO, {"repeat": {"times": "2", "steps": [repeat]}}))
    floor.happens(press())
    (run,) = floor.state.runs.values()
    times = [step.at for step in run.todo]
    assert len(set(times)) == len(times)
    assert max(times) <= LONGEST_RUN_S


# -- lots --------------------------------------------------------------------------------------------


def test_lots_fall_as_often_as_their_weights_say() -> None:
    lots = [{"weight": 6, "steps": [FIRE]}, {"weight": 3, "steps": [HONK]}, {"weight": 1}]
    floor = Floor(rule(None, {"choose": lots}))
    drawn = Counter(
        next((c.action for c in floor.happens(gift(id=f"g{n}")).commands), "blank") for n in range(3000)
    )
    for action, share in (("fire", 0.6), ("honk", 0.3), ("blank", 0.1)):
        assert abs(drawn[action] / 3000 - share) < 0.03


def test_each_gift_of_a_message_draws_a_lot_of_its_own() -> None:
    choose = {"choose": [{"steps": [FIRE]}, {"steps": [HONK]}]}
    drawn = Counter(c.action for c in Floor(rule(None, choose)).happens(gift(400, 400)).commands)
    assert abs(drawn["fire"] - 200) < 60


def test_a_blank_is_done_at_once_and_waits_for_nobody() -> None:
    """A wheel with blanks, one spin after the other: the blank of a waiting spin has nothing to wait for."""
    floor = Floor(rule(None, BLANK, mode="queued"))
    for n in range(40):
        floor.happens(gift(id=f"g{n}"))
    floor.later(1)
    assert floor.ledger() == {"received": 40, "done": 40}


def test_a_fork_takes_the_one_way_or_the_other() -> None:
    fork = {"fork": {"so": "coins >= 100", "steps": [FIRE], "else": [HONK]}}
    floor = Floor(rule(None, fork, GLOW))
    assert [c.action for c in floor.happens(gift(1, 1, 100)).commands] == ["fire", "glow"]
    floor.now += 10
    assert [c.action for c in floor.happens(gift(1, 2, 99)).commands] == ["honk", "glow"]


def test_a_command_names_its_cause_its_viewer_and_its_deadline() -> None:
    floor = Floor(rule(None, FIRE, {"wait": "20s"}, FIRE, deadline="30s", priority=7))
    (first,) = floor.happens(gift(received=m.stamp(NOW - 10), simulated=True)).commands
    (second,) = floor.later(20)
    assert (first.cause, first.trigger, first.rule, first.run) == ("GiftEvent-1", "gift", "r", "GiftEvent-1/r/0")
    assert (first.user, first.viewer, first.value, first.priority) == ("Budi", "u-1", 1, 7)
    assert first.simulated
    assert second.simulated
    assert (first.id, second.id) == ("GiftEvent-1/r/0/0", "GiftEvent-1/r/0/1")
    assert first.expires_at == m.stamp(NOW + 20), "late gifts move late for no longer than they may"
    assert second.expires_at == m.stamp(NOW + 50), "a later step has its own"
