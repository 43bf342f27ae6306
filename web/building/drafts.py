"""From a form to the rule's text and back, and what a gateway says of it."""

import re
from typing import Any

from flask_babel import lazy_gettext
from msgspec import Struct

from gateway.errors import SettingsError
from gateway.settings.nodes import compose
from gateway.settings.rules_file import put_rule
from gateway.settings.rules_text import RulesText
from gateway.settings.yamlfile import parse
from web.building import form
from web.building.edit import refused, rewrite
from web.building.writing import flow

_MISTAKE = re.compile(r"^.*?:\d+: (?:(?P<at>[\w.-]+): )?(?P<words>.*)$", re.DOTALL)
NAME = re.compile(r"[a-z0-9-]{1,32}")


class Flaw(Struct, frozen=True):
    """A mistake and its place in the rule, as names and numbers; none: it is about the whole."""

    at: list[str]
    words: str


class Draft(Struct, frozen=True, kw_only=True):
    """``text``: the rule as it is to be written, its name above it."""

    text: str
    flaws: list[Flaw]


def written(file: str, name: str) -> str:
    """The rule's own text in a rules file: the comment above it, its name and what is below. Raises
    ``SettingsError``."""
    text = RulesText(file)
    rule = text.rule(name)
    lines = (line.rstrip("\r\n") for line in text.lines[rule.head : rule.end])
    margin = " " * text.column
    return "".join(line.removeprefix(margin) + "\n" for line in lines)


def read(text: str, name: str) -> dict[str, Any]:
    """What a rule's own text says. Raises ``SettingsError`` for one that the form could not change safely."""
    try:
        rule = parse(text, "rules").data[name]
    except (SettingsError, KeyError, TypeError):
        raise SettingsError([str(BY_HAND)]) from None
    if not isinstance(rule, dict) or refused(text):
        raise SettingsError([str(BY_HAND)])
    return rule


BY_HAND = lazy_gettext(
    "this rule uses YAML's names for parts (& and *), or is no block of settings: edit it in the file itself"
)


def draft(base: str, was: str, name: str, rule: dict[str, Any]) -> Draft:
    """The rule as the form has it. ``base``: its text as it was, "" for a new one; ``was``: its name then."""
    said = form.lean(rule, read(base, was) if base else {})
    text = rewrite(base, was or name or UNNAMED, said)
    if was and was != name:
        text = renamed(text, was, name)
    flaws = [Flaw(at, words) for at, words in form.mistakes(said)]
    if not NAME.fullmatch(name):
        flaws.insert(0, Flaw(["name"], str(NO_NAME if name else form.EMPTY)))
    return Draft(text=text, flaws=flaws)


UNNAMED = "rule"
"""How a rule is shown until it has a name."""
NO_NAME = lazy_gettext("use a-z, 0-9 and -, at most 32 of them")


def whole(file: str, was: str, made: Draft, name: str) -> str:
    """The rules file with the rule in it. Raises ``SettingsError``."""
    key = was or name
    return put_rule(file, key, made.text if key == name else renamed(made.text, name, key))


def flaws_of(told: list[str], name: str) -> list[Flaw]:
    """Of a gateway's mistakes those of this rule, and those of no place, each with its place in the form."""
    found = []
    for words in told:
        match = _MISTAKE.match(words)
        at = (match["at"] or "").split(".") if match else []
        if at[:2] == ["rules", name]:
            assert match is not None
            found.append(Flaw(at[2:], match["words"]))
        elif not match or at in ([], [""]):
            found.append(Flaw([], words))
    return found


def renamed(text: str, was: str, name: str) -> str:
    root = compose(text)
    key = root.value[0][0] if root is not None else None
    if key is None or key.value != was:
        raise SettingsError([f"expected the text of rule {was!r}"])
    return text[: key.start_mark.index] + flow(name) + text[key.end_mark.index :]
