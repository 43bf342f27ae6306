"""Like milestone: celebrated every so many likes."""

from pathlib import Path

import pytest

from tests.games.playing import Play, example


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("like-milestone"))


def test_every_thousand_likes_are_celebrated_and_none_are_lost_in_between(play: Play) -> None:
    assert play.likes(999) == []
    assert play.likes(501) == ["1000 likes!", "lamp/blink"]
    assert play.likes(499) == []
    assert play.likes(1) == ["2000 likes!", "lamp/blink"]


def test_many_likes_at_once_are_celebrated_one_by_one(play: Play) -> None:
    assert play.likes(3200) == [
        "1000 likes!",
        "lamp/blink",
        "2000 likes!",
        "lamp/blink",
        "3000 likes!",
        "lamp/blink",
    ]


def test_the_tenth_celebration_is_a_big_one(play: Play) -> None:
    play.likes(9_000)
    assert play.likes(1_000) == ["10000 likes!", "lamp/blink", "lamp/glow"]
    assert play.likes(1_000) == ["11000 likes!", "lamp/blink"]
