"""Every rule that docs/rules.md shows does what the page says, and nothing else; every word of a rule is on it."""

import re
from collections import Counter as Tally
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
from msgspec import Struct

from gateway import messages as m
from gateway.cli_trace import lines
from gateway.rules.engine import ledger, owed
from gateway.settings import rules, stages, steps, triggers
from gateway.settings.expressions import FUNCTIONS, Value, compile_template
from gateway.settings.load import Config, load
from gateway.settings.load_rules import parse_rules
from gateway.settings.variables import ALWAYS
from gateway.settings.yamlfile import parse
from tests.docs.crowd import gift
from tests.docs.evening import Counter, Evening, Then, furnish
from tests.docs.stories import LOTS, STORIES
from tests.docs.story import Story
from tests.docs.test_docs import NAMED, ROOT
from tests.rules.happenings import comment

PAGE = (ROOT / "docs/rules.md").read_text()
BLOCKS = [(b["name"], b["text"]) for b in NAMED.finditer(PAGE)]
SETTINGS = next(text for name, text in BLOCKS if name == "stagewire.yaml")
BOOKS = [text for name, text in BLOCKS if name == "rules.yaml"]
EXAMPLES = {rule: text for text in BOOKS for rule in parse(text, "rules.yaml").data["rules"]}
BROKEN = re.search(r"```yaml\n(rules:\n.*?)```\n\n```\n(.*?)```", PAGE, re.DOTALL)
CODE = set(re.findall(r"`([^`\n]+)`", PAGE))

SAID = {("Rule", "enabled"), ("StageLevel", "enabled"), ("Stage", "account"), ("Stage", "locked")}
"""Settings that would change what an example does: the page only says them."""


def config(folder: Path, book: str) -> Config:
    path = furnish(folder, SETTINGS)
    (folder / "rules.yaml").write_text(book)
    return load(path, strict=True)


def test_every_rule_on_the_page_has_its_story_here() -> None:
    assert sum(len(parse(text, "rules.yaml").data["rules"]) for text in BOOKS) == len(EXAMPLES)
    assert EXAMPLES.keys() == STORIES.keys() | LOTS.keys()


@pytest.mark.parametrize(("name", "story"), STORIES.items(), ids=STORIES)
def test_a_rule_of_the_page_does_what_the_page_says(name: str, story: Story, tmp_path: Path) -> None:
    book = config(tmp_path, EXAMPLES[name])
    evening = Evening(book, name)
    assert [(happening, evening.told(happening)) for happening, _ in story] == story
    quiet = Evening(book, name)
    quiet.told(comment("nothing of the kind"))  # the first comment of a viewer may mean something
    assert quiet.told(comment("nothing of the kind")) in ("", "no match")


@pytest.mark.parametrize("name", LOTS)
def test_the_lot_falls_as_often_as_the_page_says(name: str, tmp_path: Path) -> None:
    evening = Evening(config(tmp_path, EXAMPLES[name]), name)
    word = {"now-and-then": "luck", "at-random": "wheel"}[name]
    drawn = Tally(evening.told(comment(word)) for _ in range(2000))
    assert {what: pytest.approx(n / 2000, abs=0.03) for what, n in drawn.items()} == LOTS[name]


# -- the page is whole -----------------------------------------------------------------------------


def _said(value: Any) -> Iterator[tuple[str, str]]:
    """(struct, field) of everything that is not as it would be anyway."""
    match value:
        case Struct():
            for field in msgspec.structs.fields(value):
                said = getattr(value, field.name)
                if field.required or said != (
                    field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
                ):
                    yield type(value).__name__, field.encode_name
                yield from _said(said)
        case dict() | list():
            for entry in value.values() if isinstance(value, dict) else value:
                yield from _said(entry)


def test_every_word_that_a_rule_can_say_is_in_an_example(tmp_path: Path) -> None:
    shown = {said for book in BOOKS for said in _said(config(tmp_path, book).rules)}
    kinds = {
        kind
        for module in (rules, stages, steps, triggers)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Struct
    }
    missing = {(kind.__name__, field) for kind in kinds for field in kind.__struct_encode_fields__} - shown
    assert missing - {("RuleBook", "games"), ("Game", "template"), ("Game", "with")} == SAID
    assert "games" in "".join(BOOKS)
    for _, field in SAID:
        assert any(code.startswith(f"{field}: ") for code in CODE)


def test_every_name_and_function_of_expressions_is_on_the_page() -> None:
    assert ALWAYS.keys() <= CODE
    assert {call.partition("(")[0] for call in CODE if "(" in call} >= FUNCTIONS.keys()


RESULTS = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", PAGE.partition("and these functions")[2], re.MULTILINE)
VALUES: dict[str, Value] = {"coins": 40, "total": 3, "text": "!glow 12", "arg1": "12"}


