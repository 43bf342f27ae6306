"""The journal's rows of a session."""

from collections.abc import Iterator

from msgspec.structs import replace

from gateway.errors import PayloadError
from gateway.journal import Entry, JournalReader
from gateway.journal.query import Query
from gateway.messages import LONGEST_WAIT_S, SessionSummary, seconds

PAGE = 1000
"""Rows in memory at a time."""


def entries(journal: JournalReader, query: Query) -> Iterator[Entry]:
    """All that ``query`` means, oldest first, however many they are. Raises ``OSError``."""
    while True:
        page = journal.page(query, PAGE, newest_first=False)
        yield from page.entries
        if page.complete:
            return
        query = replace(query, after=page.next)


def of_session(summary: SessionSummary, query: Query | None = None) -> Query:
    """What of ``query`` belongs to the session: what was heard of its account in its time and, where other kinds
    of rows are asked for, what came of it, for an action may end after the LIVE."""
    query = query or Query(kinds=("event",))
    since, until = span(summary)
    if summary.ended is None:
        until = None
    elif query.kinds != ("event",):
        until = None if until is None else until + int(LONGEST_WAIT_S * 1000)
    return replace(
        query,
        accounts=(summary.account,),
        simulated=summary.simulated,
        since=max(since, query.since or since),
        until=until if query.until is None else query.until if until is None else min(until, query.until),
    )


def span(summary: SessionSummary) -> tuple[int, int | None]:
    """The session's time as [since, until) in milliseconds since 1970; as far as it was heard where it runs."""
    try:
        last = max(seconds(summary.last), seconds(summary.ended or summary.last))
        return round(seconds(summary.since) * 1000), round(last * 1000) + 1
    except PayloadError:  # changed by hand
        return 0, None
