"""Keeps the page small: its many threads share a few stores of memory."""

import ctypes
import logging

log = logging.getLogger(__name__)

_ARENA_MAX = -8
"""``M_ARENA_MAX`` of glibc's mallopt(3)."""
ARENAS = 2
"""glibc's own choice is eight for each core, and what a reader of history needed once stays in the one it used:
after exports and searches of a session of 60 000 events the page had 150 MB, and has 109 so."""


def settle() -> None:
    """To be called before threads start. Does nothing without glibc."""
    try:
        taken = ctypes.CDLL(None).mallopt(_ARENA_MAX, ARENAS)
    except (OSError, AttributeError):
        return
    if taken != 1:
        log.debug("malloc takes no limit of arenas")
