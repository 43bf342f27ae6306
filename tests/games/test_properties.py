"""Whatever viewers do: no coin is lost, the right team wins, the right viewer is king."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import messages as m
from tests.games.playing import Play, example

CROWD = [m.User(id=f"u-{n}", nickname=f"Viewer{n}") for n in range(4)]
VIEWERS = st.integers(0, len(CROWD) - 1)
GIFTS = st.lists(st.tuples(VIEWERS, st.integers(1, 3000), st.one_of(st.integers(1, 5), st.just(501))), max_size=20)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Play]:
    """One of each that is compiled once; an evening begins with ``anew``."""
    names = ("goal-bar", "team-vote", "king-of-the-hill", "claw-credit")
    return {name: Play(Path(tmp_path_factory.mktemp(name)), example(name)) for name in names}


@given(gifts=GIFTS)
@settings(max_examples=60, deadline=None)
def test_coins_are_in_the_bar_or_in_a_goal_that_was_reached(
    plays: dict[str, Play], gifts: list[tuple[int, int, int]]
) -> None:
    play = plays["goal-bar"].anew()
    goals = [
        int(goal)
        for who, coins, count in gifts
        for came in play.gift(CROWD[who], coins=coins, count=count)
        for goal in re.findall(r"\d+", came)
    ]
    assert play.counter("goal-coins") + sum(goals) == sum(coins * count for _, coins, count in gifts)
    assert play.counter("goal-coins") < play.counter("goal-goal")
    assert play.counter("goal-reached") == len(goals)


@given(votes=st.lists(st.tuples(VIEWERS, st.sampled_from(["red", "blue", "green"])), max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_team_with_most_first_words_wins(plays: dict[str, Play], votes: list[tuple[int, str]]) -> None:
    play = plays["team-vote"].anew()
    play.press("vote-begin")
    first: dict[int, str] = {}
    for who, word in votes:
        play.comment(word, CROWD[who])
        if word != "green":
            first.setdefault(who, word)
    count = Counter(first.values())
    if not count:
        expected = ["Nobody voted."]
    elif count["red"] == count["blue"]:
        expected = ["The vote ends in a tie."]
    else:
        expected = ["Red wins!", "cannon/fire"] if count["red"] > count["blue"] else ["Blue wins!", "lamp/glow"]
    assert play.later(120) == expected


@given(rounds=st.lists(GIFTS, max_size=3))
@settings(max_examples=40, deadline=None)
def test_the_hill_changes_hands_exactly_when_another_viewer_has_most(
    plays: dict[str, Play], rounds: list[list[tuple[int, int, int]]]
) -> None:
    play = plays["king-of-the-hill"].anew()
    for gifts in rounds:
        play.press("hill-begin")
        has, king = Counter[int](), -1
        for who, coins, count in gifts:
            crowned = False
            for _ in range(count):
                has[who] += coins
                if who != king and has[who] > max(has[king], 0):
                    king, crowned = who, True
            expected = [f"Viewer{who} holds the hill!", "lamp/blink"] if crowned else []
            assert play.gift(CROWD[who], coins=coins, count=count) == expected
        assert play.counter("hill-record") == max(has.values(), default=0)
        play.later(180)


@given(
    acts=st.lists(
        st.tuples(VIEWERS, st.one_of(st.integers(1, 30), st.just("!shoot"))),
        max_size=30,
    )
)
@settings(max_examples=60, deadline=None)
def test_every_shot_is_paid_and_every_coin_is_a_shot_or_credit(
    plays: dict[str, Play], acts: list[tuple[int, int | str]]
) -> None:
    play, given_by, shots_by = plays["claw-credit"].anew(), Counter[int](), Counter[int]()
    for who, act in acts:
        if isinstance(act, int):
            play.gift(CROWD[who], coins=act)
            given_by[who] += act
        else:
            shots_by[who] += "cannon/fire" in play.comment(act, CROWD[who])
            play.later(2)
    for who, user in enumerate(CROWD):
        assert play.counter("claw-credit", user) == given_by[who] - 10 * shots_by[who] >= 0
