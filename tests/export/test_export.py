"""An export holds what the sessions held, as a whole or not at all."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StorageError
from gateway.export import rows
from gateway.export.export import Export, Exported
from gateway.export.what import FORMATS, SHEETS, Format, What
from gateway.messages import KINDS, Ack, decode_event
from gateway.settings.load import load
from gateway.settings.models import Settings
from tests.export.reading import Workbook, csv_sheets
from tests.records import NOON
from tests.review.evening import HOSTILE, Evening, busy, kept, venue, written

DAY = 86400.0


async def hall(folder: Path, *evenings: Evening) -> tuple[Settings, Path]:
    settings = load(venue(folder)).settings
    await written(folder / "data", *evenings)
    kept(folder / "data", *evenings)
    return settings, folder / "data"


def exported(where: tuple[Settings, Path], **what: Any) -> Exported:
    made = Export(*where, What(**what), clock=lambda: NOON + DAY).run()
    assert made is not None
    assert made.notes == []
    return made


def table(sheets: dict[str, list[list[str]]], name: str) -> list[dict[str, str]]:
    head, *some = sheets[name]
    return [dict(zip(head, row, strict=True)) for row in some]


async def test_csv_holds_every_sheet_and_its_sums_are_the_sessions(tmp_path: Path) -> None:
    evening, other = busy(), busy("ayu", NOON + 3600, minutes=3)
    made = exported(await hall(tmp_path, evening, other), out=tmp_path / "all", sheets=SHEETS)
    sheets = csv_sheets(tmp_path / "all")
    assert set(sheets) == set(SHEETS)
    assert made.rows == {name: len(some) - 1 for name, some in sheets.items()}
    mine, theirs = evening.summary, other.summary
    assert [row["id"] for row in table(sheets, "sessions")] == [theirs.id, mine.id]
    assert [(row["account"], row["practice"], int(row["coins"])) for row in table(sheets, "summary")] == [
        ("ayu", "0", theirs.coins),
        ("mara", "0", mine.coins),
    ]
    for sheet in ("buckets", "gifts", "contributions"):
        coins = [int(row["coins"]) for row in table(sheets, sheet) if row["session"] == mine.id]
        assert sum(coins) == mine.coins
    assert len(table(sheets, "events")) == sum(type(r) in KINDS for r, _ in evening.records + other.records)
    endings = [row["status"] for row in table(sheets, "actions")]
    assert len(endings) == sum(isinstance(r, Ack) for r, _ in evening.records + other.records)
    assert {row["place"] for row in table(sheets, "leaderboard") if row["account"] == "mara"} == {"1", "2", "3"}
    correlations = table(sheets, "correlations")
    assert {row["metric"] for row in correlations if row["session"] == mine.id} <= {"likes", "gifts", "comments"}
    (told,) = [row for row in correlations if row["session"] == theirs.id]
    assert told["strength"] == ""
    assert "not enough data" in told["words"]


async def test_times_are_the_venues_and_days_are_whole(tmp_path: Path) -> None:
    where = await hall(tmp_path, busy(minutes=1), busy(since=NOON + DAY, minutes=1))
    made = exported(where, sheets=("sessions", "events"), since=NOON + DAY, until=NOON + 2 * DAY)
    sheets = csv_sheets(made.path)
    (row,) = table(sheets, "sessions")
    assert row["since"] == "2026-11-23 19:00:00"  # Jakarta's
    assert {row["received"][:10] for row in table(sheets, "events")} == {"2026-11-23"}


async def test_a_viewers_formula_is_inert_everywhere(tmp_path: Path) -> None:
    where = await hall(tmp_path, busy())
    sheets = csv_sheets(exported(where, sheets=SHEETS).path)
    cells = [cell for some in sheets.values() for row in some for cell in row]
    assert sum("HYPERLINK" in cell for cell in cells) > 10
    assert all(cell.startswith(("'=HYPERLINK", "id-=")) for cell in cells if "HYPERLINK" in cell)
    assert all(cell.isprintable() for cell in cells)
    for cell in (cell for cell in cells if cell.startswith(("=", "+", "-", "@"))):
        float(cell)  # a number below zero, and nothing else
    book = Workbook(exported(where, format="xlsx", sheets=SHEETS).path)
    assert (book.formulas, book.links) == (0, 0)
    texts = [
        (kind, text) for some in book.sheets.values() for row in some for kind, text in row if "HYPER" in text
    ]
    assert texts
    assert {kind for kind, _ in texts} == {"inlineStr"}
    assert any(text.startswith("=HYPERLINK") for _, text in texts)


async def test_a_workbook_has_each_sheet_with_numbers_and_times(tmp_path: Path) -> None:
    evening = busy()
    made = exported(await hall(tmp_path, evening), format="xlsx", sheets=SHEETS)
    book = Workbook(made.path)
    assert set(book.sheets) == set(SHEETS) == book.frozen
    head, row = book.sheets["sessions"]
    cells = dict(zip([text for _, text in head], row, strict=False))
    assert cells["id"] == ("inlineStr", evening.summary.id)
    serial = (datetime(2026, 11, 22, 19, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400
    assert cells["since"][0] == "n"
    assert float(cells["since"][1]) == pytest.approx(serial, abs=1e-8)


async def test_json_is_one_document_and_texts_are_as_they_came(tmp_path: Path) -> None:
    evening = busy()
    made = exported(await hall(tmp_path, evening), format="json", sheets=SHEETS)
    document = json.loads(made.path.read_text())
    assert (document["format"], document["version"], document["venue"]) == ("stagewire-export", 1, "hall")
    assert {name: len(some) for name, some in document["sheets"].items()} == made.rows
    (session,) = document["sheets"]["sessions"]
    assert (session["since"], session["coins"]) == (evening.summary.since, evening.summary.coins)
    assert f"{HOSTILE} 3" in {event["text"] for event in document["sheets"]["events"]}


async def test_json_lines_are_the_events_as_they_were_sent(tmp_path: Path) -> None:
    evening = busy()
    made = exported(await hall(tmp_path, evening), format="jsonl")
    events = [decode_event(line) for line in made.path.read_bytes().splitlines()]
    assert events == [record for record, _ in evening.records if type(record) in KINDS]


async def test_practice_is_never_among_what_was_real(tmp_path: Path) -> None:
    where = await hall(tmp_path, busy(minutes=2), busy(minutes=3, simulated=True))
    for practice, gifts in ((False, 2), (True, 3)):
        sheets = csv_sheets(
            exported(where, practice=practice, sheets=SHEETS, out=tmp_path / f"practice-{practice}").path
        )
        for name in SHEETS:
            assert {row["practice"] for row in table(sheets, name)} == {str(int(practice))}
        assert [row["gifts"] for row in table(sheets, "sessions")] == [str(gifts)]


async def test_a_practice_session_is_not_exported_together_with_a_real_one(tmp_path: Path) -> None:
    real, practice = busy(minutes=2), busy(since=NOON + DAY, minutes=3, simulated=True)
    where = await hall(tmp_path, real, practice)
    with pytest.raises(StorageError, match="some of these sessions are practice, some real"):
        exported(where, sessions=(real.summary.id, practice.summary.id))
    made = exported(where, sessions=(practice.summary.id,), sheets=SHEETS)
    assert made.path.name.startswith("hall-practice-")
    assert {row["practice"] for name in SHEETS for row in table(csv_sheets(made.path), name)} == {"1"}


async def test_one_session_alone_is_exported_with_its_own_events(tmp_path: Path) -> None:
    one, other = busy(minutes=2), busy(since=NOON + DAY, minutes=3)
    where = await hall(tmp_path, one, other)
    sheets = csv_sheets(exported(where, sessions=(one.summary.id,), sheets=SHEETS).path)
    assert [row["id"] for row in table(sheets, "sessions")] == [one.summary.id]
    assert {row["id"] for row in table(sheets, "events")} == {r.id for r, _ in one.records if type(r) in KINDS}


async def test_viewers_who_are_not_named_are_summed_up(tmp_path: Path) -> None:
    evening = Evening()
    evening.gift(0, coins=5)
    evening.happens("like", 1, count=3)  # the platform does not say whose
    ((*_, _missing), others) = [tuple(row) for row in rows.contributions(evening.record, None)]  # type: ignore[arg-type]  # no times
    assert others[5] == "(all others)"
    assert 3 in others


async def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    where = await hall(tmp_path, busy())
    for kind in FORMATS:
        for looks in (0, 1):
            left = [False] * looks

            def cancelled(left: list[bool] = left) -> bool:
                return left.pop() if left else True

            job = Export(*where, What(format=kind, sheets=SHEETS, out=tmp_path / f"x.{kind}".removesuffix(".csv")))
            assert job.run(cancelled=cancelled) is None
            assert {path.name for path in tmp_path.iterdir()} == {"stagewire.yaml", "rules.yaml", "data"}


@pytest.mark.parametrize("kind", FORMATS)
async def test_an_error_on_the_way_leaves_nothing_and_says_what_it_is(
    kind: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = await hall(tmp_path, busy())

    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28), "venue.x")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"venue\.x: No space left on device; nothing of the export is left"):
        Export(*where, What(format=kind, out=tmp_path / f"out.{kind}".removesuffix(".csv"))).run()
    assert {path.name for path in tmp_path.iterdir()} == {"stagewire.yaml", "rules.yaml", "data"}


@pytest.mark.parametrize("kind", FORMATS)
async def test_of_two_exports_at_once_under_one_name_neither_takes_the_others_place(
    kind: Format, tmp_path: Path
) -> None:
    where, out = await hall(tmp_path, busy(minutes=1)), tmp_path / f"x.{kind}".removesuffix(".csv")

    def meanwhile(done: int, total: int) -> None:
        if done == total and not out.exists():
            other = Export(*where, What(format=kind, out=out)).run()
            assert other is not None
            inodes.append(out.stat().st_ino)

    inodes: list[int] = []
    with pytest.raises(StorageError, match="is there already: move it away, or name another one"):
        Export(*where, What(format=kind, out=out)).run(meanwhile)
    assert inodes == [out.stat().st_ino]
    assert not list(tmp_path.glob(".export-*"))


@pytest.mark.parametrize(
    ("kind", "out", "words"),
    [
        ("csv", "report.csv", "report.csv: csv is a file for each sheet: name a folder for them, or"),
        ("xlsx", "report.csv", "report.csv: expected a name that ends with .xlsx"),
        ("jsonl", "report.json", "report.json: expected a name that ends with .jsonl"),
        (
            "xlsx",
            "nowhere/x.xlsx",
            "there is no folder .*nowhere to write x.xlsx into: make it, or name another one",
        ),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused_in_words(
    kind: Format, out: str, words: str, tmp_path: Path
) -> None:
    where = await hall(tmp_path, busy(minutes=1))
    with pytest.raises(StorageError, match=words):
        Export(*where, What(format=kind, out=tmp_path / out)).run()
    assert not (tmp_path / out).exists()


async def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    where = await hall(tmp_path, busy(minutes=1))
    (tmp_path / "mine.xlsx").write_text("mine")
    with pytest.raises(StorageError, match=r"mine\.xlsx is there already: move it away"):
        exported(where, format="xlsx", out=tmp_path / "mine.xlsx")
    assert (tmp_path / "mine.xlsx").read_text() == "mine"


async def test_an_export_is_for_its_owners_eyes_and_progress_goes_from_none_to_all(tmp_path: Path) -> None:
    where = await hall(tmp_path, *(busy(since=NOON + n * DAY, minutes=2) for n in range(3)))
    seen: list[tuple[int, int]] = []
    made = Export(*where, What(sheets=SHEETS)).run(progress=lambda done, total: seen.append((done, total)))
    assert made is not None
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent == where[1] / "exports"
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
