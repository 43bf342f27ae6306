"""JSON to and from: the one place where bytes become messages."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.errors import PayloadError

T = TypeVar("T")
S = TypeVar("S", bound=Struct)

_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

MAX_PAYLOAD = 64 * 1024
"""Bytes; whoever writes sees to it that nothing is longer, so a longer payload is garbage."""


def encode(message: Struct) -> bytes:
    """The message as UTF-8 JSON."""
    return _encoder.encode(message)


def first_that_fit(items: Iterable[S], room: int) -> list[S]:
    """As many of the first ones as have room in so many bytes of a JSON list."""
    fit: list[S] = []
    for item in items:
        room -= len(encode(item)) + 1
        if room < 0:
            break
        fit.append(item)
    return fit


def decode(payload: bytes, kind: type[T] | Any) -> T:
    """Parse ``payload`` as ``kind``. Raises ``PayloadError`` that says which field is wrong."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    if len(payload) > MAX_PAYLOAD:
        raise PayloadError(f"payload of {len(payload)} bytes; at most {MAX_PAYLOAD} are allowed")
    try:
        return decoder.decode(payload)  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadError(str(e)) from None
