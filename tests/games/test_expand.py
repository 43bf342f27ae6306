"""Games become rules; every mistake in one is told where it stands, and the others play on."""

from pathlib import Path
from typing import Any

import pytest

from gateway.settings.games import expand, game_of
from tests.games.playing import Play

GOAL = {"template": "goal-bar", "with": {"goal": 500, "reward": "lamp/glow"}}
TEMPLATE = """\
title: Bell
about: It rings.
parameters:
  words: {type: words, min: 1, max: 3, about: what rings it}
  bells: {type: rewards, default: [], about: what rings}
  loud: {type: number, default: 0.5, min: 0, max: 1, about: how loud}
  long: {type: duration, default: 90s, max: 600, about: how long}
  gate: {type: action, default: lamp/blink, about: what opens}
  hello: {type: say, default: "hello ${game} ${loud}", about: what is said}
example: ""
rules:
  ${game}-word-${number}:
    for_each: {word: words}
    when: {comment: {exact: "${word}"}}
    then:
      - ${hello}
      - counter: {name: "${game}-${number}", add: "${long_seconds} * ${words_count}"}
  ${game}-bell-${number}:
    for_each: {word: words, bell: bells}
    when: {comment: {exact: "${word}"}}
    if: {station: {"${gate_station}": online}}
    then: ["${bell}"]
counters:
  ${game}-${number}: {for_each: {word: words}, start: "${loud}"}
timers: ["${game}-a"]
"""


def own(folder: Path, text: str = TEMPLATE, name: str = "bell") -> Path:
    (folder / "games").mkdir(exist_ok=True)
    (folder / "games" / f"{name}.yaml").write_text(text)
    return folder


def bell(folder: Path, **said: Any) -> dict[str, Any]:
    data, mistakes = expand({"games": {"door": {"template": "bell", "with": said}}}, folder)
    assert not mistakes
    return data


def told(folder: Path, game: Any, name: str = "goal", **file: Any) -> list[str]:
    data, mistakes = expand({"games": {name: game}, **file}, folder)
    assert data.get("rules", {}) == file.get("rules", {}), "a game with a mistake adds nothing"
    return [f"{'.'.join(map(str, path))}: {words}" for path, words in mistakes]


def goal(folder: Path, **said: Any) -> list[str]:
    return told(folder, {"template": "goal-bar", "with": {"goal": 500, "reward": "lamp/glow", **said}})


# -- filling in ------------------------------------------------------------------------------------


def test_a_file_without_games_stays_as_it_is(tmp_path: Path) -> None:
    data = {"rules": {"a": {"when": 1}}}
    assert expand(data, tmp_path) == (data, [])


def test_a_block_is_made_for_each_entry_and_none_for_an_empty_list(tmp_path: Path) -> None:
    data = bell(own(tmp_path), words=["ding", 666])
    assert list(data["rules"]) == ["door-word-1", "door-word-2"]
    assert data["rules"]["door-word-2"] == {
        "when": {"comment": {"exact": "666"}},
        "then": [{"announce": "hello door 0.5"}, {"counter": {"name": "door-2", "add": "90 * 2"}}],
    }
    assert data["counters"] == {"door-1": {"start": 0.5}, "door-2": {"start": 0.5}}
    assert data["timers"] == ["door-a"]


def test_lists_are_walked_together_and_a_rule_with_nothing_to_do_is_not_made(tmp_path: Path) -> None:
    data = bell(own(tmp_path), words=["ding", "dong"], bells=["lamp/glow", "nothing"])
    assert data["rules"]["door-bell-1"] == {
        "when": {"comment": {"exact": "ding"}},
        "if": {"station": {"lamp": "online"}},
        "then": [{"station": "lamp", "action": "glow"}],
    }
    assert "door-bell-2" not in data["rules"]


def test_a_template_says_more_of_a_gift_that_it_was_given(tmp_path: Path) -> None:
    text = TEMPLATE.replace("{type: words, min: 1", "{type: gifts, min: 1").replace(
        'comment: {exact: "${word}"}', 'gift: {as: "${word}", pay: end}'
    )
    rules = bell(own(tmp_path, text), words=["Rose", 5655])["rules"]
    assert rules["door-word-1"]["when"] == {"gift": {"name": "Rose", "pay": "end"}}
    assert rules["door-word-2"]["when"] == {"gift": {"id": "5655", "pay": "end"}}


def test_games_of_one_template_do_not_meet(tmp_path: Path) -> None:
    rules = "".join(f"  g-{n}: {{template: goal-bar, with: {{goal: {n}00, reward: lamp/glow}}}}\n" for n in (1, 2))
    play = Play(tmp_path, f"games:\n{rules}")
    assert play.gift(coins=150) == ["The goal of 100 coins is reached!", "lamp/glow"]
    assert (play.counter("g-1-coins"), play.counter("g-2-coins")) == (50, 150)


