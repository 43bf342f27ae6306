"""The list of rules, the file as text, and its versions, in front of a real gateway."""

from collections.abc import Iterator

import pytest

from tests.web.past import words
from tests.web.peer import until
from tests.web.people import Hand
from tests.web.rules_hall import RULES, RulesHall, said
from web.people.roles import Role
from web.rulebooks import diff, mistakes

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesHall]:
    with RulesHall(tmp_path_factory.mktemp("hall")) as hall:
        yield hall


@pytest.fixture
def hall(running: RulesHall) -> RulesHall:
    running.fresh()
    until(lambda: running.rules() == ["ring", "blink"], "the rules are as in the beginning")
    return running


def test_the_list_is_in_the_order_of_the_file_with_titles_counts_and_what_the_rules_keep(hall: RulesHall) -> None:
    told = hall.listed()
    assert [(r["rule"], r["state"]["title"], r["placed"], r["game"]) for r in told["rules"]] == [
        ("ring", "A rose rings the bell", True, ""),
        ("blink", "", True, ""),
    ]
    assert told["state"]["counters"] == {"visits": 3}
    assert told["away"] == ""


def test_a_rule_is_switched_moved_renamed_and_deleted_and_comments_stay(hall: RulesHall) -> None:
    assert hall.press("", do="enable", rule="ring", enabled=False).status_code == 200
    until(lambda: not hall.rule("ring")["enabled"], "it is off")
    assert hall.press("", do="move", rule="ring").status_code == 200
    until(lambda: hall.rules() == ["blink", "ring"], "it stands at the end")
    assert hall.press("", do="move", rule="ring", before="blink").status_code == 200
    assert hall.press("", do="rename", rule="ring", to="bell").status_code == 200
    until(lambda: hall.rules() == ["bell", "blink"], "it has another name")
    assert "# the old bell" in hall.path.read_text()
    assert hall.press("", do="remove", rule="blink").status_code == 200
    until(lambda: hall.rules() == ["bell"], "it is gone")
    assert "# The hall's rules." in hall.path.read_text()


def test_a_change_that_was_not_meant_is_undone(hall: RulesHall) -> None:
    hall.press("", do="remove", rule="ring")
    until(lambda: hall.rules() == ["blink"], "it is gone")
    answer = hall.press("rollback")
    assert answer.json["result"]["changes"]["added"] == ["ring"]
    until(lambda: hall.rules() == ["ring", "blink"], "it is back")
    assert hall.path.read_text() == RULES


def test_a_refusal_is_told_in_the_gateway_s_words_and_nothing_changes(hall: RulesHall) -> None:
    answer = hall.press("", do="rename", rule="ring", to="blink")
    assert answer.status_code == 409
    assert "blink" in said(answer)["error"]
    assert hall.press("", do="rename", rule="ring").status_code == 400
    assert hall.path.read_text() == RULES


def test_a_broken_rule_is_listed_with_its_line_and_the_others_go_on(hall: RulesHall) -> None:
    hall.write(RULES.replace("station: bell", "station: bel"))
    until(lambda: hall.rule("ring")["broken"], "it is broken")
    assert "rules.yaml:6: " in hall.rule("ring")["broken"]
    assert "did you mean 'bell'" in hall.rule("ring")["broken"]
    assert not hall.rule("blink")["broken"]


def test_a_file_that_cannot_be_read_is_said_at_the_top_and_can_be_mended_in_the_editor(hall: RulesHall) -> None:
    hall.write(RULES + "  {{{\n")
    until(lambda: hall.listed()["parts"], "it is noticed")
    (part,) = hall.listed()["parts"]
    assert part["rule"] == "file"
    assert hall.rules() == ["ring", "blink"]
    got = said(hall.admin.get("/api/rules/file"))
    assert got["mistakes"][0]["line"] > 12
    assert hall.save(RULES, got["book"]["fingerprint"]).status_code == 200


def test_a_check_finds_each_mistake_at_its_line_and_word_and_changes_nothing(hall: RulesHall) -> None:
    wrong = RULES.replace("station: bell", "station: bel").replace("blink}", "blonk}")
    found = hall.press("check", text=wrong).json["mistakes"]
    assert [(m["line"], m["column"]) for m in found] == [(6, 22), (11, 36)]
    assert "did you mean 'bell'" in found[0]["words"]
    assert "rules.yaml" not in found[0]["words"]
    assert hall.press("check", text=RULES).json["mistakes"] == []
    assert hall.path.read_text() == RULES
    refused = hall.save(wrong)
    assert refused.status_code == 409
    assert [m["line"] for m in refused.json["mistakes"]] == [6, 11]
    assert hall.path.read_text() == RULES


