"""``stagewire erase`` and ``stagewire retention``, as a person uses them."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.journal import JournalReader
from gateway.keeping import venue_files
from gateway.keeping.erase import begin
from gateway.keeping.find import find
from tests.keeping.evening import NADIA, OTTO, happen
from tests.keeping.test_erase import bytes_with
from tests.keeping.test_retention import DAY, files, record
from tests.records import NOON


@pytest.fixture
async def venue(tmp_path: Path) -> Path:
    (tmp_path / "stagewire.yaml").write_text("venue: hall\ngateway: {keep_days: 30}\n")
    await happen(tmp_path / "data")
    return tmp_path


def days_ago(first: int, last: int) -> list[float]:
    """For ``record``, which counts from ``NOON``; the command has the machine's own clock."""
    return [days + (NOON - time.time()) / DAY for days in range(first, last, 5)]


def run(venue: Path, *args: str, say: str | None = None) -> Result:
    return CliRunner().invoke(main, [*args, "--config", str(venue / "stagewire.yaml")], input=say)


def test_it_shows_what_would_go_and_asks_before_it_erases(venue: Path) -> None:
    no = run(venue, "erase", "@nadia.quill", say="n\n")
    assert no.exit_code == 1
    for shown in (NADIA.id, "@nadia.quill", "Nadia Quill", "8 events", "1 session, leaders of mara", "all.csv"):
        assert shown in no.output
    assert bytes_with(venue / "data")
    yes = run(venue, "erase", "@nadia.quill", say="y\n")
    assert yes.exit_code == 0, yes.output
    assert "Found: 0." in yes.output
    assert "17 records" in yes.output
    assert "TikTok itself" in yes.output
    assert bytes_with(venue / "data") == {}


def test_a_backup_that_holds_the_viewer_is_named_and_goes_only_when_told(venue: Path) -> None:
    assert run(venue, "backup").exit_code == 0
    (made,) = (venue / "backups").iterdir()
    stays = run(venue, "erase", "Nadia Quill", "--yes")
    assert f"{made} still holds the viewer" in stays.output.replace("\n", "")
    assert made.exists()
    assert run(venue, "erase", OTTO.id, "--yes", "--backups").exit_code == 0
    assert not made.exists()


def test_who_is_not_known_is_said_and_nothing_happens(venue: Path) -> None:
    result = run(venue, "erase", "nobody.at.all", "--yes")
    assert result.exit_code == 1
    assert "nobody is known as 'nobody.at.all'" in result.output


def test_a_folder_without_data_is_said_and_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "stagewire.yaml").write_text("venue: hall\n")
    for command in (("erase", "x"), ("retention",)):
        result = run(tmp_path, *command)
        assert result.exit_code == 1
        assert "there is no data folder" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["stagewire.yaml"]


def test_a_viewer_named_in_the_rules_is_left_there_and_said(venue: Path) -> None:
    (venue / "data" / "rules").mkdir()
    (venue / "data" / "rules" / "20261122T120000.000Z-00000000.yaml").write_text("# hello nadia.quill\n")
    result = run(venue, "erase", NADIA.id, "--yes")
    assert "names the viewer: you wrote that in your rules" in result.output
    assert result.exit_code == 0


def test_a_place_that_is_left_fails_the_proof(venue: Path) -> None:
    (venue / "data" / "notes.txt").write_text(f"call {NADIA.name}\n")
    result = run(venue, "erase", NADIA.id, "--yes")
    assert result.exit_code == 1
    assert "notes.txt: 'nadia.quill' 1 times" in result.output
    assert "Found: 0" not in result.output


def test_an_erasure_that_was_interrupted_is_finished_by_the_next_call(venue: Path) -> None:
    begin(venue / "data", find(venue / "data", NADIA.id), [])
    result = run(venue, "erase", "nobody.at.all")
    assert "interrupted has been finished now" in result.output
    assert bytes_with(venue / "data") == {}


def test_nobody_is_erased_for_an_empty_name(venue: Path) -> None:
    for empty in ("", "  "):
        result = run(venue, "erase", empty, "--yes")
        assert result.exit_code == 1
        assert "whom? Give the platform id, the @name, or the nickname" in result.output


def test_with_the_last_backup_gone_it_says_to_make_another(venue: Path) -> None:
    assert run(venue, "backup").exit_code == 0
    result = run(venue, "erase", NADIA.id, "--yes", "--backups")
    assert "the backups that held the viewer are deleted: make a new one, stagewire backup" in result.output
    assert "still holds the viewer" not in result.output


@pytest.mark.parametrize("command", [("erase", NADIA.id, "--yes"), ("retention",)])
def test_a_disk_that_cannot_be_read_is_told_in_words(
    command: tuple[str, ...], venue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "journal-2026-11.db")

    monkeypatch.setattr(venue_files, "find" if command[0] == "erase" else "plan", unreadable)
    result = run(venue, *command)
    assert result.exit_code == 1
    assert "nothing was " in result.output
    assert "journal-2026-11.db: Input/output error; look at the disk or card" in result.output


async def test_retention_changes_nothing_until_it_is_told_to(venue: Path) -> None:
    data = venue / "data"
    shutil.rmtree(data)
    await record(data, *days_ago(0, 200))
    before = files(data)
    shown = run(venue, "retention")
    assert shown.exit_code == 0, shown.output
    assert before[0] in shown.output
    assert "Older than 30 days" in shown.output
    assert files(data) == before
    done = run(venue, "retention", "--apply")
    assert done.exit_code == 0, done.output
    assert "backup: " in done.output
    assert "It is gone." in done.output
    assert before[0] not in files(data)
    assert before[-1] in files(data)
    assert len(list((venue / "backups").iterdir())) == 1
    assert JournalReader(data).state()
    assert "Nothing is older" in run(venue, "retention").output


async def test_a_clock_that_looks_wrong_keeps_everything_unless_forced(venue: Path) -> None:
    data = venue / "data"
    shutil.rmtree(data)
    await record(data, *days_ago(400, 600))
    refused = run(venue, "retention", "--apply", "--without-backup")
    assert refused.exit_code == 1
    assert "this machine's clock is wrong" in refused.output
    before = len(files(data))
    assert run(venue, "retention", "--apply", "--without-backup", "--force").exit_code == 0
    assert len(files(data)) < before
