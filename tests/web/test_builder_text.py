"""From the form to the text and back: what a rule means is kept, and so is what its author wrote around it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import SettingsError
from gateway.settings.games import expand
from gateway.settings.rules import Rule
from gateway.settings.rules_text import RulesText
from gateway.settings.steps import STEPS
from gateway.settings.templates import template, templates
from gateway.settings.triggers import When
from gateway.settings.yamlfile import parse
from tests.docs.test_rules_page import BOOKS
from web.building import drafts, form, labels
from web.building.edit import rewrite, same

GARDEN = """\
# Roses.
# All of them.
rose:   # its name
  title: Hello     # shown
  # which one
  when: {gift: {name: 'Rose'}}    # each gift
  cooldown: 2s   # a breath
  then:   # in order
    - {station: cannon, action: fire}   # first
    # then a while
    - wait: 2s    # as long as it takes
    - repeat:
        times: 3   # thrice
        steps: [{station: lamp, action: blink}]
  # for the rest
  else: [{announce: "No rose, {user}"}]  # the end
"""


def rules_of(book: str) -> Iterator[tuple[str, str]]:
    for rule in RulesText(book).rules:
        yield rule.name, drafts.written(book, rule.name)


WRITTEN = {name: text for book in BOOKS for name, text in rules_of(book)}
NOWHERE = Path(__file__).parent
"""A folder without games of its own."""
GAMES = templates(None)
MADE = {
    f"{game}/{rule}": said
    for game in GAMES
    for rule, said in expand(parse(template(game, GAMES).example, "rules").data, NOWHERE)[0]["rules"].items()
}
"""What every game of the house makes of its example."""


def comments(text: str) -> list[str]:
    return sorted(re.findall(r"(?:^|\s)(#.*)$", text, re.MULTILINE))


def meant(rule: Any) -> Rule:
    return msgspec.convert(rule, Rule)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_rule_that_nobody_touches_stays_to_the_byte(name: str) -> None:
    text = WRITTEN[name]
    made = drafts.draft(text, name, name, drafts.read(text, name))
    assert (made.text, made.flaws) == (text, [])


@pytest.mark.parametrize("name", [*WRITTEN, *MADE])
def test_a_rule_written_anew_means_the_same_and_stands_in_short_lines(name: str) -> None:
    rule = MADE[name] if name in MADE else drafts.read(WRITTEN[name], name)
    made = drafts.draft("", "", "anew", rule)
    assert made.flaws == []
    assert meant(drafts.read(made.text, "anew")) == meant(rule)
    assert max(map(len, made.text.splitlines())) <= 120


def test_a_new_rule_is_written_as_a_person_would() -> None:
    rule = {
        "enabled": True,
        "then": [{"station": "lamp", "action": "blink", "params": {"ms": 300, "level": None}}, {"wait": "2s"}],
        "when": {"gift": {"name": "Rose", "pay": "each", "id": None}},
        "if": {},
        "else": [],
        "user_cooldown": "10s",
        "title": "Roses",
    }
    assert drafts.draft("", "", "roses", rule).text == (
        "roses:\n"
        "  title: Roses\n"
        "  when: {gift: {name: Rose}}\n"
        "  user_cooldown: 10s\n"
        "  then:\n"
        "    - {station: lamp, action: blink, params: {ms: 300}}\n"
        "    - {wait: 2s}\n"
    )


def test_only_what_was_changed_is_written_anew() -> None:
    rule = drafts.read(GARDEN, "rose")
    rule["when"]["gift"] |= {"name": "Lion", "min_coins": 3}
    rule["if"] = {"follower": True}
    rule["then"][2]["repeat"]["times"] = "n + 1"
    rule["then"].reverse()
    del rule["title"]
    assert drafts.draft(GARDEN, "rose", "lion", rule).text == (
        "# Roses.\n"
        "# All of them.\n"
        "lion:   # its name\n"
        "  # which one\n"
        "  when: {gift: {name: Lion, min_coins: 3}}    # each gift\n"
        "  if: {follower: true}\n"
        "  cooldown: 2s   # a breath\n"
        "  then:   # in order\n"
        "    - repeat:\n"
        '        times: "n + 1"   # thrice\n'
        "        steps: [{station: lamp, action: blink}]\n"
        "    # then a while\n"
        "    - wait: 2s    # as long as it takes\n"
        "    - {station: cannon, action: fire}   # first\n"
        "  # for the rest\n"
        '  else: [{announce: "No rose, {user}"}]  # the end\n'
    )


def test_a_default_that_its_author_wrote_out_stays_and_one_chosen_in_the_form_does_not() -> None:
    text = "rose:\n  when: {gift: {pay: each}}\n  mode: parallel\n  then: [{sound: horn}]\n"
    rule = drafts.read(text, "rose") | {"priority": 0, "deadline": "30s", "title": "Roses"}
    assert drafts.draft(text, "rose", "rose", rule).text == text.replace("  when", "  title: Roses\n  when")


def test_what_no_form_knows_is_kept() -> None:
    text = "rose:\n  when: {gift: {colour: red}}  # some day\n  shape: [1, 2]\n  then: [{sound: horn}]\n"
    rule = drafts.read(text, "rose") | {"title": "Roses"}
    made = drafts.draft(text, "rose", "rose", rule)
    assert made.text == text.replace("  when", "  title: Roses\n  when")
    assert [flaw.at for flaw in made.flaws] == [["when", "gift", "colour"], ["shape"]]


@pytest.mark.parametrize(
    "text",
    [
        "rose: &all\n  when: {gift: {}}\n  then: [{sound: horn}]\n",
        "rose:\n  when: {gift: {}}\n  then: *spin\n",
        "rose:\n  <<: {cooldown: 2s}\n  when: {gift: {}}\n  then: [{sound: horn}]\n",
        "rose: 1\n",
    ],
)
def test_a_rule_that_means_more_than_it_says_is_left_to_the_editor(text: str) -> None:
    with pytest.raises(SettingsError, match="edit it in the file"):
        drafts.read(text, "rose")


def test_a_mistake_is_told_at_its_field() -> None:
    rule = {
        "when": {"gift": {"min_coins": 0}},
        "then": [{"station": ""}, {}, {"repeat": {"steps": [{"wait": "soon"}]}}],
    }
    found = {".".join(flaw.at): flaw.words for flaw in drafts.draft("", "", "", rule).flaws}
    assert found.keys() == {
        "name",
        "when.gift.min_coins",
        "then.0.station",
        "then.1",
        "then.2.repeat.times",
        "then.2.repeat.steps.0.wait",
    }
    assert found["then.0.station"] == found["then.1"] == found["then.2.repeat.times"] == str(form.EMPTY)
    assert found["when.gift.min_coins"] == "expected at least 1; found 0"


def test_a_gateways_mistakes_come_to_the_rule_that_they_are_about() -> None:
    told = [
        "/srv/rules.yaml:4: rules.rose.then.0.station: there is no station 'canon' (did you mean 'cannon'?)",
        "/srv/rules.yaml:9: rules.rose-two.then.0.station: there is no station 'canon'",
        "there is a rule 'x' already",
    ]
    assert [(flaw.at, flaw.words) for flaw in drafts.flaws_of(told, "rose")] == [
        (["then", "0", "station"], "there is no station 'canon' (did you mean 'cannon'?)"),
        ([], "there is a rule 'x' already"),
    ]


def test_every_word_of_a_rule_can_be_said_in_the_form() -> None:
    shape = form.shape()
    shown = {*shape["head"], *(name for names in shape["sections"].values() for name in names)}
    assert shown == form.DEFS["Rule"]["properties"].keys()
    assert set(shape["oneOf"]["When"]) == set(When.__struct_fields__)
    assert {*shape["oneOf"]["Then"], *shape["with"]["Then"]["station"]} == form.DEFS["Then"]["properties"].keys()
    assert set(STEPS) == set(shape["oneOf"]["Then"])


def test_every_word_that_the_form_has_of_its_own_is_about_something_that_is_there() -> None:
    first = {f"{kind}.{key}" for kind, keys in form.FIRST.items() for key in keys}
    said = {name.removesuffix(".value") for name in (*labels.FIELDS, *labels.CHOICES)}
    for name in {*form.KNOWN, *first, *said}:
        kind, _, key = name.partition(".")
        assert not key or key in form.DEFS[kind]["properties"], name
    everything = {f"{kind}.{key}" for kind, d in form.DEFS.items() for key in d["properties"]}
    assert everything <= labels.FIELDS.keys()


# -- anything at all ---------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
LEAVES = st.one_of(
    WORDS, st.integers(-5, 5), st.booleans(), st.floats(-9, 9, allow_nan=False).map(lambda n: round(n, 2))
)
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abcdef"), inside, max_size=3),
    max_leaves=8,
)


def edited(draw: Any, value: Any) -> Any:
    """The same with something changed in it, here and there."""
    what = draw(st.sampled_from(["keep", "keep", "keep", "anew", "less", "more"]))
    if what == "anew":
        return draw(VALUES)
    if isinstance(value, dict):
        made = {key: edited(draw, part) for key, part in value.items() if what != "less" or draw(st.booleans())}
        return made | ({draw(st.sampled_from(["title", "extra", "x"])): draw(VALUES)} if what == "more" else {})
    if isinstance(value, list):
        parts = [edited(draw, part) for part in value if what != "less" or draw(st.booleans())]
        return draw(st.permutations([*parts, *([draw(VALUES)] if what == "more" else [])]))
    return value


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([GARDEN, *WRITTEN.values()]))
def test_whatever_is_changed_the_text_says_it_afterwards(data: st.DataObject, text: str) -> None:
    [(name, rule)] = parse(text, "rules").data.items()
    changed = {key: edited(data.draw, part) for key, part in rule.items()}
    made = rewrite(text, name, changed)
    assert same(parse(made, "rules").data, {name: changed})


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([GARDEN, *WRITTEN.values()]))
def test_no_comment_is_lost_while_nothing_is_taken_out(data: st.DataObject, text: str) -> None:
    [(name, rule)] = parse(text, "rules").data.items()
    changed = rule | {"then": data.draw(st.permutations([*rule["then"], {"wait": "3s"}]))}
    changed |= data.draw(st.fixed_dictionaries({}, optional={"title": WORDS, "cooldown": st.just("7s")}))
    made = rewrite(text, name, changed)
    assert comments(made) == comments(text)
