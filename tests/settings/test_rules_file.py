"""Edits of a rules file: exactly the lines that are meant, everything else as its author wrote it."""

from collections.abc import Callable

import pytest

from gateway.errors import SettingsError
from gateway.settings.rules_file import enable_rule, move_rule, put_rule, remove_rule, rename_rule

FILE = """\
# Rules of the hall.   (two blanks,  kept)
rules:

  # ---- gifts ----

  # Roses pulse the cannon,
  # quickly.
  rose:  # the best seller
    when: {gift: {name: "Rose"}}   # in quotes
    then:
      - {station: cannon, action: fire}

      # a blank line and a comment within
      - wait: 2s

  lion:
      when:
          gift: {name: 'Lion'}
      then: [{station: cannon, action: fire}]

  # Fans
  fan:
    when: {follow: {}}
    then:
    - announce: |
        # not a comment
        Welcome, {user}!
  # bye:
  #   when: {share: {}}

# Numbers.
counters:
  goal: {max: 100}   # coins
"""
BODY = "when: {share: {}}\nthen: [{announce: thanks}]\n"


def without(text: str, first: str, last: str) -> str:
    """The text without its lines from the one that is ``first`` to the one that is ``last``."""
    lines = text.splitlines()
    a = lines.index(first)
    b = lines.index(last, a)
    return "\n".join([*lines[:a], *lines[b + 1 :], ""])


def test_a_new_rule_stands_behind_the_others_and_nothing_else_moves() -> None:
    new = "\n  share:\n    when: {share: {}}\n    then: [{announce: thanks}]\n"
    old = "  #   when: {share: {}}\n"
    assert put_rule(FILE, "share", BODY) == FILE.replace(old, old + new)


def test_a_rule_is_replaced_in_its_place_and_keeps_the_comments_around_it() -> None:
    old = FILE[FILE.index("    when: {gift") : FILE.index("  lion:")]
    assert put_rule(FILE, "rose", BODY) == FILE.replace(
        old, "    when: {share: {}}\n    then: [{announce: thanks}]\n\n"
    )


def test_a_rule_comes_with_its_name_and_comments_or_without() -> None:
    named = (
        "# To all who share.\nshare:  # they are few\n  when: {share: {}}\n  # and now\n"
        "  then: [{announce: thanks}]"
    )
    added = put_rule("rules: {}  # none yet\n", "share", named)
    assert added == (
        "rules:  # none yet\n"
        "  # To all who share.\n  share:  # they are few\n    when: {share: {}}\n    # and now\n"
        "    then: [{announce: thanks}]\n"
    )
    assert put_rule(added, "share", named) == added
    assert put_rule(added, "share", "{when: {share: {}},\nthen: []} # short") == (
        "rules:  # none yet\n  # To all who share.\n  share: {when: {share: {}},\n    then: []} # short\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "rules:\n  a: {when: 1}\n"),
        ("# nothing yet", "# nothing yet\n\nrules:\n  a: {when: 1}\n"),
        ("counters: {}\n", "counters: {}\n\nrules:\n  a: {when: 1}\n"),
        ("rules:\n", "rules:\n  a: {when: 1}\n"),
        ("rules: # none\ntimers: []\n", "rules: # none\n  a: {when: 1}\ntimers: []\n"),
        ("rules: null\n  # old: 1\n", "rules:\n  # old: 1\n\n  a: {when: 1}\n"),
        ("rules:\n   z: {when: 2}", "rules:\n   z: {when: 2}\n   a: {when: 1}\n"),
        ("rules:\r\n  z: {when: 2}\r\n", "rules:\r\n  z: {when: 2}\r\n  a: {when: 1}\r\n"),
        ("\ufeffrules:\n  z: {when: 2}\n", "\ufeffrules:\n  z: {when: 2}\n  a: {when: 1}\n"),
        ("rules:\n  z: {when: '\u2028\x85'}\n", "rules:\n  z: {when: '\u2028\x85'}\n  a: {when: 1}\n"),
    ],
)
def test_the_first_rule_and_odd_files(text: str, expected: str) -> None:
    assert put_rule(text, "a", "{when: 1}") == expected


