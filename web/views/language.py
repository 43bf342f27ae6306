"""The switch of the page's language."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.languages import A_YEAR_S, COOKIE, LANGUAGES


def blueprint() -> Blueprint:
    views = Blueprint("language", __name__)

    @views.get("/language/<code>")
    def choose(code: str) -> Response:
        """Remembered by this browser for a year; then back to ``next``, a path of this page."""
        if code not in LANGUAGES:
            abort(404, _("The page does not speak this language."))
        answer = redirect(_own(request.args.get("next", "")), 303)
        answer.set_cookie(COOKIE, code, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
        return answer

    return views


def _own(place: str) -> str:
    """``place`` where it is of this page, else the first screen. Browsers read a backslash as a slash."""
    parts = urlsplit(place.replace("\\", "/"))
    own = place.startswith("/") and not parts.scheme and not parts.netloc and place.isprintable()
    return place if own else "/"
