"""What expressions compute, and in which words mistakes in them are told."""

from collections.abc import Callable, Mapping

import pytest

from gateway.settings.expressions import (
    DEEPEST,
    LONGEST_EXPRESSION,
    LONGEST_TEXT,
    MOST,
    ExpressionError,
    Kind,
    Value,
    compile_expression,
)

NAMES: dict[str, Kind] = {"coins": "number", "rate": "number", "user": "text", "follower": "bool"}
VALUES: dict[str, Value] = {"coins": 7, "rate": 2.5, "user": "Budi", "follower": True}


def value(text: str, **more: Value) -> Value:
    return compile_expression(text, NAMES)({**VALUES, **more})


def mistake(
    text: str, compile_it: Callable[[str, Mapping[str, Kind]], object] = compile_expression
) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        compile_it(text, NAMES)
    return caught.value


# What they compute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coins * 10", 70),
        ("clamp(coins * 10, 100, 500)", 100),
        ("clamp(coins * 100, 100, 500)", 500),
        ("clamp(coins, 9, 3)", 9),
        ("coins // 2 + coins % 2", 4),
        ("-coins + +rate", -4.5),
        ("round(rate / 2, 1)", 1.2),
        ("round(coins * 100, -2)", 700),
        ("floor(rate) + ceil(rate) + abs(-1)", 6),
        ("scale(coins, 0, 14, 0, 180)", 90),
        ("scale(99, 0, 14, 0, 180)", 180),
        ("scale(-99, 0, 14, 180, 0)", 180),
        ("scale(coins, 5, 5, 1, 2)", 1),
        ("min(3, coins, 1)", 1),
        ("max(3, coins)", 7),
        ("len(user)", 4),
        ("lower(user) + '!'", "budi!"),
        ("number(' 12 ') + number('-1.5')", 10.5),
        ("number('twelve') + number('1e9') + number('nan') + number('')", 0),
        ("text(coins) + text(rate) + text(follower) + text(user)", "72.5trueBudi"),
        ("'ud' in user and 'x' not in user", True),
        ("1 < rate < coins", True),
        ("1 < coins < rate", False),
        ("follower == true and not (follower != True)", True),
        ("'big' if coins > 5 or rate > 5 else 'small'", "big"),
        ("user == 'Budi'", True),
        ("'müll' + \"'\"", "müll'"),
        ("  1 +\n  2\n", 3),
    ],
)
def test_the_language_computes(text: str, expected: Value) -> None:
    found = value(text)
    assert found == expected
    assert isinstance(found, bool) is isinstance(expected, bool)


def test_whole_numbers_stay_whole() -> None:
    whole = [
        "coins * 2 - 1",
        "coins // 2",
        "coins % 4",
        "min(coins, 3)",
        "round(rate)",
        "round(rate, 0)",
        "number('5')",
    ]
    assert [type(value(text)) for text in whole] == [int] * len(whole)
    assert isinstance(value("coins / 7"), float)


def test_dividing_by_zero_gives_zero() -> None:
    zeros = ["coins / 0", "coins // 0", "coins % 0", "rate / (rate - rate)", "coins % (coins - coins)"]
    assert [value(text) for text in zeros] == [0] * len(zeros)


def test_a_chain_of_multiplications_ends_at_the_largest_number() -> None:
    assert value(" * ".join(["coins"] * 40)) == MOST
    assert value(" * ".join(["-999999999999999"] * 15)) == -MOST
    assert value("rate * 999999999999999 - -999999999999999") == MOST


def test_a_text_never_grows_beyond_its_limit() -> None:
    assert len(str(value(" + ".join(["user"] * 9), user="x" * 999))) == LONGEST_TEXT
    assert len(str(value("user", user="x" * 9999))) == LONGEST_TEXT
    assert len(str(value("lower(user)", user="İ" * 999))) == LONGEST_TEXT


def test_a_missing_or_mistaken_value_counts_as_nothing() -> None:
    everything = compile_expression("text(coins) + user + text(follower)", NAMES)
    assert everything({}) == "0false"
    assert everything({"coins": "7", "user": 7, "follower": 1}) == "0false"
    assert compile_expression("coins", NAMES)({"coins": True}) == 1


def test_an_expression_tells_its_kind_and_what_it_reads() -> None:
    one = compile_expression("user if coins > 1 else user + '?'", NAMES)
    assert one.kind == "text"
    assert one.names == {"user", "coins"}
    assert compile_expression("1 + 2 < 4", NAMES).names == frozenset()
    assert compile_expression("1 + 2 < 4", NAMES).kind == "bool"


def test_only_the_chosen_side_and_no_more_than_needed_is_computed() -> None:
    class Noted(dict[str, Value]):
        def get(self, key: str, default: object = None) -> Value:
            asked.append(key)
            return self[key]

    asked: list[str] = []
    for text in ("coins if follower else rate", "follower or coins > 1", "coins < 1 < rate"):
        compile_expression(text, NAMES)(Noted(VALUES))
    assert asked == ["follower", "coins", "follower", "coins"]


