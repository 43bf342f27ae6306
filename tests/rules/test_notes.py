"""Notes: a text that rules keep, read by others, written again, and there after a restart."""

from pathlib import Path

import pytest

from gateway import messages as m
from gateway.settings.rules import RuleBook
from gateway.settings.variables import variables
from tests.rules.floor import Floor
from tests.rules.happenings import comment, viewer
from tests.settings.venue import said

KEEP = """\
notes: [last-word, seen]
rules:
  keep:
    when: {comment: {command: "!keep"}}
    then:
      - announce: "was {note_last_word}"
      - note: {name: last-word, set: "{args} by {user}"}
      - announce: "is {note_last_word}"
  tell:
    when: {comment: {exact: tell}}
    if: {so: "note_last_word != ''"}
    then: [{announce: "{note_last_word}{note_seen}"}]
  late:
    when: {comment: {exact: late}}
    then: [{wait: 5s}, {note: {name: last-word, set: late}}]
  wipe:
    when: {comment: {exact: wipe}}
    then: [{note: {name: last-word, set: ""}}]
"""


@pytest.fixture
def floor() -> Floor:
    return Floor(KEEP)


def told(floor: Floor, text: str, number: int, user: m.User | None = None) -> list[object]:
    event = comment(text, user, number=number) if user is not None else comment(text, number=number)
    return [command.params["text"] for command in floor.happens(event).commands]


def test_a_note_is_kept_and_the_steps_after_it_read_it(floor: Floor) -> None:
    assert told(floor, "tell", 1) == []
    assert told(floor, "!keep moon", 2) == ["was ", "is mon by Budi"]
    assert told(floor, "!keep sun", 3, viewer(3, nickname="Sari")) == ["was mon by Budi", "is sun by Sari"]
    assert told(floor, "tell", 4) == ["sun by Sari"]


def test_a_note_is_there_after_a_restart_until_it_is_empty(floor: Floor) -> None:
    told(floor, "!keep moon", 1)
    floor.restart()
    assert told(floor, "tell", 2) == ["mon by Budi"]
    told(floor, "wipe", 3)
    floor.restart()
    assert told(floor, "tell", 4) == []
    assert not floor.state.notes


def test_a_note_behind_a_wait_is_written_when_the_wait_is_over(floor: Floor) -> None:
    told(floor, "late", 1)
    floor.restart()
    assert told(floor, "tell", 2) == []
    floor.later(5)
    assert told(floor, "tell", 3) == ["late"]


def test_a_rule_does_not_read_what_another_one_will_only_write_later() -> None:
    floor = Floor(
        "notes: [x]\ncounters: {c: {}}\nrules:\n"
        "  a: {when: {share: {}}, then: [{wait: 5s}, {note: {name: x, set: new}}, {counter: {name: c, add: 1}}]}\n"
        "  b: {when: {share: {}}, if: {so: \"note_x == '' and c == 0\"}, then: [{announce: first}]}\n"
    )
    event = m.ShareEvent(
        id="s", source="/t", time=m.stamp(floor.now), received=m.stamp(floor.now), account="ayu",
        data=m.Person(user=viewer(1)),
    )  # fmt: skip
    assert [command.params["text"] for command in floor.happens(event).commands] == ["first"]


def test_a_note_is_one_line_of_at_most_200_characters(floor: Floor) -> None:
    told(floor, "!keep moon", 1, viewer(1, nickname="\u202eA\n\nB" + "x" * 300))
    kept = floor.state.notes["last-word"]
    assert kept.startswith("mon by A Bxxx")
    assert len(kept) == 200
    assert told(floor, "tell", 2) == [kept]


def test_a_note_that_the_rules_of_now_do_not_know_is_not_written(floor: Floor) -> None:
    told(floor, "late", 1)
    floor.program = Floor("rules: {a: {when: {share: {}}, then: [{announce: hi}]}}").program
    floor.later(5)
    assert not floor.state.notes


def test_a_note_is_read_as_text() -> None:
    assert variables(RuleBook(notes=["last-word"]))["note_last_word"] == "text"


GOOD = "notes: [king]\nrules:\n  r: {when: {share: {}}, then: [%s]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD % "{note: {name: kign, set: a}}", "there is no note 'kign' (did you mean 'king'?)"),
        (GOOD % "{note: {name: zzz, set: a}}", "there is no note 'zzz': write it under `notes`"),
        (GOOD % "{note: {name: king}}", "rules.r.then.0.note: 'set' is missing"),
        (GOOD % "{note: {name: king, set: '{usr}'}}", "rules.r.then.0.note.set: "),
        (GOOD % "{announce: '{note_kign}'}", "did you mean 'note_king'?"),
        (GOOD % "{counter: {name: c, add: note_king}}" + "counters: {c: {}}\n", "'note_king' is a text"),
        (GOOD.replace("king", "king, king") % "{announce: a}", "notes.0: note 'king' stands here more than once"),
        (GOOD % "{announce: a}" + "counters: {note-king: {}}\n", "note_king, and that name is note 'king''s"),
        (GOOD.replace("king", "The King", 1) % "{announce: a}", "notes.0: "),
        ("notes: soon\n", "notes: expected a list; found 'soon'"),
    ],
)  # fmt: skip
def test_a_mistake_about_a_note_is_told(text: str, expected: str, tmp_path: Path) -> None:
    assert any(expected in mistake for mistake in said(tmp_path, text)), said(tmp_path, text)


def test_a_rule_that_reads_a_broken_note_says_so(tmp_path: Path) -> None:
    text = "notes: [Big, Big]\nrules:\n  r: {when: {share: {}}, then: [{announce: '{note_Big}'}]}\n"
    assert any("note 'Big' is broken itself: see line 1" in mistake for mistake in said(tmp_path, text))
