"""The rules file in a person's hands: a mistake is found at its line, mended, saved and undone, on a phone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.phone import PHONE, Phone, says
from tests.web.peer import until
from tests.web.process import Page
from tests.web.rules_hall import RULES, RulesHall

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.needs("chromium"), pytest.mark.timeout(120)]
WRONG = RULES.replace("station: bell", "station: bel")


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[RulesHall]:
    with RulesHall(tmp_path) as hall:
        yield hall


def type_in(phone: Phone, words: str) -> None:
    """The whole text, as if it had been typed."""
    phone.js(f"((t) => {{ t.value = {json.dumps(words)}; t.dispatchEvent(new Event('input')); }})"
             "(document.getElementById('text'))")  # fmt: skip


def test_a_mistake_is_found_at_its_line_mended_saved_in_force_and_rolled_back(hall: RulesHall) -> None:
    data = hall.folder / hall.config.settings.gateway.data
    broker, venue = hall.broker.settings, hall.config.settings.venue
    with Page(broker, hall.folder, data, venue=venue) as page, Phone(PHONE) as phone:
        phone.get(f"{page.url}/rules/file")
        phone.until("document.getElementById('text').value.includes('the old bell')")
        type_in(phone, WRONG)
        phone.press("#check")
        until(says(phone, "#mistakes", "did you mean 'bell'"), "the mistake is told")
        assert phone.text("#mistakes b") == "6:22"
        assert phone.js("[...document.querySelectorAll('#gutter [data-bad]')].map((n) => n.innerText)") == ["6"]
        phone.press("#mistakes button")
        assert phone.js("(({value, selectionStart: a, selectionEnd: b}) => value.slice(a, b))"
                        "(document.getElementById('text'))") == "bel"  # fmt: skip
        assert hall.path.read_text() == RULES

        phone.press("#save")
        until(says(phone, "#told", "Not saved"), "it is refused")
        phone.get(f"{page.url}/rules/history")  # nothing typed is lost by going away
        phone.get(f"{page.url}/rules/file")
        until(says(phone, "#notes", "did not save"), "the draft is back")
        assert phone.js("document.getElementById('text').value") == WRONG

        mended = RULES.replace("name: Rose", "name: Lion")
        type_in(phone, mended)
        phone.press("#save")
        until(says(phone, "#told", "Saved, and in force"), "it is saved")
        assert hall.path.read_text() == mended

        phone.get(f"{page.url}/rules")
        until(says(phone, "#list", "A rose rings the bell"), "the list is there")
        phone.press("#rollback")
        phone.press("#ask-yes")
        until(lambda: hall.path.read_text() == RULES, "it is undone")
        until(says(phone, "#told", "Undone: ring"), "it is said")
        phone.press(".rule .switch")
        until(lambda: "enabled: false" in hall.path.read_text(), "the rule is off")
        phone.until("document.querySelector('.rule .switch').getAttribute('aria-checked') === 'false'")
        assert [c for c in phone.complaints() if "409" not in c] == []
