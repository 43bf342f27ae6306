"""A technician with a phone before a machine: a real gateway, its boards on ptys, and every press answered."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.browser.phone import Phone
from tests.flow.stage import House, client_running, configure, gateway_running, until, virtual_boards
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
SHOT, BUTTON = 5, 2
FIRE, CHANNEL = "#actions .card:nth-child(1)", "#outputs .card:nth-child(1)"
DRY, TEST, GO = ".acts button:nth-of-type(1)", ".acts button:nth-of-type(2)", ".acts .go"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        yield House(broker, boards, client, configure(tmp_path, broker, boards))


def sees(phone: Phone, selector: str, words: str) -> None:
    phone.until(f"document.querySelector({selector!r})?.innerText.includes({words!r})")


def tries(phone: Phone, page: Page) -> None:
    phone.get(f"{page.url}/stations")
    phone.until("document.querySelectorAll('#stations .card').length === 3")
    sees(phone, "#stations .card:nth-child(2)", "Confetti cannon")
    assert phone.audit() == []
    phone.press("#stations .card:nth-child(2) a")
    sees(phone, FIRE, "On for 150 ms")
    sees(phone, "#now", "Ready")
    assert "not heard yet" in phone.text("#inputs")

    phone.press(f"{FIRE} {DRY}")
    sees(phone, FIRE, "This would happen: shot on for 150 ms. Nothing was moved.")
    phone.press(f"{FIRE} summary")
    phone.js("(document.querySelector('#actions input[name=ms]').value = '900', null)")
    phone.press(f"{FIRE} {TEST}")
    assert phone.js("document.querySelector('#actions input:invalid').name") == "ms"
    assert not phone.js(f"!!document.querySelector('{FIRE} .question')")
    phone.js("(document.querySelector('#actions input[name=ms]').value = '60', null)")
    phone.press(f"{FIRE} {TEST}")
    sees(phone, FIRE, "Confetti cannon moves now: fire. Is everyone clear?")
    phone.press(f"{FIRE} {GO}")
    sees(phone, f"{FIRE} .told", "done")
    sees(phone, "#last", "fire")

    phone.press(f"{CHANNEL} {TEST}")
    sees(phone, CHANNEL, "Confetti cannon moves now: shot. Is everyone clear?")
    phone.press(f"{CHANNEL} {GO}")
    sees(phone, f"{CHANNEL} .told", "done")
    sees(phone, CHANNEL, "on 2 times")
    phone.press("#ping")
    sees(phone, "#ping-words", "Yes, within ")
    assert phone.audit() == []
    assert phone.complaints() == []


def is_lost(phone: Phone) -> None:
    began = time.monotonic()
    sees(phone, "#banners", "was lost")
    assert time.monotonic() - began < 3
    sees(phone, "#why-not", "Nothing can be tried now. Gateway gateway was lost")
    assert not phone.js("document.querySelectorAll('.try button').length")


async def test_a_machine_is_tried_from_a_phone_and_every_answer_is_true(
    house: House, tmp_path: Path, browser: Phone
) -> None:
    page = await asyncio.to_thread(Page, house.broker.settings, tmp_path, tmp_path / "data", venue="demo")
    try:
        async with gateway_running(house.config) as gateway:
            await house.ready()
            await until(lambda: not gateway._dispatcher._permission.held)
            await asyncio.to_thread(tries, browser, page)
            assert house.edges.rises("cannon") == 2
            for level, words in ((False, "button inactive"), (True, "button active")):
                house.boards["cannon"].set_input(BUTTON, level)
                await asyncio.to_thread(sees, browser, "#inputs", words)
            house.client.arm(False)
            await asyncio.to_thread(
                sees, browser, "#why-not", "Machines are disarmed: arm them on the live screen."
            )
            assert await asyncio.to_thread(browser.js, f"document.querySelector('{FIRE} {TEST}').disabled")
            house.boards["cannon"].unplug()
            await asyncio.to_thread(sees, browser, "#now .fault", "is gone (unplugged)")
            assert house.edges.rises("cannon") == 2
        await asyncio.to_thread(is_lost, browser)
    finally:
        await asyncio.to_thread(browser.get, "about:blank")
        page.stop()
