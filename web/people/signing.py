"""Signing in: Flask-Login on our sessions, and the cookie that names them."""

import logging
from datetime import timedelta

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, login_user, logout_user

from gateway.errors import StorageError
from web.people.book import LONGEST_S, Member
from web.people.people import People
from web.people.present import STRANGER, Person, present

log = logging.getLogger(__name__)

STATIC = "page.static"


class _Cookie(SecureCookieSessionInterface):
    """Over https it never goes in the clear; with files that browsers keep it does not go at all."""

    def get_cookie_secure(self, app: Flask) -> bool:
        # A proxy that ends TLS says so. Who invents the header only harms their own cookie.
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != STATIC:
            super().save_session(app, session, response)


def install(app: Flask, people: People, venue: str) -> None:
    app.secret_key = people.secret()
    app.session_interface = _Cookie()
    app.config.update(
        SESSION_COOKIE_NAME=f"stagewire-{venue}",  # two venues on one machine: cookies know no ports
        SESSION_COOKIE_HTTPONLY=True,
        # Not Strict: who comes from a camera or a chat would be a stranger there, and get a new cookie. What
        # changes something is never a GET, and needs a token and our own Origin.
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=LONGEST_S),
    )
    manager = LoginManager()
    manager.session_protection = None  # phones change their addresses
    manager.anonymous_user = lambda: STRANGER
    manager.user_loader(lambda name: who(people, name))
    manager.init_app(app, add_context_processor=False)


def who(people: People, name: str) -> Person | None:
    """Whose session that is; None when it has ended, or nobody can tell."""
    try:
        member = people.session(name)
    except StorageError as e:
        log.error("nobody can sign in: %s", e)
        return None
    if member is None:
        return None
    return Person(member.name, member.rank, member.id, name, guest=not member.password)


def sign_in(people: People, member: Member) -> None:
    """Begin a session of theirs in this browser; whatever its cookie said before is over."""
    begun = people.begin(member)
    leave(people)
    person = Person(member.name, member.rank, member.id, begun, guest=not member.password)
    session.permanent = True
    login_user(person)


def leave(people: People) -> None:
    """End the session of this browser, here and on the server."""
    name = present().session
    logout_user()
    session.clear()
    if name:
        people.end(name)


def own_path(path: str) -> str:
    """``path`` where it is one of this page, else "/": a link must not lead to another site."""
    odd = not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable() or "\\" in path
    return "/" if odd else path


def wanted(asked: Request) -> str:
    """Where who has to sign in first was going."""
    return asked.full_path.rstrip("?") if asked.method == "GET" else "/"
