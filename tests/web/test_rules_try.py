"""An invented event, and what the rules say of it; games from a form; both in front of a real gateway."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import SettingsError
from gateway.settings.rules_text import BY_HAND
from tests.web.past import words
from tests.web.peer import until
from tests.web.people import Hand
from tests.web.rules_hall import PACE_S, RULES, RulesHall, said
from web import games
from web.people.roles import Role

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(120)]
GAMES = """\
# Ours.
games:
    claw:  # by the door
        template: claw-credit
        with: {price: 10, shot: cannon/fire}

# What follows is the rules'.
rules: {}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesHall]:
    with RulesHall(tmp_path_factory.mktemp("hall")) as hall:
        yield hall


@pytest.fixture
def hall(running: RulesHall) -> RulesHall:
    running.fresh()
    until(lambda: running.rules() == ["ring", "blink"], "the rules are as in the beginning")
    return running


def trace(hand: Hand, event: str) -> dict[str, Any]:
    """What became of an event, once the rules have spoken."""

    def told() -> dict[str, Any] | None:
        time.sleep(PACE_S)
        told: dict[str, Any] | None = said(hand.get(f"/api/rules/trace?gateway=gateway&event={event}"))["trace"]
        return told

    found: dict[str, Any] = until(told, "the trace tells of it")
    return found


def test_without_a_connector_nothing_is_sent_and_that_is_said(hall: RulesHall) -> None:
    answer = hall.admin.press("/api/rules/try", {"account": "ayu", "kind": "gift"})
    assert answer.status_code == 503
    assert "no connector" in said(answer)["error"]


def test_an_event_that_is_tried_fires_is_blocked_the_next_time_and_the_list_says_both(hall: RulesHall) -> None:
    hall.connector()
    operator = hall.hand(Role.OPERATOR)
    rose = {"account": "ayu", "kind": "gift", "name": "Rose", "coins": 1, "count": 2, "viewer": "sari.practice"}
    first = trace(operator, said(operator.press("/api/rules/try", rose))["event"])
    assert first["event"]["simulated"]
    assert first["event"]["data"]["user"]["name"] == "sari.practice"
    (reason,) = [r for r in first["decided"]["reasons"] if r["rule"] == "ring"]
    assert reason["outcome"] == "fired"
    assert [c["command"]["station"] for c in first["commands"]] == ["bell"]

    again = trace(operator, said(operator.press("/api/rules/try", rose))["event"])
    (reason,) = [r for r in again["decided"]["reasons"] if r["rule"] == "ring"]
    assert reason["outcome"] == "cooldown"
    until(lambda: hall.rule("ring")["why_not"], "the list says why not")
    state = hall.rule("ring")
    assert state["fired"] == 1
    assert (state["last"]["kind"], state["last"]["what"], state["last"]["who"]) == (
        "gift",
        "Rose",
        "sari.practice",
    )
    assert state["last"]["simulated"]
    assert state["why_not"][0]["outcome"] == "cooldown"
    assert "cooling down" in state["why_not"][0]["words"]
    assert hall.rule("blink")["last"] is None


def test_a_form_of_a_rule_comes_filled_in_and_what_cannot_be_is_refused(hall: RulesHall) -> None:
    page = hall.admin.get("/rules/try?rule=ring&kind=gift&name=Lion&coins=29999&viewer=maya").text
    assert 'value="Lion"' in page
    assert 'value="29999"' in page
    assert 'data-rule="ring"' in page
    for wrong in ({"kind": "gap"}, {"account": "../x"}, {"count": 0}, {"gift": "x"}):
        body = {"account": "ayu", "kind": "gift", **wrong}
        assert hall.admin.press("/api/rules/try", body).status_code == 400


def test_a_game_s_form_says_what_is_missing_and_then_it_is_played_by(hall: RulesHall) -> None:
    assert "Wheel" in words(hall.admin.get("/rules/games").text)
    page = hall.admin.get("/rules/games/claw-credit").text
    assert "coins that one shot costs" in page
    assert hall.admin.get("/rules/games/no-such").status_code == 404
    order = {
        "gateway": "gateway",
        "template": "claw-credit",
        "name": "claw",
        "with": {"price": "many", "shot": ""},
    }
    answer = hall.admin.press("/api/rules/games", order)
    assert answer.status_code == 409
    assert said(answer)["fields"].keys() == {"price", "shot"}
    assert "whole number" in said(answer)["fields"]["price"]
    order["with"] = {"price": "10", "shot": "cannon/shoot", "command": "!fire", "cooldown": "3s"}
    answer = hall.admin.press("/api/rules/games", order)  # a station's action is the gateway's to know
    assert answer.status_code == 409
    assert "shoot" in said(answer)["error"]
    assert hall.path.read_text() == RULES
    order["with"] = {"price": "10", "shot": "cannon/fire", "command": "!fire", "cooldown": "3s"}
    assert hall.admin.press("/api/rules/games", order).status_code == 200
    made = "games:\n  claw:\n    template: claw-credit\n    with:\n      price: 10\n      shot: cannon/fire\n"
    assert made in hall.path.read_text()
    assert "cooldown: 3s" in hall.path.read_text()
    assert "command" not in hall.path.read_text()  # as usual
    until(lambda: "claw-shot" in hall.rules(), "it is in force")
    (row,) = [r for r in hall.listed()["rules"] if r["rule"] == "claw-shot"]
    assert (row["placed"], row["game"]) == (False, "claw")
    answer = hall.admin.press("/api/rules/games", order)
    assert "already" in said(answer)["error"]


def test_a_game_is_put_behind_the_others_and_everything_else_stays_as_it_is() -> None:
    new = games.put(GAMES, "wheel", "wheel", {"rewards": ["lamp/blink", "nothing"], "weights": [1, 2.5]})
    head, tail = GAMES.split("\n\n")
    assert new.startswith(head)
    assert new.endswith("\n\n" + tail)
    assert "    wheel:\n      template: wheel\n" in new
    assert "- lamp/blink\n" in new


@pytest.mark.parametrize("text", ["games: {a: {template: wheel}}\n", "[1]\n", "{rules: {}}\n", "games: {}\n"])
def test_a_file_that_is_written_another_way_is_left_alone(text: str) -> None:
    with pytest.raises(SettingsError, match=BY_HAND):
        games.put(text, "wheel", "wheel", {})


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "rules: {}", "rules:\n  a: {}\n\n\n"])
def test_the_first_game_of_a_file_comes_at_its_end(text: str) -> None:
    new = games.put(text, "goal", "goal-bar", {"goal": 500})
    assert new.startswith(text)
    assert new.endswith("games:\n  goal:\n    template: goal-bar\n    with:\n      goal: 500\n")


def test_every_game_of_stagewire_can_be_filled_in_from_what_is_usual() -> None:

    found = games.known(Path("no-such-folder"))
    assert len(found) >= 8
    for name, game in found.items():
        assert not isinstance(game, str), name
        usual = {f.name: f.usual for f in games.fields(game)}
        said_values, wrong = games.values(game, usual)
        assert said_values == {}
        assert wrong.keys() == {f.name for f in games.fields(game) if f.parameter.needed}
