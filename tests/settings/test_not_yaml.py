"""What a slip of the pen is called: every file here is broken as people break them."""

import pytest

from gateway.errors import SettingsError
from gateway.settings.nodes import compose
from gateway.settings.yamlfile import parse

RULE = "rules:\n  rose:\n    when: {follow: {}}\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (RULE + "   then: [{sound: horn}]\n", 4, "have to begin in the same column"),
        (
            RULE + "    title: x\n     then: [{sound: horn}]\n",
            5,
            "a colon where none can be; lines that belong together",
        ),
        (RULE + "\tthen: [{sound: horn}]\n", 4, "a tab; indent with spaces"),
        (RULE + "    title: Goal: the first\n", 4, "a text with a colon in it stands in quotes"),
        (RULE + '    title: "Goal\n    then: [{sound: horn}]\n', 4, "a quote is opened here and never closed"),
        (
            RULE + "    title: @home\n",
            4,
            "@ begins nothing here; a text that begins with it has to stand in quotes",
        ),
        (RULE + "    then: [{announce: {user} hi}]\n", 4, "quotes around text with { }"),
        (RULE + "    then: [{sound: horn}\n    title: x\n", 5, "a , or ] is missing"),
        (RULE + "    then: [{sound: horn}\n    title: x\n", 5, "(opened in line 4)"),
        (RULE + "    then: [", 4, "a [ or { is never closed"),
        (RULE + "    then: }\n", 4, "} stands where something is expected"),
        (RULE + "    then\n    title: x\n", 5, "a colon"),
        ("rules: {a: {when: {comment: {command: !fire}}}}\n", 1, "! has a meaning of its own"),
        ("rules: {a: *star}\n", 1, "undefined alias 'star': * has a meaning of its own"),
        ('rules: {a: {when: {comment: {regex: "\\d+"}}}}\n', 1, "in double quotes; write single ones"),
    ],
)
def test_a_broken_file_is_told_in_words_that_say_what_to_do(text: str, line: int, said: str) -> None:
    for read, where in ((lambda: parse(text, "rules.yaml"), "rules.yaml:"), (lambda: compose(text), "line ")):
        with pytest.raises(SettingsError) as e:
            read()
        assert str(e.value).startswith(f"{where}{line}: not YAML: ")
        assert said in str(e.value)
