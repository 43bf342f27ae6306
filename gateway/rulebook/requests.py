"""What a client asks of the rules over MQTT, and the answer."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.json import encode

from gateway.errors import SettingsError, StorageError
from gateway.messages import Param
from gateway.rulebook.history import fingerprint
from gateway.settings.rules_file import enable_rule, move_rule, put_rule, remove_rule, rename_rule

if TYPE_CHECKING:
    from gateway.rulebook.rulebook import Edit, Rulebook

LONGEST_TEXT = 60_000
"""Characters of a file in a message: with what stands around it there, no more than ``MAX_PAYLOAD``."""
LONGEST_ERROR = 4000
"""Characters; a response's error holds no more than a few beyond it."""
_DO = "get, check, put, remove, rename, enable, move, apply, reload, rollback or history"

Answer = tuple[str, dict[str, Any]]


async def answer(book: "Rulebook", params: Mapping[str, Param], text: str, by: str) -> Answer:
    """(why not, in words, or ""; result). See ``Rulebook.request``."""
    try:
        match params:
            case {"do": "get", "version": str(name)}:
                return "", {"text": await book.version(name)}
            case {"do": "get"}:
                return await _get(book)
            case {"do": "history"}:
                return "", {
                    "versions": to_builtins(await book.versions()),
                    "in_force": to_builtins(book.in_force),
                    "previous": to_builtins(book.previous),
                }
            case {"do": "check"}:
                return "", {"mistakes": await book.check(text)}
            case {"do": "apply"}:
                was = params.get("fingerprint")
                mistakes = await book.apply(text, by, was if isinstance(was, str) else None)
            case {"do": "reload"}:
                mistakes = await book.reload(by)
            case {"do": "rollback"}:
                mistakes = await book.rollback(by)
            case {"do": str(do), "rule": str(rule)} if (edit := _edit(do, rule, params, text)) is not None:
                mistakes = await book.edit(edit, by)
            case _:
                return (
                    f"expected params: {{do: {_DO}}}; {{rule}} with put to move, {{to}}, {{enabled}}, {{before}}",
                    {},
                )
    except (SettingsError, StorageError) as e:
        mistakes = str(e).splitlines()
    if mistakes:
        return mistakes_in_words(mistakes), {}
    return "", {"fingerprint": fingerprint(book.current.text), "changes": to_builtins(book.last), **_broken(book)}


def _edit(do: str, rule: str, params: Mapping[str, Param], text: str) -> "Edit | None":
    """What a request that edits one rule does to the file; None when it is none, or something is missing."""
    match do, params:
        case "put", _:
            return lambda old: put_rule(old, rule, text)
        case "remove", _:
            return lambda old: remove_rule(old, rule)
        case "rename", {"to": str(new)}:
            return lambda old: rename_rule(old, rule, new)
        case "enable", {"enabled": bool(enabled)}:
            return lambda old: enable_rule(old, rule, enabled)
        case "move", {"before": str(before)} if before:
            return lambda old: move_rule(old, rule, before)
        case "move", _:
            return lambda old: move_rule(old, rule, None)
    return None


async def _get(book: "Rulebook") -> Answer:
    text = await book.text()
    if len(encode(text)) > LONGEST_TEXT:
        return f"the rules file is longer than {LONGEST_TEXT} characters: edit it on the gateway's machine", {}
    return "", {"text": text, "fingerprint": fingerprint(text), **_broken(book)}


def _broken(book: "Rulebook") -> dict[str, Any]:
    return {"broken": to_builtins(list(book.current.broken.values())), "trouble": book.trouble}


def mistakes_in_words(mistakes: list[str]) -> str:
    """As many as an answer holds."""
    words = ""
    for i, mistake in enumerate(mistakes):
        if len(words) + len(mistake) > LONGEST_ERROR:
            return f"{words}... and {len(mistakes) - i} more: `check` tells all"[: LONGEST_ERROR + 90]
        words += mistake + "\n"
    return words.rstrip()
