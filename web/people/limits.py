"""How often one may ask: Flask-Limiter, in memory. What stops machines, and the live view, are never limited."""

from flask import Flask, request
from flask_babel import gettext as _
from flask_limiter import Limit, Limiter

from web.people.present import present
from web.people.signing import STATIC

FREE = frozenset({"press.trip", "live.snapshot", "live.events", "overlay.data", STATIC})
ENTRANCES = frozenset({"enter.sign_in", "enter.welcome"})
GUESSED = ENTRANCES | {"people.own_password"}
TRIES = "5/minute;30/hour"
"""At a password or a code: of one address, or of one who is signed in."""
PRESSES = "60/minute"
"""Of one person, of one kind: a burst of them is a thumb at work, more is a script."""
READS = "600/minute"
RETRY_S = 60


def install(app: Flask) -> None:
    limit = Limit(_limit, key_function=_who, error_message=_words, per_method=True)
    limiter = Limiter(_who, default_limits=[limit], storage_uri="memory://")
    limiter.request_filter(lambda: request.endpoint in FREE)
    limiter.init_app(app)


def _presses() -> bool:
    return request.method not in ("GET", "HEAD", "OPTIONS")


def _limit() -> str:
    if not _presses():
        return READS
    return TRIES if request.endpoint in GUESSED else PRESSES


def _who() -> str:
    # A session in a cookie does not make another one of who tries passwords.
    signed_in = "" if request.endpoint in ENTRANCES else present().id
    return signed_in or request.remote_addr or "nowhere"


def _words() -> str:
    if request.endpoint in GUESSED and _presses():
        return str(_("Too many tries from here: wait a minute; after 30 in an hour, an hour."))
    return str(_("That was too often: wait a minute. The stop always works."))
