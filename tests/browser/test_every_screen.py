"""Every screen, through the demo with its real gateway and boards: on a phone and on a desk, in every language."""

from collections.abc import Iterator

import pytest

from gateway.settings.models import Broker
from tests.browser.every import LOADED, SETTLED, Screens
from tests.browser.phone import DESK, HERE, PHONE, Phone
from tests.browser.show import Show
from tests.web.past import live
from tests.web.peer import VENUE, until
from web.app import create_app
from web.languages import LANGUAGES
from web.source import Source

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(180)]
MOST_BYTES = 150_000
REACH = (HERE / "reach.js").read_text()
FOUND = {
    "page.index",
    "stations.index",
    "rules.index",
    "statistics.index",
    "sessions.index",
    "sessions.one",
    "overlays.index",
    "system.index",
}
"""Some of the screens that must be among those that were found."""
AXE_AT = (("phone", "en"), ("desk", "id"))
SIZES = {"phone": PHONE, "desk": DESK}


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with Show() as show:
        yield show


@pytest.fixture(scope="module")
def screens(show: Show, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    app = create_app(live(Source(VENUE, Broker()), tmp_path_factory.mktemp("no-data")))
    with Phone(DESK, scale=1.0) as phone:
        return Screens(app).find(phone, show.url)


def test_every_screen_is_found(screens: dict[str, str]) -> None:
    assert set(screens) >= FOUND


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_is_whole_light_and_fit_for_everybody(
    show: Show, screens: dict[str, str], size: str, language: str
) -> None:
    wrong: dict[str, list[str]] = {}
    with Phone(SIZES[size], scale=1.0) as phone:
        phone.without_worker()
        phone.get(f"{show.url}/language/{language}?next=/")
        for path in screens.values():
            phone.get(show.url + path)
            phone.until(SETTLED)
            # axe looks at structure and colours, which are those of both sizes and languages: each once.
            seen = phone.audit() if (size, language) in AXE_AT else phone.thumbs()
            found = [*phone.complaints(), *seen, phone.driver.execute_script(REACH)]
            if phone.js("document.documentElement.lang") != language:
                found.append(f"not in {language}")
            if (bytes_ := phone.js(LOADED)) > MOST_BYTES:
                found.append(f"{bytes_} bytes to load")
            if found := [words for words in found if words]:
                wrong[path] = found
    assert not wrong, "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in wrong.items())


def test_the_statistics_go_on_by_themselves(show: Show) -> None:
    with Phone(PHONE, scale=1.0) as phone:
        phone.get(f"{show.url}/statistics")
        before = phone.text("#glance")
        phone.js("window.same = true")
        until(lambda: phone.text("#glance") != before, "the figures go on", 20)
        assert phone.js("window.same") is True, "without loading the screen anew"
