"""Every template carries tests of its own example, and they hold."""

from pathlib import Path

import pytest

from gateway.backtest.expectations import run_expectations
from gateway.settings.load_rules import parse_rules
from gateway.settings.templates import template, templates
from tests.games.playing import hall

FILES = templates(None)
TESTS = [(name, test) for name in FILES for test in template(name, FILES).tests]


@pytest.mark.parametrize("name", FILES)
def test_a_template_has_at_least_two_tests(name: str) -> None:
    assert len(template(name, FILES).tests) >= 2


@pytest.mark.parametrize(("name", "test"), TESTS, ids=[f"{name}: {test}" for name, test in TESTS])
def test_what_a_template_says_of_its_example_is_so(name: str, test: str, tmp_path: Path) -> None:
    game, settings = template(name, FILES), hall(tmp_path)
    read = parse_rules(game.example, "rules.yaml", settings, tmp_path)
    assert not read.mistakes
    assert [f.words for f in run_expectations(read.book, settings, {test: game.tests[test]})] == []
