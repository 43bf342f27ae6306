"""Messages of the Webcast with anything in their fields, for tests that ask what must hold for all of them."""

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

DEPTH = 4
"""Levels of messages in messages."""


def fill(message: Any, rng: random.Random, text: str, depth: int = 0) -> Any:
    """Set some fields to whatever their types allow, and leave others out."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        if field.type != field.TYPE_MESSAGE:
            value = scalar(field, rng, text)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif _maps_scalars(field):
            getattr(message, field.name).update({text: text[::-1], "key": "value"})
        elif depth < DEPTH:
            fill(_place(message, field, rng, text), rng, text, depth + 1)
    return message


def _maps_scalars(field: FieldDescriptor) -> bool:
    entry = field.message_type
    assert entry is not None
    return bool(entry.GetOptions().map_entry) and entry.fields_by_name["value"].message_type is None


def _place(message: Any, field: FieldDescriptor, rng: random.Random, text: str) -> Message:
    """The sub-message to fill: the field's own, a new one of a list, or one under a new key of a map."""
    values = getattr(message, field.name)
    assert field.message_type is not None
    place: Message
    if field.message_type.GetOptions().map_entry:
        place = values[scalar(field.message_type.fields_by_name["key"], rng, text)]
    elif field.is_repeated:
        place = values.add()
    else:
        place = values
        place.SetInParent()
    return place


def scalar(field: FieldDescriptor, rng: random.Random, text: str) -> Any:
    """Any value of the field's type, often one at its limits."""
    match field.type:
        case field.TYPE_STRING:
            return rng.choice(["", text, text * 400, "7", "²", "99999999999", "Ada.Live"])
        case field.TYPE_BOOL:
            return rng.random() < 0.5
        case field.TYPE_BYTES:
            return rng.randbytes(9)
        case _:
            limit = 2**31 - 1 if field.type == field.TYPE_INT32 else 2**63 - 1
            return rng.choice([0, 1, 2, 3, 4, 5, -1, limit, -limit - 1, rng.randint(-limit, limit)])
