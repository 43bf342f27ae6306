"""A broken rule never stops the others: it is kept apart, with its line and every mistake in words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from gateway.errors import SettingsError
from gateway.settings.load import Broken, load, load_rules, parse_rules
from gateway.settings.models import Settings
from tests.settings.venue import FIRE, REST, read, rule, settings

GOOD = f"""\
rules:
  follow:
    when: {{follow: {{}}}}
    then: {FIRE}
"""
BAD = f"""\
  typo:
    when: {{folow: {{}}}}
    then: {FIRE}
  nowhere:
    when: {{follow: {{}}}}
    then:
      - {{station: canon, action: fire}}
      - {{sound: gong}}
"""


def test_a_broken_rule_does_not_stop_the_others_and_is_told_with_all_its_mistakes(tmp_path: Path) -> None:
    rules = read(tmp_path, GOOD + BAD + f"  share:\n    when: {{share: {{}}}}\n    then: {FIRE}\n")
    assert list(rules.book.rules) == ["follow", "share"]
    file = tmp_path / "rules.yaml"
    assert rules.broken == {
        "rules.typo": Broken(
            kind="rule",
            name="typo",
            line=6,
            text=f"{file}:6: rules.typo.when.folow: 'folow' is not a setting (did you mean 'follow'?)",
        ),
        "rules.nowhere": Broken(
            kind="rule",
            name="nowhere",
            line=11,
            text=f"{file}:11: rules.nowhere.then.0.station: there is no station 'canon' (did you mean 'cannon'?)\n"
            f"{file}:12: rules.nowhere.then.1.sound: there is no sound 'gong': "
            "write it into the settings, under `sounds`",
        ),
    }  # fmt: skip
    assert rules.mistakes == "\n".join(b.text for b in rules.broken.values()).splitlines()


def test_the_gateway_runs_with_what_is_good_and_the_check_refuses_all_mistakes(tmp_path: Path) -> None:
    settings(tmp_path)
    (tmp_path / "rules.yaml").write_text(GOOD + BAD)
    config = load(tmp_path / "stagewire.yaml")
    assert list(config.rules.rules) == ["follow"]
    assert list(config.broken) == ["rules.typo", "rules.nowhere"]
    with pytest.raises(SettingsError) as e:
        load(tmp_path / "stagewire.yaml", strict=True)
    assert len(e.value.mistakes) == 3


@pytest.mark.parametrize(
    ("section", "entry", "use", "said"),
    [
        ("counters", "lost: {max: -1}", "then: [{counter: {name: lost, add: 1}}]", "counter 'lost' is broken its"),
        ("counters", "lost: {maxx: 1}", "then: [{counter: {name: lost, add: 1}}]", "counter 'lost' is broken its"),
        ("counters", "lost: {max: -1}", "then: [{announce: '{lost}'}]", "counter 'lost' is broken itself: see li"),
        ("counters", "lost: 5", f"if: {{so: lost > 5}}\n    then: {FIRE}", "counter 'lost' is broken itself: see"),
        ("groups", "lost: {cooldown: 25h}", f"group: lost\n    then: {FIRE}", "group 'lost' is broken itself"),
        ("stages", "lost: {metric: viewers, levels: {}}", f"if: {{stage: {{lost: x}}}}\n    then: {FIRE}", "stag"),
        ("stages", "lost: {metric: 5}", "then: [{counter: {name: fine, add: stage_lost}}]", "stage 'lost' is bro"),
    ],
)  # fmt: skip
def test_a_rule_that_uses_what_is_broken_says_so(
    tmp_path: Path, section: str, entry: str, use: str, said: str
) -> None:
    text = f"{section}:\n  {entry}\n"
    text += "counters:\n  fine: {}\n" if section != "counters" else ""
    rules = read(tmp_path, f"{text}{GOOD}  user:\n    when: {{share: {{}}}}\n    {use}\n")
    assert list(rules.book.rules) == ["follow"]
    assert list(rules.broken) == [f"{section}.lost", "rules.user"]
    assert said in rules.broken["rules.user"].text


def test_what_names_a_broken_one_is_broken_in_turn_and_the_rest_goes_on(tmp_path: Path) -> None:
    stage = "{metric: viewers, levels: {one: {}, two: {minimum: 5, needs: %s/two}}}"
    rules = read(
        tmp_path,
        f"{GOOD}  user:\n    when: {{stage: {{name: c, level: two}}}}\n    then: {FIRE}\n"
        f"stages:\n  c: {stage % 'b'}\n  b: {stage % 'a'}\n  a: {{metric: viewrs, levels: {{one: {{}}}}}}\n",
    )
    assert set(rules.broken) == {"stages.a", "stages.b", "stages.c", "rules.user"}
    assert rules.broken["rules.user"].text.endswith("stage 'c' is broken itself: see line 9")
    assert not rules.book.stages
    assert list(rules.book.rules) == ["follow"]


def test_a_stage_that_measures_a_broken_counter_says_so(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        f"{GOOD}counters:\n  credit: {{max: 0}}\n"
        "stages:\n  a: {counter: credit, levels: {b: {}, c: {minimum: 5}}}\n",
    )
    assert rules.broken["stages.a"].text.endswith("counter 'credit' is broken itself: see line 6")


def test_a_broken_timer_is_told_at_its_line_and_the_others_are_good(tmp_path: Path) -> None:
    text = (
        f"timers:\n  - round\n  - The End\n{GOOD}  user:\n    when: {{timer: {{name: round}}}}\n    then: {FIRE}\n"
    )
    rules = read(tmp_path, text)
    assert (rules.book.timers, list(rules.book.rules)) == (["round"], ["follow", "user"])
    assert rules.broken["timers.The End"].line == 3


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("rulez: {}\n" + GOOD, "rulez", "rules.yaml:1: rulez: 'rulez' is not a setting (did you mean 'rules'?)"),
        ("user_per_minute: 0\n" + GOOD, "user_per_minute", "rules.yaml:1: user_per_minute: expected at least 1"),
        (
            "counters: [a]\n" + GOOD,
            "counters",
            "rules.yaml:1: counters: expected a block of settings; found a list",
        ),
        ("timers: {a: 5}\n" + GOOD, "timers", "rules.yaml:1: timers: expected a list; found a block of settings"),
        ("timers: soon\n" + GOOD, "timers", "rules.yaml:1: timers: expected a list; found 'soon'"),
        ("games: 5\n" + GOOD, "games", "rules.yaml:1: games: expected a block of settings; found 5"),
    ],
)
def test_what_is_wrong_beside_the_rules_does_not_stop_them(tmp_path: Path, text: str, key: str, said: str) -> None:
    rules = read(tmp_path, text)
    assert list(rules.book.rules) == ["follow"]
    (broken,) = rules.broken.values()
    assert list(rules.broken) == [key]
    assert (broken.kind, broken.name, broken.text.replace(f"{tmp_path}/", "")[: len(said)]) == ("file", key, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "rules.yaml:1: not YAML"),
        ("rules: {}\nrules: {}\n", 'rules.yaml:2: found duplicate key "rules": each name may stand only once'),
        ("just words", "rules.yaml:1: expected a block of settings; found a single text"),
        ("[a, b]", "rules.yaml:1: expected a block of settings; found a list"),
        ("a: " + "[" * 5000, "blocks within blocks"),
        ("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n"
         + "".join(f"{y}: &{y} [*{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}, *{x}]\n"
                   for x, y in zip("abcdefgh", "bcdefghi", strict=True)), "more than 200000 values"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rules_file_at_all_breaks_all_of_it_and_nothing_else(
    tmp_path: Path, text: str, said: str
) -> None:
    rules = read(tmp_path, text)
    assert not rules.book.rules
    assert list(rules.broken) == ["file"]
    assert (rules.broken["file"].kind, rules.broken["file"].name) == ("file", "")
    assert said in rules.broken["file"].text
    assert rules.text == text
    assert not load(tmp_path / "stagewire.yaml").rules.rules


def test_a_rules_file_that_is_named_and_missing_is_broken_and_one_that_is_not_named_need_not_exist(
    tmp_path: Path,
) -> None:
    venue = settings(tmp_path)
    rules = load_rules(tmp_path / "night.yaml", venue, tmp_path)
    assert rules.broken["file"].text.endswith("night.yaml: cannot be read: No such file or directory")
    assert not load(tmp_path / "stagewire.yaml").broken
    with (tmp_path / "stagewire.yaml").open("a") as file:
        file.write("rules_file: night.yaml\n")
    assert list(load(tmp_path / "stagewire.yaml").broken) == ["file"]


def test_an_empty_file_has_no_rules_and_no_mistakes(tmp_path: Path) -> None:
    assert (read(tmp_path, "").broken, read(tmp_path, "# soon\n").broken) == ({}, {})


def test_mistakes_in_the_settings_are_always_refused(tmp_path: Path) -> None:
    settings(tmp_path)
    path = tmp_path / "stagewire.yaml"
    hint = "(did you mean 'Europe/Berlin'?)"
    path.write_text(path.read_text().replace("Europe/Berlin", "Europe/Berln"))
    (tmp_path / "rules.yaml").write_text(GOOD + BAD)
    with pytest.raises(SettingsError) as e:
        load(path)
    assert e.value.mistakes[0] == f"{path}:2: timezone: there is no timezone 'Europe/Berln' {hint}"
    assert len(e.value.mistakes) == 4


def test_the_fingerprint_is_of_what_decides(tmp_path: Path) -> None:
    good = read(tmp_path, GOOD)
    assert (
        read(tmp_path, "# a comment\n" + GOOD).fingerprint
        == good.fingerprint
        == load(tmp_path / "stagewire.yaml").fingerprint
    )
    assert read(tmp_path, GOOD.replace("follow: {}", "share: {}")).fingerprint != good.fingerprint
    assert read(tmp_path, GOOD + BAD).fingerprint == good.fingerprint


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings(tmp_path_factory.mktemp("hall"))


SCALARS: st.SearchStrategy[object] = st.sampled_from(
    [10**400, 1e300, float("nan"), float("inf"), -1, 0, 3, True, None, "", "\ud800", "rose", "credit", "25h",
     "done", "coins * 2", "{user}", "cannon", "fire", "crowd", "full", "round", "stagewire/1", "a(b", {}, []]
)  # fmt: skip
WORDS = st.sampled_from(
    ["rules", "counters", "timers", "stages", "groups", "games", "when", "then", "if", "unless", "gift",
     "comment", "time", "every", "cron", "station", "action", "params", "repeat", "times", "steps",
     "parallel", "choose", "fork", "so", "counter", "timer", "name", "start", "add", "set", "levels",
     "minimum", "needs", "template", "with", "credit", "crowd", "round", "user_per_minute", "enabled",
     "cooldown", "regex"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)


@trying(deadline=None)
@given(st.dictionaries(WORDS, st.dictionaries(WORDS, ANYTHING, max_size=3) | ANYTHING, max_size=6))
def test_whatever_stands_in_the_file_the_good_rules_run(hall: Settings, junk: dict[str, object]) -> None:
    text = json.dumps({**junk, "rules": _with(junk.get("rules"), "follow"), "timers": junk.get("timers", [])})
    rules = parse_rules(text, "rules.yaml", hall, Path("nowhere"))
    assert "follow" in rules.book.rules
    assert bool(rules.broken) == bool(rules.mistakes)
    again = parse_rules(text, "rules.yaml", hall, Path("nowhere"))
    assert again == rules


def _with(rules: object, name: str) -> dict[str, object]:
    good = {"when": {"follow": {}}, "then": [{"station": "cannon", "action": "fire"}]}
    return {**(rules if isinstance(rules, dict) else {}), name: good}


@trying(deadline=None)
@given(st.text(max_size=200))
def test_whatever_text_it_is_it_is_read_or_told(hall: Settings, text: str) -> None:
    rules = parse_rules(text, "rules.yaml", hall, Path("nowhere"))
    assert bool(rules.broken) == bool(rules.mistakes)


def test_five_hundred_rules_are_checked_in_good_time(hall: Settings) -> None:
    body = rule().removesuffix(REST).removeprefix("rules:\n")
    text = "rules:\n" + "".join(body.replace("  r:", f"  r{i}:") for i in range(500)) + REST
    assert len(parse_rules(text, "rules.yaml", hall, Path("nowhere")).book.rules) == 500


TEMPLATE = """\
title: Pay and shoot
about: Coins are credit; a comment shoots.
parameters:
  action: {type: action, about: what moves}