def test_what_stands_in_the_file_stays_before_the_game_and_is_not_changed(tmp_path: Path) -> None:
    data: dict[str, Any] = {"games": {"goal": GOAL}, "rules": {"mine": {}}, "timers": ["t"], "counters": {"c": {}}}
    before = repr(data)
    merged, _ = expand(data, tmp_path)
    assert repr(data) == before
    assert next(iter(merged["rules"])) == "mine"
    assert "goal-fill" in merged["rules"]
    assert merged["timers"] == ["t"]
    assert next(iter(merged["counters"])) == "c"


def test_a_viewers_words_and_a_persons_braces_are_not_filled_in_twice(tmp_path: Path) -> None:
    words = bell(own(tmp_path), words=["$", "{game}"])["rules"]
    assert [rule["when"]["comment"]["exact"] for rule in words.values()] == ["$", "{game}"]


def test_a_text_can_be_said_in_ones_own_words_or_not_at_all(tmp_path: Path) -> None:
    play = Play(
        tmp_path,
        "games:\n  goal:\n    template: goal-bar\n"
        '    with: {goal: 5, reward: nothing, say: "{${game_}goal} koin! Terima kasih {user}"}\n'
        "  quiet: {template: goal-bar, with: {goal: 5, reward: lamp/blink, say: nothing}}\n",
    )
    assert play.gift(coins=5) == ["5 koin! Terima kasih Budi", "lamp/blink"]


def test_the_venues_own_template_goes_before_ours_of_that_name(tmp_path: Path) -> None:
    own(tmp_path, TEMPLATE, "goal-bar")
    data, mistakes = expand({"games": {"g": {"template": "goal-bar", "with": {"words": ["a"]}}}}, tmp_path)
    assert not mistakes
    assert list(data["rules"]) == ["g-word-1"]


def test_an_entry_belongs_to_the_game_with_the_longest_name_before_it() -> None:
    assert game_of("vote-2-begin", {"vote": 1, "vote-2": 1}) == "vote-2"
    assert game_of("vote-begin", {"vote": 1, "vote-2": 1}) == "vote"
    assert game_of("voter", {"vote": 1}) is None


# -- mistakes --------------------------------------------------------------------------------------


def test_an_unknown_template_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    own(tmp_path)
    assert told(tmp_path, {"template": "goal-bra"}) == [
        "games.goal.template: there is no game 'goal-bra' (did you mean 'goal-bar'?)"
    ]
    assert told(tmp_path, {"template": "bel"}) == [
        "games.goal.template: there is no game 'bel' (did you mean 'bell'?)"
    ]
    assert "; there are bell, claw-credit" in told(tmp_path, {"template": "xyz"})[0]


def test_missing_unknown_and_wrong_parameters_are_told_together(tmp_path: Path) -> None:
    assert told(tmp_path, {"template": "goal-bar", "with": {"gaol": 500, "factor": 0.5}}) == [
        "games.goal.with.gaol: 'gaol' is not a parameter of goal-bar (did you mean 'goal'?)",
        "games.goal.with: 'goal' is missing: coins of the first goal (whole, 1 to 100000000)",
        "games.goal.with.factor: expected a number 1 to 10 (how much larger each next goal is); found 0.5",
        "games.goal.with: 'reward' is missing: what moves when the bar is full (reward)",
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"goal": 0}, "expected a whole number 1 to 100000000 (coins of the first goal); found 0"),
        ({"goal": 1.5}, "expected a whole number 1 to 100000000"),
        ({"goal": True}, "found true"),
        ({"goal": "many"}, "found many"),
        ({"factor": float("nan")}, "expected a number 1 to 10"),
        ({"reward": "lamp"}, "expected station/action, such as cannon/fire, or nothing"),
        ({"reward": "lamp/glow/more"}, "expected station/action"),
        ({"reward": ["lamp/glow"]}, "expected station/action"),
        ({"say": ""}, "expected text to announce, or nothing"),
        ({"say": "x" * 201}, "expected text to announce, or nothing"),
        ({"reset": "daily"}, "expected one of never, live (live begins anew with each LIVE); found daily"),
        ({"say": "${gaol}"}, "${gaol} in its template stands for nothing (did you mean 'goal'?)"),
        ({"say": "all of ${reward}"}, "${reward} in its template is not a text: let it stand alone"),
    ],
)
def test_a_value_of_another_kind_is_told_with_what_was_expected(
    said: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    (words,) = goal(tmp_path, **said)
    assert words.startswith(f"games.goal.with.{next(iter(said))}: ")
    assert expected in words


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"words": []}, "with.words: expected a list of 1 to 3 entries, each text of 1 to 200 characters"),
        ({"words": "ding"}, "with.words: expected a list of 1 to 3 entries"),
        ({"words": ["a", "b", "c", "d"]}, "with.words: expected a list of 1 to 3 entries"),
        (
            {"words": ["a", True]},
            "with.words: expected each to be text of 1 to 200 characters (what rings it); found tr",
        ),
        (
            {"words": ["a"], "long": "90"},
            "with.long: expected a number and its unit, such as 500ms, 2s, 5m at most 10m",
        ),
        ({"words": ["a"], "long": "11m"}, "with.long: expected a number and its unit"),
        (
            {"words": ["a"], "gate": "nothing"},
            "with.gate: expected station/action, such as cannon/fire (what opens)",
        ),
        (
            {"words": ["a", "b"], "bells": ["lamp/glow"]},
            "door: bells and words belong together: expected as many of one as of the other; found 1 and 2",
        ),
    ],
)
def test_lists_durations_and_actions_are_checked_too(said: dict[str, Any], expected: str, tmp_path: Path) -> None:
    (words,) = told(own(tmp_path), {"template": "bell", "with": said}, "door")
    assert expected in words


