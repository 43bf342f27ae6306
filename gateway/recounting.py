"""What statistics do at a start, and when a session is over: they read much, so all of it may run in a thread."""

import contextlib
import logging
from collections.abc import Callable

from gateway.errors import PayloadError, StorageError
from gateway.journal import JournalReader
from gateway.messages import Command, Decided, Gap, GapEvent, SessionRecord, SessionSummary, stamp
from gateway.review.library import LEADERS_MAX, Library
from gateway.stats.catch_up import CatchUp
from gateway.stats.contributions import merged
from gateway.stats.kept import Kept, Leaders
from gateway.stats.session import CONTINUES_S, SessionFold
from gateway.stats.totals import Totals

GAP_S = 10.0
"""Seconds; shorter, it was a restart, and a moment of likes is missing."""

log = logging.getLogger(__name__)


def counted_anew(
    reader: JournalReader, kept: Kept, until: int, now: float, usd_per_coin: float
) -> tuple[Totals, list[SessionFold]]:
    """What was kept and what the journal has beyond it, up to the record ``until``; and the sessions that ended
    meanwhile."""
    first = next(iter(reader.since(kept.mark, 1, until)), None)
    catching = CatchUp(kept, now if first is None else first.time / 1000, usd_per_coin)
    begun = (reader.seq_of(opening) for opening in catching.openings)
    seq = min([kept.mark, *(opened - 1 for opened in begun if opened is not None)])
    while entries := reader.since(seq, until=until):
        for entry in entries:
            if entry.kind in ("event", "ack"):
                with contextlib.suppress(PayloadError):  # a row changed by hand
                    message = entry.message()
                    if not isinstance(message, Command | Decided):
                        catching.feed(entry.seq, message)
        seq = entries[-1].seq
    return catching.totals(), catching.ended()


def last_written(reader: JournalReader, until: int) -> float | None:
    """When the record ``until`` was written (seconds since 1970): an earlier gateway was there by then."""
    newest = reader.last(1, before=until + 1)
    return newest[0].time / 1000 if newest else None


def gaps(totals: Totals, since: float | None, until: float, gateway: str) -> list[GapEvent]:
    """Of sessions that go on: from ``since`` (None: it was never there) ``until`` the gateway was off, and nothing
    was heard but gifts, which the broker kept."""
    if since is None or until - since < GAP_S:
        return []
    off = Gap(start=stamp(since), end=stamp(until), why="the gateway was off")
    return [
        GapEvent(
            id=f"off/{account.account}{'/practice' if account.simulated else ''}/{off.start}",
            source=f"/gateway/{gateway}",
            time=off.end,
            received=off.end,
            account=account.account,
            room=session.room,
            simulated=account.simulated,
            data=off,
        )
        for account in totals
        if (session := account.session) is not None
        and session.ended is None
        and until - session.last <= CONTINUES_S
    ]


def unsettled(library: Library, leaders: Leaders, current: str) -> list[SessionRecord]:
    """An account's sessions that are over but not among its leaders, for the gateway ended in between; the oldest
    first. ``current``: the one that runs or was the last. Raises ``StorageError``."""
    known = library.summaries(simulated=leaders.simulated, account=leaders.account)
    over = [s for s in reversed(known) if s.ended is not None and leaders.through < s.id < current]
    return [library.review(summary).record for summary in over]


def settled(look: Callable[[], SessionRecord], leaders: Leaders, over: bool) -> tuple[SessionRecord, Leaders]:
    """A session's record, and its account's leaders: with it, where it is over for good."""
    record = look()
    return record, with_session(leaders, record) if over else leaders


def with_session(leaders: Leaders, record: SessionRecord) -> Leaders:
    """Each session counts once."""
    s = record.summary
    if s.id <= leaders.through:
        return leaders
    table = merged([leaders, record], LEADERS_MAX)
    return Leaders(
        account=s.account,
        simulated=s.simulated,
        through=s.id,
        contributions=table.contributions,
        others=table.others,
        exact=table.exact,
        missing_at_most=table.missing_at_most,
    )


def last_summaries(library: Library) -> list[SessionSummary]:
    """Of sessions that ended, real and practice, newest first; none where they cannot be read."""
    try:
        both = [library.summaries(simulated=simulated) for simulated in (False, True)]
    except StorageError as e:
        log.warning("statistics: %s", e)
        return []
    ended = [summary for some in both for summary in some if summary.ended is not None]
    return sorted(ended, key=lambda s: s.since, reverse=True)