def test_a_removed_rule_takes_its_own_comment_along_and_no_other() -> None:
    assert remove_rule(FILE, "rose") == without(FILE, "  # Roses pulse the cannon,", "      - wait: 2s").replace(
        "gifts ----\n\n\n", "gifts ----\n\n"
    )
    assert remove_rule(FILE, "lion") == without(
        FILE, "  lion:", "      then: [{station: cannon, action: fire}]"
    ).replace("wait: 2s\n\n\n", "wait: 2s\n\n")
    assert remove_rule(FILE, "fan") == without(FILE, "  # Fans", "        Welcome, {user}!").replace(
        "fire}]\n\n  # bye", "fire}]\n  # bye"
    )


def test_the_last_rule_that_is_removed_leaves_a_file_that_can_be_read() -> None:
    text = "rules:  # all\n  # one\n  a: {when: 1}\n\ntimers: []\n"
    assert remove_rule(text, "a") == "rules: {}  # all\n\ntimers: []\n"
    assert put_rule(remove_rule(text, "a"), "a", "{when: 1}") == "rules:  # all\n  a: {when: 1}\n\ntimers: []\n"


def test_a_rule_is_switched_off_and_on() -> None:
    off = enable_rule(FILE, "rose", False)
    assert off == FILE.replace('    when: {gift: {name: "', '    enabled: false\n    when: {gift: {name: "')
    assert enable_rule(off, "rose", True) == off.replace("enabled: false", "enabled: true")
    assert enable_rule(FILE, "rose", True) == FILE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{when: {share: {}}}", "{enabled: false, when: {share: {}}}"),
        ("{}", "{enabled: false}"),
        ("&x {when: 1}", "&x {enabled: false, when: 1}"),
        ("&x\n    when: 1\n", "&x\n    enabled: false\n    when: 1\n"),
        ("{when: 1, enabled: true, then: []}  # x", "{when: 1, enabled: false, then: []}  # x"),
        ("\n    when: 1\n    enabled:  # on\n", "\n    when: 1\n    enabled: false  # on\n"),
        ("\n    enabled: Active\n    when: 1\n", "\n    enabled: false\n    when: 1\n"),
        ('\n    "enabled" : !!bool "true"  # so\n    when: 1\n', "\n    enabled: false  # so\n    when: 1\n"),
    ],
)
def test_a_rule_is_switched_off_however_it_is_written(before: str, after: str) -> None:
    assert enable_rule(f"rules:\n  a: {before}", "a", False) == f"rules:\n  a: {after}"


def test_a_rule_is_renamed_in_its_place() -> None:
    assert rename_rule(FILE, "rose", "roses") == FILE.replace("  rose:", "  roses:")
    assert rename_rule("rules:\n  '7': {when: 1}\n", "7", "1e3") == 'rules:\n  "1e3": {when: 1}\n'
    assert rename_rule(FILE, "rose", "rose") == FILE


