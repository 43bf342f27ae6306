"""Every command that docs/statistics.md shows does what is said of it, and its lists are complete."""

import re
import shlex
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.export.what import SHEETS
from gateway.messages import BOARDS
from gateway.review.ledger import HELD_BACK, NO_RULE, OPEN
from gateway.review.requests import Asked, Part
from gateway.review.review import ORIGINS
from gateway.stats import activity, buckets
from tests.docs.test_docs import ROOT
from tests.records import NOON
from tests.review.evening import busy
from tests.review.test_review import DAY, library

PAGE = (ROOT / "docs" / "statistics.md").read_text()
SHOWN = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("stagewire ")
]
OVER_MQTT = (ROOT / "docs" / "mqtt.md").read_text().partition("\n## Statistics\n")[2].partition("\n## ")[0]
NAMED, ASKED = (
    {word for code in re.findall(r"`([^`\n]+)`", page) for word in re.findall(r"[\w-]+", code)}
    for page in (PAGE, OVER_MQTT)
)


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two evenings of mara's and a rehearsal, in the folder in which commands are typed."""
    await library(tmp_path, busy(), busy(since=NOON + DAY), busy(since=NOON - DAY, minutes=2, simulated=True))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str) -> str:
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code == 0, (line, result.output)
    return result.output


def test_every_command_of_the_page_runs_in_the_order_in_which_it_is_shown(hall: Path) -> None:
    assert len(SHOWN) >= 16
    said = {line: run(line) for line in SHOWN}
    assert "mara" in said["stagewire sessions"]
    assert (hall / "last.xlsx").exists()
    assert (hall / "events.jsonl").read_bytes().count(b"\n") > 100
    assert (hall / "evening.gz").exists()
    assert "no practice session" not in said["stagewire sessions --practice"]


def test_lists_of_the_page_are_complete() -> None:
    assert set(SHEETS) <= NAMED
    assert set(msgspec.inspect.type_info(Part).values) <= ASKED  # type: ignore[attr-defined]  # a literal has them
    assert set(Asked.__struct_fields__) <= ASKED
    assert set(BOARDS) | set(ORIGINS) <= ASKED
    for words in (*list(ORIGINS.values())[:1], OPEN, HELD_BACK, NO_RULE):
        assert words in PAGE
    for command in ("show", "compare", "buckets", "leaders", "record"):
        assert f"stagewire sessions {command} " in PAGE


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    weights = (activity.LIKE, activity.COMMENT, activity.SHARE, activity.FOLLOW, activity.SUBSCRIBE, activity.GIFT)
    like, comment, share, follow, subscribe, gift = (f"{w:g}" for w in weights)
    assert (
        f"A like is {like}, a comment {comment}, a share {share}, a follow {follow}, a subscription {subscribe}, "
        f"a gift {gift} and {activity.COIN:g}"
    ) in " ".join(PAGE.split())
    times = {seconds: seconds * many for seconds, many in buckets.LADDER.items()}
    assert times == {10: 2 * 3600, 60: 24 * 3600, 300: 7 * 24 * 3600, 3600: 90 * 24 * 3600}
