"""One YAML 1.2 file into one frozen Struct; every mistake at once, with file, line, path and a suggestion.

The JSON Schema made from the Struct is what editors use and what is checked here: one truth.
"""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gateway.errors import SettingsError
from gateway.settings.not_yaml import not_yaml
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
MAX_BLOCKS = 100
"""Blocks within each other, written with [ or {; the parser's time grows with the third power of them."""
MAX_VALUES = 200_000
"""Values in a file, those of aliases counted where they are used: ten lines of nested aliases say millions."""
MAX_NUMBER = 2**63 - 1
"""What whole numbers hold where they are sent; YAML knows numbers of any length."""


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
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """What stands in a settings file. Raises ``SettingsError`` when it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise SettingsError([f"{path}: larger than {MAX_FILE} bytes; is this the settings file?"])
        return path.read_text(encoding="utf-8")
    except OSError as e:
        raise SettingsError([f"{path}: cannot be read: {e.strerror}"]) from None
    except UnicodeDecodeError as e:
        raise SettingsError([f"{path}: not UTF-8 text (byte {e.start})"]) from None


def check_depth(text: str) -> None:
    """Before parsing, which takes the third power of the depth. Raises ``RecursionError``."""
    if max(accumulate(1 if c in "[{" else -1 for c in re.findall(r"[\[\]{}]", text)), default=0) > MAX_BLOCKS:
        raise RecursionError("blocks within blocks within blocks, too many of them")


def parse(text: str, file: str) -> Tree:
    """Parse the text of ``file``, which is only named. Raises ``SettingsError`` when it is not YAML."""
    try:
        check_depth(text)
        nodes = YAML(typ="rt", pure=True).load(text)
        return Tree(file, _Plain().of(nodes) if nodes is not None else {}, nodes)
    except DuplicateKeyError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        problem = str(e.problem).split(" with value")[0]
        raise SettingsError([f"{file}:{line}: {problem}: each name may stand only once"]) from None
    except MarkedYAMLError as e:
        line, words = not_yaml(e)
        raise SettingsError([f"{file}:{line}: {words}"]) from None
    except (YAMLError, ValueError) as e:
        raise SettingsError([f"{file}: not YAML: {str(e).splitlines()[0]}"]) from None
    except RecursionError:
        raise SettingsError([f"{file}: blocks within blocks within blocks, too many of them"]) from None
    except _TooMuch:
        raise SettingsError([f"{file}: more than {MAX_VALUES} values; is this the settings file?"]) from None


def convert(tree: Tree, kind: type[T]) -> tuple[T | None, list[tuple[int, str]]]:
    """The Struct, or None and every mistake as (line, text)."""
    found = mistakes_in(tree.data, kind)
    if found:
        return None, sorted({tree.mistake(path, words) for path, words in found})
    return msgspec.convert(tree.data, kind), []


def mistakes_in(data: Any, kind: type[Struct]) -> list[tuple[list[Key], str]]:
    """(path, words) of each mistake for which ``data`` is no ``kind``; none: it can be converted."""
    first = ""
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as e:
        first = str(e)
    found = list(_schema_mistakes(data, kind)) if first else []
    told = [path for path, _ in found]
    found += [(path, words) for path, words in _endless([], data) if path not in told]
    return found or ([([], first)] if first else [])


def _schema_mistakes(data: Any, kind: type[Struct]) -> Iterator[tuple[list[Key], str]]:
    # msgspec stops at the first mistake; the same schema in jsonschema's hands tells them all. Imported only
    # now: a gateway or page whose settings are good never loads it.
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(json_schema(kind)).iter_errors(data):
        yield from _explain(error)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` or an empty text."""
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


class _TooMuch(Exception):
    pass


class _Plain:
    """Makes plain data of what the parser gave; raises ``_TooMuch`` for more than MAX_VALUES."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def of(self, node: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if isinstance(node, dict):
            return {_text(str(k)): self.of(v) for k, v in node.items()}
        if isinstance(node, list):
            return [self.of(v) for v in node]
        if isinstance(node, int) and abs(node) > MAX_NUMBER:
            return math.inf
        for base in (bool, int, float):
            if isinstance(node, base):
                return base(node)
        return _text(str(node)) if node is not None else None


def _text(value: str) -> str:
    """YAML may spell a character as two halves (as JSON does); a half alone is none, and nothing could send it."""
    if value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _endless(path: list[Key], node: Any) -> Iterator[tuple[list[Key], str]]:
    """Numbers that YAML knows and nothing here can mean."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _endless([*path, key], value)
    elif isinstance(node, float) and not math.isfinite(node):
        yield path, f"expected a number; found {node}"


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


def _hint(wanted: Sequence[str], value: Any) -> str:
    """What is written otherwise than it is meant, most often."""
    if isinstance(value, bool):
        return ""
    if "string" in wanted and isinstance(value, int | float):
        return f': write it in quotes, "{value}"'
    if {"integer", "number"} & set(wanted) and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return ": write it without quotes"
    if "object" in wanted and isinstance(value, str):
        return ": write it as {setting: value}"
    if "array" in wanted and isinstance(value, dict | str):
        return ": write it in [ ], or with - before each"
    return ""


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
            hint = _hint(types, value) if path else ""
            yield path, f"expected {' or '.join(_TYPES[t] for t in types)}; found {found}{hint}"
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
        case "minItems" if not value:
            yield path, "expected at least one entry; the list is empty"
        case "minItems" | "maxItems":
            side = "at least" if e.validator == "minItems" else "at most"
            yield path, f"expected {side} {want} entries; found {len(value)}"
        case "minLength":
            yield path, "expected some text; there is none (one that begins with ! or # has to stand in quotes)"
        case "maxLength":
            yield path, f"expected at most {want} characters; found {len(value)}"
        case _:
            yield path, e.message
