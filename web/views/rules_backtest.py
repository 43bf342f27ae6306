"""Rules tried on a past session, without moving anything: begun, followed, and its report."""

from typing import Annotated

from flask import Blueprint, Response, abort, render_template, request, send_file
from flask_babel import gettext as _
from msgspec import Meta, Struct

from gateway.errors import StagewireError
from gateway.messages import Id, SessionSummary
from web.answers import as_json
from web.backtests import Backtests, BacktestState, Busy, Wanted
from web.parts import Parts
from web.rulebooks import Rulebooks
from web.views.rules import frame
from web.views.rules_file import read

CHOICES = 50
"""Sessions offered."""
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
"""Of a report opened in a browser: it runs nothing, asks for nothing, and has its own style in it."""


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text``: to be tried instead of the rules as the file has them; then ``compare`` shows what differs."""

    gateway: Id
    session: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$")]
    text: str | None = None
    compare: bool = False


def blueprint(parts: Parts, books: Rulebooks) -> Blueprint:
    views = Blueprint("rules_backtest", __name__)
    tests, history = Backtests(parts.base_dir, parts.data), parts.history
    parts.closing.callback(tests.close)

    @views.get("/rules/backtest")
    def index() -> str:
        """Parameters: gateway, session, job."""
        job = request.args.get("job", "")
        found, trouble = tests.report(job), history.missing or tests.missing
        sessions: list[SessionSummary] = []
        if not trouble:
            try:
                with history.reading() as library:
                    sessions = [s for practice in (False, True) for s in library.summaries(simulated=practice)]
            except StagewireError as e:
                trouble = str(e)
        return render_template(
            "rules_backtest.html",
            script="rules-backtest.js",
            sessions=sorted(sessions, key=lambda s: s.since, reverse=True)[:CHOICES],
            chosen=request.args.get("session", ""),
            trouble=trouble,
            job=job if found else "",
            gone=bool(job) and found is None,
            report=found and (found if "rules" in found else found["after"]),
            differences=found and found.get("differences"),
            **frame(books),
        )

    @views.post("/api/rules/backtests")
    def begin() -> Response:
        """202 and its state; 409 while another one runs."""
        order = read(Order)
        if words := history.missing or tests.missing:
            abort(404, words)
        now = None
        if order.text is None or order.compare:
            book = books.book(order.gateway)
            if book.away and not book.text:
                abort(503, _("The rules as they are now cannot be had: %(why)s.", why=book.away))
            now = book.text
        wanted = Wanted(
            session=order.session,
            rules=order.text if order.text is not None else now or "",
            against=now if order.text is not None and order.compare else None,
        )
        try:
            return as_json(tests.begin(wanted), 202)
        except Busy as e:
            return as_json({"error": str(e)}, 409)

    @views.get("/api/rules/backtests/<name>")
    def state(name: str) -> Response:
        return _known(tests.state(name))

    @views.post("/api/rules/backtests/<name>/cancel")
    def cancel(name: str) -> Response:
        """202: asked. Its state says when it has ended."""
        return _known(tests.cancel(name), 202)

    @views.get("/api/rules/backtests/<name>/report")
    def report(name: str) -> Response:
        path = tests.page(name)
        if path is None:
            abort(404, _("There is no such report, or not any more: run the back-test again."))
        answer = send_file(path, "text/html", as_attachment=True, download_name="backtest.html", max_age=0)
        answer.headers["Content-Security-Policy"] = SANDBOX
        return answer

    return views


def _known(state: BacktestState | None, status: int = 200) -> Response:
    if state is None:
        abort(404, _("There is no such back-test, or not any more."))
    return as_json(state, status)
