"""Channels, actions and patterns: what no board could do is refused in words, with its line."""

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.errors import SettingsError
from gateway.settings import parameters, patterns
from gateway.settings.load import load
from gateway.settings.models import Settings
from gateway.settings.stations import Step
from gateway.settings.yamlfile import json_schema

SHOW = """\
venue: hall
stations:
  stage:
    board: {id: STN-A}
    channels:
      shot: {kind: pulse, pin: 4, max_on: 500ms, rest: 1s, duty: {percent: 10, window: 20s}}
      left: {kind: level, pin: 7, max_on: 5s, group: motor}
      right: {kind: level, pin: 8, max_on: 5s, group: motor}
      light: {kind: pwm, pin: 5, max_on: 10s, ramp: 200ms}
      arm: {kind: servo, pin: 9, max_on: 10s, min_us: 900, max_us: 2100, home: 50, speed: 800}
      horn: {kind: tone, pin: 6, max_on: 3s, hz: 440}
      knob: {kind: analog, pin: 14, threshold: 512, hysteresis: 20}
      door: {kind: stop, pin: 2}
    actions:
      fire: {channel: shot, on_for: 200ms}
      dim: {channel: light, on_for: 2s, level: 40, ramp: 500ms}
      wave: {channel: arm, on_for: 1s, position: 80}
      honk: {channel: horn, on_for: 300ms, hz: 880}
      glow: {channel: light, hold: true}
      show:
        pattern:
          - {channel: left, on_for: 200ms}
          - {channel: right, on_for: 200ms}
          - {channel: light, on_for: 1s, level: 30}
        repeats: 2
"""


def write(folder: Path, settings: str = SHOW, rules: str = "") -> Path:
    (folder / "stagewire.yaml").write_text(settings)
    if rules:
        (folder / "rules.yaml").write_text(rules)
    return folder / "stagewire.yaml"


