"""Single settings changed in a file's text, which stays as its author wrote it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from gateway.errors import SettingsError
from gateway.settings.editing import Change, edit
from gateway.settings.yamlfile import parse

FILE = """\
# The hall.
venue: my-hall   # first word of every topic

broker: {host: 127.0.0.1, port: 1883}

accounts:
  # Upstairs.
  main: {username: a.practice}  # the stage
  # The club, at night.
  club:
    username: b.practice
    enabled: false

stations:
    cannon:            # four columns deep
        board: {id: C1}
        channels:
            shot: {kind: pulse, pin: 5}
            # to be wired
        actions: {}
"""


def put(text: str, *path: str, value: Any = UNSET) -> str:
    return edit(text, [Change(path=list(path), value=value)])


def test_a_value_is_changed_and_every_other_byte_stays() -> None:
    assert put(FILE, "broker", "port", value=8883) == FILE.replace("1883", "8883")
    assert put(FILE, "venue", value="your-hall") == FILE.replace("my-hall", "your-hall")
    assert put(FILE, "accounts", "club", "enabled", value=True) == FILE.replace("false", "true")


def test_what_was_not_there_is_added_beside_its_siblings_and_as_deep() -> None:
    assert "{host: 127.0.0.1, port: 1883, tls: true}" in put(FILE, "broker", "tls", value=True)
    assert put(FILE, "gateway", "backup", "keep", value=3).endswith("gateway:\n  backup: {keep: 3}\n")
    added = put(FILE, "stations", "cannon", "channels", "lamp", value={"kind": "level", "pin": 6})
    assert "pin: 5}\n            lamp: {kind: level, pin: 6}\n            # to be wired\n" in added
    assert "    title: The club\n" in put(FILE, "accounts", "club", "title", value="The club")
    assert put("venue: a", "web", "port", value=80) == "venue: a\nweb: {port: 80}\n"
    assert put("", "venue", value="a") == "venue: a\n"
    fire = put(FILE, "stations", "cannon", "actions", "fire", value={"channel": "shot"})
    assert fire == FILE.replace("actions: {}\n", "actions:\n          fire: {channel: shot}\n")
    assert put("a: {b: {}}\n", "a", "b", "c", value=1) == "a: {b: {c: 1}}\n"
    assert put("a: {}  # none", "a", "b", value=1) == "a:  # none\n  b: 1\n"


def test_what_is_taken_out_goes_with_the_comment_above_it_and_nothing_else() -> None:
    without = put(FILE, "accounts", "main")
    assert without == FILE.replace("  # Upstairs.\n  main: {username: a.practice}  # the stage\n", "")
    assert "broker: {port: 1883}" in put(FILE, "broker", "host")
    assert "broker: {host: 127.0.0.1}" in put(FILE, "broker", "port")
    empty = put(put(FILE, "accounts", "main"), "accounts", "club")
    assert parse(empty, "").data["accounts"] == {}
    assert "# The club" not in empty
    assert put(FILE, "web", "port") == FILE


def test_a_text_that_yaml_would_misread_is_quoted() -> None:
    for value in (
        "5573932",
        "yes: no",
        "true",
        "# not a comment",
        "a\nb",
        "null",
        "",
        "12:30",
        "@name",
        "{{ x }}",
    ):
        assert parse(put(FILE, "venue", value=value), "").data["venue"] == value


def test_line_ends_of_windows_stay() -> None:
    text = put(FILE.replace("\n", "\r\n"), "web", "port", value=80)
    assert "\n" not in text.replace("\r\n", "")


def test_what_cannot_be_edited_safely_is_refused_in_words() -> None:
    with pytest.raises(SettingsError, match="venue is not a block of settings"):
        put(FILE, "venue", "port", value=1)
    with pytest.raises(SettingsError, match="mend that in the file itself first"):
        put("venue: [", "venue", value="a")
    shared = "venue: a\nbroker: &b {port: 1}\nweb: *b\n"
    with pytest.raises(SettingsError, match="does not fit the way the file is written"):
        put(shared, "web", "port", value=2)


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.just("2s"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
CHANGES = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), VALUES | st.just(UNSET)), max_size=6)


@settings(max_examples=20, deadline=None)
@given(CHANGES)
def test_whatever_is_changed_the_rest_of_the_file_says_what_it_said(
    changes: list[tuple[list[str], Any]],
) -> None:
    text = FILE
    for path, value in changes:
        said = parse(text, "").data
        for name in path[:-1]:
            said = {} if said.get(name) is None else said[name]
            if not isinstance(said, dict):
                break
        else:
            text = put(text, *path, value=value)
    said = parse(text, "").data
    for name, value in parse(FILE, "").data.items():
        assert said[name] == value
    assert "# four columns deep" in text
