"""Signing in and out over HTTP: by password, by invitation, by the first admin's code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.past import Venue
from tests.web.people import OWN, Hand
from tests.web.test_people import WORDS, Clock
from web.people.book import IDLE_S
from web.people.people import People
from web.people.roles import Role


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path)
    yield venue
    venue.exports.close()


@pytest.fixture
def people(venue: Venue) -> People:
    return venue.parts.people


@pytest.fixture
def stranger(venue: Venue) -> FlaskClient:
    return venue.app.test_client()


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """Fill in the form that stands there, as a browser does."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    return client.post(path, data={**form, "csrf_token": found[1] if found else ""}, headers=OWN)


def inside(client: FlaskClient) -> bool:
    return client.get("/me").status_code == 200


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("stagewire-hall")
    return found.value if found else ""


def test_a_name_and_a_password_lead_in_to_where_one_was_going(people: People, stranger: FlaskClient) -> None:
    people.add("Siti", Role.ADMIN, WORDS)
    asked = stranger.get("/sessions?sort=coins")
    assert asked.headers["Location"] == "/enter?next=%2Fsessions%3Fsort%3Dcoins"
    wrong = send(stranger, asked.headers["Location"], name="Siti", password="another good guess")
    assert (wrong.status_code, inside(stranger)) == (401, False)
    assert "do not belong together" in wrong.text
    right = send(stranger, asked.headers["Location"], name="siti", password=WORDS)
    assert (right.status_code, right.headers["Location"]) == (303, "/sessions?sort=coins")
    assert inside(stranger)
    assert "HttpOnly" in right.headers["Set-Cookie"]
    assert "SameSite=Lax" in right.headers["Set-Cookie"]
    assert "Secure" not in right.headers["Set-Cookie"]


def test_over_https_the_cookie_never_goes_in_the_clear(venue: Venue) -> None:
    straight = venue.app.test_client().get("/welcome", base_url="https://localhost")
    by_proxy = venue.app.test_client().get("/welcome", headers={"X-Forwarded-Proto": "https"})
    for asked in (straight, by_proxy):
        assert "; Secure" in asked.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "away", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "\\evil", "/\r\nX: y"]
)
def test_signing_in_never_leads_to_another_site(people: People, stranger: FlaskClient, away: str) -> None:
    token = people.invite(Role.VIEWER, by="Siti")
    send(stranger, f"/enter/{token}", name="Dewi")
    answer = stranger.get("/enter", query_string={"next": away})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


def test_a_session_from_before_signing_in_is_worth_nothing_after_it(people: People, venue: Venue) -> None:
    people.add("Siti", Role.ADMIN, WORDS)
    victim, attacker = venue.app.test_client(), venue.app.test_client()
    attacker.get("/enter")
    planted = cookie(attacker)
    victim.set_cookie("stagewire-hall", planted)
    send(victim, "/enter", name="Siti", password=WORDS)
    assert inside(victim)
    assert cookie(victim) != planted
    assert not inside(attacker)
    first = cookie(victim)
    send(victim, "/me", name="")  # reads its token
    again = venue.app.test_client()
    send(again, "/enter", name="Siti", password=WORDS)
    assert cookie(again) != first


def test_a_cookie_that_was_made_up_or_signed_by_another_page_opens_nothing(venue: Venue, tmp_path: Path) -> None:
    other = Venue(tmp_path / "other")
    hand = Hand(other.app)
    for forged in (cookie(hand.client), "eyJfdXNlcl9pZCI6IngifQ.x.y", "", "\x00", "a" * 4000):
        client = venue.app.test_client()
        client.set_cookie("stagewire-hall", forged)
        assert not inside(client)


def test_who_signs_out_is_out_even_with_the_old_cookie(people: People, venue: Venue) -> None:
    hand = Hand(venue.app, Role.OPERATOR)
    kept = cookie(hand.client)
    assert hand.send("/leave").headers["Location"] == "/enter"
    assert not inside(hand.client)
    thief = venue.app.test_client()
    thief.set_cookie("stagewire-hall", kept)
    assert not inside(thief)


