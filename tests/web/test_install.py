"""The page as an app: what a phone is told of it, and what its worker may keep."""

import json
import re
import struct
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.settings.models import Broker
from tests.web.past import live
from tests.web.peer import VENUE
from tests.web.people import Hand
from web.app import create_app
from web.source import Source


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(live(Source(VENUE, Broker()), tmp_path))


@pytest.fixture
def stranger(app: Flask) -> FlaskClient:
    """Nobody has to sign in for any of this: a browser asks without cookies."""
    return app.test_client()


def test_the_manifest_names_the_venue_and_icons_that_are_there(stranger: FlaskClient) -> None:
    answer = stranger.get("/manifest.webmanifest")
    assert answer.content_type == "application/manifest+json"
    told = json.loads(answer.data)
    assert told["name"].startswith(VENUE)
    assert (told["display"], told["start_url"], told["scope"]) == ("standalone", "/", "/")
    for icon in told["icons"]:
        picture = stranger.get(icon["src"])
        assert picture.status_code == 200
        assert picture.content_type.split(";")[0] == icon["type"]
        if icon["type"] == "image/png":
            width, height = struct.unpack(">II", picture.data[16:24])
            assert icon["sizes"] == f"{width}x{height}"


def test_the_worker_keeps_the_files_of_this_version_and_nothing_else(stranger: FlaskClient) -> None:
    answer = stranger.get("/sw.js")
    assert answer.content_type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache", "a new version must be seen"
    first, _, script = answer.text.partition("\n")
    told = json.loads(first.removeprefix("const told = ").rstrip(";"))
    assert len(told["files"]) >= 6
    for file in told["files"]:
        assert file.startswith(f"/static/{told['version']}/")
        assert stranger.get(file).status_code == 200
    assert "/api" not in script
    assert re.findall(r'"(/[^"]*)"', script) == ["/offline", "/overlay/"]


def test_the_offline_screen_has_no_stop_and_no_state(stranger: FlaskClient) -> None:
    text = stranger.get("/offline").text
    assert "This phone does not reach the page" in text
    assert "hard-wired stop" in text
    assert 'id="stop"' not in text
    assert "<script>" not in text


def test_a_screen_leads_to_the_manifest_and_lets_the_worker_in(app: Flask) -> None:
    answer = Hand(app).get("/overlays")
    assert '<link rel="manifest" href="/manifest.webmanifest">' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "manifest-src 'self'" in policy
    assert policy.endswith("trusted-types stagewire-worker")


@pytest.mark.parametrize(
    ("cookie", "scheme", "media"),
    [
        ("", "light dark", "(prefers-color-scheme: dark)"),
        ("dark", "dark", "all"),
        ("light", "light", "not all"),
        ('"><script>', "light dark", "(prefers-color-scheme: dark)"),
    ],
)
def test_day_or_night_is_drawn_as_it_was_chosen(app: Flask, cookie: str, scheme: str, media: str) -> None:
    hand = Hand(app)
    hand.client.set_cookie("look", cookie)
    text = hand.get("/overlays").text
    assert f'<meta name="color-scheme" content="{scheme}">' in text
    assert re.search(rf'<link id="dark"[^>]* media="{re.escape(media)}">', text)
