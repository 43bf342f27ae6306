"""The commands ``backtest`` and ``rules test``, as a person runs them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from gateway import messages as m
from gateway.backtest.html import page
from gateway.backtest.play import Recording, play
from gateway.backtest.report import Comparison, Report, compare
from gateway.cli import main
from gateway.connector.recording.session_file import create
from tests.backtest.test_play import FIRE, HALL, comment, hall
from tests.records import NOON, gift

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A venue, ten comments on tape, and calmer rules."""
    (tmp_path / "stagewire.yaml").write_text(HALL)
    (tmp_path / "rules.yaml").write_text(FIRE)
    (tmp_path / "calm.yaml").write_text(FIRE.replace("then:", "cooldown: 10s, then:"))
    with create(tmp_path / "mara.gz", "mara", "tests", m.stamp(NOON), pseudonymous=False) as lines:
        for n in range(10):
            lines.write(m.encode(comment(n, n * 2)))
        lines.write(m.encode(gift("g", NOON + 30, name=EVIL, coins=9)))
    return tmp_path


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args])


def test_a_recording_is_summed_up_on_a_screen_of_100_columns(folder: Path) -> None:
    result = run("backtest", folder / "mara.gz", "--rules", folder)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert re.search(r"^fire +10 +10 +0 +0$", result.output, re.MULTILINE)
    assert re.search(r"^cannon +10 +0 ", result.output, re.MULTILINE)
    assert any(line.startswith("received  ") for line in lines)
    assert "it adds up" in lines[-1]
    assert all(len(line) <= 100 for line in lines[:-1])


def test_differences_come_first(folder: Path) -> None:
    result = run("backtest", folder / "mara.gz", "--rules", folder, "--against", folder / "calm.yaml")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].split() == ["differences", "before", "after"]
    assert lines[1].split() == ["rule", "fire:", "fired", "10", "2", "-8"]


def test_the_same_rules_make_no_difference(folder: Path) -> None:
    result = run("backtest", folder / "mara.gz", "--rules", folder, "--against", folder / "rules.yaml")
    assert result.output.startswith("No difference")


def test_json_holds_everything(folder: Path) -> None:
    assert run("backtest", folder / "mara.gz", "--rules", folder, "--json", folder / "one.json").exit_code == 0
    one = msgspec.json.decode((folder / "one.json").read_bytes(), type=Report)
    assert one.stations["cannon"].done == 10
    against = ("--against", folder / "calm.yaml")
    assert (
        run("backtest", folder / "mara.gz", "--rules", folder, *against, "--json", folder / "two.json").exit_code
        == 0
    )
    two = msgspec.json.decode((folder / "two.json").read_bytes(), type=Comparison)
    assert two.before == one
    assert two.differences


class _Page(HTMLParser):
    """``open``: tags that were not closed."""

    VOID = frozenset({"meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick", "onload"}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_opens_from_disk_and_runs_nothing(folder: Path) -> None:
    report, against = folder / "one.html", ("--against", folder / "calm.yaml")
    for more in ((), against):
        assert run("backtest", folder / "mara.gz", "--rules", folder, *more, "--html", report).exit_code == 0
        text = report.read_text()
        read = _Page(text)
        assert read.open == []
        assert "script" not in read.tags
        assert "svg" in read.tags
        assert EVIL not in text
        assert "&lt;script&gt;" in text
        assert not re.search(r"https?:|url\(|@import", text)
        assert "prefers-color-scheme:dark" in text


def test_the_plot_of_a_queue_is_as_high_as_the_queue(tmp_path: Path) -> None:
    settings = HALL.replace("rest: 1s", "rest: 0ms")
    crowd = Recording(name="x", events=[comment(n, 0, user=str(n)) for n in range(5)])
    report = play(crowd, hall(tmp_path, FIRE, settings))
    text = page(report)
    assert "Waiting for cannon, longest wait 0.8 s; at most 4" in text
    assert page(compare(report, report)).count("<svg") == 2 * text.count("<svg")


def test_what_cannot_be_is_told_in_words_and_ends_with_1(folder: Path) -> None:
    nothing = run("backtest", folder / "stagewire.yaml", "--rules", folder)
    assert (nothing.exit_code, "stagewire record" in nothing.output) == (1, True)
    nowhere = run("backtest", folder / "mara.gz", "--rules", folder, "--json", folder / "no" / "x.json")
    assert (nowhere.exit_code, "cannot be written" in nowhere.output) == (1, True)
    (folder / "rules.yaml").write_text(FIRE.replace("station: cannon", "station: canon"))
    broken = run("backtest", folder / "mara.gz", "--rules", folder)
    assert (broken.exit_code, "rules.yaml:1" in broken.output) == (1, True)


def test_tests_beside_rules_are_run_and_counted(folder: Path) -> None:
    file = folder / "rules.test.yaml"
    file.write_text(
        "tests:\n  it fires:\n    given: [{comment: {text: fire}}]\n"
        "    expect: [{station: cannon, action: fire, times: 1}]\n"
    )
    good = run("rules", "test", "-c", folder / "stagewire.yaml")
    assert (good.exit_code, good.output) == (0, "ok      it fires\n1 test, all good\n")
    file.write_text(file.read_text().replace("times: 1", "times: 2"))
    bad = run("rules", "test", "-c", folder / "stagewire.yaml")
    assert bad.exit_code == 1
    assert "rules.test.yaml:4: expected cannon/fire 2 times; it was done once" in bad.output
    assert bad.output.endswith("1 test, 1 failed\n")


def test_the_schema_of_tests_is_for_editors() -> None:
    result = run("schema", "tests")
    assert '"RuleTests"' in result.output
