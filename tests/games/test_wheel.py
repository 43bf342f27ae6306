"""Wheel: weighted outcomes, each announced."""

from collections import Counter
from pathlib import Path

import pytest

from tests.games.playing import BUDI, SARI, Play, example

OUTCOMES = {("The cannon!", "cannon/fire"), ("The lamp.", "lamp/glow"), ("A blank.",)}


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, example("wheel").replace('["!spin"]', '["!spin"]\n      gifts: [Rose, 5269]'))


def test_a_command_a_gift_by_name_or_id_and_the_button_spin_it(play: Play) -> None:
    spins = [play.comment("!spin now"), play.gift(), play.gift(name="5269"), play.press("wheel-spin")]
    assert {tuple(spin) for spin in spins} <= OUTCOMES
    assert play.gift(name="Perfume") == play.comment("spin") == []


def test_outcomes_come_as_often_as_their_weights_say(play: Play) -> None:
    came = Counter(play.press("wheel-spin")[0] for _ in range(2000))
    shares = {says: came[says] / 2000 for says in ("The cannon!", "The lamp.", "A blank.")}
    assert shares == pytest.approx({"The cannon!": 0.1, "The lamp.": 0.3, "A blank.": 0.6}, abs=0.04)


def test_each_gift_of_a_streak_spins(play: Play) -> None:
    came = play.gift(count=30)
    assert sum(text in {says[0] for says in OUTCOMES} for text in came) == 30
    assert len(set(came)) > 1, "each spin draws its own lot"


def test_a_viewer_waits_between_commands_and_others_do_not(play: Play) -> None:
    assert play.comment("!spin", BUDI)
    assert play.comment("!spin", BUDI) == []
    assert play.comment("!spin", SARI)
    play.later(60)
    assert play.comment("!spin", BUDI)