# In which words they are refused


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("1 + cois", 5, "`cois` is unknown (did you mean 'coins'?); known here: coins, follower, rate, user"),
        ("'é' + usr", 7, "`usr` is unknown (did you mean 'user'?)"),
        ("  usr", 3, "did you mean 'user'?"),
        ("TRUE", 1, "did you mean 'true'?"),
        ("user == gold", 9, "`gold` is unknown (a text stands in quotes: 'gold')"),
        ("clamp", 1, "`clamp` is a function; write clamp(x, low, high)"),
        ("clmp(1, 2, 3)", 1, "`clmp` is no function (did you mean 'clamp'?)"),
        ("coins(1)", 1, "`coins` is no function"),
        ("clamp(coins, 2)", 1, "write clamp(x, low, high); found 2 values"),
        ("min(coins)", 1, "write min(a, b, ...)"),
        ("round(1, 2, 3)", 1, "write round(x) or round(x, digits)"),
        ("coins + user", 1, "`coins` is a number and `user` is a text; write number(...) or text(...)"),
        ("follower + 1", 1, "+ adds two numbers or joins two texts"),
        ("'x' * 9999", 1, "* takes a number, but `'x'` is a text"),
        ("user % coins", 1, "% takes a number"),
        ("-user", 2, "- takes a number, but `user` is a text; write number(...)"),
        ("follower * 2", 1, "write (1 if ... else 0)"),
        ("coins == user", 1, "== compares two numbers or two texts"),
        ("1 < coins < user", 5, "< compares two numbers, but `coins` is a number and `user` is a text"),
        ("user < 'b'", 1, "write number(...)"),
        ("false < true", 1, "< compares two numbers"),
        ("coins in user", 1, "in compares two texts"),
        ("not coins", 5, "not takes true or false, but `coins` is a number; compare it, as in: coins > 0"),
        (
            "follower and user",
            14,
            "and takes true or false, but `user` is a text; compare it, as in: name == 'Rose'",
        ),
        ("1 if coins else 2", 6, "if takes true or false"),
        ("1 if follower else 'a'", 1, "if and else give values of one kind"),
        ("lower(coins)", 7, "lower takes a text, but `coins` is a number; write text(...)"),
        ("coins = 7", 7, "`=` means nothing here; to compare, write =="),
        ("coins > 1 && rate > 1", 11, "`&` means nothing here; write: and"),
        ("!follower", 1, "write: not"),
        ("coins is 7", 7, "to compare, write =="),
        ("coins ** 2", 1, "there is no ** here; write x * x"),
        ("10coins", 1, "`10coins` means nothing here; numbers look like 10 or 2.5"),
        ("1e3", 1, "numbers look like 10 or 2.5"),
        ("9" * 20, 1, "numbers go up to 1000000000000000"),
        ("'abc", 1, "a text ends with the quote it began with"),
        ("(coins", 1, "this ( is never closed by a )"),
        ("coins)", 6, "this ) has no ( before it"),
        ("coins *", 8, "something is missing at the end"),
        ("coins rate", 7, "`rate` does not fit here; is an operator, a value or a comma missing?"),
        ("1 if follower", 1, "write: x if condition else y"),
        ("if follower 1", 1, "write: x if condition else y"),
        ("", 1, "nothing stands here"),
        (" \n", 3, "nothing stands here"),
        ("1" * (LONGEST_EXPRESSION + 1), 1, "at most 500 characters; found 501"),
    ],
)
def test_a_mistake_says_where_it_is_and_what_to_write(text: str, column: int, words: str) -> None:
    found = mistake(text)
    assert words in found.words
    assert (found.column, str(found)) == (column, f"column {column}: {found.words}")


def test_a_long_list_of_known_names_is_cut() -> None:
    with pytest.raises(ExpressionError, match=r"n00, .*, n19 and 80 more"):
        compile_expression("xyz", {f"n{i:02}": "number" for i in range(100)})
    with pytest.raises(ExpressionError, match="no names are known here"):
        compile_expression("xyz", {})


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "user.__class__",
        "user['x']",
        "coins.real",
        "lambda: 1",
        "[c for c in user]",
        "(c for c in user)",
        "{coins}",
        "f'{coins}'",
        "b'x'",
        "r'x'",
        "'''x'''y'''",
        "(coins := 1)",
        "(yield)",
        "await coins",
        "*coins",
        "min(*user)",
        "min(**user)",
        "text(x=1)",
        "min(1, 2)(3)",
        "1, 2",
        "()",
        "None",
        "...",
        "1j",
        "0x10",
        "1_000",
        "007",
        "٣",
        "coins # all",
        "coins; rate",
        "coins\\\n+ 1",
        "'\\x41'",
        "eval('1')",
        "exec",
        "print(1)",
        "'\0'",
        "\0",
        "'\ud800'",
        "coins\u200b",
        "ｌａｍｂｄａ",
        "coins @ rate",
        "~coins",
        "coins << 2",
        "1 if follower else",
        "import os",
    ],
)
def test_what_is_not_of_the_language_is_refused(text: str) -> None:
    assert mistake(text).words


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "(" * 240 + "1" + ")" * 240,
        "-" * 499 + "1",
        "not " * 120 + "true",
        "abs(" * 99 + "1" + ")" * 99,
        "+".join("1" * 249),
    ],
)
def test_deep_nesting_is_a_mistake_and_no_crash(text: str) -> None:
    assert str(mistake(text))


def test_nesting_is_allowed_up_to_its_limit() -> None:
    assert value("(" * DEEPEST + "coins" + ")" * DEEPEST) == 7
    assert value("-" * (DEEPEST - 2) + "coins") == 7
    assert mistake("-" * DEEPEST + "coins").words == "at most 50 operations within each other"
