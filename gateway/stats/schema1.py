"""Statistics files of schema 1, made into today's tables. What was not counted then stays at its default.

Schema 1 kept one whole session (``Session``: sums and gifts by name) in each account and in the year's files,
and knew neither details files nor leaders. Its sessions stay
whole in the year's file (table ``older``), beside their summaries.
"""

from typing import Any

import msgspec

from gateway.messages import GiftTotal, SessionRecord, SessionSummary
from gateway.stats.kept import KeptAccount
from gateway.stats.storage import Tables

USD_PER_COIN = 0.005
"""The estimate's default; schema 1 counted coins only."""


def stats_tables(old: Tables) -> Tables:
    """Of ``stats.json``: accounts, and the sessions that ran when it was written (table ``interrupted``).

    An upgrade ends a session that ran: it is over since it was last heard of.
    """
    accounts, interrupted = [], []
    for document in old.get("_default", {}).values():
        totals = document["value"]
        session = totals["session"]
        if session is not None and session["ended"] is None:
            session = session | {"ended": session["last"]}
            interrupted.append(msgspec.to_builtins(_record(session)))
        accounts.append(
            msgspec.to_builtins(
                KeptAccount(
                    account=totals["account"],
                    simulated=totals["simulated"],
                    gifts=totals["gifts"],
                    coins=totals["coins"],
                    sessions=totals["sessions"],
                    base_gifts=totals["gifts"],
                    base_coins=totals["coins"],
                    base_sessions=totals["sessions"],
                    session=_record(session).summary if session else None,
                )
            )
        )
    return {"accounts": _numbered(accounts), "interrupted": _numbered(interrupted)}


def session_tables(old: Tables) -> Tables:
    """Of a year's file: summaries, and in ``older`` what else was known of these sessions."""
    records = [_record(document["value"]) for document in old.get("_default", {}).values()]
    return {
        "sessions": _numbered([msgspec.to_builtins(r.summary) for r in records]),
        "older": _numbered([msgspec.to_builtins(r) for r in records]),
    }


def _record(session: dict[str, Any]) -> SessionRecord:
    known = {name: session[name] for name in SessionSummary.__struct_fields__ if name in session}
    summary = msgspec.convert(known, SessionSummary)
    return SessionRecord(
        summary=msgspec.structs.replace(
            summary,
            usd=summary.coins * USD_PER_COIN,
            gaps=1 if summary.gap_seconds else 0,  # at least; they were not numbered
        ),
        gifts=msgspec.convert(list(session["by_gift"].values()), list[GiftTotal]),
    )


def _numbered(documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {str(n): document for n, document in enumerate(documents, 1)}
