"""The settings on the page, with a real gateway that keeps the file."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.hall import Hall, hall, looking
from tests.web.peer import until
from tests.web.people import Hand
from web.app import create_app
from web.people.roles import Role

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("hall")) as made:
        yield made


@pytest.fixture(scope="module")
def admin(venue: Hall) -> Iterator[Hand]:
    with looking(venue) as parts:
        hand = Hand(create_app(parts))
        until(lambda: hand.get("/settings").status_code == 200, "the gateway answers")
        yield hand


@pytest.fixture(autouse=True)
def as_it_was(venue: Hall) -> None:
    venue.path.write_text(venue.text)


def fingerprint(admin: Hand) -> str:
    return str(admin.get("/api/settings/text").get_json()["fingerprint"])


def save(admin: Hand, *changes: dict[str, Any], mark: str = "") -> Any:
    body = {"gateway": "gateway", "fingerprint": mark or fingerprint(admin), "changes": list(changes)}
    return admin.press("/api/settings", body)


CHANNELS = ["stations", "cannon", "channels"]


def test_a_change_is_saved_its_comments_stay_and_the_page_says_what_has_to_restart(
    venue: Hall, admin: Hand
) -> None:
    shown = admin.get("/settings").get_data(as_text=True)
    assert 'id="restart"' not in shown
    answer = save(
        admin,
        {"path": [*CHANNELS, "shot", "pin"], "value": 7},
        {"path": [*CHANNELS, "horn"], "value": {"kind": "tone", "pin": 9}},
        {"path": ["stations", "cannon", "actions", "honk"], "value": {}},
        {"path": ["stations", "cannon", "actions", "honk", "pattern"], "yaml": "- {channel: horn, on_for: 1s}\n"},
    )
    assert answer.status_code == 200, answer.get_json()
    assert (
        venue.path.read_text()
        == venue.text.replace("pin: 5", "pin: 7")
        .replace(
            "      lamp: {kind: level, pin: 6}\n",
            "      lamp: {kind: level, pin: 6}\n      horn: {kind: tone, pin: 9}\n",
        )
        .rstrip("\n")
        + "\n      honk:\n        pattern: [{channel: horn, on_for: 1s}]\n"
    )
    shown = admin.get("/settings").get_data(as_text=True)
    assert 'data-restart="gateway"' in shown
    assert 'data-restart="page"' not in shown
    assert save(admin, {"path": ["web", "hosts"], "value": ["stage.local"]}).status_code == 200
    assert 'data-restart="page"' in admin.get("/settings").get_data(as_text=True)


def test_mistakes_come_back_with_the_path_of_their_field_and_nothing_is_saved(venue: Hall, admin: Hand) -> None:
    answer = save(
        admin,
        {"path": [*CHANNELS, "shot", "kind"], "value": "pwm"},
        {"path": [*CHANNELS, "shot", "pin"], "value": 7},
        {"path": [*CHANNELS, "lamp", "max_on"], "value": "40s"},
    )
    assert answer.status_code == 409
    found = {tuple(m["path"][2:]): m["words"] for m in answer.get_json()["mistakes"]}
    assert found == {
        ("channels", "shot", "pin"): "pin 7 of an Uno or Nano cannot do pwm; use 3, 5, 6, 9, 10 or 11",
        ("channels", "lamp", "max_on"): "expected more than 0 and at most 30s; found 40s",
    }
    assert venue.path.read_text() == venue.text


def test_two_people_do_not_overwrite_each_other(venue: Hall, admin: Hand) -> None:
    mark = fingerprint(admin)
    assert save(admin, {"path": ["timezone"], "value": "Europe/Berlin"}, mark=mark).status_code == 200
    late = save(admin, {"path": ["venue"], "value": "other"}, mark=mark)
    assert late.status_code == 409
    assert "Somebody changed the settings meanwhile" in late.get_json()["error"]
    assert ["timezone"] in [path for path, _ in late.get_json()["values"]]
    assert late.get_json()["fingerprint"] == fingerprint(admin)
    whole = admin.press("/api/settings/text", {"gateway": "gateway", "fingerprint": mark, "text": venue.text})
    assert whole.status_code == 409
    assert "values" in whole.get_json()
    assert "Europe/Berlin" in venue.path.read_text()
    assert "venue: hall" in venue.path.read_text()


def test_the_whole_file_is_checked_line_by_line_saved_and_taken_back(venue: Hall, admin: Hand) -> None:
    wrong = venue.text.replace("pin: 5", "pin: 99")
    checked = admin.press("/api/settings/check", {"gateway": "gateway", "text": wrong}).get_json()
    (mistake,) = checked["mistakes"]
    assert "pin: 99" in wrong.splitlines()[mistake["line"] - 1]
    broken = admin.press("/api/settings/check", {"gateway": "gateway", "text": "venue: [\n"}).get_json()
    assert broken["mistakes"][0]["line"] == 2
    new = venue.text + "power_budget: 300\n"
    order = {"gateway": "gateway", "fingerprint": fingerprint(admin), "text": new}
    assert admin.press("/api/settings/text", order).status_code == 200
    assert venue.path.read_text() == new
    assert admin.press("/api/settings/rollback", {"gateway": "gateway"}).status_code == 200
    assert venue.path.read_text() == venue.text


def test_a_secret_in_the_file_is_on_no_screen(venue: Hall, admin: Hand) -> None:
    venue.path.write_text(venue.text.replace("broker: {", "broker: {password: hush-hush, "))
    for screen in ("/settings", "/settings/file", "/stations/cannon/wiring", "/accounts", "/api/settings/text"):
        answer = admin.get(screen)
        assert "hush-hush" not in answer.get_data(as_text=True)
        assert answer.status_code == 200
    assert "looks like a secret" in admin.get("/settings").get_data(as_text=True)


def test_the_wiring_offers_pins_with_what_they_can_do_and_shows_hostile_titles_as_text(
    venue: Hall, admin: Hand
) -> None:
    venue.path.write_text(venue.text.replace("Confetti cannon", "<img src=x onerror=hurt()>"))
    shown = admin.get("/stations/cannon/wiring").get_data(as_text=True)
    assert "<img src=x" not in shown
    assert re.search(r'"analog": ?"A0", ?"kinds": ?\[[^]]*"analog"[^]]*\], ?"pin": ?14', shown)
    assert admin.get("/stations/drum/wiring").status_code == 404
    mega = admin.get("/api/pins/mega").get_json()["pins"]
    assert max(pin["pin"] for pin in mega) == 69
    assert admin.get("/api/pins/nano").status_code == 404


def test_settings_are_for_admins_and_restarts_are_not_in_reach_of_others(admin: Hand) -> None:
    supervisor = Hand(admin.client.application, Role.SUPERVISOR)
    for screen in ("/settings", "/settings/file", "/stations/cannon/wiring", "/api/settings/text"):
        assert supervisor.get(screen).status_code == 403
    assert supervisor.press("/api/restart", {"what": "gateway", "gateway": "gateway"}).status_code == 403
    order = {"gateway": "gateway", "fingerprint": "", "changes": []}
    assert supervisor.press("/api/settings", order).status_code == 403


def test_a_restart_is_refused_while_the_file_has_mistakes(venue: Hall, admin: Hand) -> None:
    venue.path.write_text(venue.text.replace("kind: level", "kind: lever"))
    for what in ("gateway", "page"):
        answer = admin.press("/api/restart", {"what": what, "gateway": "gateway"})
        assert answer.status_code == 409
        assert "would not start again" in answer.get_json()["error"]
        assert "did you mean 'level'?" in answer.get_json()["error"]
