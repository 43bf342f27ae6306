"""The switch of the page's language."""

from flask import Blueprint, abort, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.languages import A_YEAR_S, COOKIE, LANGUAGES
from web.people.signing import own_path


def blueprint() -> Blueprint:
    views = Blueprint("language", __name__)

    @views.get("/language/<code>")
    def choose(code: str) -> Response:
        """Remembered by this browser for a year; then back to ``next``, a path of this page."""
        if code not in LANGUAGES:
            abort(404, _("The page does not speak this language."))
        answer = redirect(own_path(request.args.get("next", "")), 303)
        answer.set_cookie(COOKIE, code, max_age=A_YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure)
        return answer

    return views
