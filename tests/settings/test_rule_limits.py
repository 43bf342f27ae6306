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
        load(write(tmp_path, rules=RULES + f"    {line}\n"), strict=True)
    [mistake] = e.value.mistakes
    assert f"rules.yaml:5: rules.rose.{setting}: expected" in mistake


def test_the_longest_durations_are_taken(tmp_path: Path) -> None:
    config = load(write(tmp_path, rules=RULES + "    deadline: 10m\n    cooldown: 24h\n"))
    assert config.rules.rules["rose"].deadline == "10m"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gift: {name: Rose}", "gift: {}", "rules.rose.when.gift: say which gifts: name, id, min_coins"),
        ("gift: {name: Rose}", "gift: {min_coins: 9, max_coins: 5}", "max_coins: expected at least min_coins, 9"),
        ("gift: {name: Rose}", "gift: {name: Rose, streak: 5, pay: end}", "say streak or pay, not both"),
        ("gift: {name: Rose}", "gift: {tier: mythic}", "expected one of"),
        ("gift: {name: Rose}", "comment: {exact: a, command: b}", "exactly one of contains, exact, command"),
        ("gift: {name: Rose}", "viewers: {}", "exactly one of above, below"),
        ("gift: {name: Rose}", "follow: {}, share: {}", "say exactly one of gift, comment, like"),
    ],
)  # fmt: skip
def test_a_trigger_that_says_nothing_or_too_much_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SettingsError) as e:
        load(write(tmp_path, rules=RULES.replace(old, new)), strict=True)
    assert said in " ".join(e.value.mistakes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("if: {}", "rules.rose.if: say who"),
        ("unless: {folower: true}", "did you mean 'follower'?"),
        ("combo: {within: 5s}", "rules.rose.combo: say how many"),
        ("combo: {count: 3, within: 25h}", "rules.rose.combo.within: expected more than 0 and at most 24h"),
        ("user_cooldown: 25h", "rules.rose.user_cooldown: expected at most 24h"),
        ("else: [{station: cannon, action: fire}]", "say `if` or `unless`"),
        ("if: {chance: 50}\n    else: [{station: canon, action: fire}]", "rules.rose.else.0.station: there is no"),
    ],
)
def test_a_condition_without_sense_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError) as e:
        load(write(tmp_path, rules=RULES + f"    {line}\n"), strict=True)
    assert said in " ".join(e.value.mistakes)
