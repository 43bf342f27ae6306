"""JSON to and from: the one place where bytes become messages."""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.errors import PayloadError

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

MAX_PAYLOAD = 64 * 1024
"""Bytes; nothing in the contract comes near it, so a longer payload is garbage."""


def encode(message: Struct) -> bytes:
    """The message as UTF-8 JSON."""
    return _encoder.encode(message)


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
