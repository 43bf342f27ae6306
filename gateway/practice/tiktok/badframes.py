"""Frames that no client should trust, each bad in its own way. Pure."""

import gzip
import zlib
from functools import cache

from gateway.webcast import webcast_pb2 as pb

OVERSIZED = 2 << 20
"""Bytes; a WebSocket client's usual limit for one frame is 1 MiB."""
BOMB = 128 << 20
"""Bytes that the bomb unpacks to, from about a thousandth of that."""


def truncated() -> bytes:
    """A gzip'd payload that ends in the middle, as when a proxy gives up."""
    whole = gzip.compress(bytes(range(256)) * 8)
    return _frame(whole[: len(whole) // 2])


def garbage() -> bytes:
    """Bytes that are no protobuf at all: the first field's length goes beyond the end."""
    return b"\x0a\xff\xff\xff\x07garbage"


def hollow() -> bytes:
    """Sound gzip around bytes that are no messages."""
    return _frame(gzip.compress(garbage()))


def oversized(size: int = OVERSIZED) -> bytes:
    """One frame of ``size`` bytes and more, larger than a client should take."""
    return _frame(b"\0" * size)


@cache
def bomb(size: int = BOMB) -> bytes:
    """A small frame that unpacks to ``size`` bytes of one unknown message."""
    zeros = bytes(1 << 20)
    packer = zlib.compressobj(6, wbits=31)
    # An envelope with a payload of ``size`` zeros, written by hand: building it whole would take the memory
    # that it is to take from others.
    payload = b"\x12" + _varint(size)
    packed = [packer.compress(b"\x0a" + _varint(len(payload) + size) + payload)]
    packed += (packer.compress(zeros) for _ in range(size // len(zeros)))
    return _frame(b"".join(packed) + packer.flush())


def _varint(n: int) -> bytes:
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _frame(payload: bytes) -> bytes:
    return pb.PushFrame(
        headers=[pb.Header(key="compress_type", value="gzip")],
        payload_encoding="pb",
        payload_type="msg",
        payload=payload,
    ).SerializeToString()
