"""What a program's log complained of: grouped, so that a thousand lines about one cable are one on the page."""

import contextlib
import logging
import threading
import traceback
from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from gateway.messages import MAX_PAYLOAD, Request, Text, Timestamp, first_that_fit, stamp
from gateway.requests import Answer
from gateway.text import clean

MOST_GROUPS = 100
"""Beyond that the one that was silent longest goes."""
LONGEST_WORDS, LONGEST_DETAIL = 400, 1500
"""Characters of a group's last words, and of the end of what Python says of a crash."""
MOST_LINES, LONGEST_LINE = 2000, 300
"""Of the log, in memory: less than a megabyte."""
EXPECTED = "expected params: {do: list or clear}"
_ROOT = Path(__file__).parent.parent


class Seen(Struct, frozen=True, kw_only=True):
    """Complaints of one kind. ``where``: the line of code that said it; ``words``: what it said last; ``detail``:
    how it came to it, where something crashed. ``level``: WARNING, ERROR or CRITICAL."""

    where: str
    level: str
    words: Text
    detail: str = ""
    count: int = 1
    first: Timestamp
    last: Timestamp


class _Group(Struct):
    count: int
    first: float
    last: float
    level: str
    words: str
    detail: str


class ErrorsSeen(logging.Handler):
    """For the root logger: groups WARNING and worse by the line of code and the text it is made from, and
    keeps the last lines of all. What people did (``logs.PRESSED``) is no complaint. Any thread may log and ask;
    below INFO nothing reaches it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._groups: OrderedDict[tuple[str, str], _Group] = OrderedDict()  # the last to speak stands last
        self._lines: deque[tuple[float, str, str, str]] = deque(maxlen=MOST_LINES)
        self._own = threading.Lock()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Hear what the process logs meanwhile."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "secret", False):
            return
        try:
            words = clean(record.getMessage(), LONGEST_WORDS)
        except Exception:  # noqa: BLE001 - whatever its arguments do, who logs must not fall over it
            words = clean(str(record.msg), LONGEST_WORDS)
        with self._own:
            self._lines.append((record.created, record.levelname, record.name, words[:LONGEST_LINE]))
            if record.levelno >= logging.WARNING and not getattr(record, "pressed", False):
                self._group(record, words)

    def _group(self, record: logging.LogRecord, words: str) -> None:
        key = (f"{_place(record.pathname)}:{record.lineno}", str(record.msg)[:LONGEST_WORDS])
        group = self._groups.pop(key, None)
        if group is None:
            group = _Group(0, record.created, record.created, record.levelname, "", "")
        group.count += 1
        group.last, group.level, group.words = record.created, record.levelname, words
        if record.exc_info and record.exc_info[1] is not None:
            group.detail = _crash(record.exc_info[1])
        self._groups[key] = group
        if len(self._groups) > MOST_GROUPS:
            self._groups.popitem(last=False)

    def seen(self) -> list[Seen]:
        """All groups, the one that spoke last first."""
        with self._own:
            return [
                Seen(
                    where=where,
                    level=g.level,
                    words=g.words,
                    detail=g.detail,
                    count=g.count,
                    first=stamp(g.first),
                    last=stamp(g.last),
                )
                for (where, _), g in reversed(self._groups.items())
            ]

    def lines(self) -> list[str]:
        """The last lines of the log, oldest first."""
        with self._own:
            kept = list(self._lines)
        return [f"{stamp(at)} {level:<8} {name}: {words}" for at, level, name, words in kept]

    def clear(self) -> None:
        """Begin to count anew; the lines stay."""
        with self._own:
            self._groups.clear()

    def asked(self, request: Request) -> Answer:
        """The request ``errors``: {errors: [Seen], more: how many had no room}; ``clear`` answers what it took."""
        do = request.params.get("do", "list")
        if do not in ("list", "clear"):
            return EXPECTED, {}
        found = self.seen()
        if do == "clear":
            self.clear()
            logging.getLogger(__name__).info("errors cleared by %s", clean(request.by, 100) or "somebody")
        fit = first_that_fit(found, MAX_PAYLOAD - 2048)
        result: dict[str, Any] = {"errors": msgspec.to_builtins(fit), "more": len(found) - len(fit)}
        return "", result


def _place(path: str) -> str:
    """From the sources' folder, or the file's name alone: a machine's folders are nobody's business."""
    file = Path(path)
    return str(file.relative_to(_ROOT)) if file.is_relative_to(_ROOT) else file.name


def _crash(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    told = [f"{_place(f.filename)}:{f.lineno} {f.name}" for f in frames]
    said = clean(f"{type(error).__name__}: {error}", LONGEST_WORDS)
    return "\n".join([*told, said])[-LONGEST_DETAIL:]
