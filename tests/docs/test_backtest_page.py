"""The tests that docs/backtest.md shows come as expected, and its tables are complete."""

import re
from pathlib import Path

from gateway.backtest.expectations import run_file
from gateway.settings.expectations import Expect, Given
from tests.docs.test_docs import NAMED, ROOT

PAGE = (ROOT / "docs" / "backtest.md").read_text()


def test_the_tests_of_the_page_come_as_expected(tmp_path: Path) -> None:
    for block in NAMED.finditer(PAGE):
        (tmp_path / block["name"]).write_text(block["text"])
    results = run_file(tmp_path / "stagewire.yaml")
    assert len(results) == 4
    assert not any(results.values()), results


def test_all_that_a_test_can_say_is_on_the_page() -> None:
    named = {word for code in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"\w+", code)}
    assert set(Given.__struct_fields__) | set(Expect.__struct_fields__) <= named
