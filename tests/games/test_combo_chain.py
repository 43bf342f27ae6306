"""Combo chain: gifts in time raise the level; it breaks when they come too late."""

from pathlib import Path

import pytest

from tests.games.playing import BUDI, SARI, Play, example

LEVELS = [["Level 1", "lamp/blink"], ["Level 2!", "lamp/glow"], ["Level 3!!!", "cannon/fire"]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("combo-chain"))


def test_five_gifts_of_anybody_in_time_raise_the_level(play: Play) -> None:
    for user in (BUDI, SARI, BUDI, SARI):
        assert play.gift(user) == []
        play.later(4)
    assert play.gift() == LEVELS[0]


def test_each_level_has_a_stronger_action_and_the_last_one_stays(play: Play) -> None:
    assert [play.gift(count=5) for _ in range(4)] == [*LEVELS, LEVELS[2]]
    assert play.counter("chain-level") == 3


def test_one_message_can_raise_several_levels(play: Play) -> None:
    assert play.gift(count=12) == LEVELS[0] + LEVELS[1]


def test_the_chain_breaks_when_the_time_runs_out_and_the_next_gift_begins_another(play: Play) -> None:
    play.gift(count=5)
    play.gift(count=4)
    assert play.later(20) == ["The chain broke at level 1."]
    assert play.gift() == []
    assert play.gift(count=4) == LEVELS[0]


def test_a_chain_that_never_had_a_level_breaks_in_silence(play: Play) -> None:
    play.gift()
    assert play.later(20) == []
    assert play.counter("chain-gifts") == 0


def test_each_level_has_its_time_anew(play: Play) -> None:
    play.gift()
    play.later(19)
    play.gift(count=4)
    assert play.later(19) == []
    assert play.gift(count=5) == LEVELS[1]


def test_gifts_under_the_least_price_do_not_count(tmp_path: Path) -> None:
    play = Play(tmp_path, example("combo-chain").replace("gifts: 5", "gifts: 5\n      min_coins: 10"))
    assert play.gift(coins=9, count=20) == []
    assert play.gift(coins=10, count=5) == LEVELS[0]
