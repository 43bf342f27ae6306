"""Ids in the manner of the platform."""

import itertools
import time

_ids = itertools.count(1)


def snowflake() -> int:
    """A new id: milliseconds in the upper bits, so never used before."""
    return (int(time.time() * 1000) << 22) | (next(_ids) & 0x3FFFFF)
