"""What the page's templates say of numbers and names."""

import pytest

from web.words import LONGEST_NAME, lasted, named


@pytest.mark.parametrize(
    ("ms", "words"), [(None, "–"), (3.64, "3.6 ms"), (20.4, "20 ms"), (999.6, "1.0 s"), (7556.9, "7.6 s")]
)
def test_a_wait_is_said_in_milliseconds_or_seconds_whichever_a_person_would_take(
    ms: float | None, words: str
) -> None:
    assert lasted(ms) == words


def test_a_viewers_name_takes_one_line_and_no_more_whoever_chose_it() -> None:
    assert named("L" * 4000) == "L" * LONGEST_NAME
    assert named("Z" + "\u0301" * 60 + "oe") == "Z" + "\u0301" * 4 + "oe"  # else it covers the lines above
    assert named("\u202eeno\nowt") == "eno owt"
    assert named(" \u200b ") == "no name"
