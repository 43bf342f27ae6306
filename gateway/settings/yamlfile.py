"""One YAML 1.2 file into one frozen Struct; every mistake at once, with file, line, path and a suggestion.

The JSON Schema made from the Struct is what editors use and what is checked here: one truth.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gateway.errors import SettingsError
from gateway.settings.values import DURATION

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

T = TypeVar("T", bound=Struct)
Key = str | int
_SPELLINGS = {
    r"^[a-z0-9-]{1,32}$": "a name of a-z, 0-9 and -, at most 32 of them",
    DURATION: "a number and its unit, such as 500ms, 2s, 1.5s, 5m, 1h",
}
"""What a pattern means, where that helps more than what the setting is for."""
MAX_FILE = 1_000_000
"""Bytes; a settings file near this size is some other file."""


class Tree(Struct, frozen=True):
    """A parsed file: plain data, and where each part of it stands."""

    file: str
    data: Any
    nodes: Any

    def line(self, path: Sequence[Key]) -> int:
        """The line (from 1) of the deepest part of ``path`` that exists."""
        node, line = self.nodes, 1
        for key in path:
            if not isinstance(node, CommentedMap | CommentedSeq) or key not in node.lc.data:
                break
            line = node.lc.data[key][0] + 1
            node = node[key]
        return line

    def mistake(self, path: Sequence[Key], words: str) -> tuple[int, str]:
        """(line, text) of one mistake, in the one form that all of them have."""
        line = self.line(path)
        where = ".".join(str(k) for k in path)
        return line, f"{self.file}:{line}: {where + ': ' if where else ''}{words}"


@cache
def json_schema(kind: type[Struct]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a settings Struct."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}


def read(path: Path) -> Tree:
    """Parse a YAML file. Raises ``SettingsError`` when it is missing or not YAML."""
    file = str(path)
    try:
        if path.stat().st_size > MAX_FILE:
            raise SettingsError([f"{file}: larger than {MAX_FILE} bytes; is this the settings file?"])
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise SettingsError([f"{file}: cannot be read: {e.strerror}"]) from None
    except UnicodeDecodeError as e:
        raise SettingsError([f"{file}: not UTF-8 text (byte {e.start})"]) from None
    yaml = YAML(typ="rt", pure=True)
    try:
        nodes = yaml.load(text)
    except DuplicateKeyError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        problem = str(e.problem).split(" with value")[0]
        raise SettingsError([f"{file}:{line}: {problem}: each name may stand only once"]) from None
    except MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise SettingsError([f"{file}:{line}: not YAML: {e.problem or e.context}"]) from None
    except (YAMLError, RecursionError) as e:
        raise SettingsError([f"{file}: not YAML: {str(e).splitlines()[0]}"]) from None
    return Tree(file, _plain(nodes) if nodes is not None else {}, nodes)


def convert(tree: Tree, kind: type[T]) -> tuple[T | None, list[tuple[int, str]]]:
    """The Struct, or None and every mistake as (line, text)."""
    try:
        return msgspec.convert(tree.data, kind), []
    except msgspec.ValidationError as e:
        first = str(e)
    # msgspec stops at the first mistake; the same schema in jsonschema's hands tells them all. Imported only
    # now: a gateway or page whose settings are good never loads it.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json_schema(kind))
    mistakes = {
        tree.mistake(path, words) for error in validator.iter_errors(tree.data) for path, words in _explain(error)
    }
    return None, sorted(mistakes) or [tree.mistake((), first)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` or an empty text."""
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(k): _plain(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v) for v in node]
    for base in (bool, int, float, str):
        if isinstance(node, base):
            return base(node)
    return str(node) if node is not None else None


_TYPES = {
    "object": "a block of settings",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _found(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a block of settings" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _explain(e: "ValidationError") -> Iterator[tuple[list[Key], str]]:
    """(path, words) of each mistake behind one schema error."""
    path: list[Key] = list(e.absolute_path)
    schema: dict[str, Any] = e.schema if isinstance(e.schema, dict) else {}
    value: Any = e.instance
    want: Any = e.validator_value
    about = _SPELLINGS.get(schema.get("pattern", ""), schema.get("description"))
    match e.validator:
        case "anyOf":
            # Optional settings: what counts is why the branch that is not "null" fails. Of several, that is
            # the one that goes deepest, or is at least of the right type.
            real = [c for c in e.context or () if c.validator_value != "null"]
            inside = [c for c in real if c.path] or [c for c in real if c.validator != "type"]
            if len(real) > 1 and not inside:
                wanted = " or ".join(_TYPES.get(str(c.validator_value), str(c.validator_value)) for c in real)
                yield path, f"expected {wanted}; found {_found(value)}"
                return
            for cause in inside or real:
                yield from _explain(cause)
        case "additionalProperties":
            known = schema.get("properties", {})
            for key in value:
                if key not in known:
                    hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
                    yield [*path, key], f"{key!r} is not a setting{hint}"
        case "required":
            for key in want:
                if key not in value:
                    yield path, f"{key!r} is missing"
        case "pattern" if "propertyNames" in e.absolute_schema_path:
            yield [*path, value], f"expected {_SPELLINGS.get(want, f'text like {want}')}; found {value!r}"
        case "type" if about is None or want == "object":
            types = [want] if isinstance(want, str) else want
            # A whole file of one text may be a key or a password, under a wrong name: it is not repeated.
            found = _found(value) if path or isinstance(value, dict | list) else "a single text"
            yield path, f"expected {' or '.join(_TYPES[t] for t in types)}; found {found}"
        case "enum":
            allowed = [str(v) for v in want if v is not None]
            words = f"expected one of {', '.join(allowed)}; found {_found(value)}"
            yield path, words + did_you_mean(str(value), allowed)
        case "type" | "pattern":
            yield path, f"expected {about or f'text like {want}'}; found {_found(value)}"
        case "minimum" | "maximum" | "exclusiveMinimum":
            side = {"minimum": "at least", "maximum": "at most"}.get(e.validator, "more than")
            why = f" ({about})" if about else ""
            yield path, f"expected {side} {want}{why}; found {_found(value)}"
        case "minItems":
            yield path, "expected at least one entry; the list is empty"
        case _:
            yield path, e.message