def mistakes(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as e:
        load(path, strict=True)
    return [m.replace(f"{path.parent}/", "") for m in e.value.mistakes]


def test_every_kind_of_channel_and_action_can_be_said(tmp_path: Path) -> None:
    station = load(write(tmp_path)).settings.stations["stage"]
    assert station.channels["arm"].home == 50
    assert station.actions["glow"].hold
    assert [s.wait for s in station.actions["show"].pattern or []] == [None, None, None]


CHANNEL = [
    (
        "kind: pwm, pin: 5",
        "kind: pwm, pin: 12",
        "pin 12 of an Uno or Nano cannot do pwm; use 3, 5, 6, 9, 10 or 11",
    ),
    ("kind: analog, pin: 14", "kind: analog, pin: 3", "pin 3 of an Uno or Nano cannot measure a voltage; use 14"),
    (
        "kind: tone, pin: 6",
        "kind: tone, pin: 30",
        "an Uno or Nano has no digital pin 30; use 2 to 19, or board kind",
    ),
    ("pin: 8, max_on: 5s", "pin: 8, max_on: 40s", "expected more than 0 and at most 30s; found 40s"),
    ("pin: 2}", "pin: 2, ramp: 1s}", "ramp: means nothing for a stop channel; it is for pwm"),
    ("pin: 14, thr", "pin: 14, duty: {percent: 5, window: 9s}, thr", "duty: means nothing for an analog channel"),
    (
        "kind: pwm, pin: 5",
        "kind: pwm, pin: 10",
        "servo 'arm' needs the timer of pin 10: with it, pwm can be on 3, 5",
    ),
    ("kind: pwm, pin: 5", "kind: pwm, pin: 11", "tone 'horn' needs the timer of pin 11: with it, pwm can be on 5"),
    ("kind: level, pin: 7", "kind: tone, pin: 7", "a board has at most 1 tone channel; this is one more"),
    ("kind: tone, pin: 6", "kind: tone, pin: 6, active_low: true", "active_low: means nothing for a tone channel"),
    ("min_us: 900", "min_us: 2200", "max_us: expected more than min_us (2200); found 2100"),
    ("threshold: 512, ", "", "'threshold' is missing: the reading, 1 to 1023"),
    ("hysteresis: 20", "hysteresis: 600", "expected less than threshold (512); found 600"),
    ("window: 20s", "window: 1500ms", "expected whole seconds from 1s to 10m; found 1500ms"),
    ("percent: 10", "percent: 0", "expected at least 0.1 (of the window, 0.1 to 100); found 0"),
    ("pin: 7, max_on: 5s, group: motor", "pin: 7, max_on: 5s, group: motr", "needs two (did you mean 'motor'?)"),
    (
        "home: 50",
        "home: 120",
        "expected at most 100 (servo: where it goes after an action, in percent; default 0)",
    ),
]
ACTION = [
    ("level: 40", "level: 0", "level: expected more than 0 (pwm: how strong"),
    (
        "on_for: 300ms, hz: 880",
        "on_for: 300ms, level: 50",
        "level: means nothing for a tone channel; it is for pwm",
    ),
    ("on_for: 1s, position: 80", "on_for: 1s", "'position' is missing: where the servo shall go"),
    (
        "on_for: 2s, level: 40, ramp: 500ms",
        "on_for: 2s, ramp: 3s",
        "3s up and 3s down are longer than it is on (2s)",
    ),
    ("hold: true}", "hold: true, on_for: 1s}", "hold lasts until it is cancelled or max_on (10s) is over"),
    (
        "percent: 10, window: 20s",
        "percent: 1, window: 10s",
        "200ms is more than the duty of 'shot' ever allows (1 %",
    ),
    ("channel: shot, on_for: 200ms", "on_for: 200ms", "say what it does: a 'channel', or a 'pattern' of several"),
    (
        "channel: shot, on_for",
        "channel: knob, on_for",
        "channel 'knob' is an analog channel; an action needs an out",
    ),
    ("on_for: 200ms}\n      dim", "on_for: 200ms, repeats: 3}\n      dim", "repeats: only a pattern is repeated"),
    ("repeats: 2", "hold: true", "hold: belongs to the steps of the pattern or to their channels"),
]
PATTERN = [
    ("left, on_for: 200ms}", "left, on_for: 9s}", "pattern.0.on_for: 9s is longer than channel 'left' may be on"),
    ("left, on_for: 200ms}", "lft, on_for: 200ms}", "no channel 'lft' (did you mean 'left'?)"),
    (
        "left, on_for: 200ms}",
        "left, on_for: 200ms, wait: 100ms}",
        "pattern.1: is on together with step 0 ('left'), and",
    ),
    ("left, on_for: 200ms}", "shot, on_for: 500ms, wait: 0ms}", "begins 700 ms after step 0; 'shot' must rest 1s"),
    ("left, on_for: 200ms}", "left, on_for: 200ms, wait: 90s}", "expected at most 60s; found 90s"),
    ("repeats: 2", "repeats: 255", "plays for 357 s; at most 300 s"),
    ("light, on_for: 1s, level: 30", "arm, on_for: 1s", "'position' is missing"),
    ("right, on_for: 200ms}", "light, on_for: 500ms, wait: 10ms}", "begins while step 1 still has 'light' on"),
]


@pytest.mark.parametrize(("old", "new", "said"), CHANNEL + ACTION + PATTERN)
def test_what_a_board_could_not_do_is_said_in_words(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert SHOW.count(old) == 1, old
    text = SHOW.replace(old, new)
    found = mistakes(write(tmp_path, text))
    assert said in " ".join(found), found


def test_a_step_that_collides_is_named_by_its_line(tmp_path: Path) -> None:
    text = SHOW.replace("left, on_for: 200ms}", "left, on_for: 200ms, wait: 100ms}")
    assert mistakes(write(tmp_path, text)) == [
        "stagewire.yaml:23: stations.stage.actions.show.pattern.1: is on together with step 0 ('left'), and both "
        "are of group 'motor': give the earlier one a longer wait"
    ]


def test_a_duty_that_a_pattern_breaks_by_repeating_is_counted(tmp_path: Path) -> None:
    text = SHOW.replace("{channel: left, on_for: 200ms}", "{channel: shot, on_for: 500ms, wait: 2s}")
    text = text.replace("repeats: 2", "repeats: 6")
    (found,) = mistakes(write(tmp_path, text))
    assert "'shot' on for 3 s of 20 s; its duty allows 2 s" in found


def test_the_busiest_window_counts_parts_of_runs() -> None:
    assert patterns.busiest_ms([(0, 100), (150, 250), (1000, 1100)], 200) == 150
    assert patterns.busiest_ms([(0, 1000)], 200) == 200
    assert patterns.busiest_ms([], 200) == 0


def test_steps_begin_when_the_one_before_says() -> None:
    steps = [Step(channel="a", on_for="2s", wait="100ms"), Step(channel="b", on_for="500ms")]
    assert [(s.channel, s.begin, s.end) for s in patterns.spans(steps, 2)] == [
        ("a", 0, 2000),
        ("b", 100, 600),
        ("a", 2000, 4000),
        ("b", 2100, 2600),
    ]
    assert patterns.round_ms(steps) == 2000


def test_more_steps_than_a_board_holds_are_refused(tmp_path: Path) -> None:
    step = "          - {channel: left, on_for: 10ms}\n"
    text = SHOW.replace("        pattern:\n", "        pattern:\n" + step * 30)
    assert "a board holds 32 steps of a pattern; found 33" in " ".join(mistakes(write(tmp_path, text)))


def test_a_mega_has_more_pins(tmp_path: Path) -> None:
    text = SHOW.replace("{id: STN-A}", "{id: STN-A, kind: mega}").replace(
        "kind: analog, pin: 14", "kind: analog, pin: 54"
    )
    assert load(write(tmp_path, text.replace("kind: pwm, pin: 5", "kind: pwm, pin: 46")))


def test_each_action_says_what_it_takes(tmp_path: Path) -> None:
    station = load(write(tmp_path)).settings.stations["stage"]
    takes = {name: list(parameters.parameters(station, name)) for name in station.actions}
    assert takes == {
        "fire": ["ms"],
        "dim": ["ms", "level", "ramp"],
        "wave": ["ms", "position"],
        "honk": ["ms", "hz"],
        "glow": ["level", "ramp"],
        "show": [],
    }
    schema = parameters.schema(station, "dim")
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"ms": 2000, "level": 40.5})
    for bad in ({"ms": 0}, {"ms": 10_001}, {"level": 0}, {"level": 101}, {"ms": 1.5}, {"loud": 1}, {"ms": True}):
        assert not validator.is_valid(bad), bad


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("{ms: 900}", "expected a whole number from 1 to 500 (how long it stays on, in milliseconds); found 900"),
        ("{ms: true}", "found True"),
        ("{level: 50}", "'level' is not a parameter; known here: ms"),
        ("{m: 5}", "'m' is not a parameter (did you mean 'ms'?)"),
    ],
)
def test_a_rule_that_asks_an_action_for_what_it_cannot_is_refused(tmp_path: Path, params: str, said: str) -> None:
    rules = (
        "rules:\n  rose:\n    when: {gift: {name: Rose}}\n"
        f"    then: [{{station: stage, action: fire, params: {params}}}]\n"
    )
    (found,) = mistakes(write(tmp_path, rules=rules))
    assert found.startswith("rules.yaml:4: rules.rose.then.0.params")
    assert said in found


def test_every_setting_of_a_station_tells_an_editor_what_it_is_for() -> None:
    definitions = json_schema(Settings)["$defs"]
    for struct in ("Channel", "Action", "Step", "Duty"):
        for name, about in definitions[struct]["properties"].items():
            if name in ("kind", "channel", "title", "duty"):
                continue
            told = "description" in about or any("description" in kind for kind in about.get("anyOf", ()))
            assert told, f"{struct}.{name}"


def test_the_channels_and_actions_of_the_manual_are_good(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs/settings.md").read_text()
    (block,) = re.findall(r"```yaml\n(    channels:.*?)```", manual, re.DOTALL)
    station = load(write(tmp_path, "venue: hall\nstations:\n  stage:\n    board: {id: A}\n" + block)).settings
    assert len(station.stations["stage"].actions) == 6
