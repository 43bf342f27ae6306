"""Durations of rules that would never move anything, or move it when nobody expects it any more."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings.load import load
from tests.settings.test_settings import RULES, write


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("deadline: 0s", "deadline"),
        ("deadline: 11m", "deadline"),
        (f"deadline: {'9' * 400}h", "deadline"),
        ("cooldown: 25h", "cooldown"),
        (f"cooldown: {'9' * 400}h", "cooldown"),
    ],
)
def test_a_rule_with_a_duration_without_sense_is_named_with_its_line(
    tmp_path: Path, line: str, setting: str
) -> None:
    with pytest.raises(SettingsError) as e:
        load(write(tmp_path, rules=RULES + f"    {line}\n"))
    [mistake] = e.value.mistakes
    assert f"rules.yaml:5: rules.rose.{setting}: expected" in mistake


def test_the_longest_durations_are_taken(tmp_path: Path) -> None:
    config = load(write(tmp_path, rules=RULES + "    deadline: 10m\n    cooldown: 24h\n"))
    assert config.rules["rose"].deadline == "10m"
