"""Goal bar: coins fill it, the rest is carried over, the next goal grows."""

from pathlib import Path

import pytest

from tests.games.playing import SARI, Play, example

REACHED = ["The goal of 500 coins is reached!", "lamp/glow"]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("goal-bar"))


def test_coins_of_all_viewers_fill_the_bar_and_the_goal_moves_the_lamp(play: Play) -> None:
    assert play.gift(coins=300) == []
    assert play.gift(SARI, coins=200) == REACHED
    assert play.counter("goal-reached") == 1


def test_what_is_beyond_the_goal_begins_the_next_bar_whose_goal_is_larger(play: Play) -> None:
    assert play.gift(coins=620) == REACHED
    assert (play.counter("goal-coins"), play.counter("goal-goal")) == (120, 750)
    assert play.gift(coins=629) == []
    assert play.gift(coins=1) == ["The goal of 750 coins is reached!", "lamp/glow"]


def test_one_gift_can_reach_several_goals_each_told_and_paid_once(play: Play) -> None:
    assert play.gift(coins=2500) == [
        "The goal of 500 coins is reached!",
        "lamp/glow",
        "The goal of 750 coins is reached!",
        "lamp/glow",
        "The goal of 1125 coins is reached!",
        "lamp/glow",
    ]
    assert play.counter("goal-coins") == 2500 - 500 - 750 - 1125


def test_every_gift_of_a_message_counts(play: Play) -> None:
    assert play.gift(coins=5, count=100) == REACHED
    assert play.counter("goal-coins") == 0


def test_a_message_about_thousands_of_gifts_loses_no_coin(play: Play) -> None:
    assert play.gift(coins=1, count=1_249) == REACHED
    assert play.counter("goal-coins") == 749
    play.gift(coins=1, count=5_000)
    goals = [500, 750, 1125, 1688, 2532]
    assert play.counter("goal-reached") == 4
    assert play.counter("goal-coins") == 1_249 + 5_000 - sum(goals[:4])


def test_beyond_a_hundred_goals_the_rest_waits_in_the_bar_for_the_next_gift(tmp_path: Path) -> None:
    text = example("goal-bar").replace("{goal: 500, factor: 1.5,", "{goal: 10,")
    play = Play(tmp_path, text)
    assert play.gift(coins=1_505).count("lamp/glow") == 100
    assert play.counter("goal-coins") == 505
    assert play.gift(coins=1).count("lamp/glow") == 50
    assert play.counter("goal-coins") == 6


def test_a_gift_of_unknown_price_fills_nothing(play: Play) -> None:
    assert play.gift(coins=None) == []
    assert play.counter("goal-coins") == 0


def test_the_next_live_begins_anew_unless_the_game_never_resets(tmp_path: Path) -> None:
    for reset, left in (("live", 0), ("never", 400)):
        play = Play(tmp_path, example("goal-bar").replace("{goal: 500,", f"{{goal: 500, reset: {reset},"))
        play.gift(coins=400)
        play.live()
        assert play.counter("goal-coins") == left
