"""King of the hill: who gave most within the round holds it."""

from pathlib import Path

import pytest

from tests.games.playing import BUDI, SARI, Play, example


@pytest.fixture
def play(tmp_path: Path) -> Play:
    play = Play(tmp_path, example("king-of-the-hill"))
    assert play.press("hill-begin") == ["The hill is free for 3m."]
    return play


def test_the_hill_changes_hands_when_somebody_has_given_more(play: Play) -> None:
    assert play.gift(BUDI, coins=10) == ["Budi holds the hill!", "lamp/blink"]
    assert play.gift(SARI, coins=6) == []
    assert play.gift(SARI, coins=6) == ["Sari holds the hill!", "lamp/blink"]
    assert play.gift(BUDI, coins=3) == ["Budi holds the hill!", "lamp/blink"]


def test_as_much_as_the_king_is_not_enough(play: Play) -> None:
    play.gift(BUDI, coins=10)
    assert play.gift(SARI, coins=10) == []
    assert play.counter("hill-record") == 10


def test_the_king_stays_king_without_being_told_again(play: Play) -> None:
    play.gift(BUDI, coins=10)
    assert play.gift(BUDI, coins=10, count=5) == []
    assert play.counter("hill-record") == 60


def test_every_gift_of_a_message_counts_and_the_hill_changes_hands_once(play: Play) -> None:
    assert play.gift(BUDI, coins=1, count=5_000) == ["Budi holds the hill!", "lamp/blink"]
    assert play.counter("hill-record") == 5_000
    assert play.gift(SARI, coins=5, count=1_001) == ["Sari holds the hill!", "lamp/blink"]
    assert play.counter("hill-reign") == 3


def test_at_the_end_the_king_is_named_and_the_reward_runs(play: Play) -> None:
    play.gift(BUDI, coins=42)
    play.gift(SARI, coins=43)
    play.gift(BUDI, coins=1)
    assert play.later(180) == ["The round is over: Sari is king, with 43 coins.", "cannon/fire"]
    assert play.gift(SARI, coins=100) == []


def test_a_hill_that_nobody_took_is_told_and_moves_nothing(play: Play) -> None:
    assert play.later(180) == ["Nobody took the hill."]


def test_the_next_round_begins_from_nothing_for_everybody(play: Play) -> None:
    play.gift(BUDI, coins=100)
    play.later(180)
    assert play.state.notes["hill-king"] == "Budi"
    play.press("hill-begin")
    assert not play.state.notes
    assert play.gift(SARI, coins=5) == ["Sari holds the hill!", "lamp/blink"]
    assert play.gift(BUDI, coins=4) == []
    assert play.gift(BUDI, coins=2) == ["Budi holds the hill!", "lamp/blink"]


def test_the_hill_takes_its_least(tmp_path: Path) -> None:
    play = Play(tmp_path, example("king-of-the-hill").replace("{round", "{least: 50, round"))
    play.press("hill-begin")
    assert play.gift(BUDI, coins=49) == []
    assert play.gift(BUDI, coins=1) == ["Budi holds the hill!", "lamp/blink"]


def test_a_second_live_or_one_that_is_heard_again_takes_the_hill_from_nobody(play: Play) -> None:
    play.gift(BUDI, coins=100)
    assert play.live() == []
    assert play.gift(SARI, coins=5) == []
