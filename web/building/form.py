"""What the form is made from: the JSON Schema of a rule, and what a person wants to see of it first.

Whatever the tables here leave out is in the form all the same, under the name that it has in the file.
"""

from functools import cache
from typing import Any

from flask_babel import lazy_gettext

from gateway.settings.rules import Rule
from gateway.settings.steps import STEPS, Then
from gateway.settings.triggers import When
from gateway.settings.yamlfile import json_schema, mistakes_in
from web.building.edit import same

Place = list[str]
"""Names and numbers that lead to a part of a rule, such as then, 0, station."""

DEFS: dict[str, Any] = json_schema(Rule)["$defs"]
ONE_OF = {"When": list(When.__struct_fields__), "Then": list(STEPS)}
"""Of these a rule says exactly one, the common ones first."""
WITH = {"Then": {"station": [name for name in Then.__struct_fields__ if name not in STEPS]}}
"""What belongs to one of them."""
COMMON = {"When": ["gift", "comment", "like", "follow"], "Then": ["station", "wait", "announce", "sound"]}
SECTIONS = {"when": ["when"], "if": ["if", "unless"], "then": ["then"], "else": ["else"]}
"""Of the form; what is in none of them limits the rule."""
HEAD = ["title", "enabled"]
FIRST = {
    "Rule": ["title", "enabled", "if", "user_cooldown", "cooldown"],
    "OnGift": ["name", "pay"],
    "OnComment": ["contains"],
    "OnLike": ["every"],
    "Who": [],
    "Repeat": ["times", "every", "steps"],
    "Choice": ["weight", "steps"],
    "Fork": ["so", "steps", "else"],
}
"""Always shown; the rest is added when it is wanted. What is not named here shows all where that is little."""
EITHER = ["OnComment"]
"""Of these mostly one setting is said: the first ones are not shown beside another."""
KNOWN = {
    "Rule.accounts": "accounts",
    "Rule.group": "groups",
    "Then.station": "stations",
    "Then.action": "actions",
    "Then.params": "params",
    "Then.sound": "sounds",
    "Call.name": "webhooks",
    "SetCounter.name": "counters",
    "OnCounter.name": "counters",
    "SetTimer.name": "timers",
    "OnTimer.name": "timers",
    "SetNote.name": "notes",
    "OnStage.name": "stages",
    "OnStage.level": "levels",
    "OnInput.station": "stations",
    "OnInput.channel": "inputs",
    "OnGift.name": "gifts",
    "OnGift.id": "gift_ids",
    "OnButton.name": "buttons",
    "Who.stage": "stages",
    "Who.station": "stations",
}
"""Which of the things that are known here a setting names."""
OPEN = ["gifts", "gift_ids", "buttons"]
"""Of these a rule may name one that nobody has seen yet."""
ORDER = [
    *("title", "enabled", "accounts", "when", "if", "unless", "combo"),
    *("cooldown", "user_cooldown", "user_per_minute", "group", "mode", "max", "priority", "deadline"),
    *("then", "else"),
]
"""In which people write a rule."""


@cache
def shape() -> dict[str, Any]:
    """All of it for the form's script, but for the words."""
    said = {*HEAD, *(name for names in SECTIONS.values() for name in names)}
    limits = [name for name in _ordered("Rule") if name not in said]
    return {
        "defs": DEFS,
        "oneOf": ONE_OF,
        "with": WITH,
        "common": COMMON,
        "sections": {**SECTIONS, "limits": limits},
        "head": HEAD,
        "first": FIRST,
        "either": EITHER,
        "known": KNOWN,
        "open": OPEN,
    }


def lean(rule: dict[str, Any], was: dict[str, Any]) -> dict[str, Any]:
    """The rule as it is to be written: without what was left empty, and without what only repeats a default
    (unless it was written so before); what is new in the order of the house."""
    made: dict[str, Any] = _lean(rule, was, {"$ref": "#/$defs/Rule"})
    return made


def mistakes(rule: dict[str, Any]) -> list[tuple[Place, str]]:
    """What can be told without the venue's settings: the place of each mistake, and words."""
    found = []
    for path, words in mistakes_in(rule, Rule):
        missing = words.removesuffix(" is missing").strip("'") if words.endswith("' is missing") else ""
        at = [*map(str, path), *filter(None, [missing])]
        found.append((at, str(EMPTY) if missing or _at(rule, path) in ("", None) else words))
    told = [at for at, _ in found]
    return [*found, *((at, str(EMPTY)) for at in _unsaid(rule, {"$ref": "#/$defs/Rule"}, []) if at not in told)]


EMPTY = lazy_gettext("this is still empty")


def _unsaid(value: Any, schema: dict[str, Any], at: Place) -> list[Place]:
    """Where something has to be said, or one of several, and nothing is."""
    name, definition = _definition(schema)
    if isinstance(value, list) and "items" in definition:
        return [p for i, part in enumerate(value) for p in _unsaid(part, definition["items"], [*at, str(i)])]
    if not isinstance(value, dict):
        return []
    if name in ONE_OF and not any(one in value for one in ONE_OF[name]):
        return [at]
    missing = [[*at, key] for key in definition.get("required", []) if key not in value]
    properties = definition.get("properties", {})
    return missing + [p for k, v in value.items() if k in properties for p in _unsaid(v, properties[k], [*at, k])]


def _lean(value: Any, was: Any, schema: dict[str, Any]) -> Any:
    name, definition = _definition(schema)
    if isinstance(value, list):
        olds = [*(was if isinstance(was, list) else []), *[None] * len(value)]
        items = definition.get("items", {})
        return [_lean(part, olds[i], items if isinstance(items, dict) else {}) for i, part in enumerate(value)]
    if not isinstance(value, dict):
        return value
    properties = definition.get("properties", {})
    old = was if isinstance(was, dict) else {}
    made = {}
    for key in [*(k for k in _ordered(name) if k in value), *(k for k in value if k not in properties)]:
        part = _lean(value[key], old.get(key), properties.get(key, {}))
        usual = properties.get(key, {}).get("default")
        if part is None or (key not in old and key in properties and same(part, usual)):
            continue
        if (
            key not in old
            and part in ({}, [])
            and "default" in properties.get(key, {})
            and not _means(properties[key])
        ):
            continue
        made[key] = part
    return made


def _means(schema: dict[str, Any]) -> bool:
    """Whether an empty block says something: that a thing of this kind is meant."""
    return _definition(schema)[0] not in ("", "Who")


def _ordered(name: str) -> list[str]:
    properties = list(DEFS.get(name, {}).get("properties", {}))
    if name != "Rule":
        return properties
    return [*(key for key in ORDER if key in properties), *(key for key in properties if key not in ORDER)]


def _definition(schema: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The Struct's name, "" where it is none, and what it says; of what may be left out, what it is otherwise."""
    branches = [branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"]
    if len(branches) == 1:
        return _definition(branches[0])
    if reference := schema.get("$ref"):
        name = str(reference).rpartition("/")[2]
        return name, DEFS[name]
    return "", schema


def _at(value: Any, path: list[Any]) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