def test_a_file_that_somebody_else_changed_meanwhile_is_not_overwritten_but_shown(hall: RulesHall) -> None:
    was = hall.file()["fingerprint"]
    theirs = RULES.replace("name: Rose", "name: Lion")
    hall.save(theirs)
    mine = RULES.replace("name: Rose", "name: Tiger")
    answer = hall.save(mine, was)
    assert answer.status_code == 409
    assert answer.json["theirs"]["text"] == theirs
    assert hall.path.read_text() == theirs
    assert hall.save(mine, answer.json["theirs"]["fingerprint"]).status_code == 200
    assert hall.path.read_text() == mine


def test_a_long_file_has_room_and_one_beyond_a_request_is_refused_in_words(hall: RulesHall) -> None:
    long = RULES + "# a remark\n" * 4_000
    assert hall.save(long).status_code == 200
    assert hall.file()["text"] == long
    beyond = hall.press("check", text="x" * 60_001)
    assert beyond.status_code == 400
    assert "60 kB" in beyond.json["error"]


def test_an_older_version_is_compared_and_made_the_file_again(hall: RulesHall) -> None:
    hall.save(RULES.replace("name: Rose", "name: Lion"))
    page = hall.admin.get("/rules/history")
    assert "in force" in words(page.text)
    versions = page.text.split("version=")[1:]
    older = versions[0].split('"')[0]
    compared = hall.admin.get(f"/rules/history?version={older}").text
    assert 'data-kind="old"' in compared
    assert "Lion" in compared
    fingerprint = hall.file()["fingerprint"]
    assert hall.press("restore", version=older, fingerprint=fingerprint).status_code == 200
    assert hall.path.read_text() == RULES
    assert hall.press("restore", version=older, fingerprint=fingerprint).status_code == 409


def test_a_viewer_sees_rules_and_changes_none(hall: RulesHall) -> None:
    viewer = hall.hand(Role.VIEWER)
    for path in ("/rules", "/rules/file", "/rules/history", "/rules/games", "/api/rules", "/api/rules/file"):
        assert viewer.get(path).status_code == 200
    assert "readonly" in viewer.get("/rules/file").text
    assert "New rule" not in viewer.get("/rules").text
    body = {"gateway": "gateway", "do": "remove", "rule": "ring"}
    assert viewer.press("/api/rules", body).status_code == 403
    operator = hall.hand(Role.OPERATOR)
    assert operator.press("/api/rules", body).status_code == 403
    assert operator.get("/rules/try").status_code == 200
    assert operator.get("/rules/backtest").status_code == 403
    assert hall.path.read_text() == RULES


def test_a_gateway_that_nobody_heard_is_refused_in_words(hall: RulesHall) -> None:
    answer = hall.admin.get("/api/rules?gateway=nowhere")
    assert answer.status_code == 400
    assert "nowhere" in said(answer)["error"]


def test_while_the_gateway_is_away_what_is_known_is_shown_and_nothing_is_saved(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with RulesHall(tmp_path_factory.mktemp("away")) as hall:
        before = hall.file()
        hall.gateway.end()
        until(lambda: hall.file()["away"], "it is gone")
        assert hall.file()["text"] == RULES  # from this machine's disk
        assert [r["rule"] for r in hall.listed()["rules"]] == ["ring", "blink"]
        answer = hall.save("rules: {}\n", before["fingerprint"])
        assert answer.status_code == 503
        assert "does not answer" in said(answer)["error"] or "no gateway" in said(answer)["error"]
        assert hall.path.read_text() == RULES
        assert Hand(hall.app).get("/rules/history").status_code == 200


def test_a_mistake_without_a_line_is_somewhere_in_the_file() -> None:
    assert [(m.line, m.column, m.words) for m in mistakes(["the file is too long"], "a: 1\n")] == [
        (0, 0, "the file is too long")
    ]
    (one,) = mistakes(["C:/hall/rules.yaml:2: rules.x: found 'y'"], "rules:\n  x: y\n")
    assert (one.line, one.column, one.words) == (2, 6, "rules.x: found 'y'")


def test_a_diff_says_what_goes_and_what_comes() -> None:
    old, new = "".join(f"{n}\n" for n in range(20)), "".join(f"{n}\n" for n in range(20) if n != 10)
    assert [(line.kind, line.text) for line in diff(old, new)] == [
        ("@", ""),
        *((" ", str(n)) for n in (7, 8, 9)),
        ("-", "10"),
        *((" ", str(n)) for n in (11, 12, 13)),
    ]
    assert list(diff(old, old)) == []
