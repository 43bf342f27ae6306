"""The statistics of now: the sessions that run; without one, the last."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import lazy_gettext

from gateway.messages import Board, Leaderboard, SessionSummary
from gateway.review.library import Library
from gateway.review.review import INTERVALS, Review
from web.asked import SCORES, ranking
from web.history import History
from web.rows import Rows

BOARDS: dict[Board, Any] = {
    "session": lazy_gettext("This session"),
    "7d": lazy_gettext("Last 7 days"),
    "30d": lazy_gettext("Last 30 days"),
    "all": lazy_gettext("All sessions"),
}
EVERY_S: dict[Board, int] = {"session": 5, "7d": 30, "30d": 30, "all": 30}
"""How often a screen asks again; a board of many sessions reads all of them."""
SUMMED = ("coins", "gifts", "comments", "likes", "follows", "shares", "usd")


def blueprint(history: History, rows: Rows) -> Blueprint:
    views = Blueprint("statistics", __name__)
    settings = history.settings

    @views.get("/statistics")
    def index() -> str:
        """Parameters: account (none: all that are live), board, and those of a leaderboard as of a session."""
        board: Board = next((b for b in BOARDS if b == request.args.get("board")), "session")
        shown = ranking(request.args, settings.statistics.leaderboard)
        with history.reading() as library:
            latest = {} if history.missing else _latest(library)
            running = {account: s for account, s in latest.items() if s.ended is None}
            account = request.args.get("account", "")
            if account not in latest:
                account = "" if len(running) > 1 else next(iter(running or latest), "")
            s = latest.get(account)
            review = history.review(s.id) if s else None
            damaged = library.trouble
            # An open session is up to date to a few seconds; its summary comes from the same moment as its plots.
            s = review.summary if review else None
            places = _board(library, review, board, shown) if review else None
        return render_template(
            "statistics.html",
            script="statistics.js",
            trouble=history.missing,
            damaged=damaged,
            latest=latest,
            running=running,
            several=len(latest) > 1,
            together=len(running) > 1,
            account=account,
            s=s,
            review=review,
            now=_viewers(rows),
            sums={name: sum(getattr(r, name) for r in running.values()) for name in SUMMED},
            intervals=[i for i in INTERVALS if review and review.buckets(i)],
            board=places,
            boards=BOARDS,
            chosen=board,
            every=EVERY_S[board],
            ranking=shown,
            scores=SCORES,
            zone=history.zone.key,
        )

    return views


def _latest(library: Library) -> dict[str, SessionSummary]:
    """Of each account its last session, those that run first; practice counts as long as it runs, or where there
    is nothing else."""
    found: dict[str, SessionSummary] = {}
    for simulated in (False, True):
        for s in library.summaries(simulated=simulated):
            known = found.get(s.account)
            if known is None or (known.ended is not None and s.ended is None):
                found[s.account] = s
    return dict(sorted(found.items(), key=lambda pair: (pair[1].ended is not None, pair[0])))


def _board(library: Library, review: Review, board: Board, shown: Any) -> Leaderboard:
    if board == "session":
        return review.leaderboard(shown)
    s = review.summary
    running = review.record if s.ended is None else None
    return library.leaderboard(s.account, board, shown, time.time(), simulated=s.simulated, running=running)


def _viewers(rows: Rows) -> Mapping[str, int]:
    """Who watches now, by account; those that are not live are left out."""
    states = {name: row.get("state") or {} for name, row in rows.of("account").items()}
    return {name: s["viewers"] for name, s in states.items() if s.get("phase") == "live"}