def test_a_name_that_is_taken_is_told_and_the_other_game_plays_on(tmp_path: Path) -> None:
    data = {"games": {"goal": GOAL, "other": GOAL}, "rules": {"goal-fill": {}}}
    merged, mistakes = expand(data, tmp_path)
    assert mistakes == [
        (
            ["games", "goal"],
            "'goal-fill' stands in rules already: give the game, or what stands there, another name",
        )
    ]
    assert list(merged["rules"]) == ["goal-fill", "other-fill"]
    assert "goal-coins" not in merged["counters"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2nd", "expected a game's name to begin with a letter; found '2nd'"),
        (
            "a" * 30,
            f"'{'a' * 30}-coins' in its counters is no name of at most 32 letters: give the game a shorter one",
        ),
    ],
)
def test_a_game_needs_a_name_that_its_rules_can_bear(name: str, expected: str, tmp_path: Path) -> None:
    assert f"games.{name}: {expected}" in told(tmp_path, GOAL, name)


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        (("about: It rings.", "abuot: It rings."), "bell.yaml:2: abuot: 'abuot' is not a setting"),
        (("type: words", "type: wrods"), "bell.yaml:4: parameters.words.type: expected one of"),
        (("rules:\n", "rules: [\n"), "bell.yaml:"),
        (("  loud:", "  game:"), "game: a name that every template has already"),
        (("${hello}", "${helo}"), "${helo} in its template stands for nothing (did you mean 'hello'?)"),
        (("hello ${game}", "hello ${gate}"), "${gate} in its template is not a text: let it stand alone"),
        (("{word: words}", "{word: loud}"), "for_each in its template walks loud, which is no list"),
        (("{word: words}", "[words]"), "for_each in its template: expected a name for the entries of each list"),
        (
            ("{word: words}", "{word: [a]}"),
            "for_each in its template: expected a name for the entries of each list",
        ),
        (('exact: "${word}"', 'as: "${word}"'), "as in its template: expected a placeholder for a gift; found a"),
        (("${game}-a", "a"), "its template names 'a' in timers: names there begin with ${game}-"),
    ],
)
def test_a_mistake_in_a_venues_own_template_is_told_at_the_game(
    mistake: tuple[str, str], expected: str, tmp_path: Path
) -> None:
    words = told(own(tmp_path, TEMPLATE.replace(*mistake)), {"template": "bell", "with": {"words": ["a"]}}, "door")
    assert any(expected in w for w in words), words


@pytest.mark.parametrize("games", [None, [], "goal-bar", {"goal": None}, {"goal": {"with": {}}}, {"A b": GOAL}])
def test_what_is_no_game_is_left_for_the_check_of_the_file(games: Any, tmp_path: Path) -> None:
    merged, mistakes = expand({"games": games}, tmp_path)
    assert (merged["games"], mistakes) == (games, [])


@pytest.mark.parametrize("section", ["rules", "counters", "timers"])
@pytest.mark.parametrize("wrong", [None, "x", 5])
def test_a_section_that_is_none_is_left_for_the_check_of_the_file(
    section: str, wrong: Any, tmp_path: Path
) -> None:
    merged, mistakes = expand({"games": {"goal": GOAL}, section: wrong}, tmp_path)
    assert (merged[section], mistakes) == (wrong, [])
