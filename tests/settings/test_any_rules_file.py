"""Any rules file, any edit of it: the lines of one rule change, and no other byte."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gateway.settings.rules_file import enable_rule, move_rule, put_rule, remove_rule, rename_rule

BODY = "when: {share: {}}\nthen: [{announce: thanks}]\n"

_comment = st.sampled_from(["# a comment", "#", "# rose:", "#  [ { '"])
_bodies = st.sampled_from(
    [
        "\n    when: {gift: {name: Rose}}  # inside\n    then: []\n",
        "\n    when:\n      comment: {exact: 'it''s'}\n    # inside\n    then:\n    - wait: 1s\n",
        " {when: {share: {}}, enabled: true}\n",
        "  # beside\n    enabled: false\n\n    # deep\n    text: >-\n      # no comment\n\n      folded\n",
        "\n    enabled: true\n    when: \"a\n      # b\n      c\"\n     # deeper, behind\n",
        " 5\n",
        "\n",
    ]
)  # fmt: skip


@st.composite
def _files(draw: st.DrawFn) -> tuple[str, list[str]]:
    names = draw(st.lists(st.sampled_from(["a", "b", "c-1", "7", "rose"]), unique=True, min_size=1))
    parts = [
        draw(st.sampled_from(["", "# top\n\n", "timers: [t]\n", "---\n"])),
        "rules:",
        draw(st.sampled_from(["\n", " # r\n"])),
    ]
    for name in names:
        above = draw(st.lists(st.one_of(st.just(""), _comment.map("  ".__add__), _comment), max_size=3))
        quoted = draw(st.sampled_from([name, f'"{name}"']))
        parts += [*(line + "\n" for line in above), f"  {quoted}:", draw(_bodies)]
    parts.append(draw(st.sampled_from(["", "\n", "  # old: 1\n", "\n# next\ncounters: {x: {}}  # c\n"])))
    text = "".join(parts)
    return (text.replace("\n", "\r\n") if draw(st.booleans()) else text), names


def _said(text: str) -> list[tuple[str, object]]:
    data = YAML(typ="safe", pure=True).load(text)
    return [(str(k), v) for k, v in (data["rules"] or {}).items()]


def _difference(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines between the first and the last difference of two texts."""
    a, b = old.splitlines(keepends=True), new.splitlines(keepends=True)
    while a and b and a[0] == b[0]:
        a.pop(0), b.pop(0)
    while a and b and a[-1] == b[-1]:
        a.pop(), b.pop()
    return a, b


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@given(_files(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_removed_rule_takes_its_lines_and_no_other(file: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = file
    name = data.draw(st.sampled_from(names))
    new = remove_rule(text, name)
    assert _said(new) == [pair for pair in _said(text) if pair[0] != name]
    gone, come = _difference(text, new)
    if len(names) > 1:
        assert come == []
        assert sum(bool(re.match(r"  [^ #\s]", line)) for line in gone) == 1, "one name"
    else:
        # The first line differs; what stands between it and the rule is the old file's.
        assert come[0].split(":")[0] == "rules"
        assert set(come[1:]) <= set(gone)


@given(_files(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_rule_that_is_put_leaves_the_lines_of_the_others(
    file: tuple[str, list[str]], data: st.DataObject
) -> None:
    text, names = file
    name = data.draw(st.sampled_from(names))
    new = put_rule(text, name, BODY)
    thanks = {"when": {"share": {}}, "then": [{"announce": "thanks"}]}
    assert _said(new) == [(n, thanks if n == name else said) for n, said in _said(text)]
    assert put_rule(new, name, BODY) == new
    assert _lines(remove_rule(new, name)) == _lines(remove_rule(text, name))

    new = put_rule(text, "fresh", BODY)
    assert _said(new) == [*_said(text), ("fresh", thanks)]
    gone, come = _difference(text, new)
    assert not gone
    assert len(come) in (3, 4), "three lines, and one to set them off"
    assert remove_rule(new, "fresh") == text


@given(_files(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_moved_rule_takes_its_lines_along(file: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = file
    name = data.draw(st.sampled_from(names))
    before = data.draw(st.sampled_from([*names, None]))
    new = move_rule(text, name, before)
    assert dict(_said(new)) == dict(_said(text))
    order = [n for n, _ in _said(new)]
    assert before == name or order.index(name) + 1 == (len(order) if before is None else order.index(before))
    assert sorted(_lines(new)) == sorted(_lines(text)), "no line is lost"
    assert _lines(remove_rule(new, name)) == _lines(remove_rule(text, name)), "the others stay as they are"


@given(_files(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_rule_is_renamed_and_switched_off_on_one_line(file: tuple[str, list[str]], data: st.DataObject) -> None:
    text, names = file
    name = data.draw(st.sampled_from(names))
    new = rename_rule(text, name, "fresh")
    assert _said(new) == [("fresh" if n == name else n, said) for n, said in _said(text)]
    assert len(_difference(text, new)[1]) == 1
    rule = dict(_said(text))[name]
    if isinstance(rule, dict):
        new = enable_rule(text, name, False)
        assert _said(new) == [(n, {**rule, "enabled": False} if n == name else s) for n, s in _said(text)]
        assert len(_difference(text, new)[1]) <= 1
