"""What clients ask of the rules over MQTT."""

from typing import Any

import pytest

from gateway.messages import Param, Response, decode, encode
from tests.rulebook.hall import BROKEN, LION, ROSE, Hall


async def ask(hall: Hall, text: str = "", **params: Param) -> dict[str, Any]:
    error, result = await hall.book.request(params, text, "ana")
    assert error == ""
    heard: Response = decode(encode(Response(transaction="t", ok=True, result=result)), Response)
    assert heard.result == result, "it goes through JSON"
    return heard.result


async def test_every_edit_of_one_rule_is_made_and_told(hall: Hall) -> None:
    result = await ask(hall, LION, do="put", rule="lion")
    assert result["changes"]["added"] == ["lion"]
    assert result["fingerprint"] == (await ask(hall, do="get"))["fingerprint"]
    assert (await ask(hall, do="move", rule="lion", before="rose"))["changes"]["changed"] == ["the order"]
    assert hall.rules() == ["lion", "rose"]
    await ask(hall, do="move", rule="lion")
    assert hall.rules() == ["rose", "lion"]
    await ask(hall, do="enable", rule="lion", enabled=False)
    assert not hall.book.current.book.rules["lion"].enabled
    await ask(hall, do="rename", rule="lion", to="big-lion")
    assert hall.rules() == ["rose", "big-lion"]
    assert (await ask(hall, do="remove", rule="big-lion"))["changes"]["removed"] == ["big-lion"]
    assert hall.said() == ROSE
    assert len(hall.changed) == 6
    result = await ask(hall, do="enable", rule="rose", enabled=True)
    assert result["changes"] == {"added": [], "changed": [], "removed": [], "broken": []}
    assert len(hall.changed) == 6, "it was on already"


async def test_what_is_got_can_be_checked_applied_and_rolled_back(hall: Hall) -> None:
    got = await ask(hall, do="get")
    assert got["text"] == ROSE
    assert len((await ask(hall, BROKEN, do="check"))["mistakes"]) == 1
    await ask(hall, ROSE + "# noted\n", do="apply", fingerprint=got["fingerprint"])
    history = await ask(hall, do="history")
    assert [v["name"] for v in history["versions"]] == [history["in_force"]["name"], history["previous"]["name"]]
    assert (await ask(hall, do="get", version=history["previous"]["name"]))["text"] == ROSE
    await ask(hall, do="rollback")
    assert hall.said() == ROSE
    hall.write(BROKEN)
    [broken] = (await ask(hall, do="reload"))["broken"]
    assert (broken["kind"], broken["name"], broken["line"]) == ("rule", "lost", 8)
    hall.write("rules: [")
    assert (await hall.book.request({"do": "reload"}, "", "ana"))[0] != ""
    got = await ask(hall, do="get")
    assert got["text"] == "rules: ["
    assert "not YAML" in got["trouble"][0]
    await ask(hall, ROSE, do="apply", fingerprint=got["fingerprint"])
    assert (await ask(hall, do="get"))["trouble"] == []


@pytest.mark.parametrize(
    ("params", "text", "said"),
    [
        ({}, "", "expected params: {do: get, check"),
        ({"do": "dance"}, "", "expected params"),
        ({"do": "put"}, LION, "expected params"),
        ({"do": "enable", "rule": "rose"}, "", "{enabled}"),
        ({"do": "enable", "rule": "rose", "enabled": "Active"}, "", "{enabled}"),
        ({"do": "put", "rule": "lion"}, "fire!", "expected a rule"),
        ({"do": "remove", "rule": "rosa"}, "", "did you mean 'rose'?"),
        ({"do": "move", "rule": "rose", "before": "x"}, "", "there is no rule 'x'"),
        ({"do": "get", "version": "../../etc/passwd"}, "", "there is no version"),
        ({"do": "rollback"}, "", "there is no version of the rules before this one"),
        ({"do": "apply"}, BROKEN, "rules.yaml:8: rules.lost"),
    ],
)
async def test_what_cannot_be_done_is_answered_in_words(
    hall: Hall, params: dict[str, Param], text: str, said: str
) -> None:
    error, result = await hall.book.request(params, text, "ana")
    assert said in error
    assert result == {}
    assert hall.said() == ROSE
    assert hall.changed == []


async def test_a_thousand_mistakes_fit_an_answer(hall: Hall) -> None:
    text = "rules:\n" + "".join(
        f"  r{i}: {{when: {{folow: {{}}}}, then: [{{announce: x}}]}}\n" for i in range(200)
    )
    error, _ = await hall.book.request({"do": "apply"}, text, "ana")
    assert "more: `check` tells all" in error
    assert decode(encode(Response(transaction="t", ok=False, error=error)), Response).error == error


async def test_a_file_too_large_for_a_message_is_said_in_words(hall: Hall) -> None:
    hall.write(ROSE + "# long\n" * 40_000)
    error, _ = await hall.book.request({"do": "get"}, "", "ana")
    assert "longer than 60000 characters" in error
