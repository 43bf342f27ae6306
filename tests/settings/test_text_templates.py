"""Texts with expressions in braces."""

import pytest

from gateway.settings.expressions import LONGEST_TEMPLATE, LONGEST_TEXT, compile_template
from tests.settings.test_expressions import NAMES, VALUES, mistake


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{user} gave {2 * coins} coins", "Budi gave 14 coins"),
        ("", ""),
        ("plain\ntext", "plain\ntext"),
        ("{{{user}}} {{coins}}", "{Budi} {coins}"),
        ("{'{' + user + \"}\"}", "{Budi}"),
        ("{rate} {coins / 1} {coins / 3} {-1 / 1000} {10 * rate}", "2.5 7 2.33 0 25"),
        ("{follower} {not follower}", "true false"),
        ("{999999999999999 * 1000 / 1}", "1000000000000000"),
    ],
)
def test_a_template_shows_numbers_as_people_write_them(text: str, shown: str) -> None:
    assert compile_template(text, NAMES)(VALUES) == shown


def test_what_a_viewer_writes_is_shown_and_never_read() -> None:
    template = compile_template("{user}: {lower(user)}", NAMES)
    assert template({"user": "{COINS}"}) == "{COINS}: {coins}"
    assert template.names == {"user"}


def test_a_template_is_bounded() -> None:
    assert len(compile_template("{user}" * 3, NAMES)({"user": "x" * 900})) == LONGEST_TEXT
    assert mistake("x" * (LONGEST_TEMPLATE + 1), compile_template).words == "at most 1000 characters; found 1001"


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("by {usr}", 5, "`usr` is unknown (did you mean 'user'?)"),
        ("{user} and { coins + user }", 14, "+ adds two numbers"),
        ("{user", 1, "this { is never closed by a }; to show one, write {{"),
        ("user}", 5, "this } has no { before it; to show one, write }}"),
        ("{}", 2, "nothing stands here"),
        ("{user's}", 2, "means nothing here; leave a space before a text"),
        ("{user!r}", 6, "`!` means nothing here"),
        ("{coins:.2f}", 7, "`:` means nothing here"),
        ("{user.name}", 6, "`.name` means nothing here"),
    ],
)
def test_a_mistake_in_a_template_has_its_column_in_the_template(text: str, column: int, words: str) -> None:
    found = mistake(text, compile_template)
    assert words in found.words
    assert found.column == column
