"""Countdown: gifts give it more time, up to a most."""

from pathlib import Path

import pytest

from tests.games.playing import Play, example

END = ["The time is up!", "cannon/fire"]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("countdown"))


def test_a_button_begins_it_and_at_its_end_the_reward_runs_once(play: Play) -> None:
    assert play.press("clock-begin") == ["The clock runs for 5m."]
    assert play.later(299) == []
    assert play.later(1) == END
    assert play.later(3600) == []


def test_it_begins_with_the_live_unless_that_is_off(tmp_path: Path) -> None:
    assert Play(tmp_path, example("countdown")).live() == ["The clock runs for 5m."]
    assert Play(tmp_path, example("countdown").replace("{length", "{at_live: false, length")).live() == []


def test_gifts_give_it_more_time_for_each_coin(play: Play) -> None:
    play.press("clock-begin")
    play.gift(coins=5, count=3)
    assert play.left("clock-end") == 300 + 3 * 5 * 2
    assert play.later(329) == []
    assert play.later(1) == END


def test_a_message_about_thousands_of_gifts_gives_the_time_of_all_of_them(tmp_path: Path) -> None:
    play = Play(tmp_path, example("countdown").replace("most: 15m", "most: 10h"))
    play.press("clock-begin")
    play.gift(coins=1, count=7_000)
    assert play.left("clock-end") == 300 + 7_000 * 2


def test_gifts_bring_it_to_its_most_and_not_beyond(play: Play) -> None:
    play.press("clock-begin")
    play.gift(coins=1000)
    play.gift(coins=1000)
    assert play.left("clock-end") == 15 * 60


def test_a_gift_never_takes_time_from_a_clock_that_is_longer_than_its_most(tmp_path: Path) -> None:
    play = Play(tmp_path, example("countdown").replace("most: 15m", "most: 1m"))
    play.press("clock-begin")
    play.gift(coins=10)
    assert play.left("clock-end") == 300


def test_a_gift_begins_no_clock_that_does_not_run(play: Play) -> None:
    assert play.gift(coins=100) == []
    assert play.later(3600) == []


def test_a_stopped_clock_ends_nothing(play: Play) -> None:
    play.press("clock-begin")
    play.press("clock-stop")
    assert play.later(3600) == []


def test_a_second_live_or_one_that_is_heard_again_does_not_begin_it_anew(play: Play) -> None:
    play.live()
    play.later(100)
    assert play.live() == []
    assert play.left("clock-end") == 200