@pytest.mark.parametrize(("expression", "result"), RESULTS)
def test_an_expression_on_the_page_comes_to_what_stands_beside_it(expression: str, result: str) -> None:
    assert compile_template(f"{{{expression}}}", ALWAYS)(VALUES) == result


def test_all_expressions_are_found() -> None:
    assert len(RESULTS) == 14


# -- broken rules, and why nothing moved -----------------------------------------------------------


def test_a_broken_rule_is_told_in_the_words_of_the_page_and_the_other_one_runs(tmp_path: Path) -> None:
    assert BROKEN is not None
    settings = load(furnish(tmp_path, SETTINGS)).settings
    read = parse_rules(BROKEN[1], "rules.yaml", settings, tmp_path)
    assert read.mistakes == [BROKEN[2].strip()]
    assert list(read.book.rules) == ["new-follower"]


def test_the_trace_says_what_the_page_shows(tmp_path: Path) -> None:
    shown = re.search(r"```\n(1 x Rose.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    evening = Evening(config(tmp_path, EXAMPLES["rose-cools"]), "rose-cools")
    evening.told(gift())
    evening.told(1)
    said = [click.unstyle(line) for line in lines(evening.decide(gift()))]
    page = shown[1].splitlines()
    assert [said[0], *said[2:]] == [page[0], *page[2:]]
    assert page[1].endswith("id g-2")
    assert said[1].endswith("id g-2")  # what stands before it is told in the reader's own time


# -- what is owed ----------------------------------------------------------------------------------


def _counts(evening: Evening, rule: str) -> m.LedgerCounts:
    counts, balanced = ledger(evening.state)
    assert balanced
    return counts[rule]


def test_what_was_paid_for_and_not_done_is_owed_until_it_is_given(tmp_path: Path) -> None:
    evening = Evening(config(tmp_path, EXAMPLES["rose-fires"]), "rose-fires")
    evening.told(gift(2, 2))
    assert evening.told(Then.OFFLINE) == ""
    roses = [(o.user, o.value, o.reason) for o in owed(evening.state) if o.rule == "rose-fires"]
    assert roses == [("Budi", 1, Then.OFFLINE.value)] * 2
    assert _counts(evening, "rose-fires") == m.LedgerCounts(received=2, owed=2)
    assert evening.told(Then.PAID) == "cannon/fire, cannon/fire"
    evening.told(Then.DONE)
    assert _counts(evening, "rose-fires") == m.LedgerCounts(received=2, done=2)


def test_a_shot_out_of_a_viewers_own_counter_is_owed_too(tmp_path: Path) -> None:
    evening = Evening(config(tmp_path, EXAMPLES["buy-a-shot"]), "buy-a-shot")
    evening.told(gift(coins=50))
    assert evening.told(comment("!fire")) == "cannon/fire"
    evening.told(Then.OFFLINE)
    assert [(o.user, o.reason) for o in owed(evening.state) if o.rule == "buy-a-shot"] == [
        ("Budi", Then.OFFLINE.value)
    ]
    assert evening.told(Then.PAID) == "cannon/fire"
    assert evening.told(Counter("credit/u-1")) == "0"


def test_only_what_was_not_done_is_given(tmp_path: Path) -> None:
    book = config(tmp_path, EXAMPLES["when-done"].replace("{comment: {exact: after}}", "{gift: {name: Rose}}"))
    evening = Evening(book, "when-done")
    assert evening.told(gift()) == "cannon/fire"
    assert evening.told(Then.DONE) == "lamp/glow"
    evening.told(Then.OFFLINE)
    assert evening.told(Then.PAID) == "lamp/glow"


def test_what_a_board_may_have_done_is_asked_for_under_its_old_id(tmp_path: Path) -> None:
    evening = Evening(config(tmp_path, EXAMPLES["rose-fires"]), "rose-fires")
    evening.told(gift())
    evening.told(Then.BROKEN)
    assert evening.told(Then.PAID) == "cannon/fire"
    assert "g-1/rose-fires/0/0" in evening.repeated


def test_nothing_is_owed_for_a_comment_nor_where_the_settings_say_so(tmp_path: Path) -> None:
    for settings, happening, rule in (
        (SETTINGS, comment("tembak"), "word"),
        (SETTINGS + "gateway: {after_stop: cancelled}\n", gift(), "rose-fires"),
    ):
        (tmp_path / "rules.yaml").write_text(EXAMPLES[rule])
        evening = Evening(load(furnish(tmp_path, settings)), rule)
        assert evening.told(happening) == "cannon/fire"
        evening.told(Then.OFFLINE)
        assert owed(evening.state) == []
        assert _counts(evening, rule) == m.LedgerCounts(received=1, blocked=1)
