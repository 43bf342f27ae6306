"""Power budget, interlocks and cooldowns: what could never run is named in words, with its place."""

from pathlib import Path

import pytest

from gateway.settings.models import Settings
from gateway.settings.stations import Action
from gateway.settings.venue_limits import Need, check_limits, needs, power_of
from gateway.settings.wiring import check_station
from gateway.settings.yamlfile import Key, convert, json_schema, read

HALL = """\
venue: hall
power_budget: 150
interlocks:
  airlock: [cannon/fire, gate]
  noise: [cannon, gate/horn]
stations:
  cannon:
    board: {id: A}
    cooldown: 10s
    channels:
      shot: {kind: pulse, pin: 4, max_on: 500ms, power: 60}
      light: {kind: pwm, pin: 5, max_on: 5s, power: 24.5}
      arm: {kind: servo, pin: 9, max_on: 5s, power: 10}
      bell: {kind: level, pin: 7, max_on: 1s}
    actions:
      fire: {channel: shot}
      glow: {channel: light, level: 10, hold: true}
      ring: {channel: bell}
      chase:
        pattern:
          - {channel: shot, on_for: 200ms}
          - {channel: light, on_for: 200ms}
        repeats: 3
      together:
        pattern:
          - {channel: shot, on_for: 200ms, wait: 0ms}
          - {channel: light, on_for: 200ms}
      wave:
        pattern:
          - {channel: arm, on_for: 100ms, position: 80}
          - {channel: shot, on_for: 100ms, wait: 600ms}
          - {channel: light, on_for: 100ms}
        repeats: 2
  gate:
    board: {id: B}
    channels: {motor: {kind: level, pin: 7, max_on: 5s, power: 150}, horn: {kind: tone, pin: 6}}
    actions: {open: {channel: motor, on_for: 2s}, horn: {channel: horn}}
"""


def hall(folder: Path, text: str = HALL) -> Settings:
    (folder / "stagewire.yaml").write_text(text)
    settings, found = convert(read(folder / "stagewire.yaml"), Settings)
    assert settings is not None, found
    return settings


def mistakes(settings: Settings) -> list[str]:
    return [f"{'.'.join(map(str, path))}: {words}" for path, words in check_limits(settings)]


def test_each_action_takes_the_power_of_what_is_on_at_once_and_its_interlocks(tmp_path: Path) -> None:
    settings = hall(tmp_path)
    assert mistakes(settings) == []
    both, noise = frozenset({"airlock", "noise"}), frozenset({"noise"})
    wanted = needs(settings)
    assert {work: need for work, need in wanted.items() if not work[1].startswith("channel ")} == {
        ("cannon", "fire"): Need(60, both),
        ("cannon", "glow"): Need(24.5, noise),
        ("cannon", "ring"): Need(0, noise),
        ("cannon", "chase"): Need(60, noise),
        ("cannon", "together"): Need(84.5, noise),
        ("cannon", "wave"): Need(70, noise),  # the arm is on its way home while the shot is on
        ("gate", "open"): Need(150, frozenset({"airlock"})),
        ("gate", "horn"): Need(0, both),
    }
    assert {work: need for work, need in wanted.items() if work[1].startswith("channel ")} == {
        ("cannon", "channel shot"): Need(60, both),  # it is what "fire" fires
        ("cannon", "channel light"): Need(24.5, noise),
        ("cannon", "channel arm"): Need(10, noise),
        ("cannon", "channel bell"): Need(0, noise),
        ("gate", "channel motor"): Need(150, frozenset({"airlock"})),
        ("gate", "channel horn"): Need(0, both),
    }


def test_a_venue_without_limits_needs_nothing(tmp_path: Path) -> None:
    text = HALL.replace("power_budget: 150\n", "")
    text = text[: text.index("interlocks:")] + text[text.index("stations:") :]
    for said in (", power: 60", ", power: 24.5", ", power: 10", ", power: 150"):
        text = text.replace(said, "")
    assert needs(hall(tmp_path, text)) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "power: 60",
            "power: 130",
            "stations.cannon.actions.together: takes 154.5 W at once and power_budget is 150 W: it could never",
        ),
        ("gate]", "gatte]", "interlocks.airlock.1: there is no station 'gatte' (did you mean 'gate'?)"),
        (
            "gate]",
            "gate/opne]",
            "interlocks.airlock.1: station 'gate' has no action 'opne' (did you mean 'open'?)",
        ),
        ("gate]", "gate, gate]", "interlocks.airlock.2: 'gate' is in this interlock already"),
        ("gate]", "gate, gate/open]", "interlocks.airlock.2: 'gate/open' is in this interlock already"),
        ("gate]", "cannon/ring]", "interlocks.airlock: an interlock needs two stations: what one station does"),
        ("[cannon/fire, gate]", "[]", "interlocks.airlock: an interlock needs two stations"),
    ],
)
def test_what_could_never_run_or_is_unknown_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert HALL.count(old) == 1
    (found,) = mistakes(hall(tmp_path, HALL.replace(old, new)))
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cooldown: 10s", "cooldown: 25h", "cooldown: expected at most 24h; found 25h"),
        (
            "kind: pulse, pin: 4, max_on: 500ms,",
            "kind: input, pin: 4,",
            "power: means nothing for an input channel",
        ),
    ],
)
def test_a_cooldown_or_power_without_sense_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    station = hall(tmp_path, HALL.replace(old, new)).stations["cannon"]
    at: list[Key] = ["cannon"]
    assert said in next(f"{path[-1]}: {words}" for path, words in check_station(at, station))


@pytest.mark.parametrize("bad", ["power_budget: 0", "power_budget: much", "power_budget: .inf"])
def test_a_budget_is_a_number_of_watts(tmp_path: Path, bad: str) -> None:
    (tmp_path / "stagewire.yaml").write_text(HALL.replace("power_budget: 150", bad))
    settings, found = convert(read(tmp_path / "stagewire.yaml"), Settings)
    assert settings is None
    assert "watts" in found[0][1]


def test_the_power_of_an_action_that_the_check_refuses_is_none() -> None:
    assert power_of(Action(), {}) == power_of(Action(channel="gone"), {}) == 0


def test_an_editor_is_told_what_the_limits_are_for() -> None:
    definitions = json_schema(Settings)["$defs"]
    told = definitions["Settings"]["properties"]
    assert "watts" in str(told["power_budget"])
    assert "power_budget" in definitions["Settings"]["description"]
    assert "watts" in str(definitions["Channel"]["properties"]["power"])
