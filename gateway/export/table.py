"""What every format writes: sheets of rows of plain values, and viewers' words made harmless."""

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from gateway.text import clean

Value = str | int | float | bool | datetime | None
"""A time knows its timezone, the venue's. None: not known."""
Row = tuple[Value, ...]

LONGEST = 32_000
"""Characters of a cell; Excel takes 32 767."""
_STARTS = re.compile(r"""^(?=[\s"'’]*[=+\-@＝＋－＠])|(?<=;)(?=[\s"'’]*[=+\-@＝＋－＠])""")
"""Where a spreadsheet would begin to reckon: at a cell's beginning, whatever spaces and quotes stand there, also
with the wide characters of Japanese keyboards. Behind a semicolon too, since half of Europe's Excel cuts there."""


class Sheet(Struct, frozen=True):
    """A table with a name. ``rows`` are made while they are read, once."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


def plain(text: str) -> str:
    """``text`` on one line, without control characters, as long as a cell may be."""
    return clean(text, LONGEST)


def inert(text: str) -> str:
    """``plain``, and no spreadsheet reckons with it: an apostrophe stands before what would be a formula, for CSV
    has no other way to say that a cell is text."""
    return _STARTS.sub("'", plain(text))
