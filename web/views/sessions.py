"""The screens of history: the list, one session, two side by side."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response

from gateway.errors import StagewireError
from gateway.messages import Figure, SessionSummary
from gateway.review.library import Library
from gateway.review.review import INTERVALS
from web.asked import ORDERS, ROWS, SCORES, Filter, ranking
from web.history import History

CHOICES = 50
"""Sessions offered to compare with."""
FIGURES = {
    "coins": lazy_gettext("Coins"),
    "usd": lazy_gettext("Estimate, USD"),
    "gifts": lazy_gettext("Gifts"),
    "unpriced": lazy_gettext("Gifts without a known price"),
    "comments": lazy_gettext("Comments"),
    "likes": lazy_gettext("Likes"),
    "follows": lazy_gettext("Follows"),
    "shares": lazy_gettext("Shares"),
    "joins": lazy_gettext("Joins"),
    "subscribes": lazy_gettext("Subscribes"),
    "peak_viewers": lazy_gettext("Peak viewers"),
    "average_viewers": lazy_gettext("Viewers on average"),
    "unique_viewers": lazy_gettext("Viewers who did something"),
    "activity": lazy_gettext("Activity, points a minute"),
    "actions_done": lazy_gettext("Actions done"),
    "actions_not_done": lazy_gettext("Actions not done"),
    "actions_owed": lazy_gettext("Actions owed"),
    "latency_p50_ms": lazy_gettext("Gift to motion, median, ms"),
    "latency_p99_ms": lazy_gettext("Gift to motion, 99 of 100, ms"),
    "gaps": lazy_gettext("Times not heard"),
    "gap_seconds": lazy_gettext("Not heard, seconds"),
}
"""Of a comparison, in this order."""
ORIGINS = {
    "journal": lazy_gettext("Of this session, the details were counted again from the journal."),
    "cards": lazy_gettext(
        "Of this session, only the cards are left: no details are there, and not all of it is in the journal."
    ),
}
"""Where a session comes from, when that means that something is missing."""


def blueprint(history: History) -> Blueprint:
    views = Blueprint("sessions", __name__)
    settings = history.settings

    @views.get("/sessions")
    def index() -> str:
        """Parameters: account, from, to, practice, sort, page."""
        asked, trouble = Filter.of(request.args), history.missing
        found: list[SessionSummary] = []
        with history.reading() as library:
            if not trouble:
                try:
                    found = asked.sessions(library, settings)
                except StagewireError as e:
                    trouble = f"{e}"
            damaged = library.trouble
        pages = max(1, -(-len(found) // ROWS))
        page = min(asked.page, pages)
        return render_template(
            "sessions.html",
            script="sessions.js",
            asked=asked,
            accounts=sorted({*settings.accounts, *(s.account for s in found), *filter(None, [asked.account])}),
            orders=ORDERS,
            total=len(found),
            rows=found[(page - 1) * ROWS : page * ROWS],
            page=page,
            pages=pages,
            trouble=trouble,
            damaged=damaged,
        )

    @views.get("/sessions/<session>")
    def one(session: str) -> str | Response:
        """``session`` may be a beginning that no other has, or ``last``. Parameters of the leaderboard: by, top,
        minimum, anonymous=hide."""
        with history.reading() as library:
            review = history.review(session)
            s = review.summary
            if s.id != session:
                return redirect(url_for("sessions.one", session=s.id))
            others = _others(library, s)
            shown = ranking(request.args, settings.statistics.leaderboard)
            return render_template(
                "session.html",
                script="session.js",
                s=s,
                review=review,
                origin=ORIGINS.get(review.origin),
                intervals=[i for i in INTERVALS if review.buckets(i)],
                board=review.leaderboard(shown),
                ranking=shown,
                scores=SCORES,
                others=others,
                before=_before(others, s),
                zone=history.zone.key,
                damaged=library.trouble,
            )

    @views.get("/sessions/compare")
    def two() -> str:
        """Parameters: a and b, ids. Without b, or with one that is not there, the screen asks for it."""
        a, b = request.args.get("a", "last"), request.args.get("b", "")
        with history.reading() as library:
            one = history.review(a)
            s = one.summary
            others = _others(library, s)
            other = history.review(b) if b else None
            comparison = one.comparison(other) if other else None
            return render_template(
                "compare.html",
                script="sessions.js",
                s=s,
                others=others,
                before=_before(others, s),
                c=comparison,
                figures=_named(comparison.figures) if comparison else [],
                zone=history.zone.key,
            )

    return views


def _others(library: Library, s: SessionSummary) -> list[SessionSummary]:
    """To compare with: those of its account first, then the newest first."""
    found = [other for other in library.summaries(simulated=s.simulated) if other.id != s.id]
    return sorted(found, key=lambda other: other.account != s.account)[:CHOICES]


def _before(others: list[SessionSummary], s: SessionSummary) -> str:
    """The id of the session before this one, which is what people mostly compare with."""
    older = (other.id for other in others if other.account == s.account and other.since < s.since)
    return next(older, "")


def _named(figures: list[Figure]) -> list[tuple[str, Figure]]:
    """Those that are known of at least one session."""
    by_name = {figure.name: figure for figure in figures}
    shown = [(words, by_name[name]) for name, words in FIGURES.items() if name in by_name]
    return [(words, f) for words, f in shown if f.a or f.b]
