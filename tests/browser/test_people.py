"""Strangers, guests and those who were signed out, in a real browser: what they see, and that they can stop."""

import pytest

from gateway.messages import EstopTrip, decode
from tests.browser.phone import Phone, says
from tests.web import scene
from tests.web.peer import VENUE, Peer, T, until
from tests.web.people import pass_for
from tests.web.process import Page
from web.people.people import People
from web.people.roles import Role

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]


def people(page: Page) -> People:
    """As another process has them: the page reads what was changed."""
    return People(page.data / "page")


def test_a_stranger_stops_the_machines_at_the_door_and_is_told_the_truth(
    phone: Phone, page: Page, gateway: Peer
) -> None:
    phone.forget()
    phone.get(f"{page.url}/sessions")
    assert phone.js("location.pathname + location.search") == "/enter?next=%2Fsessions"
    until(says(phone, "#link", "Connected"), "the door sees the venue")
    phone.press("#stop")
    heard = until(lambda: gateway.of(T.estop_trip), "the trip")
    trip: EstopTrip = decode(heard[-1].payload, EstopTrip)
    assert trip.by == "somebody not signed in at 127.0.0.1"
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip, silent={"cannon": "does not answer"}))
    until(says(phone, "#proof", "Not proven"), "not green before every board has proved it")
    gateway.say(T.gateway_estop("pi-1"), scene.proof(trip))
    until(says(phone, "#proof", "Stopped: all 3 boards confirmed"), "green")
    assert "Reset" not in phone.text("#proof"), "a supervisor does that"
    assert phone.complaints() == []


def test_an_invitation_lets_a_viewer_in_who_is_offered_nothing_that_viewers_may_not_do(
    phone: Phone, page: Page
) -> None:
    phone.forget()
    token = people(page).invite(Role.VIEWER, by="Siti")
    phone.get(f"{page.url}/enter/{token}")
    assert "Siti invited you as viewer." in phone.text("main")
    phone.driver.find_element("css selector", "[name=name]").send_keys("Dewi <b>")
    phone.press(".fields .go")
    phone.until("document.querySelectorAll('#stations .card').length === 3")
    assert phone.js("location.pathname") == "/"
    offered = phone.js(
        "[...document.querySelectorAll('main button')].filter((b) => b.checkVisibility() && !b.disabled"
        " && !b.closest('.tabs, .filter')).map((b) => b.innerText)"
    )
    assert offered == []
    phone.press(".me")
    phone.until("location.pathname === '/me'")
    assert "Dewi <b> viewer" in phone.text("main h2")
    phone.press("form[action='/leave'] button")
    phone.until("location.pathname === '/enter'")
    assert [m.name for m in people(page).everyone()] == ["admin"]
    assert phone.complaints() == []


def test_a_page_left_open_says_that_its_session_ended_and_pretends_nothing(phone: Phone, page: Page) -> None:
    for member in people(page).everyone():
        people(page).remove(member.id)
    phone.until("document.querySelector('#banners').innerText.includes('You are signed out.')")
    phone.press("#disarm")
    until(says(phone, "#arming", "You are signed out: sign in again"), "a press says so, too")
    people(page).invite(Role.ADMIN, by="Siti")  # else the way in were the first admin's
    phone.press("#banners a")
    phone.until("location.pathname === '/enter'")
    name, cookie, _token = pass_for(page.data, VENUE)
    phone.sign_in(page.url, name, cookie)
    phone.get(page.url)
    phone.until("document.querySelectorAll('#stations .card').length === 3")
    assert "signed out" not in phone.text("#banners")
