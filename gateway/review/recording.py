"""A session as a session file: ``source: replay`` plays it, ``stagewire backtest`` tries rules on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from gateway.connector.recording import session_file
from gateway.connector.recording.disguise import Disguise
from gateway.errors import PayloadError, StorageError
from gateway.journal import Entry, JournalReader, Query
from gateway.messages import LIVE_KINDS, Event, SessionSummary, decode_event, encode
from gateway.review.rows import entries, of_session

SOURCE = "journal"
"""Where such a file's events come from."""
HAPPENED = ("event",)


class Recorded(Struct, frozen=True):
    """``events`` are in the file; ``unreadable`` rows of the journal are not."""

    events: int
    unreadable: int


def record(
    journal: JournalReader,
    summary: SessionSummary,
    path: Path,
    *,
    names: bool = False,
    progress: Callable[[float], None] = lambda _: None,
) -> Recorded:
    """Write what was heard of the session into a new file. ``names``: with the viewers' ids and names, else nobody
    can be recognised by it. ``progress`` is told the time of what has been written, seconds since 1970.

    Raises ``StorageError`` for a file that is there already or cannot be written, and when the journal has nothing
    of the session any more; then there is no file.
    """
    disguised: Callable[[Event], Event] = _as_it_is if names else Disguise()
    rows = entries(journal, of_session(summary, Query(kinds=HAPPENED, types=LIVE_KINDS)))
    first = next(rows, None)
    if first is None:
        raise StorageError(
            f"the journal holds nothing of session {summary.id} any more: it cannot be played again"
        )
    written = unreadable = 0
    with session_file.create(path, summary.account, SOURCE, summary.since, pseudonymous=not names) as lines:
        for row in _and(first, rows):
            event = _event(row)
            if event is None:
                unreadable += 1
                continue
            lines.write(encode(disguised(event)))
            written += 1
            progress(row.time / 1000)
    return Recorded(written, unreadable)


def _event(row: Entry) -> Event | None:
    try:
        return decode_event(row.body)
    except PayloadError:
        return None


def _as_it_is(event: Event) -> Event:
    return event


def _and(first: Entry, rows: Iterator[Entry]) -> Iterator[Entry]:
    yield first
    yield from rows