def test_a_rule_is_moved_with_its_comment() -> None:
    fan = FILE[FILE.index("  # Fans") : FILE.index("  # bye")]
    lion = FILE[FILE.index("  lion:") : FILE.index("  # Fans")]
    assert move_rule(FILE, "fan", "lion") == FILE.replace(lion + fan, fan + "\n" + lion.rstrip("\n") + "\n")
    assert move_rule(FILE, "lion", None) == FILE.replace(lion, "").replace(
        "  #   when: {share: {}}\n", "  #   when: {share: {}}\n\n" + lion.rstrip("\n") + "\n"
    )
    assert move_rule(FILE, "rose", "lion") == FILE
    assert move_rule(FILE, "fan", None) == FILE
    assert move_rule(FILE, "fan", "fan") == FILE


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda: put_rule("rules: [", "a", BODY), "line 1: not YAML"),
        (lambda: put_rule(FILE, "a", "when: ["), "line 1: not YAML"),
        (lambda: put_rule(FILE, "a", "when: \x00"), "not YAML"),
        (lambda: put_rule(FILE, "a", ""), "expected a rule"),
        (lambda: put_rule(FILE, "a", "fire!"), "expected a rule"),
        (lambda: put_rule(FILE, "a", "rules:\n  a: {when: 1}"), "found a whole rules file"),
        (lambda: put_rule(FILE, "a", "a: {when: 1}\nb: {when: 2}"), "expected one rule; found 2: a, b"),
        (lambda: put_rule(FILE, "a", "b: {when: 1}\n"), "this is rule 'b', but 'a' is to be written"),
        (lambda: put_rule(FILE, "a", "---\nwhen: 1\n"), "without lines such as ---"),
        (lambda: put_rule(FILE, "a", "when: 1\n---\nwhen: 2\n"), "not YAML"),
        (lambda: put_rule(FILE, "a", "when: *rose\n"), "undefined alias"),
        (lambda: put_rule(FILE, "A b", BODY), "'A b' cannot be a rule's name: use a-z, 0-9 and -"),
        (lambda: put_rule(FILE, "", BODY), "cannot be a rule's name"),
        (lambda: put_rule("rules: {z: {when: 1}}", "a", BODY), "not written each on lines of its own"),
        (lambda: put_rule("rules:\n  ? z\n  : {when: 1}", "a", BODY), "not written each on lines of its own"),
        (lambda: put_rule("{rules: {}}", "a", BODY), "not written as blocks"),
        (lambda: put_rule("rules: 5", "a", BODY), "`rules` is not a block of rules"),
        (lambda: put_rule("rules: {}\nrules: {}", "a", BODY), "`rules` stands twice"),
        (lambda: put_rule("rules:\n  a: {}\n  a: {}", "a", BODY), "two rules 'a'"),
        (lambda: put_rule("rules:\n  a: {when: 1}\n...\n", "b", BODY), "does not fit the way the file is written"),
        (lambda: remove_rule(FILE, "rosa"), "there is no rule 'rosa' in the rules file (did you mean 'rose'?)"),
        (lambda: remove_rule("rules:\n  a: &x {}\n  b: *x\n", "a"), "undefined alias"),
        (lambda: enable_rule(FILE, "rosa", True), "did you mean 'rose'?"),
        (lambda: enable_rule("rules:\n  a: 5\n", "a", True), "not written as a block of settings"),
        (lambda: enable_rule("rules:\n  a: &x {}\n  b: *x\n", "b", False), "not written as a block of settings"),
        (lambda: enable_rule("rules:\n  a: &x {}\n  b: *x\n", "a", False), "would change more than it should"),
        (lambda: enable_rule("rules:\n  a: {enabled: []}\n", "a", False), "`enabled` is not true or false"),
        (lambda: rename_rule(FILE, "rose", "fan"), "there is a rule 'fan' already"),
        (lambda: rename_rule(FILE, "rose", "Rose!"), "cannot be a rule's name"),
        (lambda: move_rule(FILE, "rose", "fans"), "did you mean 'fan'?"),
        (lambda: move_rule("rules:\n  a: &x {}\n  b: *x\n", "b", "a"), "undefined alias"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_words(edit: Callable[[], str], said: str) -> None:
    with pytest.raises(SettingsError) as e:
        edit()
    assert said in str(e.value)


def test_aliases_within_aliases_do_not_fill_the_memory() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    with pytest.raises(SettingsError, match="aliases"):
        put_rule(bomb, "a", BODY)
    with pytest.raises(SettingsError, match="aliases"):
        put_rule("rules:\n  a: &a {then: *a}\n", "b", BODY)
    with pytest.raises(SettingsError, match="not YAML"):
        put_rule("[" * 5000, "b", BODY)
