"""The small types that all messages share: ids, times, texts, counts."""

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from gateway.errors import PayloadError

Id = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}$")]
"""Name of a venue, account, gateway, station... in a topic: ``[a-z0-9-]{1,32}``."""
Timestamp = Annotated[str, Meta(pattern=r"^(19|2\d)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")]
"""UTC, RFC 3339, milliseconds when written by us."""
Text = Annotated[str, Meta(max_length=4096)]
MessageId = Annotated[str, Meta(min_length=1, max_length=200)]
EventId = Annotated[str, Meta(min_length=1, max_length=120)]
"""Shorter, since a command's id is the event's with the rule and step behind it."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""How many of something: what the platform's own 64 bits hold. JSON knows numbers of thousands of digits, and a
sum of those cannot be written any more."""


@lru_cache(maxsize=64)  # a decision writes its moment and its deadline once for each of its commands
def stamp(t: float) -> Timestamp:
    """Seconds since 1970 as RFC 3339 UTC with milliseconds."""
    second = math.floor(t)
    carry, micros = divmod(round((t - second) * 1_000_000), 1_000_000)
    return f"{_until_second(second + carry)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=256)
def _until_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


@lru_cache(maxsize=1024)
def seconds(text: Timestamp) -> float:
    """The inverse of ``stamp``. Raises ``PayloadError`` for a date that does not exist."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as e:
        raise PayloadError(f"{text!r} is not a time: {e}") from None
