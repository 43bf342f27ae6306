"""Rules as forms, in front of a real gateway: shown, checked, saved, and never over somebody else's change."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.web.peer import until
from tests.web.people import Hand
from tests.web.rules_hall import GATEWAY, RULES, RulesHall
from web.people.roles import Role

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(60)]

ROSE = {"when": {"gift": {"name": "Rose"}}, "then": [{"station": "lamp", "action": "blink"}]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesHall]:
    with RulesHall(tmp_path_factory.mktemp("hall")) as hall:
        yield hall


@pytest.fixture
def hall(running: RulesHall) -> RulesHall:
    running.fresh()
    until(lambda: running.rules() == ["ring", "blink"], "the rules are as in the beginning")
    return running


def form(hall: RulesHall, path: str) -> dict[str, Any]:
    """What the form of this screen begins with."""
    answer = hall.admin.get(path)
    assert answer.status_code == 200, answer.text
    found = re.search(r'<script id="data" type="application/json">(.*)</script>', answer.text)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def body(name: str, rule: object, **more: Any) -> dict[str, Any]:
    return {"gateway": GATEWAY, "name": name, "rule": rule, **more}


def preview(hall: RulesHall, ask: bool = False, **said: Any) -> dict[str, Any]:
    query = {"form": json.dumps(said), "ask": "1" if ask else ""}
    answer = hall.admin.get("/api/builder/preview", query_string=query)
    assert answer.status_code == 200, answer.text
    return told(answer)


def told(answer: TestResponse) -> dict[str, Any]:
    found = answer.json
    assert isinstance(found, dict)
    return found


def begun(hall: RulesHall, name: str) -> dict[str, Any]:
    """A form on a rule that is there, as nobody has touched it."""
    data = form(hall, f"/rules/{name}/edit")
    return body(name, data["rule"], was=name, base=data["base"])


def test_a_form_begins_with_the_rule_as_it_is_written_and_offers_what_there_is(hall: RulesHall) -> None:
    data = form(hall, "/rules/ring/edit")
    assert data["base"].startswith("ring:  # the old bell\n  title: A rose rings the bell\n")
    assert data["rule"]["cooldown"] == "1h"
    known = data["known"]
    assert set(known["stations"]) == {"cannon", "lamp", "bell"}
    assert known["stations"]["bell"]["actions"]["ring"]["properties"]["ms"]["maximum"] == 300
    assert known["stations"]["cannon"]["inputs"] == ["button"]
    assert (known["counters"], known["accounts"]) == (["visits"], ["ayu", "rio"])
    assert form(hall, "/rules/new")["rule"] == {"when": {"gift": {}}, "then": [{"station": ""}]}


def test_a_rule_that_is_not_in_the_file_has_no_form(hall: RulesHall) -> None:
    answer = hall.admin.get("/rules/rign/edit")
    assert (answer.status_code, "did you mean" in answer.text) == (404, True)


def test_a_rule_is_shown_as_text_and_in_words_before_it_is_saved(hall: RulesHall) -> None:
    shown = preview(hall, **body("rose", ROSE | {"user_cooldown": "10s"}))
    assert shown["text"] == (
        "rose:\n  when: {gift: {name: Rose}}\n  user_cooldown: 10s\n  then: [{station: lamp, action: blink}]\n"
    )
    assert shown["sentence"] == "When a viewer gives Rose, blink lamp, at most every 10 s for each viewer."
    assert (shown["flaws"], shown["away"]) == ([], "")
    assert hall.path.read_text() == RULES


def test_what_only_the_gateway_knows_to_be_wrong_is_told_at_its_field(hall: RulesHall) -> None:
    rule = ROSE | {"then": [{"sound": "horn"}, {"station": "lamp", "action": "blinc"}]}
    for place, words in (
        (["then", "0", "sound"], "there is no sound 'horn'"),
        (["then", "1", "action"], "(did you mean 'blink'?)"),
    ):
        found = {tuple(flaw["at"]): flaw["words"] for flaw in preview(hall, True, **body("rose", rule))["flaws"]}
        assert words in found[tuple(place)]
    answer = hall.admin.press("/api/builder/save", body("rose", rule))
    assert answer.status_code == 409
    assert [flaw["at"] for flaw in told(answer)["flaws"]] == [["then", "0", "sound"], ["then", "1", "action"]]
    assert hall.path.read_text() == RULES


def test_a_new_rule_is_in_force_when_it_is_saved(hall: RulesHall) -> None:
    answer = hall.admin.press("/api/builder/save", body("rose", ROSE))
    assert (answer.status_code, told(answer)["enabled"]) == (200, True)
    until(lambda: "rose" in hall.rules(), "it is in force")
    added = "  rose:\n    when: {gift: {name: Rose}}\n    then: [{station: lamp, action: blink}]\n"
    assert hall.path.read_text() == RULES.replace("counters:", f"{added}counters:")
    again = hall.admin.press("/api/builder/save", body("rose", ROSE))
    assert (again.status_code, told(again)["flaws"][0]["at"]) == (409, ["name"])


def test_a_change_and_a_new_name_leave_the_rest_of_the_file_as_it_is(hall: RulesHall) -> None:
    said = begun(hall, "ring")
    said["rule"]["cooldown"] = "2m"
    answer = hall.admin.press("/api/builder/save", said | {"name": "old-bell"})
    assert answer.status_code == 200
    assert told(answer)["text"] == said["base"].replace("1h", "2m").replace("ring:", "old-bell:", 1)
    until(lambda: hall.rules() == ["old-bell", "blink"], "it has its new name")
    assert hall.path.read_text() == RULES.replace("1h", "2m").replace("  ring:", "  old-bell:")


def test_somebody_else_s_change_is_shown_and_not_written_over(hall: RulesHall) -> None:
    said = begun(hall, "ring")
    said["rule"]["cooldown"] = "2m"
    hall.write(RULES.replace("1h", "3h"))
    answer = hall.admin.press("/api/builder/save", said)
    assert answer.status_code == 409
    assert "cooldown: 3h" in told(answer)["theirs"]
    assert "cooldown: 3h" in hall.path.read_text()
    assert hall.admin.press("/api/builder/save", said | {"over": True}).status_code == 200
    assert hall.path.read_text() == RULES.replace("1h", "2m")


def test_a_change_of_another_rule_is_no_reason_to_refuse(hall: RulesHall) -> None:
    said = begun(hall, "ring")
    said["rule"]["cooldown"] = "2m"
    hall.write(RULES.replace("contains: go", "contains: run"))
    assert hall.admin.press("/api/builder/save", said).status_code == 200
    assert hall.path.read_text() == RULES.replace("contains: go", "contains: run").replace("1h", "2m")


def test_while_no_gateway_answers_the_form_goes_on_and_saving_says_so(hall: RulesHall) -> None:
    gone = body("rose", ROSE) | {"gateway": "gone"}
    shown = preview(hall, True, **gone)
    assert shown["text"].startswith("rose:")
    assert "gone does not answer" in shown["away"]
    answer = hall.admin.press("/api/builder/save", gone)
    assert (answer.status_code, "gone does not answer" in told(answer)["error"]) == (503, True)


def test_only_a_supervisor_has_the_form(hall: RulesHall) -> None:
    for role, status in ((Role.OPERATOR, 403), (Role.SUPERVISOR, 200)):
        hand: Hand = hall.hand(role)
        assert hand.get("/rules/new").status_code == status
        assert hand.press("/api/builder/save", begun(hall, "ring")).status_code == status
