"""Team vote: words and gifts vote within a round; a tie is told."""

from pathlib import Path

import pytest

from gateway import messages as m
from tests.games.playing import BUDI, SARI, Play, example

GIFTS = example("team-vote").replace("words: [red, blue]", "words: [red, blue]\n      gifts: [Rose, Perfume]")
DEWI = m.User(id="u-3", nickname="Dewi")


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, GIFTS)


def test_the_team_with_most_votes_gets_its_reward_when_the_time_is_up(play: Play) -> None:
    assert play.press("vote-begin") == ["The vote is open for 2m."]
    assert play.comment("BLUE please", BUDI) == []
    play.comment("red", SARI)
    play.comment("blue", DEWI)
    assert play.counter("vote-ahead") == 2
    assert play.later(120) == ["Blue wins!", "lamp/glow"]


def test_a_viewer_has_one_word_a_round(play: Play) -> None:
    for _ in range(2):
        play.press("vote-begin")
        for _ in range(5):
            play.comment("red", BUDI)
        play.comment("blue", BUDI)
        assert (play.counter("vote-votes-1"), play.counter("vote-votes-2")) == (1, 0)
        play.later(120)


def test_a_teams_gift_votes_with_its_coins_each_one_of_a_streak(play: Play) -> None:
    play.press("vote-begin")
    play.gift(BUDI, coins=1, count=3, name="Rose")
    play.gift(SARI, coins=20, name="Perfume")
    play.gift(DEWI, coins=None, count=2, name="Rose")
    assert (play.counter("vote-votes-1"), play.counter("vote-votes-2")) == (5, 20)
    assert play.later(120) == ["Blue wins!", "lamp/glow"]


def test_every_gift_of_a_message_votes(play: Play) -> None:
    play.press("vote-begin")
    play.gift(BUDI, coins=3, count=4_000, name="Rose")
    play.gift(SARI, coins=6_000, count=2, name="Perfume")
    assert (play.counter("vote-votes-1"), play.counter("vote-votes-2")) == (12_000, 12_000)
    assert play.later(120) == ["The vote ends in a tie."]


def test_a_tie_is_told_and_gets_no_reward_and_one_more_vote_breaks_it(play: Play) -> None:
    play.press("vote-begin")
    play.gift(BUDI, coins=2, name="Rose")
    play.gift(SARI, coins=2, name="Perfume")
    assert play.later(120) == ["The vote ends in a tie."]
    play.press("vote-begin")
    play.gift(BUDI, coins=2, name="Rose")
    play.gift(SARI, coins=2, name="Perfume")
    play.comment("red", DEWI)
    assert play.later(120) == ["Red wins!", "cannon/fire"]


def test_nobody_voted_is_told(play: Play) -> None:
    play.press("vote-begin")
    assert play.later(120) == ["Nobody voted."]


def test_votes_before_and_after_the_round_do_not_count(play: Play) -> None:
    play.comment("red")
    play.press("vote-begin")
    play.later(120)
    play.comment("red")
    play.gift(name="Rose")
    assert play.counter("vote-votes-1") == 0


def test_a_word_in_the_middle_of_another_votes_for_nobody(play: Play) -> None:
    play.press("vote-begin")
    play.comment("bored")
    assert play.counter("vote-most") == 0


def test_four_teams_and_a_round_with_the_live(tmp_path: Path) -> None:
    play = Play(
        tmp_path,
        "games:\n  t:\n    template: team-vote\n    with:\n      words: [a1, b2, c3, d4]\n      at_live: true\n"
        "      rewards: [nothing, nothing, nothing, lamp/blink]\n      say_won: [A, B, C, nothing]\n",
    )
    assert play.live() == ["The vote is open for 2m."]
    for user, word in ((BUDI, "b2"), (SARI, "d4"), (DEWI, "d4")):
        play.comment(word, user)
    assert play.later(120) == ["lamp/blink"]