example: "games: {claw: {template: shoot, with: {action: cannon/fire}}}"
counters:
  ${game}-credit: {max: 50}
rules:
  ${game}-pay:
    when: {gift: {min_coins: 1}}
    then: [{counter: {name: "${game}-credit", add: coins}}]
  ${game}-shoot:
    when: {comment: {command: shoot}}
    then: ["${action}"]
"""


def _games(folder: Path, claw: str) -> str:
    """A venue with a template of its own, and a rules file with two games of it."""
    (folder / "games").mkdir(exist_ok=True)
    (folder / "games" / "shoot.yaml").write_text(TEMPLATE)
    good = "{template: shoot, with: {action: cannon/fire}}"
    own = f"  sum:\n    when: {{counter: {{name: claw-credit, reaches: 50}}}}\n    then: {FIRE}\n"
    return f"{GOOD}{own}games:\n  claw: {claw}\n  other: {good}\n"


def test_games_bring_their_rules_and_counters(tmp_path: Path) -> None:
    rules = read(tmp_path, _games(tmp_path, "{template: shoot, with: {action: cannon/fire}}"))
    assert not rules.mistakes
    assert list(rules.book.rules) == ["follow", "sum", "claw-pay", "claw-shoot", "other-pay", "other-shoot"]
    assert set(rules.book.counters) == {"claw-credit", "other-credit"}


@pytest.mark.parametrize(
    ("claw", "words"),
    [
        ("{template: shoot, with: {action: canon/fire}}", ": games.claw: in what template 'shoot' makes of it: "
         "rules.claw-shoot.then.0.station: there is no station 'canon' (did you mean 'cannon'?)"),
        ("{template: shoot}", ": games.claw.with: 'action' is missing"),
        ("{template: shot, with: {action: cannon/fire}}", ": games.claw.template: there is no game 'shot' (did y"),
        ("{tmplate: shoot}", ": games.claw.tmplate: 'tmplate' is not a setting (did you mean 'template'?)"),
    ],
)  # fmt: skip
def test_a_broken_game_is_told_at_its_own_line_and_the_others_are_played(
    tmp_path: Path, claw: str, words: str
) -> None:
    rules = read(tmp_path, _games(tmp_path, claw))
    assert list(rules.book.rules) == ["follow", "other-pay", "other-shoot"]
    assert set(rules.book.counters) == {"other-credit"}
    assert list(rules.broken) == ["rules.sum", "games.claw"]
    assert rules.broken["games.claw"].kind == "game"
    assert words in rules.broken["games.claw"].text.replace(f"{tmp_path}/rules.yaml:9", "")


def test_a_rule_that_uses_the_counter_of_a_broken_game_says_so(tmp_path: Path) -> None:
    rules = read(tmp_path, _games(tmp_path, "{template: shoot, with: {action: canon/fire}}"))
    assert rules.broken["rules.sum"].text.endswith("counter 'claw-credit' is broken itself: see line 9")


def test_a_character_spelled_as_two_halves_is_that_character_and_a_half_alone_is_not_sent(hall: Settings) -> None:
    for spelled, text in (("\\ud83c\\udf39", "\U0001f339"), ("\\ud83c", "\N{REPLACEMENT CHARACTER}")):
        rules = parse_rules(GOOD + f'    title: "{spelled}"\n', "rules.yaml", hall, Path("nowhere"))
        assert rules.book.rules["follow"].title == text