def test_a_removed_person_is_out_at_the_next_request_and_their_stream_ends(people: People, venue: Venue) -> None:
    hand = Hand(venue.app, Role.VIEWER, "Dewi")
    stream = hand.get("/api/events", buffered=False).iter_encoded()
    assert b"retry" in next(stream)
    assert b"data" in next(stream)
    people.remove(people.named("Dewi").id)
    assert list(stream) == []
    assert hand.get("/sessions").status_code == 303
    refused = hand.press("/api/queue", {"do": "pause"})
    assert refused.status_code == 401
    assert refused.json == {"error": "You are signed out: sign in again, then press once more."}


def test_a_session_nobody_used_for_half_a_day_asks_to_sign_in_again(people: People, venue: Venue) -> None:
    clock = Clock()
    people.clock = clock
    hand = Hand(venue.app)
    clock.now += IDLE_S - 1
    assert inside(hand.client)
    clock.now += IDLE_S + 1
    assert not inside(hand.client)
    assert hand.get("/api/events").status_code == 401


def test_an_invitation_asks_for_a_name_and_looking_at_it_uses_nothing_up(people: People, venue: Venue) -> None:
    token = people.invite(Role.OPERATOR, by="Siti")
    for _ in range(3):  # a chat looks at links, too
        assert "Siti invited you as operator" in venue.app.test_client().get(f"/enter/{token}").text
    dewi, late = venue.app.test_client(), venue.app.test_client()
    assert "say a name" in send(dewi, f"/enter/{token}", name=" ").text.lower()
    assert send(dewi, f"/enter/{token}", name="Dewi").status_code == 303
    assert "Dewi" in dewi.get("/me").text
    gone = late.get(f"/enter/{token}")
    assert (gone.status_code, "ask for a new one" in gone.text) == (410, True)


def test_while_there_is_nobody_the_first_admin_is_made_with_the_code(venue: Venue, stranger: FlaskClient) -> None:
    welcome = venue.app.extensions["welcome"]
    assert stranger.get("/", follow_redirects=True).request.path == "/welcome"
    wrong = send(stranger, "/welcome", code="AAAA-AAAA", name="Mallory", password=WORDS)
    assert (wrong.status_code, inside(stranger)) == (400, False)
    right = send(stranger, "/welcome", code=welcome.code, name="Siti", password=WORDS)
    assert (right.status_code, inside(stranger)) == (303, True)
    assert stranger.get("/system/people").status_code == 200
    other = venue.app.test_client()
    assert other.get("/welcome", follow_redirects=True).request.path == "/enter"


def test_a_stranger_is_told_of_the_stop_and_of_nothing_else(venue: Venue, stranger: FlaskClient) -> None:
    rows = venue.parts.source.rows
    secret = {"info": {"version": "9"}, "health": {"disk": 1}, "availability": {"online": True, "since": "x"}}
    rows.put(
        {
            ("stop", "venue"): {"phase": "clear"},
            ("link", "broker"): {"connected": True},
            ("gateway", "pi-1"): secret,
            ("gateway", "gone"): None,
            ("event", "e1"): {"user": "viewer.1"},
            ("account", "mira"): {"coins": 1},
        }
    )
    told = stranger.get("/api/snapshot").json
    assert told is not None
    assert told["signed_out"] is True
    assert told["rows"] == {
        "stop": {"venue": {"phase": "clear"}},
        "link": {"broker": {"connected": True}},
        "gateway": {"pi-1": {"availability": {"online": True, "since": "x"}}, "gone": None},
    }
    assert stranger.get("/api/events").status_code == 401
    full = Hand(venue.app, Role.VIEWER).get("/api/snapshot").json
    assert full is not None
    assert "event" in full["rows"]
