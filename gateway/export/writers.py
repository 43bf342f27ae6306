"""The formats. Each is a context that gives the function which writes a sheet; the file is whole when it ends."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.exceptions import XlsxWriterException

from gateway.errors import StorageError
from gateway.export.table import Row, Sheet, Value, inert, plain
from gateway.messages import stamp

Write = Callable[[Sheet], None]

MOST_XLSX_ROWS = 1_048_576
"""Rows of a sheet, the header with them: Excel's own limit. What is more goes to further sheets."""
_WIDTHS = {"time": 19, "text": 18, "number": 11}
"""Columns are so wide, in characters: what is written row by row cannot be measured first."""


@contextmanager
def csv_folder(path: Path) -> Iterator[Write]:
    """A new folder with a file for each sheet. UTF-8 with a byte order mark, without which Excel guesses."""

    def write(sheet: Sheet) -> None:
        with (path / f"{sheet.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            _csv(file, sheet)

    path.mkdir()
    yield write


@contextmanager
def csv_zip(path: Path) -> Iterator[Write]:
    """The same files in one archive."""
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:

        def write(sheet: Sheet) -> None:
            with (
                archive.open(f"{sheet.name}.csv", "w", force_zip64=True) as member,
                io.TextIOWrapper(member, encoding="utf-8-sig", newline="") as file,
            ):
                _csv(file, sheet)

        yield write


def _csv(file: TextIO, sheet: Sheet) -> None:
    writer = csv.writer(file)
    writer.writerow(sheet.columns)
    writer.writerows([_cell(value) for value in row] for row in sheet.rows)


def _cell(value: Value) -> str | int | float:
    match value:
        case None | "":
            return ""
        case bool():
            return int(value)
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")  # what spreadsheets take for a time
        case str():
            return inert(value)
    return value


@contextmanager
def xlsx(path: Path) -> Iterator[Write]:
    """A workbook. Rows go to files beside it first, so that memory stays flat."""
    book = Workbook(
        path,
        {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
        },
    )
    bold, time = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    try:
        yield partial(_xlsx_sheets, book, bold, time)
    except BaseException:
        for sheet in book.worksheets():
            sheet.row_data_fh.close()
        raise
    try:
        book.close()
    except XlsxWriterException as e:
        raise StorageError(f"{path} cannot be written: {e}") from e


def _xlsx_sheets(book: Workbook, bold: object, time: object, sheet: Sheet) -> None:
    rows, number = iter(sheet.rows), 1
    first = next(rows, None)
    while first is not None or number == 1:
        name = sheet.name if number == 1 else f"{sheet.name} {number}"
        some = islice(chain([] if first is None else [first], rows), MOST_XLSX_ROWS - 1)
        _xlsx(book, bold, time, Sheet(name, sheet.columns, some), first)
        first, number = next(rows, None), number + 1


def _xlsx(book: Workbook, bold: object, time: object, sheet: Sheet, first: Row | None) -> None:
    table = book.add_worksheet(sheet.name)
    table.freeze_panes(1, 0)
    for column, value in enumerate(first or ()):
        kind = "time" if isinstance(value, datetime) else "text" if isinstance(value, str) else "number"
        table.set_column(column, column, max(_WIDTHS[kind], len(sheet.columns[column]) + 2))
    for column, title in enumerate(sheet.columns):
        table.write_string(0, column, title, bold)
    for at, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            match value:
                case None | "":
                    pass
                case bool():
                    table.write_boolean(at, column, value)
                case datetime():
                    table.write_datetime(at, column, value, time)
                case str():
                    table.write_string(at, column, plain(value))
                case _:
                    table.write_number(at, column, value)


@contextmanager
def json(path: Path, head: dict[str, object]) -> Iterator[Write]:
    """One document: what is in ``head``, and in ``sheets`` for each its rows as objects. Times are UTC, texts are
    as they came."""
    with path.open("xb") as file:
        file.write(msgspec.json.encode(head)[:-1] + b',"sheets":{')
        between = b""

        def write(sheet: Sheet) -> None:
            nonlocal between
            file.write(between + b"\n" + msgspec.json.encode(sheet.name) + b":[")
            comma = b"\n"
            for row in sheet.rows:
                values = map(_utc, row)
                file.write(comma + msgspec.json.encode(dict(zip(sheet.columns, values, strict=True))))
                comma = b",\n"
            file.write(b"]")
            between = b","

        yield write
        file.write(b"\n}}\n")


def _utc(value: Value) -> Value:
    return stamp(value.timestamp()) if isinstance(value, datetime) else value


def json_lines(path: Path, lines: Iterable[bytes]) -> None:
    """A line for each, as it is."""
    with path.open("xb") as file:
        for line in lines:
            file.write(line + b"\n")
