"""Every text that a person meets is marked, also those that scripts say; and Indonesian fits on a phone."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from werkzeug.serving import make_server

from tests.broker import free_port
from tests.browser.phone import Phone
from tests.web import scene
from tests.web.evenings import two_evenings
from tests.web.hall import hall, looking
from tests.web.peer import Peer
from tests.web.people import entrance
from tests.web.process import PASSES
from tests.web.pseudo import speak, unmarked
from tests.web.test_languages import screens
from web.app import create_app
from web.people.roles import Role

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
NOT_SHOWN = (
    "/overlay",
    "/welcome",
    "/enter",
    "/sw.js",
    "/manifest",
    "/people/me",
    "/offline",
    "/system/diagnostics",
)
"""Those of programs, of people who have not signed in, and files."""
MORE = "/sessions/{session}", "/stations/cannon", "/settings/stations/cannon", "/rules/games/wheel"
"""Those of one thing."""
SETTLED = (
    "document.querySelector('#link').textContent === '⟦Connected⟧' && "
    "!/⟦(Loading|Looking|Asking)…⟧/.test(document.body.innerText)"
)
DATA = (
    "Stagewire LIVE TikTok UTC Asia Jakarta US ms Excel xlsx CSV zip JSON yaml Uno Nano Mega "
    "hall admin gateway pi stage stagewire cannon shot lamp Confetti Main mira club practice Wheel "
    "beat boom confetti drum fire flash rose main"
)
"""Names of the product, of the venue and of its things; units."""
MOMENT = "Sab|Jum|Min|Sen|Sel|Rab|Kam|Nov|November"


class Marked(NamedTuple):
    """``screens``: what can be opened there."""

    url: str
    screens: list[str]


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marked]:
    """A page in which every marked text says so."""
    folder = tmp_path_factory.mktemp("hall")
    _, saturday = asyncio.run(two_evenings(folder / "data"))
    with pytest.MonkeyPatch.context() as patch, hall(folder) as made, looking(made) as parts:
        speak(patch)
        app = create_app(parts)
        peer = Peer(made.broker.settings)
        scene.open_accounts(peer)
        scene.play(peer)
        server = make_server("127.0.0.1", free_port(), app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.port}"
        cookie, _token = entrance(app, parts.people, Role.ADMIN)
        PASSES[url] = app.config["SESSION_COOKIE_NAME"], cookie
        more = [screen.format(session=saturday.summary.id) for screen in MORE]
        yield Marked(url, [s for s in screens(app) if not s.startswith(NOT_SHOWN)] + more)
        peer.close()
        server.shutdown()
        server.server_close()


def test_every_text_that_a_script_says_is_marked(browser: Phone, marked: Marked) -> None:
    browser.get(f"{marked.url}/language/id")
    forgotten = []
    for screen in marked.screens:
        browser.get(marked.url + screen)
        if not browser.js("document.querySelector('#link')"):
            continue  # a file, or a way to another screen
        browser.until(SETTLED)
        said = unmarked(str(browser.js("document.documentElement.outerHTML"))) - set(DATA.split())
        words = sorted(word for word in said if not re.fullmatch(MOMENT, word))
        if words:
            forgotten.append(f"{screen}: {' '.join(words)}")
    assert forgotten == [], "\n".join(forgotten)
