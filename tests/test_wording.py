"""Figures are said as a person says them."""

import pytest

from gateway.wording import several, size, wait


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (several(0, "gift"), "0 gifts"),
        (several(1, "gift"), "1 gift"),
        (several(1204, "gift"), "1,204 gifts"),
        (size(0), "0 B"),
        (size(812), "812 B"),
        (size(999.96), "1.0 kB"),
        (size(93_429), "93.4 kB"),
        (size(999_960), "1.0 MB"),
        (size(2.34e9), "2.3 GB"),
        (size(5e13), "50000.0 GB"),
        (wait(3.6), "4 ms"),
        (wait(999.6), "1.0 s"),
        (wait(7556.9), "7.6 s"),
        (wait(99_960), "100 s"),
    ],
)
def test_a_figure_is_said_in_the_unit_that_a_person_would_take(said: str, words: str) -> None:
    assert said == words
