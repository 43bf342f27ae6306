"""Settings as forms: what may stand at each place of a settings file, by its JSON Schema, and what stands there.

A field is named by its path in the file. Its value is a text, as a person types it; "" where the file says
nothing, and the default holds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from gateway.settings.editing import flow
from gateway.settings.models import Settings
from gateway.settings.yamlfile import json_schema

ANY = "*"
"""In a path: a name that is not chosen yet."""
_NAMED = re.compile(r"``(\w+)``: ")
_QUOTED = re.compile(r"``([^`]*)``")

Kind = Literal["text", "number", "truth", "choice", "words", "yaml"]
Path = tuple[str, ...]


class Field(Struct, frozen=True, kw_only=True):
    """``default``: what holds where nothing is said. ``number``: of a choice, that it is one of numbers."""

    path: Path
    kind: Kind
    value: str = ""
    default: str = ""
    hint: str = ""
    choices: list[str] = []
    number: bool = False
    required: bool = False

    @property
    def name(self) -> str:
        return self.path[-1]


class Block(Struct, frozen=True, kw_only=True):
    """Settings that stand together. ``optional``: it may be missing as a whole; ``there``: it is not. ``entries``:
    of a map its blocks by name, and ``fresh`` is what a new one looks like."""

    path: Path
    words: str = ""
    fields: list[Field] = field(default_factory=list)
    blocks: list["Block"] = field(default_factory=list)
    entries: list["Block"] = field(default_factory=list)
    fresh: "Block | None" = None
    optional: bool = False
    there: bool = True

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""

    def all_fields(self) -> Iterator[Field]:
        yield from self.fields
        for block in (*self.blocks, *self.entries):
            yield from block.all_fields()


def block(data: Any, path: Sequence[str], but: Iterable[str] = ()) -> Block:
    """The form of what stands at ``path`` of a settings file that says ``data``, without the settings ``but``."""
    return _block(_at_schema(path), tuple(path), at(data, path), frozenset(but))


def at(data: Any, path: Sequence[str]) -> Any:
    """What ``data`` says there; None for nothing."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def shown(value: Any) -> str:
    """A value as a person types it into its field."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() if all(isinstance(item, str) and "," not in item for item in value):
            return ", ".join(value)
        case dict() | list():
            return flow(value)
        case _:
            return str(value)


def values(data: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every place of ``data``, and what its field would show."""
    yield path, shown(data)
    if isinstance(data, dict):
        for name, value in data.items():
            yield from values(value, (*path, name))


# -- by the schema ------------------------------------------------------------------------------------------

Schema = Mapping[str, Any]


def _resolved(schema: Schema) -> tuple[Schema, bool]:
    """Without references; whether it may be null."""
    null = False
    while "anyOf" in schema or "$ref" in schema:
        if "$ref" in schema:
            schema = json_schema(Settings)["$defs"][schema["$ref"].rpartition("/")[2]]
        else:
            real = [each for each in schema["anyOf"] if each.get("type") != "null"]
            null |= len(real) < len(schema["anyOf"])
            schema = real[0]
    return schema, null


def _at_schema(path: Sequence[str]) -> Schema:
    schema = _resolved(json_schema(Settings))[0]
    for name in path:
        properties = schema.get("properties", {})
        schema = _resolved(properties.get(name) or schema["additionalProperties"])[0]
    return schema


def _block(
    schema: Schema, path: Path, data: Any, but: frozenset[str] = frozenset(), optional: bool = False
) -> Block:
    words, hints = _split(schema.get("description", ""), schema.get("properties", {}))
    made = Block(path=path, words=words, optional=optional, there=not optional or isinstance(data, dict))
    if "properties" not in schema:
        return _map(schema, made, data)
    for name, each in schema["properties"].items():
        if name in but:
            continue
        here, null = _resolved(each)
        value = at(data, [name])
        if here.get("type") == "object":
            made.blocks.append(_block(here, (*path, name), value, optional=null))
        else:
            made.fields.append(_field(here, (*path, name), value, each.get("default"), hints.get(name, ""),
                                      required=name in schema.get("required", ())))  # fmt: skip
    return made


def _map(schema: Schema, made: Block, data: Any) -> Block:
    inner, _ = _resolved(schema["additionalProperties"])

    def entry(name: str, value: Any) -> Block:
        path = (*made.path, name)
        if inner.get("type") == "object":
            return _block(inner, path, value)
        return Block(path=path, fields=[_field(inner, path, value, None, "")])

    for name, value in data.items() if isinstance(data, dict) else ():
        made.entries.append(entry(str(name), value))
    return Block(path=made.path, words=made.words, entries=made.entries, fresh=entry(ANY, None))


def _field(schema: Schema, path: Path, value: Any, default: Any, hint: str, *, required: bool = False) -> Field:
    choices = [str(each) for each in schema.get("enum", ())]
    kind: Kind = "text"
    match schema:
        case {"enum": _}:
            kind = "choice"
        case {"type": "boolean"}:
            kind = "truth"
        case {"type": "integer" | "number"}:
            kind = "number"
        case {"type": "array", "items": {"type": "string"}}:
            kind = "words"
        case {"type": "array" | "object"}:
            kind = "yaml"
    return Field(
        path=path,
        kind=kind,
        value=shown(value),
        default=shown(default),
        hint=_plain(" · ".join(filter(None, [hint or schema.get("description", ""), _bounds(schema)]))),
        choices=choices,
        number=bool(choices) and not isinstance(schema["enum"][0], str),
        required=required,
    )


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{least:g} to {most:g}"
    return f"at least {least:g}" if least is not None else ""


def _split(description: str, known: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """What a docstring says of the whole, and of each of its settings: "``port``: where it listens"."""
    text = " ".join(description.split())
    starts = [found for found in _NAMED.finditer(text) if found[1] in known]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    hints = {found[1]: text[found.end() : end].strip() for found, end in zip(starts, ends, strict=False)}
    return _plain(text[: starts[0].start()] if starts else text), hints


def _plain(text: str) -> str:
    return _QUOTED.sub(r"\1", text).strip()
