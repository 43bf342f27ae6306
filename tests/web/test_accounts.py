"""The accounts on the page: a real gateway, a real connector, and the practice platform to be tested against."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.settings.models import Broker
from tests.web.hall import Hall, hall, looking
from tests.web.past import live, words
from tests.web.peer import rows, until
from tests.web.people import Hand
from web.app import create_app
from web.parts import Parts
from web.people.roles import Role
from web.source import Source
from web.trials import Busy, Trials, TrialState

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("hall")) as made:
        yield made


@pytest.fixture(scope="module")
def parts(venue: Hall) -> Iterator[Parts]:
    with looking(venue) as parts:
        yield parts


@pytest.fixture(scope="module")
def admin(parts: Parts) -> Hand:
    hand = Hand(create_app(parts))
    until(lambda: hand.get("/settings").status_code == 200, "the gateway answers")
    return hand


@pytest.fixture
def connector(venue: Hall) -> Iterator[None]:
    with (venue.folder / "connector.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "connector"], cwd=venue.folder, stdout=log, stderr=log
        )
    with contextlib.ExitStack() as stack:
        stack.callback(child.wait, 10)
        stack.callback(child.kill)
        yield


def phase(parts: Parts, account: str = "main") -> str:
    state: dict[str, Any] = rows(parts.source).get("account", {}).get(account, {})
    return str(state.get("state", {}).get("phase", ""))


def test_operators_disconnect_and_connect_and_admins_add_edit_and_remove_as_it_runs(
    venue: Hall, parts: Parts, admin: Hand, connector: None
) -> None:
    operator = Hand(admin.client.application, Role.OPERATOR)
    until(lambda: phase(parts) == "live", "the practice LIVE is heard", 30)
    shown = operator.get("/accounts").get_data(as_text=True)
    assert "Main stage" in shown
    assert "@stage.practice" in words(shown)
    assert "data-test" not in shown
    assert "data-path" not in shown
    assert operator.press("/api/accounts/order", {"do": "disconnect", "account": "main"}).status_code == 202
    until(lambda: phase(parts) == "offline", "disconnected")
    assert operator.press("/api/accounts/order", {"do": "connect", "account": "main"}).status_code == 202
    until(lambda: phase(parts) == "live", "connected again", 30)

    def save(path: list[str], **more: Any) -> Any:
        mark = admin.get("/api/settings/text").get_json()["fingerprint"]
        return admin.press(
            "/api/settings", {"gateway": "gateway", "fingerprint": mark, "changes": [{"path": path, **more}]}
        )

    assert operator.press("/api/settings", {}).status_code == 403
    club = {"username": "club.practice", "source": "practice"}
    assert save(["accounts", "club"], value={**club, "username": "@club.practice"}).status_code == 200
    assert "username: club.practice" in venue.path.read_text()
    until(lambda: phase(parts, "club") == "live", "the connector follows the file", 30)
    assert 'id="restart"' not in admin.get("/accounts").get_data(as_text=True)
    same = save(["accounts", "third"], value=club | {"source": "tiktok", "username": "club night"})
    assert same.status_code == 409
    assert same.get_json()["mistakes"][0]["path"] == ["accounts", "third", "username"]
    assert save(["accounts", "club"]).status_code == 200
    until(lambda: phase(parts, "club") in ("", "offline"), "the connector lets go of it")
    assert "# Upstairs." in venue.path.read_text()


def ended(trials: Trials, name: str) -> TrialState:
    found: TrialState = until(lambda: (s := trials.state(name)) and not s.running and s, "the test ends", 30)
    return found


def test_a_connection_is_tested_line_by_line_and_can_be_cancelled(venue: Hall, admin: Hand) -> None:
    trials = Trials(venue.path, listen=1)
    begun = trials.begin("main")
    with pytest.raises(Busy):
        trials.begin("main")
    first = until(lambda: (s := trials.state(begun.id)) and s.lines and s, "a line", 20)
    whole = ended(trials, begun.id)
    assert whole.good
    assert "practice" in " ".join(whole.lines)
    after = trials.state(begun.id, first.next)
    assert after is not None
    assert [*first.lines, *after.lines] == whole.lines
    missing = trials.begin("nobody-here!")
    assert ended(trials, missing.id).good is False

    state = admin.press("/api/accounts/test", {"account": "main"}).get_json()
    busy = admin.press("/api/accounts/test", {"account": "main"})
    assert (busy.status_code, busy.headers["Retry-After"]) == (409, "2")
    at = f"/api/accounts/test/{state['id']}"
    assert admin.press(f"{at}/cancel").status_code == 202
    until(lambda: not admin.get(at).get_json()["running"], "cancelled", 20)
    cancelled = admin.get(at).get_json()
    assert (cancelled["lines"][-1], cancelled["good"]) == ("Cancelled.", None)
    assert admin.get("/api/accounts/test/other").status_code == 404


def test_without_a_gateway_the_accounts_are_shown_and_nothing_of_them_can_be_changed(
    venue: Hall, parts: Parts
) -> None:
    source = Source(parts.source.venue, Broker(port=1))
    source.start()
    try:
        shown = Hand(create_app(live(source, venue.data, parts.settings))).get("/accounts").get_data(as_text=True)
    finally:
        source.stop()
        source.join(5)
    assert "Main stage" in shown
    assert "no gateway answers" in shown
    assert "data-path" not in shown
