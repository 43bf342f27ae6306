"""Settings changed by hand on a phone: a real gateway keeps the file, and comes back with it."""

import os
from collections.abc import Iterator

import pytest
from selenium.webdriver.support.select import Select

from tests.browser.phone import DESK, Phone, says
from tests.web.hall import Hall, hall
from tests.web.peer import until

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(150)]
LAMP = '[data-block=\'["stations", "cannon", "channels", "lamp"]\']'
SIREN = '[data-block=\'["stations","cannon","channels","siren"]\']'
SCREENS = "/settings", "/settings/file", "/stations/cannon/wiring", "/accounts"
CONNECTED = "document.querySelector('#link').innerText === 'Connected'"
UNLABELLED = (
    "[...document.querySelectorAll('main :is(input, select, textarea)')].filter((e) => "
    "!e.labels.length && !e.getAttribute('aria-labelledby')).length"
)


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("hall")) as made, made.page():
        yield made


def field(block: str, name: str) -> str:
    """The field of this name in an entry."""
    return f"{block} [data-path$='\"{name}\"]']"


def choose(phone: Phone, selector: str, value: str) -> None:
    Select(phone.driver.find_element("css selector", f"{selector} select")).select_by_value(value)


def write(phone: Phone, selector: str, words: str) -> None:
    box = phone.driver.find_element("css selector", f"{selector} input, {selector}:is(input)")
    box.clear()
    box.send_keys(words)


def test_a_wrong_pin_is_told_at_its_field_mended_saved_and_in_force_after_a_restart(
    browser: Phone, venue: Hall
) -> None:
    phone, saved = browser, venue.text
    phone.get(f"{venue.url}/stations/cannon/wiring")
    phone.until(CONNECTED)
    phone.press(f"{LAMP} > summary")
    pins = phone.text(f"{field(LAMP, 'pin')} select").split("\n")
    assert {"5 · taken by shot", "6", "14 · A0"} <= {pin.strip() for pin in pins}
    choose(phone, field(LAMP, "kind"), "pwm")
    choose(phone, field(LAMP, "pin"), "7")
    assert "7 · not for pwm" in phone.text(f"{field(LAMP, 'pin')} select")
    assert phone.text("#counted") == "2 changes, not saved"
    phone.press("#save")
    until(says(phone, f"{field(LAMP, 'pin')} .mistake", "pin 7 of an Uno or Nano cannot do pwm"), "told there")
    assert venue.path.read_text() == saved
    assert phone.js("document.activeElement.matches('[data-pins]')")

    choose(phone, field(LAMP, "pin"), "9")
    write(phone, "input.new", "siren")
    phone.press(".add")
    choose(phone, field(SIREN, "kind"), "tone")
    choose(phone, field(SIREN, "pin"), "8")
    write(phone, field(SIREN, "hz"), "880")
    venue.path.write_text(saved.replace("max_on: 500ms", "max_on: 400ms"))  # somebody else, meanwhile
    phone.press("#save")
    until(says(phone, "#trouble", "Somebody changed the settings meanwhile"), "the other one is told")
    shot = phone.js("[...document.querySelectorAll('.theirs:not([hidden])')].map((p) => p.innerText)")
    assert shot == ["Somebody else wrote 400ms here."]
    assert phone.js(f"document.querySelector({field(SIREN, 'hz') + ' input'!r}).value") == "880"
    phone.press("#save")
    until(lambda: phone.js("!!document.querySelector('#restart')"), "saved")
    text = venue.path.read_text()
    assert text == saved.replace("max_on: 500ms", "max_on: 400ms").replace(
        "lamp: {kind: level, pin: 6}\n",
        "lamp: {kind: pwm, pin: 9}\n      siren: {kind: tone, pin: 8, hz: 880}\n",
    )
    assert "# the valve" in text

    phone.until(CONNECTED)
    phone.press("[data-restart='gateway']")
    until(
        says(phone, "#restart .told", "The gateway is back, with the new settings. Machines are disarmed"),
        "back",
        20,
    )
    phone.get(f"{venue.url}/stations/cannon/wiring")
    assert not phone.js("!!document.querySelector('#restart')")
    phone.press(f"{SIREN.replace(',', ', ')} > summary")
    phone.press(f"{SIREN.replace(',', ', ')} .remove")
    phone.press("#save")
    phone.until("!!document.querySelector('#restart')")
    assert "siren" not in venue.path.read_text()
    assert [c for c in phone.complaints() if "409" not in c] == []


def test_the_page_restarts_itself_with_its_new_settings(browser: Phone, venue: Hall) -> None:
    phone = browser
    phone.get(f"{venue.url}/settings")
    phone.until(CONNECTED)
    phone.press('details:has([data-path=\'["web", "hosts"]\']) > summary')
    write(phone, '[data-path=\'["web", "hosts"]\']', "stage.example, hall.example")
    phone.press("#save")
    until(lambda: phone.js("!!document.querySelector('[data-restart=page]')"), "saved")
    assert "hosts: [stage.example, hall.example]" in venue.path.read_text()
    phone.until(CONNECTED)
    phone.press("[data-restart='page']")
    until(says(phone, "#restart .told", "The page is back"), "back", 20)
    os.kill(venue.pid, 0)
    phone.get(f"{venue.url}/settings")
    phone.until(CONNECTED)
    assert not phone.js("!!document.querySelector('[data-restart=page]')")
    phone.complaints()


def test_everybody_can_read_and_reach_the_settings(browser: Phone, venue: Hall) -> None:
    with Phone(DESK, dark=True) as desk:
        for window in (browser, desk):
            for screen in SCREENS:
                window.get(venue.url + screen)
                window.until(CONNECTED)
                window.js("document.querySelectorAll('details').forEach((d) => (d.open = true))")
                assert window.audit() == [], screen
                assert window.js(UNLABELLED) == 0, screen
                assert window.js("document.documentElement.scrollWidth <= innerWidth"), screen
            assert window.complaints() == []
