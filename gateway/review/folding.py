"""A session counted again from the journal, by the same fold that counted it when it ran."""

from gateway.errors import PayloadError
from gateway.journal import JournalReader, Query
from gateway.messages import Ack, Command, Decided, SessionRecord, SessionSummary, seconds
from gateway.review.rows import entries, of_session, span
from gateway.stats.session import SessionFold

_SAME = ("gifts", "coins", "comments", "likes", "follows", "shares")


def folded(journal: JournalReader, summary: SessionSummary, usd_per_coin: float) -> SessionRecord | None:
    """All parts of the session, or None where the journal has not all of it any more: half of a session looks like
    a whole one. Raises ``OSError``."""
    try:
        fold = SessionFold(
            summary.id,
            summary.account,
            seconds(summary.since),
            simulated=summary.simulated,
            room=summary.room,
            opened=summary.opened,
            usd_per_coin=usd_per_coin,
        )
        ended = None if summary.ended is None else seconds(summary.ended)
    except PayloadError:  # changed by hand
        return None
    _, until = span(summary)
    for row in entries(journal, of_session(summary, Query(kinds=("event", "ack")))):
        try:
            message = row.message()
        except PayloadError:  # changed by hand
            continue
        match message:
            case Ack():
                if ended is None or until is None or _asked_before(message, until):
                    fold.ack(message)
            case Command() | Decided():
                pass  # not asked for
            case event:
                if ended is None or until is None or row.time < until:
                    fold.event(event)
    if ended is not None:
        fold.end(ended)
    record = fold.record(ended if ended is not None else fold.last, summary.actions_owed)
    return record if _whole(record.summary, summary) else None


def _asked_before(ack: Ack, until: int) -> bool:
    try:
        return ack.times.received is None or seconds(ack.times.received) * 1000 < until
    except PayloadError:
        return False


def _whole(again: SessionSummary, kept: SessionSummary) -> bool:
    """While it runs, what was kept of it is a few seconds older."""
    pairs = [(getattr(again, name), getattr(kept, name)) for name in _SAME]
    return all(new == old for new, old in pairs) if kept.ended else all(new >= old for new, old in pairs)
