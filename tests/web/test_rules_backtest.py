"""Rules tried on a past evening from the page: the real command, in a process of its own."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gateway.messages import SessionSummary
from gateway.settings.load import load
from tests.web.past import Evenings, words
from tests.web.peer import VENUE, until
from tests.web.people import Hand
from tests.web.rules_hall import said
from web.app import create_app
from web.backtests import Backtests, Busy, Wanted
from web.parts import build

SETTINGS = """\
venue: {venue}
timezone: Asia/Jakarta
gateway: {{data: {data}}}
accounts:
  mira: {{username: mira.practice}}
stations:
  lamp:
    board: {{id: STN-A}}
    channels: {{light: {{kind: level, pin: 6, max_on: 5s}}}}
    actions: {{blink: {{channel: light, on_for: 60ms}}}}
"""
ROSE = "rules:\n  rose:\n    when: {gift: {name: Rose}}\n    then: [{station: lamp, action: blink}]\n"
SLOW = ROSE + "    cooldown: 1h\n"
PATIENCE_S = 30.0
PACE_S = 0.1
"""Between two looks: who asks the page more than 600 times a minute is a script."""


@pytest.fixture(scope="module")
def folder(evenings: Evenings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "stagewire.yaml").write_text(SETTINGS.format(venue=VENUE, data=evenings[0]))
    (folder / "rules.yaml").write_text(ROSE)
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[Flask]:
    """A page whose broker is away, and so the gateway."""
    config = load(folder / "stagewire.yaml")
    parts = build(config.settings, folder)
    parts.source.start()
    yield create_app(parts)
    parts.source.stop()
    parts.source.join(5)


def over(hand: Hand, name: str) -> dict[str, Any]:
    """Its state, once it has ended."""

    def ended() -> dict[str, Any] | None:
        time.sleep(PACE_S)
        state = said(hand.get(f"/api/rules/backtests/{name}"))
        return None if state["state"] == "running" else state

    found: dict[str, Any] = until(ended, "the back-test ends", PATIENCE_S)
    return found


def test_a_text_is_compared_with_the_file_and_the_report_can_be_saved(
    app: Flask, saturday: SessionSummary
) -> None:
    hand = Hand(app)
    assert saturday.id in hand.get("/rules/backtest").text
    order = {"gateway": "gateway", "session": saturday.id, "text": SLOW, "compare": True}
    begun = hand.press("/api/rules/backtests", order)
    assert begun.status_code == 202, begun.text
    assert hand.press("/api/rules/backtests", order).status_code == 409  # one at a time
    name = said(begun)["id"]
    state = over(hand, name)
    assert (state["state"], state["words"]) == ("done", "")
    page = words(hand.get(f"/rules/backtest?job={name}").text)
    assert "What differs" in page
    assert "rule rose: fired" in page
    assert "cooldown" in page
    report = hand.get(f"/api/rules/backtests/{name}/report")
    assert report.headers["Content-Security-Policy"].startswith("sandbox")
    assert report.headers["Content-Disposition"].startswith("attachment")
    assert report.data.startswith(b"<!doctype html>")
    report.close()


def test_a_text_with_a_mistake_is_told_with_its_line_and_without_our_folders(
    app: Flask, saturday: SessionSummary
) -> None:
    hand = Hand(app)
    order = {"gateway": "gateway", "session": saturday.id, "text": ROSE.replace("lamp", "lamb")}
    state = over(hand, said(hand.press("/api/rules/backtests", order))["id"])
    assert state["state"] == "failed"
    assert "rules.yaml:4: " in state["words"]
    assert "did you mean 'lamp'" in state["words"]
    assert "/" not in state["words"].split("rules.yaml")[0].removeprefix("rules/")


def test_it_can_be_cancelled_and_is_given_up_when_it_takes_too_long(
    folder: Path, evenings: Evenings, saturday: SessionSummary
) -> None:
    tests = Backtests(folder, evenings[0])
    wanted = Wanted(session=saturday.id, rules=ROSE)
    name = tests.begin(wanted).id
    with pytest.raises(Busy, match="wait until it is done"):
        tests.begin(wanted)
    tests.cancel(name)
    until(lambda: (s := tests.state(name)) and s.state == "cancelled", "it is cancelled")
    assert tests.report(name) is None
    last = tests.begin(wanted).id
    tests.close()
    until(lambda: (s := tests.state(last)) and s.state == "failed", "a page that ends leaves none behind")
    hasty = Backtests(folder, evenings[0], most_s=0.05)
    name = hasty.begin(wanted).id
    until(lambda: (s := hasty.state(name)) and s.state == "failed", "it is given up")
    assert "shorter session" in (state.words if (state := hasty.state(name)) else "")


def test_only_sessions_are_played_and_strangers_files_are_not(app: Flask) -> None:
    hand = Hand(app)
    for session in ("--help", "../../secret", ""):
        body = {"gateway": "gateway", "session": session}
        assert hand.press("/api/rules/backtests", body).status_code == 400
    state = over(hand, said(hand.press("/api/rules/backtests", {"gateway": "gateway", "session": "nobody"}))["id"])
    assert state["state"] == "failed"
    assert "nobody" in state["words"]
    assert hand.get("/api/rules/backtests/0/report").status_code == 404


def test_where_the_settings_are_elsewhere_that_is_said(tmp_path: Path) -> None:
    assert "stagewire.yaml" in Backtests(tmp_path, tmp_path).missing
