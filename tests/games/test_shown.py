"""Games as a person meets them: the page, the command, the examples."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.backtest.expectations import run_expectations
from gateway.cli import main
from gateway.settings.games import write
from gateway.settings.load_rules import parse_rules
from gateway.settings.templates import template, templates
from tests.docs.test_docs import NAMED, ROOT
from tests.games.playing import Play, example, hall

NAMES = list(templates(None))
PAGE = ROOT / "docs" / "games.md"


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["games", *args])
    return result.exit_code, result.output


def test_the_page_is_current(tmp_path: Path) -> None:
    """If not: ``python -m gateway.settings.games``."""
    (tmp_path / "games.md").write_text(PAGE.read_text())
    write(tmp_path)
    assert (tmp_path / "games.md").read_text() == PAGE.read_text()


def test_the_page_shows_every_example() -> None:
    shown = {b["text"].strip() for b in NAMED.finditer(PAGE.read_text()) if b["name"] == "rules.yaml"}
    assert {example(name).strip() for name in NAMES} < shown


def test_the_template_that_the_page_shows_works(tmp_path: Path) -> None:
    text = PAGE.read_text().split("# games/lucky-words.yaml\n")[1].split("```")[0]
    (tmp_path / "games").mkdir()
    path = tmp_path / "games" / "lucky-words.yaml"
    path.write_text(text)
    play = Play(tmp_path, template("lucky-words", {"lucky-words": path}).example)
    assert play.comment("look at the moon") == ["Budi is lucky!", "lamp/blink"]
    assert play.comment("look at the sun") == []
    own = template("lucky-words", {"lucky-words": path})
    assert own.tests
    assert run_expectations(play.book, hall(tmp_path), own.tests) == []


def test_your_own_rule_can_listen_to_a_game(tmp_path: Path) -> None:
    text = PAGE.read_text().split("```yaml\n# rules.yaml\n")[1].split("```")[0]
    play = Play(tmp_path, text)
    came = [play.gift(coins=500) for _ in range(6)]
    assert [("cannon/fire" in c) for c in came] == [False, False, False, False, True, False]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_good_rules_file_without_any_mistake(name: str, tmp_path: Path) -> None:
    assert Play(tmp_path, example(name)).program.rules


def test_a_mistake_in_what_a_game_was_told_is_told_at_the_game_and_its_neighbour_plays(tmp_path: Path) -> None:
    text = f"{example('wheel')}  goal: {{template: goal-bar, with: {{goal: 5, reward: lamp/glwo}}}}\n"
    read = parse_rules(text, "rules.yaml", hall(tmp_path), tmp_path)
    line = text.splitlines().index("  goal: {template: goal-bar, with: {goal: 5, reward: lamp/glwo}}") + 1
    (words,) = read.mistakes
    assert words.startswith(f"rules.yaml:{line}: games.goal: ")
    assert "station 'lamp' has no action 'glwo' (did you mean 'glow'?)" in words
    assert "wheel-spin" in read.book.rules


@pytest.mark.parametrize("name", NAMES)
def test_a_game_with_the_longest_name_that_its_template_allows_plays(name: str, tmp_path: Path) -> None:
    """No name of what it makes becomes too long, and no expression."""
    play = Play(tmp_path, example(name))
    (game,) = play.book.games
    made = [*play.book.rules, *play.book.counters, *play.book.timers]
    longest = "g" * (32 - max(len(entry) - len(game) for entry in made))
    assert len(longest) >= 16
    assert Play(tmp_path, example(name).replace(f"  {game}:", f"  {longest}:", 1)).program.rules


def test_the_command_lists_all_games_and_shows_one() -> None:
    code, text = run()
    assert code == 0
    for name in NAMES:
        assert name in text
    code, text = run("goal-bar")
    assert code == 0
    assert "has to be said" in text
    assert "It has counters: NAME-coins, NAME-goal, NAME-reached." in text
    assert example("goal-bar").strip() in text


def test_the_command_asks_back_for_a_game_that_there_is_not(tmp_path: Path) -> None:
    code, text = run("weel", "--config", str(tmp_path / "stagewire.yaml"))
    assert (code, text.strip()) == (1, "there is no game 'weel' (did you mean 'wheel'?)")


def test_the_command_lists_the_venues_own_and_marks_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "games").mkdir()
    (tmp_path / "games" / "bell.yaml").write_text("title: [")
    code, text = run("--config", str(tmp_path / "stagewire.yaml"))
    assert code == 0
    assert "bell" in text
    assert "stagewire games bell says what is wrong" in text
    code, text = run("bell", "--config", str(tmp_path / "stagewire.yaml"))
    assert code == 1
    assert "bell.yaml:1: not YAML" in text
