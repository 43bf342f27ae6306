"""Regular expressions of rules: found in what viewers write, refused in words, never slow."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import SettingsError
from gateway.settings.regex import LONGEST, searcher
from gateway.text import normalise


@pytest.mark.parametrize(
    ("pattern", "comment", "found"),
    [
        ("^team (red|blue)$", "TEAM  Red", True),
        ("^team (red|blue)$", "team red!", False),
        ("LÉDAK", "ledaaak!!", True),
        ("good+ job", "a goooood job", True),
        ("goo?d", "good", True),
        (r"\bbook", "my book", True),
        (r"[lL]l?ama", "llama", True),
        (r"\d{3}", "６６６", True),
        ("폭발", "폭발!", True),
        ("क्या", "क्या बात", True),
        ("（１）", "(1)", True),
        (r"(?P<coffee>kopi)\x{1F600}?", "kopi", True),
        (r"\p{Cyrillic}", "привет", True),
    ],
)
def test_a_regex_finds_what_a_reader_of_it_expects(pattern: str, comment: str, found: bool) -> None:
    assert searcher(pattern)(normalise(comment)) is found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "not a regular expression: missing )"),
        ("a**", "bad repetition operator"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a(?=b)", "looking ahead `(?=` does not exist here"),
        ("(?<!a)b", "looking behind"),
        ("a" * (LONGEST + 1), f"at most {LONGEST} characters; found {LONGEST + 1}"),
        ("x*", "not every comment"),
        ("red|", "not every comment"),
        ("((a{100}){100}){100}", "invalid repetition size"),
        (r"(\pL{500}\pN{500}){2}", "not a regular expression: pattern too large"),
    ],
)
def test_a_bad_regex_is_refused_in_words(pattern: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError) as e:
        searcher(pattern)
    assert said in str(e.value)
    assert capfd.readouterr().err == ""


def test_a_regex_that_would_take_years_elsewhere_is_quick() -> None:
    found = searcher("(a|aa|a|b)+(a|aa)+(a|aa)+$")
    began = time.perf_counter()
    assert not found("ab" * 2000 + "!")
    assert time.perf_counter() - began < 0.5


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.text(max_size=40))
def test_whatever_stands_there_it_is_compiled_or_refused_in_words(pattern: str, comment: str) -> None:
    found = None
    with contextlib.suppress(SettingsError):
        found = searcher(pattern)
    assert found is None or found(normalise(comment)) in (True, False)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_a_word_as_a_regex_is_found_where_the_word_is_written(word: str) -> None:
    assert searcher(word)(normalise(f"{word}"))
