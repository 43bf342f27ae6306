"""A rule is built by hand on a phone, and a board moves: a real broker, gateway, page and browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from selenium.webdriver.support.select import Select

from tests.broker import Mosquitto
from tests.browser.phone import Phone, says
from tests.flow.stage import (
    GatewayProcess,
    House,
    client_running,
    configure,
    until,
    virtual_boards,
)
from tests.web.peer import until as seen
from tests.web.process import Page

pytestmark = [
    pytest.mark.needs("mosquitto", "chromium"),
    pytest.mark.timeout(120),
]
RULES = """\
# The hall's rules.
rules:
  # What the crowd asks for.
  show:
    title: A show   # the long one
    when: {sequence: {within: 30s, steps: [{comment: {exact: ready}}, {gift: {name: Lion, pay: end}}]}}
    if:
      any:
        - {moderator: true}
        - {follower: true, fan_level: 5}
        - hours: {from: "18:00", to: "02:00", days: [fri, sat]}
    then:
      - {announce: "Here we go, {user}"}   # hello
      # louder
      - parallel:
          - [{station: cannon, action: fire}, {wait: 2s}]
          - [{station: bell, action: ring, params: {ms: "coins * 10"}}]
      - choose:
          - {weight: 1, steps: [{station: bell, action: ring}]}
          - {weight: 3}
      - {wait: done}
    else: [{announce: "Not now"}]
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        house = House(broker, boards, client, configure(tmp_path, broker, boards))
        house.rules(RULES)
        yield house


def write(phone: Phone, selector: str, text: str) -> None:
    phone.press(selector)
    phone.driver.find_element("css selector", selector).send_keys(text)


def choose(phone: Phone, selector: str, value: str) -> None:
    Select(phone.driver.find_element("css selector", selector)).select_by_value(value)


def build(phone: Phone, page: Page) -> None:
    """From the list of rules to a saved one: a rose, the lamp, 70 ms."""
    phone.get(f"{page.url}/rules/new")
    phone.until("document.querySelector('#link').innerText === 'Connected'")
    phone.press("#save")
    seen(says(phone, "#form", "This is still empty"), "it is told what is missing")
    assert phone.js("document.activeElement.id") == "f-name"
    write(phone, "#f-name", "Rose lamp")
    write(phone, "#f-when-gift-name", "Rose")
    phone.until("document.querySelector('#f-then-0-station').tagName === 'SELECT'")  # it has heard of stations
    choose(phone, "#f-then-0-station", "lamp")
    write(phone, "#f-then-0-params-ms", "70")
    phone.press("[aria-label^='Add a step']")
    choose(phone, "#f-then-1", "announce")
    write(phone, "#f-then-1-announce", "Thank you, {user}")
    phone.press("[aria-label='Step 2: move up']")
    seen(says(phone, "#sentence", "announce “Thank you, {user}”, then blink lamp for 70 ms."), "its sentence")
    assert phone.js("document.querySelectorAll('#form .mistake').length") == 0
    phone.press("#save")
    seen(says(phone, "#told", "In force"), "it is saved")
    assert phone.js("location.pathname") == "/rules/rose-lamp/edit"
    assert "kind=gift&name=Rose" in phone.js("document.querySelector('#try').href")
    assert not [words for words in phone.complaints() if " 409 " not in words]


def look(phone: Phone, page: Page) -> None:
    """A rule that has much of what there is: the form shows it, and changes nothing by that."""
    phone.get(f"{page.url}/rules/show/edit")
    seen(says(phone, "#state", "As it is in the file"), "nobody has changed anything")
    assert phone.js("document.querySelectorAll('.kept').length") == 0
    twice = "[...document.querySelectorAll('[id]')].map((n) => n.id).filter((id, i, all) => all.indexOf(id) !== i)"
    assert phone.js(twice) == []
    assert phone.audit() == []


async def test_a_rule_built_by_hand_moves_a_board_with_the_next_gift(house: House, browser: Phone) -> None:
    folder, c = house.config.base_dir, house.client
    with GatewayProcess(house.config):
        await house.ready()
        c.gift("g-0", "Rose")
        page = await asyncio.to_thread(Page, house.broker.settings, folder, data=folder / "data", venue="demo")
        with page:
            await asyncio.to_thread(build, browser, page)
            assert house.edges.rises("lamp") == 0
            c.gift("g-1", "Rose")
            await until(lambda: house.edges.rises("lamp") == 1)
            await until(lambda: not house.edges.on("lamp"))
            await until(lambda: "done" in c.of("g-1"))
            assert [said.text for said in c.said] == ["Thank you, Budi"]
            await asyncio.to_thread(look, browser, page)
    assert (folder / "rules.yaml").read_text() == RULES + (
        "  rose-lamp:\n"
        "    when: {gift: {name: Rose}}\n"
        "    then:\n"
        '      - {announce: "Thank you, {user}"}\n'
        "      - {station: lamp, action: blink, params: {ms: 70}}\n"
    )
