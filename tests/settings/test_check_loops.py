"""Rules that would start each other over MQTT for ever are told before they do."""

from pathlib import Path

import pytest

from tests.settings.venue import read

LISTENS = "when: {topic: {topic: hall/x}}"
ECHO = "then: [{publish: {topic: hall/x, payload: '{payload}'}}]"
ENDLESS = "without end: it listens to hall/"


def mistakes(folder: Path, **rules: str) -> list[str]:
    lines = [f"  {name}:\n    " + text.replace("\n", "\n    ") for name, text in rules.items()]
    return read(folder, "rules:\n" + "\n".join(lines) + "\n").mistakes


@pytest.mark.parametrize(
    "deep", ["{}", "{{repeat: {{times: 2, steps: [{}]}}}}", "{{parallel: [[{}], [{{wait: 1s}}]]}}"]
)
def test_a_rule_that_hears_itself_is_refused_however_deep_it_publishes(tmp_path: Path, deep: str) -> None:
    step = deep.format("{publish: {topic: hall/x, payload: a}}")
    (said,) = mistakes(tmp_path, echo=f"{LISTENS}\nthen: [{step}]")
    assert "rules.echo.then: what it publishes starts it again" in said
    assert ENDLESS in said


def test_rules_that_pass_it_on_in_a_circle_are_refused_and_who_only_hears_them_is_not(tmp_path: Path) -> None:
    back = "when: {topic: {topic: hall/y}}\n" + ECHO
    there = LISTENS + "\n" + ECHO.replace("hall/x", "hall/y")
    listener = LISTENS + "\n" + ECHO.replace("hall/x", "hall/z")
    said = mistakes(tmp_path, there=there, back=back, listener=listener)
    assert len(said) == 2
    assert "rules.there" in said[0]
    assert "rules.back" in said[1]


@pytest.mark.parametrize(
    "rule",
    [
        "when: {topic: {topic: hall/x, payload: 'on'}}\nthen: [{publish: {topic: hall/x, payload: 'off'}}]",
        f"{LISTENS}\ncooldown: 5s\n{ECHO}",
        f"{LISTENS}\nif: {{so: \"payload != 'done'\"}}\n{ECHO}",
        f"{LISTENS}\nenabled: false\n{ECHO}",
    ],
)
def test_what_comes_to_an_end_is_no_circle(tmp_path: Path, rule: str) -> None:
    assert not mistakes(tmp_path, rule=rule)
