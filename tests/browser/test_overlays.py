"""Overlays as OBS shows them, and the screen where they are made; an installed page without its server."""

import signal
from collections.abc import Iterator

import pytest

from gateway.messages import QueueItem, QueueState, RulesState, stamp
from tests.browser.phone import DESK, Phone
from tests.records import NOON
from tests.web.peer import Peer, T
from tests.web.process import Page

pytestmark = pytest.mark.needs("mosquitto", "chromium")
KEPT = (
    "caches.keys().then(async ([name]) => "
    "(await (await caches.open(name)).keys()).map((r) => new URL(r.url).pathname))"
)
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture
def desk(browser_on_desk: Phone, page: Page) -> Iterator[Phone]:
    browser_on_desk.complaints()
    yield browser_on_desk
    browser_on_desk.get("about:blank")


@pytest.fixture(scope="module")
def browser_on_desk() -> Iterator[Phone]:
    with Phone(DESK, scale=1.0) as phone:
        yield phone


def say_queue(gateway: Peer, *users: str) -> None:
    waiting = [
        QueueItem(id=f"c{n}", action="beat", user=user, since=stamp(NOON + n), expires_at=stamp(NOON))
        for n, user in enumerate(users)
    ]
    gateway.say(T.station_queue("drum"), QueueState(station="drum", waiting=waiting))


def made(phone: Phone, kind: str) -> str:
    """The address of an overlay made by hand."""
    phone.js(f"document.querySelector('#make [name=kind]').value = '{kind}'")
    phone.js("document.querySelector('#make [name=kind]').dispatchEvent(new Event('change'))")
    phone.driver.find_element("css selector", "#make [name=name]").send_keys(f"{kind} left")
    phone.press("#make button[type=submit]")
    phone.until("!document.querySelector('#fresh').hidden")
    return str(phone.js("document.querySelector('#address').value"))


def test_an_overlay_is_made_seen_and_taken_off_the_stream_again(desk: Phone, page: Page, gateway: Peer) -> None:
    say_queue(gateway, HOSTILE, "Noor")
    desk.get(f"{page.url}/overlays")
    address = made(desk, "queue")
    desk.until("document.querySelectorAll('#preview li').length === 2")
    assert "&title=Next+up" in address
    first = desk.driver.current_window_handle
    desk.driver.switch_to.new_window("tab")
    desk.get(address)
    desk.until("document.querySelectorAll('li').length === 2")
    assert desk.text("h1") == "Next up"
    assert desk.js("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert desk.js("document.querySelectorAll('img, a, button').length") == 0
    assert desk.text("li bdi").startswith("<img src=x"), "a name is a name"
    desk.driver.switch_to.window(first)
    desk.press("#made [data-revoke]")
    desk.press("#sure [value=yes]")
    desk.until("!document.querySelector('#made li')")
    desk.driver.switch_to.window(desk.driver.window_handles[-1])
    desk.until("document.querySelector('#overlay').dataset.blank === ''")
    desk.driver.close()
    desk.driver.switch_to.window(first)
    assert [c for c in desk.complaints() if "403" not in c] == []


def test_an_overlay_goes_blank_with_its_page_and_comes_back_with_it(
    desk: Phone, page: Page, gateway: Peer
) -> None:
    state = RulesState(gateway="pi-1", fingerprint="c0ffee", loaded=stamp(NOON), counters={"hearts": 640.0})
    gateway.say(T.gateway_rules("pi-1"), state)
    desk.get(page.url)
    desk.until("fetch('/api/snapshot').then(a => a.json()).then(s => !!s.rows.rules)")
    desk.get(f"{page.url}/overlays")
    desk.get(made(desk, "goal") + "&target=1000")
    desk.until("document.querySelector('.figure')?.innerText === '640 / 1,000'")
    assert (
        0.63
        < desk.js("document.querySelector('.part').offsetWidth / document.querySelector('.bar').clientWidth")
        < 0.65
    )
    page.stop(signal.SIGKILL)
    desk.until("document.querySelector('#overlay').dataset.blank === ''", 4)
    page.start()
    desk.until("document.querySelector('#overlay').dataset.blank === undefined")


def test_an_installed_page_without_its_server_says_so_and_comes_back_by_itself(desk: Phone, page: Page) -> None:
    desk.get(page.url)
    desk.until("navigator.serviceWorker.ready.then(() => caches.match('/offline')).then(a => a?.ok)")
    kept = desk.js(KEPT)
    assert all(path == "/offline" or path.startswith("/static/") for path in kept), kept
    assert desk.complaints() == []
    page.stop(signal.SIGKILL)
    desk.get(page.url)
    assert "does not reach the page" in desk.text("main")
    assert "since" in desk.text("#since")
    assert desk.js("document.querySelectorAll('#stop').length") == 0, "a button that reaches nothing would lie"
    page.start()
    desk.until("document.querySelector('#link')?.innerText === 'Connected'")


def test_no_other_script_may_become_a_worker(desk: Phone, page: Page) -> None:
    desk.get(page.url)
    said = desk.js("navigator.serviceWorker.register('/static/x.js').then(() => 'taken', (e) => e.name)")
    assert said == "TypeError"
    said = desk.js(
        "(() => { try { trustedTypes.createPolicy('mine', {}); return 'made'; } catch (e) { return e.name; } })()"
    )
    assert said == "TypeError"
