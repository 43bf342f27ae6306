"""The system screens in a real browser: health, errors, a profile, and a viewer who is erased by a typed name."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from gateway.messages import GatewayHealth
from tests.browser.phone import PHONE, Phone, says
from tests.web import scene
from tests.web.peer import Peer, T, until
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
HOSTILE = '<img src=x onerror="window.hurt=1">'
ERROR = {
    "where": "gateway/drivers/arduino/driver.py:200",
    "level": "WARNING",
    "words": f"bell: {HOSTILE}",
    "detail": "gateway/app.py:1 run\nValueError: x",
    "count": 12,
    "first": "2026-11-22T17:14:53.224Z",
    "last": "2026-11-22T18:14:53.224Z",
}
ROW = {"name": "gateway/intake.py:60 _on_message", "calls": 412, "own_ms": 3.2, "all_ms": 40.5}


@pytest.fixture
def plays(gateway: Peer) -> Iterator[Callable[[str, Callable[[Any], dict[str, Any]]], None]]:
    """The peer answers requests of a verb, as often as they come."""
    ends, threads = threading.Event(), []

    def play(verb: str, answer: Callable[[Any], dict[str, Any]]) -> None:
        def go() -> None:
            while not ends.is_set():
                try:
                    request = gateway.asked(verb)
                except AssertionError:
                    return
                gateway.answer(verb, request, **answer(request))

        threads.append(threading.Thread(target=go, daemon=True))
        threads[-1].start()

    yield play
    ends.set()


def health(**changes: Any) -> GatewayHealth:
    usual: dict[str, Any] = {"loop_lag_ms": 3.1, "memory_mb": 55, "disk_free_mb": 21_000, "disk_total_mb": 32_000}
    return GatewayHealth(gateway=scene.GATEWAY, **(usual | changes))


@pytest.fixture
def system(phone: Phone, page: Page) -> Phone:
    phone.get(f"{page.url}/system")
    phone.until("document.querySelectorAll('#programs .card').length >= 3")
    return phone


def test_health_tells_what_is_wrong_in_words_and_by_itself(system: Phone, gateway: Peer) -> None:
    gateway.say(T.gateway_health(scene.GATEWAY), health(power="good", clock="synchronised", temperature_c=51.0))
    until(says(system, "#programs", "21.0 GB of 32.0 GB"), "the disk")
    assert "51 °C" in system.text("#programs")
    worse = health(power="was low", clock="not synchronised", disk_free_mb=90, storage="the card is full")
    gateway.say(T.gateway_health(scene.GATEWAY), worse)
    until(says(system, "#programs", "was too low since the start"), "the supply")
    told = system.text("#programs")
    for words in ("Use a stronger supply", "not synchronised", "Delete old backups", "the card is full"):
        assert words in told, words
    assert system.js("document.documentElement.scrollWidth") <= PHONE[0]


def test_errors_and_a_profile_come_from_the_gateway(system: Phone, plays: Any) -> None:
    plays("errors", lambda request: {"errors": [ERROR] if request.params["do"] == "list" else [], "more": 0})
    plays("profile", lambda _: {"seconds": 1, "calls": 9, "busy_ms": 50, "cost_ms": 2, "own": [ROW], "all": [ROW]})
    system.press("#look")
    until(says(system, "#errors", HOSTILE), "its words, as text")
    assert "12 times" in system.text("#errors")
    assert system.js("window.hurt") is None
    system.press("#profile button")
    until(says(system, "#profiled", "About 2 ms of that was the watching itself"), "the profile")
    assert "gateway/intake.py:60" in system.text("#profiled-tables")
    assert system.audit() == []
    assert system.complaints() == []


def test_a_viewer_is_erased_only_by_a_name_that_was_typed(phone: Phone, page: Page, plays: Any) -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: Any) -> dict[str, Any]:
        asked.append(dict(request.params))
        match request.params["do"]:
            case "who":
                known = request.params["viewer"] == "maya.viewer"
                people = [{"id": "70123", "called": ["maya.viewer", HOSTILE], "last": "2026-11-22T17:14:53.224Z"}]
                return {"people": people if known else []}
            case "find":
                counts = {"records": {"gift": 12}, "rules": 1, "sessions": 2, "leaders": ["mira"]}
                return {**counts, "exports": [], "damaged": [], "copies": ["b1"]}
        return {"places": 0, "left": [], "rules": [], "records": 900, "documents": 4, "files": 17}

    plays("erase", answer)
    phone.get(f"{page.url}/system/erase")
    phone.until("document.querySelector('#link').innerText === 'Connected'")
    phone.driver.find_element("name", "viewer").send_keys("maya.viewer", Keys.ENTER)
    until(says(phone, "#people", HOSTILE), "who is meant")
    phone.press("#people button")
    until(says(phone, "#preview", "12 records"), "what would go")
    confirm = phone.driver.find_element("name", "confirm")
    confirm.send_keys("maja.viewer", Keys.ENTER)
    until(says(phone, "#erase-words", "nothing was erased"), "refused")
    assert all(params["do"] != "erase" for params in asked)
    confirm.clear()
    confirm.send_keys("maya.viewer", Keys.ENTER)
    until(says(phone, "#proved", "Nothing of this viewer is left"), "the proof")
    assert asked[-1] == {"viewer": "70123", "do": "erase", "backups": False}
    assert phone.js("window.hurt") is None
    assert phone.complaints() == []
