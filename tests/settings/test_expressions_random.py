"""Whatever is written, whatever happens: expressions mean what they mean in Python, and nothing breaks them."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.settings.expressions import (
    LONGEST_TEXT,
    MOST,
    ExpressionError,
    Kind,
    Value,
    compile_expression,
    compile_template,
)
from tests.settings.test_expressions import NAMES, VALUES, value

Texts = st.SearchStrategy[str]


def made(form: str, *parts: Texts) -> Texts:
    return st.tuples(*parts).map(lambda found: form.format(*found))


def numbers(depth: int, hostile: bool = False) -> Texts:
    leaves = st.sampled_from(["coins", "rate", "0", "1", "2", "3.25", ".5", "9"])
    if not depth:
        return leaves
    n, t, b = numbers(depth - 1, hostile), texts(depth - 1, hostile), bools(depth - 1, hostile)
    by = n if hostile else made("(abs({}) + 1)", n)
    forms = [
        leaves,
        made("({} {} {})", n, st.sampled_from("+-*"), n),
        made("{} {} {}", leaves, st.sampled_from("+-*"), leaves),
        made("({} {} {})", n, st.sampled_from(["/", "//", "%"]), by),
        made("(-{})", n),
        made("({} if {} else {})", n, b, n),
        made("{}({})", st.sampled_from(["abs", "floor", "ceil", "round"]), n),
        made("round({}, {})", n, n if hostile else st.sampled_from("123")),
        made("{}({}, {}, {})", st.sampled_from(["min", "max"]), n, n, n),
        made("clamp({}, {}, {})", n, n, n),
        made("len({})", t),
    ]
    if hostile:
        forms += [made("scale({}, {}, {}, {}, {})", n, n, n, n, n), made("number({})", t)]
    return st.one_of(forms)


def texts(depth: int, hostile: bool = False) -> Texts:
    leaves = st.sampled_from(["user", "'a'", '"A b"', "''", "'é{}'"])
    if not depth:
        return leaves
    n, t, b = numbers(depth - 1, hostile), texts(depth - 1, hostile), bools(depth - 1, hostile)
    forms = [leaves, made("({} + {})", t, t), made("lower({})", t), made("({} if {} else {})", t, b, t)]
    return st.one_of([*forms, made("text({})", n)] if hostile else forms)


def bools(depth: int, hostile: bool = False) -> Texts:
    leaves = st.sampled_from(["follower", "true", "false", "True"])
    if not depth:
        return leaves
    n, t, b = numbers(depth - 1, hostile), texts(depth - 1, hostile), bools(depth - 1, hostile)
    order = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        leaves,
        made("({} {} {})", n, order, n),
        made("({} {} {} {} {})", n, order, n, order, n),
        made("({} {} {})", t, st.sampled_from(["==", "!=", "in", "not in"]), t),
        made("({} in {} in {})", t, t, t),
        made("({} {} {} or {})", b, st.sampled_from(["and", "or"]), b, b),
        made("(not {} == {})", b, b),
        made("({} if {} else {})", b, b, b),
    )


PYTHONS: dict[str, Any] = {
    "__builtins__": {},
    "true": True,
    "false": False,
    "clamp": lambda x, low, high: low if x < low or high < low else high if x > high else x,
    "lower": str.lower,
    "floor": math.floor,
    "ceil": math.ceil,
    **{f.__name__: f for f in (min, max, abs, round, len)},
}


@settings(deadline=None, max_examples=300)
@given(
    text=numbers(3) | texts(3) | bools(3),
    coins=st.integers(-9, 9),
    rate=st.integers(-36, 36).map(lambda quarters: quarters / 4),
    user=st.text(alphabet="aAbé{ ", max_size=5),
    follower=st.booleans(),
)
def test_a_well_typed_expression_means_what_it_means_in_python(
    text: str, coins: int, rate: float, user: str, follower: bool
) -> None:
    values: dict[str, Value] = {"coins": coins, "rate": rate, "user": user, "follower": follower}
    expected = eval(text, PYTHONS | values)
    found = compile_expression(text, NAMES)(values)
    assert found == expected
    assert type(found) is type(expected)


HOSTILE = st.one_of(
    st.floats(),
    st.integers(),
    st.text(max_size=20),
    st.booleans(),
    st.sampled_from([10**400, -(10**400), MOST, -MOST, 5e-324, 1.7e308, math.nan, -0.0, "9" * 5000, "İ" * 2000]),
)


def check(found: Value, kind: Kind) -> None:
    match kind:
        case "bool":
            assert isinstance(found, bool)
        case "text":
            assert isinstance(found, str)
            assert len(found) <= LONGEST_TEXT
        case "number":
            assert type(found) in (int, float)
            assert -MOST <= float(found) <= MOST  # and no NaN


@settings(deadline=None, max_examples=300)
@given(
    text=numbers(3, hostile=True) | texts(3, hostile=True) | bools(3, hostile=True),
    values=st.dictionaries(st.sampled_from(sorted(NAMES)), HOSTILE),
)
def test_evaluating_never_raises_and_stays_within_bounds(text: str, values: dict[str, Value]) -> None:
    expression = compile_expression(text, NAMES)
    check(expression(values), expression.kind)
    assert len(compile_template(f"{{{text}}}", NAMES)(values)) <= LONGEST_TEXT


SYMBOLS = "+-*/%<>=!(),.'\"{}[]:#@\\ \n\0é\ud800\u200b"
WORDS = """** // == <= in not and or if else true None lambda for is coins user follower rate 1 2.5 1e9 0x
min text clamp( scale f' __class__"""
PIECES = st.lists(st.sampled_from([*SYMBOLS, *WORDS.split()]), max_size=30)


@settings(deadline=None, max_examples=500)
@given(st.text(st.characters(), max_size=60) | PIECES.map("".join) | PIECES.map(" ".join))
@example("(" * 600)
def test_random_text_is_an_expression_or_a_mistake_and_nothing_else(text: str) -> None:
    for compile_it in (compile_expression, compile_template):
        found: Value | ExpressionError
        try:
            found = compile_it(text, NAMES)(VALUES)
        except ExpressionError as refused:
            found = refused
        if isinstance(found, ExpressionError):
            assert 1 <= found.column <= len(text) + 1
            assert found.words
        else:
            assert isinstance(found, float | int | str | bool)


@given(*[st.integers(-1000, 1000)] * 5)
def test_scale_ends_where_it_is_told_and_grows_evenly(
    x: int, low: int, high: int, to_low: int, to_high: int
) -> None:
    text = f"scale(coins, {low}, {high}, {to_low}, {to_high})"
    found = value(text, coins=x)
    assert isinstance(found, int | float)
    assert min(to_low, to_high) <= found <= max(to_low, to_high)
    if low != high:
        part = min(max((x - low) / (high - low), 0), 1)
        assert found == pytest.approx(to_low + part * (to_high - to_low))
