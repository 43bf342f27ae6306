"""Files of an export, read as other programs read them."""

import csv
import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def csv_sheets(path: Path) -> dict[str, list[list[str]]]:
    """Sheet to rows, of a folder or a zip."""
    if path.is_dir():
        files = {file.stem: file.read_bytes() for file in path.iterdir()}
    else:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            files = {Path(name).stem: archive.read(name) for name in archive.namelist()}
    assert all(data.startswith(b"\xef\xbb\xbf") for data in files.values())
    return {
        name: list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))) for name, data in files.items()
    }


class Workbook:
    """``sheets``: name to rows of cells, each ``(type, text)``: ``inlineStr`` and ``s`` are texts, ``n`` numbers,
    ``b`` flags. ``formulas`` and ``links``: how many there are of them. ``frozen``: sheets with a fixed header."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            targets = {r.get("Id"): str(r.get("Target")) for r in self._xml(archive, "xl/_rels/workbook.xml.rels")}
            book = self._xml(archive, "xl/workbook.xml")
            roots = {
                str(sheet.get("name")): self._xml(archive, f"xl/{targets[sheet.get(_LINK)]}")
                for sheet in book.iter(f"{_MAIN}sheet")
            }
        self.sheets = {name: [self._row(row) for row in root.iter(f"{_MAIN}row")] for name, root in roots.items()}
        self.formulas = sum(1 for root in roots.values() for _ in root.iter(f"{_MAIN}f"))
        self.links = sum(1 for root in roots.values() for _ in root.iter(f"{_MAIN}hyperlink"))
        self.links += sum("worksheets/_rels" in name for name in names)
        self.frozen = {
            name
            for name, root in roots.items()
            for pane in root.iter(f"{_MAIN}pane")
            if (pane.get("state"), pane.get("ySplit")) == ("frozen", "1")
        }

    @staticmethod
    def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(archive.read(name))

    @staticmethod
    def _row(row: ElementTree.Element) -> list[tuple[str, str]]:
        return [
            (cell.get("t") or "n", "".join(cell.itertext()))
            for cell in row.iter(f"{_MAIN}c")
            if cell.get("t") or "".join(cell.itertext())
        ]
