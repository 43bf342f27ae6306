"""A session counted again from the journal, by the same folds that counted it when it ran."""

from collections.abc import Iterator
from contextlib import suppress

from msgspec.structs import replace

from gateway.errors import PayloadError
from gateway.journal import Entry, JournalReader, Query
from gateway.messages import Ack, Command, Decided, Event, SessionRecord, SessionSummary, decode_event, seconds
from gateway.review.rows import entries, of_session, span
from gateway.stats.account import AccountFold
from gateway.stats.session import SessionFold

_SAME = ("gifts", "coins", "comments", "likes", "follows", "shares")


def folded(journal: JournalReader, summary: SessionSummary, usd_per_coin: float) -> SessionRecord | None:
    """All parts of the session, or None where the journal has not all of it any more: half of a session looks like
    a whole one. Raises ``OSError``."""
    account = AccountFold(summary.account, simulated=summary.simulated, usd_per_coin=usd_per_coin)
    session: SessionFold | None = None
    for message in _messages(journal, summary):
        with suppress(PayloadError):  # changed by hand
            if isinstance(message, Ack):
                account.ack(message)
            else:
                account.event(message)
        session = session or account.session
        if account.session is not session:
            break  # the next one has begun
    if session is None or session.id != summary.id:
        return None
    try:
        if summary.ended is not None:
            session.end(seconds(summary.ended))
    except PayloadError:  # changed by hand
        return None
    now = session.last if session.ended is None else session.ended
    record = session.record(now, summary.actions_owed)
    return record if _whole(record.summary, summary) else None


def _messages(journal: JournalReader, summary: SessionSummary) -> Iterator[Event | Ack]:
    """From the event on that began the session, in the order in which they were counted: what was held up on its
    way has an earlier time, and counts nevertheless in the session that ran when it came."""
    since, _ = span(summary)
    begun = of_session(summary, Query(kinds=("event",), until=since + 1))
    opening = next((row for row in entries(journal, begun) if _begins(row, summary)), None)
    if opening is None:
        return
    told = of_session(summary, Query(kinds=("event", "ack"), after=opening.seq - 1))
    for row in entries(journal, replace(told, since=None)):
        with suppress(PayloadError):  # changed by hand
            message = row.message()
            if not isinstance(message, Command | Decided):  # not asked for
                yield message


def _begins(row: Entry, summary: SessionSummary) -> bool:
    try:
        return SessionFold.begun(decode_event(row.body)).id == summary.id
    except PayloadError:  # changed by hand
        return False


def _whole(again: SessionSummary, kept: SessionSummary) -> bool:
    """While it runs, what was kept of it is a few seconds older."""
    pairs = [(getattr(again, name), getattr(kept, name)) for name in _SAME]
    return all(new == old for new, old in pairs) if kept.ended else all(new >= old for new, old in pairs)
