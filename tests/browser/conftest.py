"""A page in front of a small venue that the test plays, and a phone that looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker import Mosquitto
from tests.browser.phone import PHONE, Phone
from tests.web import scene
from tests.web.peer import Peer
from tests.web.process import Page


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as mosquitto:
        yield mosquitto


@pytest.fixture
def gateway(broker: Mosquitto) -> Iterator[Peer]:
    peer = Peer(broker.settings)
    scene.open_gateway(peer)
    scene.open_accounts(peer)
    yield peer
    peer.close()


@pytest.fixture
def page(broker: Mosquitto, gateway: Peer, tmp_path: Path) -> Iterator[Page]:
    with Page(broker.settings, tmp_path) as page:
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Phone]:
    with Phone(PHONE) as phone:
        yield phone


@pytest.fixture
def phone(browser: Phone, page: Page) -> Iterator[Phone]:
    browser.get(page.url)
    browser.until("document.querySelectorAll('#stations .card').length === 3")
    browser.until("document.querySelector('#link').innerText === 'Connected'")
    browser.complaints()
    yield browser
    browser.get("about:blank")
