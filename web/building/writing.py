"""How a person writes a part of a rule: in one line with { } where it is short, else line by line."""

import json
import re
from typing import Any

WIDTH = 110
"""Columns of a line."""
DEEPEST = 3
"""Blocks within each other in one line; with more of them nobody counts the brackets right."""
_PLAIN = re.compile(r"[A-Za-z_][\w./@+-]*( \w[\w./@+-]*)*|\d+(\.\d+)?(ms|s|m|h)")
"""Texts that mean themselves without quotes wherever they stand, but for these."""
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_BARE = re.compile(r"[^\\'\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]*")
"""What may stand between single quotes, which are better around double ones."""
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that YAML allows nowhere, or that end a line; JSON escapes the others."""


def flow(value: Any) -> str:
    """In one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case float() if value == int(value):
            return str(int(value))
        case str() if '"' in value and _BARE.fullmatch(value):
            return f"'{value}'"
        case _:
            return _ODD.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(value, ensure_ascii=False))


def entry(key: str, value: Any, column: int) -> list[str]:
    """The lines of ``key`` with its value, the key at ``column``."""
    margin, name = " " * column, flow(key)
    line = f"{margin}{name}: {flow(value)}"
    if short(value, len(line)):
        return [line]
    return [f"{margin}{name}:", *lines(value, column + 2)]


def lines(value: Any, column: int) -> list[str]:
    """The lines of a value that stands below its name."""
    if isinstance(value, dict) and value:
        return [line for key, part in value.items() for line in entry(str(key), part, column)]
    if isinstance(value, list) and value:
        return [line for part in value for line in item(part, column)]
    return [" " * column + flow(value)]


def item(value: Any, column: int) -> list[str]:
    """The lines of one part of a list, its dash at ``column``."""
    line = f"{' ' * column}- {flow(value)}"
    row = isinstance(value, list) and len(line) <= WIDTH and all(short(part, 0) for part in value)
    if row or short(value, len(line)):
        return [line]
    inside = lines(value, column + 2)
    return [f"{' ' * column}- {inside[0][column + 2 :]}", *inside[1:]]


def short(value: Any, width: int) -> bool:
    """Whether a value is good in one line, which with it is ``width`` long."""
    return width <= WIDTH and _depth(value) <= DEEPEST and not _several(value)


def _several(value: Any) -> bool:
    """Whether there are several steps, conditions or the like one below the other."""
    if isinstance(value, dict):
        return any(map(_several, value.values()))
    if isinstance(value, list):
        blocks = sum(isinstance(part, dict | list) for part in value)
        return blocks > 1 or any(map(_several, value))
    return False


def _depth(value: Any) -> int:
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, parts), default=0)
    return 0
