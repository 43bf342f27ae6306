"""Stages that could never work are refused in words, with their line."""

from pathlib import Path

import pytest
from msgspec import Struct

from gateway.rules.stages import compile_stages
from gateway.settings.stages import METRICS, Stage, check_stages
from gateway.settings.yamlfile import convert, read

SHOW = """\
stages:
  crowd:
    metric: viewers
    account: ayu
    dwell: 2s
    levels:
      one: {}
      two: {minimum: 30, delay: 5s, retention: 5}
      three: {minimum: 80, delay: 10s, retention: 10, needs: mood/warm}
  mood:
    metric: likes_per_minute
    locked: warm
    levels:
      calm: {minimum: 0}
      warm: {minimum: 60}
      hot: {minimum: 600, enabled: false}
  shots:
    counter: credit
    title: Shots that are paid for
    levels:
      empty: {}
      some: {minimum: 1, needs: crowd/two}
"""


class Stages(Struct, frozen=True, forbid_unknown_fields=True):
    stages: dict[str, Stage]


def mistakes(folder: Path, text: str) -> list[str]:
    """Without the folder, in the order of their lines."""
    file = folder / "rules.yaml"
    file.write_text(text)
    tree = read(file)
    book, found = convert(tree, Stages)
    if book is not None:
        checked = check_stages(["stages"], book.stages, {"credit", "shot"}, {"ayu", "budi"})
        found = sorted(tree.mistake(path, words) for path, words in checked)
        if not found:
            compile_stages(book.stages)
    return [words.removeprefix(f"{folder}/rules.yaml:") for _, words in found]


def test_the_show_is_good(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SHOW) == []


def test_every_metric_can_be_measured(tmp_path: Path) -> None:
    assert len(METRICS) == 16
    for metric in METRICS:
        assert mistakes(tmp_path, SHOW.replace("metric: viewers", f"metric: {metric}")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("metric: viewers", "metric: viewrs", "3: stages.crowd.metric: expected one of coins, coins_per_minute,"),
        ("metric: viewers", "metric: viewrs", "(did you mean 'viewers'?)"),
        ("    metric: viewers\n", "", "2: stages.crowd: say what is measured: exactly one of metric, counter"),
        ("    account: ayu\n", "    counter: shot\n", "2: stages.crowd: say what is measured: exactly one of"),
        ("counter: credit", "counter: credits", "18: stages.shots.counter: there is no counter 'credits' (did"),
        ("account: ayu", "account: auy", "4: stages.crowd.account: there is no account 'auy' (did you mean 'ayu'"),
        ("counter: credit", "counter: credit\n    account: ayu", "a counter belongs to no account: leave it out"),
        ("locked: warm", "locked: worm", "12: stages.mood.locked: there is no level 'worm' here (did you mean"),
        ("dwell: 2s", "dwell: 2h", "5: stages.crowd.dwell: expected at most 1h; found 2h"),
        ("delay: 10s", f"delay: {'9' * 400}h", "9: stages.crowd.levels.three.delay: expected at most 1h"),
        ("minimum: 80, ", "", "9: stages.crowd.levels.three: 'minimum' is missing"),
        ("minimum: 80", "minimum: 30", "three.minimum: levels go from lowest to highest: expected more than 30,"),
        ("minimum: 60}", "minimum: 0}", "15: stages.mood.levels.warm.minimum: levels go from lowest to highest"),
        ("minimum: 30", "minimum: -1", "expected at least 0"),
        ("minimum: 30", "minimum: .inf", "expected at most 1000000000000000"),
        ("retention: 5", "retention: 31", "8: stages.crowd.levels.two.retention: expected at most minimum (30)"),
        ("one: {}", "one: {minimum: 1}", "7: stages.crowd.levels.one.minimum: the first level is where the stage"),
        ("one: {}", "one: {delay: 2s}", "one.delay: means nothing for the first level"),
        ("one: {}", "one: {retention: 2}", "one.retention: means nothing for the first level"),
        ("one: {}", "one: {enabled: false}", "one.enabled: the first level is always on"),
        ("one: {}", "one: {needs: mood/warm}", "one.needs: the first level needs nothing"),
        ("mood/warm", "mod/warm", "9: stages.crowd.levels.three.needs: there is no stage 'mod' (did you mean 'mo"),
        ("mood/warm", "mood/wram", "stage 'mood' has no level 'wram' (did you mean 'warm'?)"),
        ("mood/warm", "mood", "9: stages.crowd.levels.three.needs: expected a level of another stage, as stage/"),
        ("mood/warm", "crowd/two", "three.needs: levels of one stage are climbed one at a time anyway"),
        ("{minimum: 60}", "{minimum: 60, needs: shots/some}", "stages need each other in a circle"),
    ],
)  # fmt: skip
def test_a_stage_that_could_never_work_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in SHOW
    found = mistakes(tmp_path, SHOW.replace(old, new))
    assert len(found) == 1
    assert said in found[0]


def test_a_circle_is_told_in_the_order_of_its_needs(tmp_path: Path) -> None:
    [mistake] = mistakes(tmp_path, SHOW.replace("{minimum: 60}", "{minimum: 60, needs: shots/some}"))
    circle = mistake.partition("circle: ")[2].partition(";")[0].split(" needs ")
    assert set(circle) == {"crowd", "mood", "shots"}
    assert circle[0] == circle[-1]
    assert "crowd needs mood" in f"{' needs '.join(circle + circle[1:])}"


def test_a_stage_without_levels_has_nowhere_to_go(tmp_path: Path) -> None:
    for levels in ("{}", "{one: {}}"):
        found = mistakes(tmp_path, f"stages: {{crowd: {{metric: viewers, levels: {levels}}}}}")
        assert len(found) == 1
        assert found[0].startswith("1: stages.crowd.levels: say two levels at least")
