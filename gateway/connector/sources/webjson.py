"""Webcast messages as JSON, turned into what the decoder reads, so that every source maps them in the same way."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError

from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

OLDER: dict[str, dict[str, str]] = {
    "User": {"userId": "id", "uniqueId": "displayId"},
    "ChatMessage": {"comment": "content"},
    "GiftMessage": {"giftDetails": "gift"},
    "Gift": {"giftName": "name", "giftType": "type"},
    "LikeMessage": {"likeCount": "count", "totalLikeCount": "total"},
    "RoomUserSeqMessage": {"viewerCount": "total"},
}
"""Names of earlier schemas (TikTok-Live-Connector's, Euler Stream's v1 and v2) to the platform's own."""


_ID = re.compile(r"[1-9][0-9]{0,18}")


class NotAMessage(ValueError):
    """The JSON cannot be read as the message that it says to be."""


def to_envelope(method: str, data: Mapping[str, Any], *, history: bool = False) -> pb.Envelope:
    """The message ``data`` of the kind ``method`` as on the wire; one of a kind that nobody reads comes empty.

    Field names are the platform's in camelCase, or older ones; 64-bit numbers may be texts, as JavaScript
    cannot hold them. Raises ``NotAMessage``.
    """
    envelope = pb.Envelope(method=method, is_history=history)
    kind = MESSAGES.get(method)
    if kind is not None:
        try:
            message = ParseDict(_fit(data, cast(Descriptor, kind.DESCRIPTOR)), kind(), ignore_unknown_fields=True)
        except (ParseError, ValueError, TypeError, AttributeError) as e:
            raise NotAMessage(f"a {method} in JSON cannot be read: {e}") from None
        envelope.payload = message.SerializeToString()
    return envelope


def _fit(data: Mapping[str, Any], kind: Descriptor) -> dict[str, Any]:
    """Only what the schema knows, under its names and as the types that it wants; what has another shape than it
    should is left out."""
    fields, fitted = _fields(kind), dict[str, Any]()
    for name, value in data.items():
        field = fields.get(name)
        if field is None or value is None or value == "":
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            fitted[field.json_name] = value
        elif field.is_repeated and isinstance(value, list):
            fitted[field.json_name] = [_value(v, field) for v in value if _suits(v, field)]
        elif not field.is_repeated and _suits(value, field):
            fitted.setdefault(field.json_name, _value(value, field))
    return fitted


def _suits(value: Any, field: FieldDescriptor) -> bool:
    return isinstance(value, dict if field.message_type is not None else str | int | float)


def _value(value: Any, field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return _fit(value, field.message_type)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return bool(value)
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return value if isinstance(value, str) else str(value)
    return int(value) if isinstance(value, bool) else value


@cache
def _fields(kind: Descriptor) -> dict[str, FieldDescriptor]:
    fields = {f.json_name: f for f in kind.fields}
    older = {name: fields[now] for name, now in OLDER.get(kind.name, {}).items()}
    return older | fields


def platform_id(value: Any) -> str:
    """An id of the platform, as text; empty for anything else."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else value
    return text if isinstance(text, str) and _ID.fullmatch(text) else ""
