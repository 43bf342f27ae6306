"""Settings files: every mistake at once, each with its file, line, path and what to do."""

from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from gateway.errors import SettingsError
from gateway.settings.load import load
from gateway.settings.models import RuleBook, Settings, duration
from gateway.settings.yamlfile import json_schema

GOOD = """\
venue: hall
accounts:
  ayu: {username: ayu.live}
stations:
  cannon:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 5, max_on: 500ms, rest: 1s}
      button: {kind: input, pin: 2}
    actions:
      fire: {channel: shot, on_for: 200ms}
"""
RULES = """\
rules:
  rose:
    when: {gift: {name: Rose}}
    then: [{station: cannon, action: fire}]
"""


def write(folder: Path, settings: str = GOOD, rules: str | None = RULES) -> Path:
    (folder / "stagewire.yaml").write_text(settings)
    if rules is not None:
        (folder / "rules.yaml").write_text(rules)
    return folder / "stagewire.yaml"


def mistakes(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as e:
        load(path, strict=True)
    return [m.replace(f"{path.parent}/", "") for m in e.value.mistakes]


def test_good_files_become_frozen_structs(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    assert config.settings.stations["cannon"].channels["shot"].pin == 5
    assert list(config.rules.rules) == ["rose"]
    with pytest.raises(AttributeError):
        config.settings.venue = "other"  # type: ignore[misc]


def test_all_mistakes_of_a_file_are_reported_together_with_line_and_suggestion(tmp_path: Path) -> None:
    bad = (
        GOOD.replace("venue: hall", "venue: The Hall\nbrokr: {}")
        .replace("kind: pulse", "kind: pulze")
        .replace("max_on: 500ms", "max_on: 3")
        .replace("channel: shot", "chanel: shot")
    )
    assert mistakes(write(tmp_path, bad)) == [
        "stagewire.yaml:1: venue: expected a name of a-z, 0-9 and -, at most 32 of them; found 'The Hall'",
        "stagewire.yaml:2: brokr: 'brokr' is not a setting (did you mean 'broker'?)",
        "stagewire.yaml:9: stations.cannon.channels.shot.kind: expected one of analog, input, level, pulse, pwm, "
        "servo, status, stop, tone; found 'pulze' (did you mean 'pulse'?)",
        "stagewire.yaml:9: stations.cannon.channels.shot.max_on: expected a number and its unit, such as 500ms, "
        "2s, 1.5s, 5m, 1h; found 3",
        "stagewire.yaml:12: stations.cannon.actions.fire.chanel: 'chanel' is not a setting "
        "(did you mean 'channel'?)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("on_for: 200ms", "on_for: 2s", "2s is longer than channel 'shot' may be on (500ms)"),
        ("channel: shot", "channel: button", "an action needs an output"),
        ("channel: shot", "channel: shoot", "no channel 'shoot' (did you mean 'shot'?)"),
        ("pin: 2}", "pin: 5}", "pin 5 is channel 'shot''s already"),
        ("max_on: 500ms", "max_on: 10m", "at most 30s; found 10m"),
        ("{kind: input, pin: 2}", "{kind: stop, pin: 13}", "pin 13 cannot be a stop input"),
        ("{id: STN-A}", "{id: STN-A, port: /dev/ttyUSB0}", "exactly one of id, serial_number, port"),
        ("venue: hall", "venue: hall\ntimezone: Mars", "there is no timezone 'Mars'; it is a region and a city"),
        ("venue: hall", "venue: hall\ngateway: {arm: at-start}", "at-start is only for simulated boards"),
    ],
)
def test_what_could_hurt_or_confuse_is_refused_in_words(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = mistakes(write(tmp_path, GOOD.replace(old, new)))
    assert said in " ".join(found), found


def test_an_unknown_station_in_a_rule_fails_and_names_the_line(tmp_path: Path) -> None:
    rules = RULES.replace("station: cannon", "station: canon")
    assert mistakes(write(tmp_path, GOOD, rules)) == [
        "rules.yaml:4: rules.rose.then.0.station: there is no station 'canon' (did you mean 'cannon'?)"
    ]


def test_mistakes_of_both_files_come_in_one_answer(tmp_path: Path) -> None:
    found = mistakes(write(tmp_path, GOOD.replace("pin: 2}", "pin: 5}"), RULES.replace("fire", "shoot")))
    assert [m.split(":")[0] for m in found] == ["stagewire.yaml", "rules.yaml"]


def test_mistakes_of_both_files_come_in_one_answer_also_when_neither_can_be_read_as_settings(
    tmp_path: Path,
) -> None:
    found = mistakes(write(tmp_path, GOOD.replace("kind: pulse", "kind: pulze"), RULES.replace("then", "than")))
    assert [m.split(":")[0] for m in found] == ["stagewire.yaml", "rules.yaml", "rules.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("venue: [", "stagewire.yaml:1: not YAML"),
        ("venue: a\nvenue: b\n", 'stagewire.yaml:2: found duplicate key "venue"'),
        ("just words", "expected a block of settings; found a single text"),
        ("", "'venue' is missing"),
    ],
)
def test_a_file_that_is_not_settings_at_all_is_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in mistakes(write(tmp_path, text))[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (said,) = mistakes(tmp_path / "nowhere.yaml")
    assert said.startswith(f"nowhere.yaml: there is no such file in {tmp_path}: ")
    assert "--config" in said


def test_a_rules_file_that_is_named_must_exist_and_the_default_need_not(tmp_path: Path) -> None:
    assert load(write(tmp_path, GOOD, None)).rules.rules == {}
    path = write(tmp_path, GOOD + "rules_file: night.yaml\n", None)
    assert mistakes(path) == ["night.yaml: cannot be read: No such file or directory"]


@pytest.mark.parametrize("kind", [Settings, RuleBook])
def test_the_schema_for_editors_is_a_valid_json_schema(kind: type[msgspec.Struct]) -> None:
    Draft202012Validator.check_schema(json_schema(kind))


@pytest.mark.parametrize(("text", "value"), [("500ms", 0.5), ("2s", 2.0), ("1.5m", 90.0), ("1h", 3600.0)])
def test_durations_are_seconds(text: str, value: float) -> None:
    assert duration(text) == value
