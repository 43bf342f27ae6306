"""The page's process in front of a real gateway with boards: what a thumb presses moves them, or says why not."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.messages import User
from tests.broker import Mosquitto
from tests.browser.phone import PHONE, Phone, says
from tests.browser.test_live_controls import line, press
from tests.flow.stage import BUDI, House, client_running, configure, gateway_running, until, virtual_boards
from tests.web.peer import until as seen
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
RULES = """
rules:
  shine:
    title: A rose lights the lamp
    when: {gift: {name: Rose}}
    then: [{station: lamp, action: blink, params: {ms: 700}}]
    deadline: 60s
  ring:
    when: {button: {name: encore}}
    then: [{station: bell, action: ring}]
    cooldown: 10s
  lost:
    when: {gift: {name: Drum}}
    then: [{station: drumm, action: beat}]
"""
TRIES, TRY_S = 4, 3.0
WIRA = User(id="u-2", name="wira.practice", nickname="Wira")
SARI = User(id="u-3", name="sari.practice", nickname="Sari")
LAMP = "#stations .card:nth-child(3)"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        house = House(broker, boards, client, configure(tmp_path, broker, boards))
        house.rules(RULES)
        yield house


class Thumb:
    """A phone that is used in a thread, so that the gateway's loop goes on."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    async def press(self, where: str, word: str, then: Callable[[], object]) -> None:
        """Press, and look whether ``then`` comes true; a press that a moving line took away is made again."""

        await self._try(lambda: press(self._phone, where, word), then, f"{word} in {where}")

    async def press_labelled(self, label: str, then: Callable[[], object]) -> None:
        """The button with this label, wherever its line stands now: what is held goes to the end."""
        await self._try(lambda: self._phone.press(f"button[aria-label='{label}']"), then, label)

    @staticmethod
    async def _try(push: Callable[[], None], then: Callable[[], object], what: str) -> None:
        def pressed() -> None:
            for _ in range(TRIES):
                push()
                give_up = time.monotonic() + TRY_S
                while time.monotonic() < give_up:
                    if then():
                        return
                    time.sleep(0.02)
            raise AssertionError(f"{what}: pressed {TRIES} times in vain")

        await asyncio.to_thread(pressed)

    def shows(self, selector: str, words: str) -> Callable[[], bool]:
        return says(self._phone, selector, words)

    async def sees(self, selector: str, words: str) -> None:
        """Wait until these words are in sight there."""
        await asyncio.to_thread(seen, says(self._phone, selector, words), f"{selector}: {words}")

    async def complaints(self) -> list[str]:
        return await asyncio.to_thread(self._phone.complaints)


@contextlib.asynccontextmanager
async def thumb_at(house: House, folder: Path) -> AsyncIterator[Thumb]:
    """A thumb on a page in front of the house."""

    def opened(stack: contextlib.ExitStack) -> Phone:
        page = stack.enter_context(Page(house.broker.settings, folder, venue="demo"))
        phone = stack.enter_context(Phone(PHONE))
        phone.get(page.url)
        return phone

    with contextlib.ExitStack() as stack:
        yield Thumb(await asyncio.to_thread(opened, stack))


async def test_what_a_stop_kept_is_given_back_by_a_thumb_and_moves_the_board_once(
    house: House, tmp_path: Path
) -> None:
    c = house.client
    async with gateway_running(house.config), thumb_at(house, tmp_path) as thumb:
        await house.ready()
        for n in range(4):
            c.gift(f"g-{n}")
        await until(lambda: house.edges.rises("lamp") == 1 and c.station("lamp").queue == 3)
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and p.confirmed and c.ledger.total.owed == 4)
        c.reset("t-1")
        await until(lambda: not c.station("lamp").stopped)
        await thumb.sees("#owed", "4 actions paid for and not given.")
        await thumb.sees(line("#owed"), "Budi A rose lights the lamp")
        refused = "Not given: not armed: arm first; what is owed stays owed"
        await thumb.press(line("#owed"), "Give now", thumb.shows(line("#owed"), refused))
        assert house.edges.rises("lamp") == 1

        await thumb.press("#arming", "Arm…", thumb.shows("#arming", "Not now"))
        await thumb.press("#arming", "Arm", thumb.shows("#arming", "Armed"))
        await house.ready()
        await thumb.press(line("#owed"), "Give now", lambda: house.edges.rises("lamp") == 2)
        await thumb.sees("#owed", "3 actions paid for and not given.")
        await thumb.press(line("#owed", 3), "Forgive…", thumb.shows(line("#owed", 3), "Keep"))
        await thumb.press(line("#owed", 3), "Forgive", lambda: c.ledger.total.cancelled == 1)
        await thumb.sees("#owed", "2 actions paid for and not given.")
        await thumb.press("#owed", "Give all…", thumb.shows("#owed", "Give all 2"))
        await thumb.press("#owed", "Give all 2", lambda: house.edges.rises("lamp") == 4)
        await until(lambda: c.ledger.total.done == 3)
        await thumb.sees("#ledger", "Received 4 = 3 done + 1 cancelled")
        await thumb.sees("#ledger", "The ledger adds up")
        assert all("409" in words for words in await thumb.complaints())


async def test_a_queue_is_paused_held_and_skipped_by_a_thumb(house: House, tmp_path: Path) -> None:
    c = house.client
    async with gateway_running(house.config), thumb_at(house, tmp_path) as thumb:
        await house.ready()
        await thumb.press(LAMP, "Pause", thumb.shows(LAMP, "Resume"))
        for n, user in enumerate((BUDI, WIRA, SARI)):
            c.gift(f"g-{n}", user=user)
        await thumb.sees(line(LAMP, 3), "Sari blink")
        await thumb.press_labelled("Hold: blink, Budi", thumb.shows(f"{LAMP} .fold li[data-held]", "Budi blink"))
        await thumb.press_labelled("Skip: blink, Sari", lambda: "cancelled" in c.of("g-2"))
        assert house.edges.rises("lamp") == 0, "paused is paused"
        await thumb.press("#queues", "Resume all", lambda: "done" in c.of("g-1"))
        assert house.edges.rises("lamp") == 1, "what is held waits, whoever came before"
        await thumb.press_labelled("Let go: blink, Budi", lambda: "done" in c.of("g-0"))
        assert house.edges.rises("lamp") == 2
        await thumb.sees(LAMP, "2 cycles")


async def test_a_button_rings_the_bell_or_says_why_not_and_a_broken_rule_is_shown(
    house: House, tmp_path: Path
) -> None:
    async with gateway_running(house.config), thumb_at(house, tmp_path) as thumb:
        await house.ready()
        await thumb.sees("#banners", "1 part of the rules does not run.")
        await thumb.sees("#banners", "rules.yaml:14")
        await thumb.sees("#banners", "drumm")
        await thumb.press("#buttons", "encore", thumb.shows("#buttons", "Fired: ring."))
        await until(lambda: house.edges.rises("bell") == 1)
        await thumb.press("#buttons", "encore", thumb.shows("#buttons", "encore: nothing fired: "))
        assert house.edges.rises("bell") == 1
