"""Clients of the page who have signed in, and press as the page itself does."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from web.people.roles import Role

ORIGIN = "http://localhost"


class Hand:
    """Somebody with this role. ``get`` a path, ``press`` one with a body of JSON."""

    def __init__(self, app: Flask, role: Role = Role.ADMIN) -> None:
        self.role = role
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def press(self, path: str, body: object = None) -> TestResponse:
        return self.client.post(path, json={} if body is None else body, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        """Of a press."""
        return {"Origin": ORIGIN, "X-Stagewire": "1"}
