"""Past sessions in a real browser: the page's own process on a data folder that archive and journal wrote."""

import asyncio
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from gateway.messages import SessionSummary
from tests.broker import Mosquitto
from tests.browser.phone import DESK, PHONE, Phone, says
from tests.web import scene
from tests.web.evenings import ZONE, long, two_evenings
from tests.web.peer import Peer, T, until
from tests.web.process import Page

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
PLOTTED = "document.querySelectorAll('#plots canvas').length === 4"
ALL_SHOWN = (
    f"{PLOTTED} && document.querySelector('#became meter') && document.querySelector('#rise .said') && "
    "document.querySelector('#events li')"
)
FOCUSED = """(() => {
  const e = document.activeElement;
  const unseen = e.matches(":focus-visible") && getComputedStyle(e).outlineStyle === "none";
  return (e.id || e.name || e.dataset.interval || e.className || e.tagName) + (unseen ? " (unseen)" : "");
})()"""
LABELLED = "[...document.querySelectorAll('input:not([type=hidden]), select')].every((e) => e.labels.length)"
SCREENS = "/", "/sessions", "/sessions/{a}", "/sessions/compare?a={b}&b={a}"


class Hall:
    """A venue with its page, and two evenings behind it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.broker = Mosquitto(folder)
        self.page: Page
        self.peer: Peer
        friday, saturday = asyncio.run(two_evenings(self.data))
        self.friday, self.saturday = friday.summary, saturday.summary

    def address(self, screen: str) -> str:
        return self.page.url + screen.format(a=self.saturday.id, b=self.friday.id)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("hall")
    hall = Hall(folder)
    with hall.broker as broker:
        peer = Peer(broker.settings)
        scene.open_gateway(peer)
        scene.open_accounts(peer)
        hall.peer = peer
        with Page(broker.settings, folder, hall.data, ZONE) as hall.page:
            yield hall
        peer.close()


@pytest.fixture
def phone(browser: Phone) -> Iterator[Phone]:
    yield browser
    assert browser.complaints() == []
    browser.get("about:blank")


@pytest.fixture
def saturday(phone: Phone, hall: Hall) -> SessionSummary:
    """Its screen is open."""
    phone.get(hall.address("/sessions/{a}"))
    phone.until(ALL_SHOWN)
    return hall.saturday


def plotted(phone: Phone) -> Any:
    """How many pixels of each plot differ from its ground, so that an empty one is known."""
    return phone.js(
        "[...document.querySelectorAll('#plots canvas')].map((c) => { const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) "
        "if (d[i]) n++; return n; })"
    )


def test_from_the_live_screen_to_a_session_and_back(phone: Phone, hall: Hall) -> None:
    phone.get(hall.page.url)
    phone.until("document.querySelectorAll('#stations .card').length === 3")
    phone.press(".ways a[href='/sessions']")
    phone.until("document.querySelectorAll('.session').length === 3")
    assert "12 min not heard" in phone.text(".sessions")
    phone.press(f".session a[href='/sessions/{hall.saturday.id}']")
    phone.until(ALL_SHOWN)
    assert phone.text(".reviewing").startswith("Reviewing")
    assert "Sat 21 Nov 2026, 19:00" in phone.text(".reviewing")
    phone.press(".reviewing a")
    phone.until("document.querySelectorAll('#stations .card').length === 3")


def test_the_banner_stays_in_sight_however_far_one_scrolls(phone: Phone, saturday: SessionSummary) -> None:
    phone.js("window.scrollTo(0, document.body.scrollHeight)")
    box = "document.querySelector('.reviewing').getBoundingClientRect()"
    until(lambda: phone.js(f"scrollY > 500 && {box}.top >= 0 && {box}.bottom < 160"), "banner in sight")
    assert phone.js(f"document.elementFromPoint(60, {box}.top + 20).closest('.reviewing') !== null")


def test_the_stop_works_on_a_session_under_review(phone: Phone, hall: Hall, saturday: SessionSummary) -> None:
    before = len(hall.peer.of(T.estop_trip))
    phone.press("#stop")
    until(lambda: len(hall.peer.of(T.estop_trip)) > before, "the trip")
    until(says(phone, "#proof", "Stopping"), "said on this screen")
    hall.peer.say(T.estop_trip, b"")
    until(lambda: phone.js("document.querySelector('#proof').hidden"), "the stop is over")


def test_every_interval_is_plotted_and_the_table_has_the_same_numbers(
    phone: Phone, saturday: SessionSummary
) -> None:
    for seconds, rows in ((10, 577), (60, 97), (300, 20), (3600, 2)):
        phone.press(f"#intervals [data-interval='{seconds}']")
        phone.until(f"document.querySelectorAll('#numbers tbody tr').length === {rows}")
        assert phone.js(f"document.querySelector('[data-interval=\"{seconds}\"]').ariaPressed") == "true"
        assert min(plotted(phone)) > 500, "all four have something in them"
        coins = phone.js(
            "[...document.querySelectorAll('#numbers tbody tr')]"
            ".map((r) => Number(r.cells[4].textContent.replaceAll(',', ''))).reduce((a, b) => a + b)"
        )
        assert coins == saturday.coins
    phone.press("#numbers summary")
    until(says(phone, "#numbers", "12 min"), "the gap in words")


def test_what_was_not_heard_is_a_hole_in_the_line(phone: Phone, saturday: SessionSummary) -> None:
    phone.press("#intervals [data-interval='60']")
    phone.until("document.querySelectorAll('#numbers tbody tr').length === 97")
    row = "[...document.querySelectorAll('#numbers tbody tr')].find((r) => r.cells[0].textContent === '19:45:00')"
    assert phone.js(f"{row}.cells[1].textContent") == "–"
    assert phone.js(f"{row}.cells[11].textContent") == "1 min"
    assert "Hatched: TikTok was not heard" in phone.text("#plot-words")
    middle, left = phone.driver.find_element("css selector", ".u-over"), 60
    ActionChains(phone.driver).move_to_element(middle).perform()
    until(says(phone, "#plot-words", " · not heard"), "under the pointer is the hole")
    ActionChains(phone.driver).move_to_element_with_offset(middle, -left, 0).perform()
    until(lambda: re.match(r"\d\d:\d\d:\d\d · \d+ viewers, peak", phone.text("#plot-words")), "and numbers")


def test_events_are_filtered_searched_and_continued(phone: Phone, saturday: SessionSummary) -> None:
    lines = "document.querySelectorAll('#events li').length"
    assert phone.js(lines) == 50
    phone.press("#more")
    phone.until(f"{lines} === 100")
    Select(phone.driver.find_element("name", "kind")).select_by_value("gift")
    phone.until(f"{lines} === 28")
    assert "28 lines, and no more." in phone.text("#events-words")
    assert phone.js("[...document.querySelectorAll('#events li')].every((l) => l.dataset.kind === 'gift')")
    field = phone.driver.find_element("name", "text")
    field.send_keys("lien", Keys.ENTER)
    phone.until(f"{lines} > 0 && {lines} < 28")
    assert phone.js("[...document.querySelectorAll('#events b')].every((b) => b.textContent === 'Liên')")
    field.clear()
    field.send_keys("nobody wrote this", Keys.ENTER)
    until(says(phone, "#events-words", "Nothing found."), "said in words")
    field.clear()
    Select(phone.driver.find_element("name", "kind")).select_by_value("action")
    until(says(phone, "#events", "expired"), "what became of actions")
    assert "20:36" not in phone.text("#events .when")


def test_hostile_names_stay_text_on_every_screen(phone: Phone, hall: Hall) -> None:
    for screen in SCREENS[2:]:
        phone.get(hall.address(screen))
        if screen == SCREENS[2]:
            phone.until(ALL_SHOWN)
        assert "<img src=x" in phone.text(".main")
        assert phone.js("document.querySelectorAll('main img, main script').length") == 0
        assert phone.js("window.hurt ?? null") is None


def test_two_sessions_are_chosen_and_compared(phone: Phone, hall: Hall, saturday: SessionSummary) -> None:
    chosen = phone.js("document.querySelector('[name=b]').value")
    assert chosen == hall.friday.id, "the one before it is offered first"
    phone.press("#h-compare ~ form button")
    phone.until("document.querySelector('.compare')")
    assert "−912" in phone.text(".compare")


def exported(phone: Phone) -> str:
    until(lambda: phone.js("document.querySelector('#exporting')?.dataset.state") == "done", "the export", 30)
    address: str = phone.js("document.querySelector('#export-file').href")
    return address


def fetched(phone: Phone, address: str) -> list[int]:
    """The first bytes, as the browser gets them."""
    return phone.driver.execute_async_script(  # type: ignore[no-any-return]  # selenium's
        "const done = arguments[1]; fetch(arguments[0]).then((a) => a.arrayBuffer())"
        ".then((b) => done([...new Uint8Array(b.slice(0, 4)), b.byteLength]))",
        address,
    )


def test_a_session_is_exported_as_a_workbook_with_the_keyboard_alone(
    phone: Phone, hall: Hall, saturday: SessionSummary
) -> None:
    phone.js("document.querySelector('#export select').focus()")
    active = phone.driver.switch_to.active_element
    active.send_keys(Keys.TAB)
    phone.driver.switch_to.active_element.send_keys(Keys.SPACE)
    assert phone.js("document.querySelector('#export [name=rows]').checked")
    phone.driver.switch_to.active_element.send_keys(Keys.TAB)
    phone.driver.switch_to.active_element.send_keys(Keys.ENTER)
    *start, size = fetched(phone, exported(phone))
    assert bytes(start) == b"PK\x03\x04"
    assert size > 5000
    assert "Ready: hall-" in phone.text("#export-words")
    assert re.search(r"events \d{3}, actions 28", phone.text("#export-words"))
    (file,) = (hall.data / "exports").glob("*.xlsx")
    assert zipfile.is_zipfile(file)
    file.unlink()


def test_everything_can_be_reached_with_the_keyboard_and_the_focus_is_seen(
    phone: Phone, saturday: SessionSummary
) -> None:
    phone.js("document.activeElement.blur()")
    seen: list[str] = []
    for _ in range(80):
        phone.driver.switch_to.active_element.send_keys(Keys.TAB)
        at = str(phone.js(FOCUSED))
        seen.append(at)
        if at == "stop":
            break
    assert [name for name in seen if "unseen" in name] == []
    assert seen[0] == "skip"
    for name in ("60", "by", "kind", "text", "more", "format", "b", "stop"):
        assert name in seen, (name, seen)


@pytest.fixture(scope="module")
def much(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("much")
    asyncio.run(long(data, 40_000))
    return data


def test_an_export_shows_how_far_it_is_and_is_cancelled(
    browser: Phone, hall: Hall, much: Path, tmp_path: Path
) -> None:
    with Page(hall.broker.settings, tmp_path, much, ZONE) as page:
        browser.get(f"{page.url}/sessions")
        browser.press("#export .tick")
        browser.press("#export button")
        until(lambda: browser.js("document.querySelector('#export-progress').value > 0"), "the bar moves")
        assert "Exporting…" in browser.text("#export-words")
        browser.press("#export-cancel")
        until(says(browser, "#export-words", "Cancelled: nothing of it is left."), "said")
        assert list((much / "exports").iterdir()) == []
        assert browser.js("document.querySelector('#export-progress').hidden")
        browser.press("#export button")
        until(lambda: browser.js("document.querySelector('#export-progress').value > 0"), "the bar moves again")
        browser.get(f"{page.url}/sessions")
        until(lambda: browser.js("!document.querySelector('#exporting').hidden"), "a loaded screen follows it")
        *_start, size = fetched(browser, exported(browser))
        assert size > 500_000
        assert browser.complaints() == []


@pytest.mark.parametrize(("size", "dark"), [(PHONE, True), (DESK, False)], ids=["phone, dark", "desk, light"])
def test_everyone_can_read_and_reach_everything(hall: Hall, size: tuple[int, int], dark: bool) -> None:
    with Phone(size, dark=dark) as phone:
        for screen in (*SCREENS, "/sessions?practice=1", "/sessions?from=yesternight", "/sessions?account=x"):
            phone.get(hall.address(screen))
            phone.until("document.querySelector('#link').innerText === 'Connected'")
            if screen == SCREENS[2]:
                phone.until(ALL_SHOWN)
                phone.press("#numbers summary")
            assert phone.audit() == [], screen
            names = (
                "[...document.querySelectorAll('input:not([type=hidden]), select')].every((e) => e.labels.length)"
            )
            assert phone.js(names), screen
            assert phone.js("document.querySelector('#stop').getBoundingClientRect().bottom <= innerHeight")
