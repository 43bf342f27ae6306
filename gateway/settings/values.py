"""The small values that settings are made of."""

import re
from typing import Annotated

from msgspec import Meta

DURATION = r"^\d+(\.\d+)?(ms|s|m|h)$"
DURATION_RE = re.compile(DURATION)
Duration = Annotated[
    str,
    Meta(
        pattern=DURATION,
        description="a number and its unit, such as 500ms, 2s, 1.5s, 5m, 1h",
        examples=["2s", "500ms"],
    ),
]
Level = Annotated[int, Meta(ge=1, le=1000)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]

DURATION_RE = re.compile(DURATION)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: Duration) -> float:
    """``"500ms"`` -> 0.5 seconds."""
    text = text.strip()  # the pattern's $ lets a line's end through
    digits = text.rstrip("msh")
    return float(digits) * _UNITS[text[len(digits) :]]


def milliseconds(text: Duration) -> int:
    """``"1.5s"`` -> 1500."""
    return round(duration(text) * 1000)
