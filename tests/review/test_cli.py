"""The commands ``sessions`` and ``export``, as a person runs them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli_sessions import SORTS
from gateway.connector.recording.session_file import SessionReader
from gateway.export import export
from gateway.messages import LiveEvent
from gateway.stats.archive import details_path
from tests.export.reading import csv_sheets
from tests.records import NOON
from tests.review.evening import Evening, busy
from tests.review.test_review import DAY, library

OLD, NEW = busy(since=NOON), busy(since=NOON + DAY, minutes=20)


@pytest.fixture
async def hall(tmp_path: Path) -> Path:
    """Two evenings of mara's, one of ayu's, one rehearsal, and a session that runs."""
    running = Evening("rio", NOON + 2 * DAY)
    running.gift(0)
    others = busy("ayu", NOON, minutes=3), busy(since=NOON + 9 * DAY, minutes=2, simulated=True)
    await library(tmp_path, OLD, NEW, *others, running)
    return tmp_path


def run(hall: Path, *args: str) -> Result:
    return CliRunner().invoke(main, [*args, "--config", str(hall / "stagewire.yaml")])


def good(hall: Path, *args: str) -> list[str]:
    result = run(hall, *args)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert all(len(line.replace(str(hall), "")) <= 100 for line in lines), lines
    assert all(line.isprintable() for line in lines)
    return lines


def files(hall: Path) -> set[Path]:
    """Without those with which SQLite reads."""
    return {path for path in hall.rglob("*") if not path.name.endswith(("-shm", "-wal"))}


def test_sessions_are_listed_newest_first_and_practice_only_when_asked_for(hall: Path) -> None:
    head, *rows = good(hall, "sessions")
    assert head.split()[:5] == ["session", "began", "length", "account", "coins"]
    assert " runs  rio " in rows[0]
    assert [re.search(r" (mara|ayu|rio) ", row).group(1) for row in rows] == ["rio", "mara", "mara", "ayu"]  # type: ignore[union-attr]  # it is there
    assert "2026-11-23 19:00" in rows[1]  # Jakarta's time
    (_, practice) = good(hall, "sessions", "--practice")
    assert practice.split()[0] not in "".join(rows)


def test_sessions_are_filtered_by_day_and_account_and_sorted(hall: Path) -> None:
    assert len(good(hall, "sessions", "--from", "2026-11-23", "--to", "2026-11-23")) == 2
    assert len(good(hall, "sessions", "--account", "ayu")) == 2
    by_coins = good(hall, "sessions", "--sort", "coins", "--account", "mara")
    assert [row.split()[0] for row in by_coins[1:]] == [OLD.summary.id, NEW.summary.id]
    (nothing,) = good(hall, "sessions", "--to", "2020-01-01")
    assert nothing == f"no session in {hall / 'data'} is of that time and account"


@pytest.mark.parametrize("sort", list(SORTS))
def test_sessions_can_be_sorted_by_everything_that_is_offered(sort: str, hall: Path) -> None:
    assert len(good(hall, "sessions", "--sort", sort)) == 5


def test_one_session_is_shown_with_all_its_parts(hall: Path) -> None:
    lines = good(hall, "sessions", "show", OLD.summary.id[:18])
    text = "\n".join(lines)
    assert lines[0] == f"session {OLD.summary.id} of mara"
    assert "began 2026-11-22 19:00:00, ended 2026-11-22 19:48:01, 48 min; began when the LIVE started" in lines[1]
    assert f"coins           {OLD.summary.coins} (about {OLD.summary.usd:.2f} USD)" in text
    assert "20 s in 1 gap\n" in text
    assert re.search(r"leaderboard by coins\n +1\. ", text)
    assert "what makes viewers rise?" in text
    assert "48 gift messages: " in text
    assert re.search(r"^gifts +times +coins$", text, re.MULTILINE)
    assert re.search(r"bell +24 done, 67% of all that ended", text)


def test_last_is_the_newest_and_a_damaged_file_is_told(hall: Path) -> None:
    details_path(hall / "data", NEW.summary.id, False).write_bytes(b"x")
    result = run(hall, "sessions", "show", NEW.summary.id)
    assert result.exit_code == 0
    assert "its details were counted again from the journal" in result.output
    assert f"{NEW.summary.id}.json is damaged (" in result.output
    assert "This may not be complete" in result.output
    assert "ERROR" not in result.output  # said once, in the command's own words
    assert "session 20261124" in good(hall, "sessions", "show", "last")[0]


def test_a_wrong_id_is_met_with_what_may_be_meant(hall: Path) -> None:
    result = run(hall, "sessions", "show", OLD.summary.id[:-1] + "?")
    assert result.exit_code == 1
    assert f"did you mean {OLD.summary.id!r}" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", [("sessions", "--account", "mira"), ("sessions", "leaders", "mira"),
                                     ("export", "--account", "mira")])  # fmt: skip
def test_an_account_that_is_not_known_is_met_with_those_that_are(command: tuple[str, ...], hall: Path) -> None:
    result = run(hall, *command)
    assert result.exit_code == 1
    assert "no account 'mira' is known (did you mean 'mara'?)" in result.output
    assert not (hall / "data" / "exports").exists()


def test_who_sees_no_session_hears_that_practice_stands_apart(hall: Path) -> None:
    day = "2026-12-01"
    (nothing,) = good(hall, "sessions", "--from", day, "--account", "mara")
    assert nothing.endswith("is of that time and account; practice sessions there: 1 (--practice)")
    result = run(hall, "export", "--from", day, "--account", "mara", "--out", str(hall / "x.zip"))
    assert result.exit_code == 0
    assert "practice sessions there: 1 (--practice)" in result.output


@pytest.mark.parametrize("command", ["sessions", "export"])
def test_a_folder_that_is_not_the_gateways_is_told_and_gets_no_export(command: str, hall: Path) -> None:
    (hall / "empty").mkdir()
    result = run(hall, command, "--data", str(hall / "empty"))
    assert result.exit_code == 1
    assert "is this the gateway's data folder" in result.output
    assert not list((hall / "empty").iterdir())


def test_who_has_seen_enough_of_a_list_is_not_told_of_trouble(hall: Path) -> None:
    words = [sys.executable, "-m", "gateway.cli", "sessions", "--config", str(hall / "stagewire.yaml")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # as `| head` does
        assert process.stderr.read() == ""


def test_two_sessions_stand_side_by_side(hall: Path) -> None:
    lines = good(hall, "sessions", "compare", OLD.summary.id, NEW.summary.id)
    gifts = next(line.split() for line in lines if line.startswith("gifts "))
    assert gifts[:4] == ["gifts", "48", "20", "-28"]
    assert len(gifts) == 6


def test_the_course_of_a_session_is_drawn(hall: Path) -> None:
    head, *rows = good(hall, "sessions", "buckets", OLD.summary.id)
    assert head.split()[:2] == ["time", "viewers"]
    assert len(rows) == 49
    assert all("█" in row for row in rows[1:40])
    assert len(good(hall, "sessions", "buckets", OLD.summary.id, "--interval", "300")) == 11


def test_leaders_of_all_sessions_are_listed(hall: Path) -> None:
    lines = good(hall, "sessions", "leaders", "mara", "--board", "all", "--top", "3")
    everything = sum(coins for coins in range(1, 49) if coins % 3 == 1) + sum(range(1, 21, 3))
    assert lines[0] == "leaderboard by coins"
    scores = [int(line.split()[-1]) for line in lines[1:]]
    assert scores == sorted(scores, reverse=True)
    assert ["Budi", str(everything)] in [line.split()[-2:] for line in lines[1:]]


def test_a_session_is_recorded_and_nobody_can_be_recognised(hall: Path, tmp_path: Path) -> None:
    (line,) = good(hall, "sessions", "record", NEW.summary.id, str(tmp_path / "x.gz"))[-1:]
    assert "viewers have invented names" in line
    reader = SessionReader(tmp_path / "x.gz")
    events = list(reader.events())
    assert (reader.header.account, reader.header.pseudonymous) == ("mara", True)
    assert isinstance(events[0], LiveEvent)
    assert "Budi" not in repr(events)
    again = run(hall, "sessions", "record", NEW.summary.id, str(tmp_path / "x.gz"))
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_an_export_says_where_it_is_and_what_is_in_it(hall: Path) -> None:
    out = hall / "all.zip"
    result = run(hall, "export", "--from", "2026-11-23", "--to", "2026-11-23", "--sheets", "sessions,events",
                 "--out", str(out))  # fmt: skip
    assert result.exit_code == 0, result.output
    assert re.search(rf"{re.escape(str(out))}: rows of sessions 1, events \d+", result.output.replace("\n", ""))
    assert set(csv_sheets(out)) == {"sessions", "events"}


def test_an_export_that_is_interrupted_says_so_and_leaves_nothing(
    hall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_sync", interrupted)  # as late as can be
    before = files(hall)
    result = run(hall, "export", "--format", "xlsx", "--out", str(hall / "x.xlsx"))
    assert result.exit_code == 1
    assert "cancelled: nothing was written" in result.output
    assert files(hall) == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--sheets", "sessions,weather"), "there is no sheet weather; there are summary, sessions,"),
        (("--sheets", ","), "no sheet is named"),
        (("--from", "someday"), "'someday' is no day"),
        (("--session", "last", "--from", "today"), "--session says what is meant already"),
        (("--session", "2020"), "there is no session '2020'"),
        (("--format", "jsonl", "--sheets", "gifts"), "--format jsonl is of events alone"),
    ],
)
def test_what_cannot_be_exported_is_told_in_words(hall: Path, args: tuple[str, ...], words: str) -> None:
    result = run(hall, "export", *args)
    assert result.exit_code == 1
    assert words in result.output
    assert not (hall / "data" / "exports").exists() or not list((hall / "data" / "exports").iterdir())
