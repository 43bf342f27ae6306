"""What viewers write, made safe to show and brought to one form to compare."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text import clean, normalise


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("LEDAK", "ledak"),
        ("Ｌｅｄａｋ", "ledak"),
        ("lédak", "ledak"),
        ("le\u200bdak", "ledak"),
        ("  a\n b ", "a b"),
        ("ledaaaaak", "ledak"),
        ("cooool", normalise("cool")),
        ("666", "666"),
        ("6️⃣6️⃣6️⃣", "666"),
        ("🔟", "10"),
        ("٦٦٦", "666"),
        ("𝟕𝟕𝟕", "777"),
        ("Straße", normalise("STRASSE")),
        ("さくら", "さくら"),
        ("!!!", "!!!"),
    ],
)
def test_text_is_compared_in_one_form(a: str, b: str) -> None:
    assert normalise(a) == b


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(max_size=200))
def test_what_is_cleaned_compares_as_before(text: str) -> None:
    once = clean(text, 4096)
    assert clean(once, 4096) == once
    assert normalise(clean(text, 4096)) == normalise("".join(c for c in text if unicodedata.category(c) != "Cs"))


@given(st.text(st.characters(), max_size=300), st.integers(1, 50))
def test_cleaned_text_never_drives_a_terminal_or_turns_a_line_round(text: str, limit: int) -> None:
    safe = clean(text, limit)
    assert len(safe) <= limit
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in safe)
    assert not any(unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
                   for c in safe)  # fmt: skip
    safe.encode()


def test_a_family_of_emoji_stays_one() -> None:
    assert clean("👨‍👩‍👧 ok", 100) == "👨‍👩‍👧 ok"


def test_a_tower_of_accents_is_cut_and_vietnamese_is_not() -> None:
    assert len(clean("a" + "\u0301" * 500, 4096)) < 10
    assert clean("Tiê\u0301ng Viê\u0323t", 100) == "Tiê\u0301ng Viê\u0323t"
