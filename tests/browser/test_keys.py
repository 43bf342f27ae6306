"""A desk: keys, panes, tabs, filters, day and night; and rows that keep still under a thumb."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from gateway.messages import AccountState, QueueItem, QueueState, stamp
from tests.browser.phone import DESK, Phone
from tests.records import NOON
from tests.web import scene
from tests.web.peer import Peer, T, until
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
BLUE = "getComputedStyle(document.documentElement).getPropertyValue('--bg').trim()"
FEED = "[...document.querySelectorAll('#feed li')].map((line) => line.dataset.kind)"
SIDE = "document.querySelector('.splitter').getAttribute('aria-valuenow')"


@pytest.fixture(scope="module")
def at_desk() -> Iterator[Phone]:
    with Phone(DESK, scale=1.0) as phone:
        yield phone


@pytest.fixture
def desk(at_desk: Phone, page: Page) -> Iterator[Phone]:
    opened(at_desk, page)
    yield at_desk
    at_desk.get("about:blank")


def opened(phone: Phone, page: Page, path: str = "/") -> None:
    """With its extras, which come after all else."""
    phone.get(page.url + path)
    phone.until(
        "!document.querySelector('#keys').hidden && document.querySelector('#link').innerText === 'Connected'"
    )


def strokes(phone: Phone, *keys: str) -> None:
    ActionChains(phone.driver).send_keys(*keys).perform()


def big_s(phone: Phone, times: int) -> None:
    chain = ActionChains(phone.driver).key_down(Keys.SHIFT)
    for _ in range(times):
        chain = chain.send_keys("s")
    chain.key_up(Keys.SHIFT).perform()


def test_the_keyboard_stops_with_two_strokes_and_never_from_a_field(desk: Phone, gateway: Peer) -> None:
    strokes(desk, "/")
    assert desk.js("document.activeElement.name") == "words"
    big_s(desk, 3)
    strokes(desk, "g", "h", "?")
    assert desk.js("document.activeElement.value") == "SSSgh?"
    assert desk.js("document.querySelector('dialog')") is None
    desk.js("document.activeElement.blur()")
    big_s(desk, 1)
    desk.until("document.querySelector('#say').textContent.includes('once more')")
    assert gateway.of(T.estop_trip) == []
    big_s(desk, 2)
    until(lambda: gateway.of(T.estop_trip), "the stop is sent")


def test_keys_lead_to_screens_and_say_what_they_are(desk: Phone, page: Page) -> None:
    strokes(desk, "?")
    desk.until("document.querySelector('dialog[open]')")
    assert "Shift+S" in desk.text("dialog")
    assert "History" in desk.text("dialog")
    assert desk.audit() == []
    assert desk.js(
        "((r) => document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2).closest('#stop') !== null)"
        "(document.querySelector('#stop').getBoundingClientRect())"
    ), "what is shown over a screen never stands between a thumb and the stop"
    strokes(desk, Keys.ESCAPE)
    desk.until("!document.querySelector('dialog')")
    strokes(desk, "g", "h")
    desk.until("location.pathname === '/sessions'")
    opened(desk, page, "/sessions")
    strokes(desk, "g", "l")
    desk.until("location.pathname === '/'")


def test_a_border_is_moved_by_keys_and_stays_where_it_was_left(desk: Phone, page: Page) -> None:
    before = int(desk.js(SIDE))
    desk.js("document.querySelector('.splitter').focus()")
    strokes(desk, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    wide = int(desk.js(SIDE))
    assert wide > before
    assert desk.js("document.querySelector('.desk').offsetWidth") == wide
    opened(desk, page)
    assert int(desk.js(SIDE)) == wide
    bar = desk.driver.find_element("css selector", ".splitter")
    ActionChains(desk.driver).drag_and_drop_by_offset(bar, 60, 0).perform()
    assert int(desk.js(SIDE)) < wide


def test_one_account_and_one_kind_are_seen_and_remembered(desk: Phone, page: Page, gateway: Peer) -> None:
    scene.play(gateway)
    desk.until(f"{FEED}.includes('gift')")
    gateway.say(
        T.account_state("club"),
        AccountState(account="club", username="club_night", phase="live", since=stamp(NOON)),
    )
    desk.until("document.querySelector('#tabs').innerText.match(/Live/g)?.length === 2")
    desk.press("#tabs button:nth-child(2)")
    desk.until("document.querySelector('#tabs [aria-pressed=true]').innerText.includes('@club_night')")
    desk.until("document.querySelectorAll('#accounts .card').length === 1")
    desk.until(f"{FEED}.filter(Boolean).length === 0")
    desk.press("#tabs button:nth-child(3)")
    desk.until(f"{FEED}.filter(Boolean).length > 3")
    desk.js("document.querySelector('#filter [name=kind]').value = 'gift'")
    desk.js("document.querySelector('#filter [name=kind]').dispatchEvent(new Event('change'))")
    desk.until(f"{FEED}.every((kind) => kind === 'gift') && {FEED}.length === 2")
    desk.driver.find_element("css selector", "#filter [name=words]").send_keys("liên")
    desk.until(f"{FEED}.length === 1")
    opened(desk, page)
    desk.until(f"{FEED}.length === 2")
    desk.js("localStorage.clear()")


def test_night_is_chosen_and_is_there_from_the_first_moment(desk: Phone, page: Page) -> None:
    day = desk.js(BLUE)
    desk.press("[data-look=dark]")
    night = desk.js(BLUE)
    assert night != day
    opened(desk, page)
    assert desk.js("document.querySelector('#dark').media") == "all", "said by the server"
    assert desk.js(BLUE) == night
    assert desk.audit() == []
    desk.press("[data-look=auto]")
    assert desk.js(BLUE) == day


def test_rows_keep_still_for_a_moment_after_a_thumb_was_there(desk: Phone, gateway: Peer) -> None:
    def say(*users: str) -> None:
        waiting = [
            QueueItem(id=f"c-{user}", action="beat", user=user, since=stamp(NOON), expires_at=stamp(NOON))
            for user in users
        ]
        gateway.say(T.station_queue("drum"), QueueState(station="drum", waiting=waiting))

    order = "[...document.querySelectorAll('.fold li b')].map((who) => who.innerText).join(' ')"
    say("Noor", "Budi", "Dewi")
    desk.until(f"{order} === 'Noor Budi Dewi'")
    desk.js("document.querySelector('.fold li').dispatchEvent(new Event('pointerdown', {bubbles: true}))")
    say("Budi", "Dewi", "Noor")
    desk.until("document.querySelector('.fold li:nth-child(2) .state').innerText.includes('Next')")
    assert desk.js(order) == "Noor Budi Dewi"
    desk.until(f"{order} === 'Budi Dewi Noor'")
