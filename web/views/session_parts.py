"""The parts of a session that a screen asks for after it is shown: plots, findings, the ledger, events."""

from typing import Any

import msgspec
from flask import Blueprint, Response, abort, request

from gateway.errors import PayloadError
from gateway.journal import Entry, Query
from gateway.messages import LIVE_KINDS, Ack, decode, decode_event
from gateway.review.review import INTERVALS
from web import feed
from web.asked import LONGEST_WORD
from web.history import History

EVENTS = 50
"""Lines of one answer."""
SHOWN = tuple(kind for kind in LIVE_KINDS if kind != "viewers")  # a plot shows those better
LARGEST_SEQ = 2**63 - 1


def blueprint(history: History) -> Blueprint:
    views = Blueprint("session_parts", __name__, url_prefix="/api/sessions/<session>")

    @views.get("/buckets")
    def buckets(session: str) -> Response:
        """``interval`` (10, 60, 300 or 3600 seconds), oldest first; ``since``: those that began then or later."""
        interval = request.args.get("interval", "60")
        if interval not in map(str, INTERVALS):
            abort(400, f"interval must be one of {', '.join(map(str, INTERVALS))} seconds, not {interval[:20]!r}.")
        with history.reading():
            rows = history.review(session).buckets(int(interval))
            since = request.args.get("since", "")
            # with what is 0, for other programs
            told = [msgspec.structs.asdict(bucket) for bucket in rows if bucket.since >= since]
        return _json({"interval": int(interval), "timezone": history.zone.key, "buckets": told})

    @views.get("/correlation")
    def correlation(session: str) -> Response:
        """What makes viewers rise?"""
        with history.reading():
            return _json(history.correlation(history.review(session)))

    @views.get("/ledger")
    def ledger(session: str) -> Response:
        """What became of each gift, as far as the journal still has it."""
        with history.reading():
            return _json(history.ledger(history.review(session)))

    @views.get("/events")
    def events(session: str) -> Response:
        """Newest first. ``kind``: one of what comes from a LIVE, or ``action``; ``text``: part of a name or of
        what was written; ``before``: where the answer before this one ended (``next``). An answer looks only for
        half a second: while ``next`` is not null there is more."""
        query = _query(request.args.get("kind", ""), request.args.get("text", ""), request.args.get("before", ""))
        with history.reading():
            page = history.review(session).events(query, EVENTS)
        rows = [row for row in map(_row, page.entries) if row is not None]
        return _json({"rows": rows, "next": page.next, "reached": page.reached, "scanned": page.scanned})

    return views


def _query(kind: str, text: str, before: str) -> Query:
    if kind not in ("", "action", *SHOWN):
        abort(400, f"kind must be action or one of {', '.join(SHOWN)}, not {kind[:20]!r}.")
    if before and not (before.isascii() and before.isdecimal() and int(before[:20]) <= LARGEST_SEQ):
        abort(400, "before must be the next of an earlier answer.")
    return Query(
        kinds=("ack",) if kind == "action" else ("event",),
        types=() if kind == "action" else (kind,) if kind else SHOWN,
        text=text.strip()[:LONGEST_WORD],
        before=int(before) if before else None,
    )


def _row(entry: Entry) -> dict[str, Any] | None:
    """A line as on the live screen; None for one that was changed by hand or says nothing."""
    try:
        if entry.kind == "ack":
            return {"seq": entry.seq, "action": feed.action(decode(entry.body, Ack), entry.time / 1000)}
        line = feed.line(decode_event(entry.body))
    except PayloadError:
        return None
    return None if line is None else {"seq": entry.seq, "event": line}


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
