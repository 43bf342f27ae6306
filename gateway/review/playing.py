"""What the journal has of a session, or of days, for rules to be tried on."""

from collections.abc import Iterator
from itertools import islice

from gateway.backtest.play import MOST_EVENTS, Recording
from gateway.errors import PayloadError, StorageError
from gateway.journal import JournalReader, Query
from gateway.messages import Event, decode_event, seconds
from gateway.review import days, rows
from gateway.review.library import Library

RULES_OWN = frozenset({"tick"})
"""Clocks and timers: rules that are tried have their own."""


def of_session(library: Library, session: str) -> Recording:
    """Raises ``StorageError`` where there is no such session, or the journal has nothing of it."""
    summary = library.find(session)
    return _recording(library.journal, rows.of_session(summary), f"session {summary.id}")


def of_days(library: Library, since: str | None, until: str | None, now: float) -> Recording:
    """All accounts; nothing of practice. Raises ``StagewireError``."""
    first, end = days.span(since, until, library.settings.timezone, now)
    query = Query(
        simulated=False,
        since=None if first is None else round(first * 1000),
        until=None if end is None else round(end * 1000),
    )
    return _recording(library.journal, query, " to ".join(filter(None, (since or "the beginning", until))))


def _recording(journal: JournalReader, query: Query, name: str) -> Recording:
    found = list(islice(_happened(journal, query), MOST_EVENTS + 1))
    events = [event for event in found if event is not None]
    if not events:
        raise StorageError(f"the journal holds no events of {name}: is it the right data folder?")
    if len(found) > MOST_EVENTS:
        raise StorageError(f"{name} has more than {MOST_EVENTS} events: take a shorter time")
    unreadable = len(found) - len(events)
    notes = [f"{unreadable} rows of the journal cannot be read"] if unreadable else []
    return Recording(name=name, events=sorted(events, key=lambda e: seconds(e.received)), notes=notes)


def _happened(journal: JournalReader, query: Query) -> Iterator[Event | None]:
    """The events that ``query`` means, and of the venue's own (buttons, inputs, topics) those of the same time,
    since rules hear them too; None for a row that cannot be read. Clocks and timers are left out: rules have their
    own."""
    accounts = (*query.accounts, "") if query.accounts else ()
    wanted = Query(kinds=("event",), accounts=accounts, since=query.since, until=query.until)
    for row in rows.entries(journal, wanted):
        own = not row.account or query.simulated is None or row.simulated == query.simulated
        if own and row.type not in RULES_OWN:
            try:
                yield decode_event(row.body)
            except PayloadError:
                yield None
