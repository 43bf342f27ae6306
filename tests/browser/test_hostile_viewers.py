"""Viewers whose names, words and gifts are written to hurt: from the platform's wire to every screen."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.demo import venue
from gateway.demo.children import Children
from gateway.messages import AccountState
from gateway.practice.tiktok.acts import Act, Comment, Follow, Gift, Likes, Question, Share, Tap, Viewer
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from tests.broker import Mosquitto, free_port
from tests.browser.phone import PHONE, Phone
from tests.flow.stage import client_running, until
from tests.web.people import pass_for

pytestmark = [pytest.mark.needs("mosquitto", "chromium", "tiktoklive"), pytest.mark.timeout(120)]

HURT = "window.hurt=1"
CORPUS = [
    f"<script>{HURT}</script>",
    f"<img src=x onerror='{HURT}'>",
    f'"><svg/onload={HURT}>',
    f"'-{HURT}-'",
    f"javascript:{HURT}",
    f"<iframe srcdoc='<script>parent.{HURT}</script>'>",
    f"</bdi></li><body onload={HURT}>",
    f"{{{{constructor.constructor('{HURT}')()}}}}",
    f"<style>@import 'javascript:{HURT}';</style>",
    f"\u202e<b onmouseover={HURT}>\u2066",
]
MAIN = "document.querySelector('main').innerText"
INERT = (
    "!document.querySelector('main :is(script, img, iframe, style, b[onmouseover]), svg[onload]') && !window.hurt"
)


def acts() -> list[Act]:
    """Each of the corpus as a name, a comment, a question and a gift."""
    found: list[Act] = []
    for n, bad in enumerate(CORPUS):
        viewer = Viewer(id=6_800_000_000_000_001_000 + n, name=f"viewer.{n}", nickname=bad)
        gift = Gift(90_000 + n, bad, 10 + n)
        found += [Comment(viewer, bad), Question(viewer, bad), Follow(viewer), Share(viewer), Likes(viewer, 5)]
        found.append(Tap(viewer, gift))
    return found


class Evening:
    def __init__(self, url: str, room: Room, way: tuple[str, str]) -> None:
        self.url, self.room, self.way = url, room, way


@pytest.fixture
async def evening(tmp_path: Path) -> AsyncIterator[Evening]:
    """All programs as in a venue; its boards are not plugged in."""
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        tiktok = PracticeTikTok()
        await tiktok.start()
        stack.push_async_callback(tiktok.stop)
        rooms = {name: tiktok.add_room(username) for name, username in venue.ACCOUNTS.items()}
        config = venue.write(
            tmp_path,
            broker={"port": broker.port},
            tiktok={"app_url": tiktok.app_url, "webcast_url": tiktok.webcast_url, "sign_url": tiktok.sign_url},
            web={"port": free_port()},
            ports={name: str(tmp_path / name) for name in venue.STATIONS},
        )
        client = await stack.enter_async_context(client_running(broker))
        children = Children(tmp_path)
        stack.push_async_callback(children.stop)
        for program in ("gateway", "connector", "web"):
            await children.start(program, sys.executable, "-m", "gateway.cli", program)

        def live() -> bool:
            children.check()
            state = client.get(client.topics.account_state("ayu"), AccountState)
            return state is not None and state.phase == "live"

        await until(live, 60)
        settings = config.settings
        name, cookie, _token = pass_for(tmp_path / settings.gateway.data, settings.venue)
        yield Evening(f"http://127.0.0.1:{settings.web.port}", rooms["ayu"], (name, cookie))
        children.check()


def inert(phone: Phone) -> None:
    assert phone.js(INERT), phone.js("location.href")
    assert phone.complaints() == [], phone.js("location.href")


async def test_what_viewers_call_themselves_and_write_is_text_on_every_screen(evening: Evening) -> None:
    def look() -> None:
        with Phone(PHONE) as phone:
            phone.sign_in(evening.url, *evening.way)
            phone.get(evening.url)
            phone.until("document.querySelector('#link').innerText === 'Connected'")
            asyncio.run_coroutine_threadsafe(send(), loop).result(10)
            phone.until("document.querySelectorAll('#feed li').length >= 25", 20)
            phone.until("document.querySelector('#feed').innerText.includes('<b onmouseover')")
            inert(phone)
            phone.get(f"{evening.url}/statistics?account=ayu")
            phone.until(f"{MAIN}.includes('onerror')", 20)
            inert(phone)
            session = phone.js("document.querySelector('#statistics').dataset.id")
            phone.get(f"{evening.url}/sessions/{session}")
            phone.until(f"{MAIN}.includes('onerror') && {MAIN}.includes('<script>')", 20)
            inert(phone)
            for path in ("/sessions", "/rules", "/system"):
                phone.get(evening.url + path)
                phone.until("document.querySelector('#link').innerText === 'Connected'")
                inert(phone)

    async def send() -> None:
        evening.room.send(*acts())

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(look)
