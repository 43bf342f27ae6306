"""What can be exported, and how far an export is."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar, get_args

from msgspec import Struct

T = TypeVar("T")

Format = Literal["csv", "xlsx", "json", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""``jsonl`` is of events alone: a line for each, as it was on the wire."""
SheetName = Literal[
    "summary",
    "sessions",
    "buckets",
    "gifts",
    "contributions",
    "correlations",
    "leaderboard",
    "events",
    "actions",
]
SHEETS: tuple[SheetName, ...] = get_args(SheetName)
USUAL = SHEETS[:-2]
"""Without the long ones, which are written when they are asked for."""
Interval = Literal[10, 60, 300, 3600]
OFTEN = 256
"""Rows between two looks at whether somebody cancelled."""


class What(Struct, frozen=True, kw_only=True):
    """What is exported. ``sessions``: their ids; empty for all that began from ``since`` on and before ``until``
    (seconds since 1970) and belong to ``account``, where these are given. ``interval`` is that of the buckets.

    ``out``: a file, or with ``csv`` a folder to be made, unless its name ends with ``.zip``; None for one in the
    data folder's ``exports``.
    """

    format: Format = "csv"
    sheets: tuple[SheetName, ...] = USUAL
    sessions: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    account: str | None = None
    practice: bool = False
    interval: Interval = 60
    out: Path | None = None


class Cancelled(Exception):
    """Somebody did not want it any more."""


class Watch:
    """Counts what is written and tells how far it is, in steps of no meaning."""

    def __init__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> None:
        self.counts: dict[str, int] = {}
        self._progress, self._cancelled = progress, cancelled
        self._done = self._total = 0

    def begin(self, total: int) -> None:
        self._done, self._total = 0, total
        self._progress(0, total)

    def at(self, done: int) -> None:
        if done > self._done:
            self._done = min(done, self._total)
            self._progress(self._done, self._total)

    def ahead(self, steps: int = 1) -> None:
        self.at(self._done + steps)

    def counted(self, name: str, rows: Iterable[T]) -> Iterator[T]:
        """``rows``, counted under ``name``. Raises ``Cancelled``."""
        self.counts[name] = 0
        self.look()
        for row in rows:
            self.counts[name] += 1
            if self.counts[name] % OFTEN == 0:
                self.look()
            yield row

    def look(self) -> None:
        """Raises ``Cancelled``."""
        if self._cancelled():
            raise Cancelled
