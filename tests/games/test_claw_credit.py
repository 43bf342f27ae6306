"""Credit for shots: coins are a viewer's own credit, a command pays."""

from pathlib import Path

import pytest

from tests.games.playing import BUDI, SARI, Play, example

SHOT = ["Budi fires!", "cannon/fire"]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("claw-credit"))


def test_coins_become_credit_and_a_command_pays_for_a_shot(play: Play) -> None:
    assert play.gift(coins=1, count=25) == ["Shots for Budi: 2."]
    assert play.comment("!shoot") == SHOT
    play.later(2)
    assert play.comment("!shoot") == SHOT
    play.later(2)
    assert play.comment("!shoot") == ["Budi, coins missing for a shot: 5."]
    assert play.counter("claw-credit", BUDI) == 5


def test_who_has_too_little_is_told_and_keeps_what_is_there(play: Play) -> None:
    assert play.gift(coins=4) == []
    assert play.comment("!shoot") == ["Budi, coins missing for a shot: 6."]
    assert play.gift(coins=6) == ["Shots for Budi: 1."]
    play.later(2)
    assert play.comment("!shoot") == SHOT


def test_credit_is_each_viewers_own(play: Play) -> None:
    play.gift(BUDI, coins=100)
    assert play.comment("!shoot", SARI) == ["Sari, coins missing for a shot: 10."]
    assert play.comment("!shoot", BUDI) == SHOT


def test_impatience_pays_nothing(play: Play) -> None:
    play.gift(coins=100)
    assert [play.comment("!shoot") for _ in range(5)] == [SHOT, [], [], [], []]
    assert play.counter("claw-credit", BUDI) == 90


def test_nothing_is_paid_while_the_machine_is_away(play: Play) -> None:
    play.gift(coins=10)
    play.state.stations["cannon"] = "offline"
    assert play.comment("!shoot") == ["Budi, the machine is away for a while. Your credit stays."]
    play.state.stations["cannon"] = "busy"
    assert play.comment("!shoot") == SHOT


def test_a_paid_shot_that_a_stop_keeps_is_owed_and_given_again_without_another_price(play: Play) -> None:
    play.gift(coins=25)
    play.stopped = True
    assert play.comment("!shoot") == ["Budi fires!"]
    (debt,) = play.owed()
    assert (debt.rule, debt.user, debt.reason) == ("claw-shot", "Budi", "stopped by a person")
    assert play.counter("claw-credit", BUDI) == 15
    play.stopped = False
    assert play.pay() == ["cannon/fire"]
    assert play.counter("claw-credit", BUDI) == 15
    assert play.pay() == []


def test_whoever_has_too_little_is_owed_nothing(play: Play) -> None:
    play.gift(coins=9)
    play.stopped = True
    play.comment("!shoot")
    assert play.owed() == []


def test_every_coin_of_a_message_about_thousands_of_gifts_is_credit(play: Play) -> None:
    assert play.gift(coins=1, count=9_999) == ["Shots for Budi: 999."]
    assert play.counter("claw-credit", BUDI) == 9_999


def test_credit_is_told_when_the_streak_has_ended(play: Play) -> None:
    assert play.gift(coins=10, count=3, ended=False) == []
    assert play.gift(coins=10, count=0, total=3) == ["Shots for Budi: 3."]


def test_a_price_in_the_thousands_is_said_in_whole_shots(tmp_path: Path) -> None:
    play = Play(tmp_path, example("claw-credit").replace("price: 10", "price: 1000"))
    assert play.gift(coins=999) == []
    assert play.gift(coins=5000) == ["Shots for Budi: 5."]
