"""Clients of the page who have signed in, and press as the page itself does."""

import secrets
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from web.people.people import People
from web.people.roles import Role

ORIGIN = "http://localhost"
A_MONTH = 30 * 24 * 3600.0
OWN = {"Origin": ORIGIN}
"""What a browser sends with a press of the page's own."""


def signed_in(app: Flask, role: Role = Role.ADMIN, name: str = "") -> FlaskClient:
    """A browser of somebody with this role, called as ``name`` or as the role; its presses carry their token."""
    people: People = app.extensions["people"]
    client = app.test_client()
    cookie, token = entrance(app, people, role, name)
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    return client


def entrance(app: Flask, people: People, role: Role, name: str = "") -> tuple[str, str]:
    """Cookie and token of a new guest, as if they had come in by an invitation."""
    taken = {m.name for m in people.everyone()}
    names = (f"{name or role.word}{n or ''}" for n in range(1000))
    member = people.guest(next(n for n in names if n not in taken), role, stays=A_MONTH)
    raw = secrets.token_hex(20)
    session = {"_user_id": people.begin(member), "_fresh": True, "csrf_token": raw, "_permanent": True}
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own interface
    token = URLSafeTimedSerializer(app.secret_key or b"", salt="wtf-csrf-token").dumps(raw)
    return str(signer.dumps(session)), str(token)


def pass_for(folder: Path, venue: str, role: Role = Role.ADMIN, name: str = "") -> tuple[str, str, str]:
    """The same for a page that runs elsewhere on this data folder: its cookie's name, the cookie, the token."""
    from web.people import signing

    people = People(folder / "page")
    app = Flask("elsewhere")
    signing.install(app, people, venue)
    return (app.config["SESSION_COOKIE_NAME"], *entrance(app, people, role, name))


class Hand:
    """Somebody with this role. ``get`` a path, ``press`` one with a body of JSON."""

    def __init__(self, app: Flask, role: Role = Role.ADMIN, name: str = "") -> None:
        self.role = role
        self.client = signed_in(app, role, name)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def press(self, path: str, body: object = None) -> TestResponse:
        return self.client.post(path, json={} if body is None else body, headers=self.headers)

    def send(self, path: str, **form: str) -> TestResponse:
        """A form, as a browser sends it."""
        return self.client.post(path, data=form, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        """Of a press; the client adds its token."""
        return dict(OWN)
