"""An account's state in words, told when it changes."""

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec

from gateway import messages as m
from gateway.connector.sources import mapping
from gateway.connector.sources.base import Stream

log = logging.getLogger(__name__)

INTERVAL = 5.0
"""Seconds between two states that differ only in the number of viewers."""


class Status:
    """``tell`` takes every new state. ``note`` stands behind all its words."""

    def __init__(
        self, stream: Stream, username: str, tell: Callable[[m.AccountState], None], note: str = ""
    ) -> None:
        self._tell = tell
        self._note = note
        self._told_at = float("-inf")
        self._trouble = ""
        self.state = m.AccountState(
            account=stream.account,
            username=username,
            phase="offline",
            since=m.stamp(time.time()),
            simulated=stream.simulated,
        )

    def set(
        self,
        phase: m.AccountPhase,
        room: str,
        detail: str = "",
        *,
        viewers: int | None = None,
        next_retry: float | None = None,
    ) -> None:
        """Tell the new state, if it is one. Viewers are of a LIVE only; ``next_retry``: seconds since 1970."""
        before = self.state
        if viewers is None:
            viewers = before.viewers if phase == "live" else 0
        if self._note:
            detail = f"{detail} ({self._note})" if detail else self._note
        self.state = msgspec.structs.replace(
            before,
            phase=phase,
            since=before.since if phase == before.phase else m.stamp(time.time()),
            detail=detail[: mapping.MAX_TEXT],
            room=room,
            viewers=viewers,
            next_retry=None if next_retry is None else m.stamp(next_retry),
        )
        if self.state != before:
            self._tell(self.state)

    def watched_by(self, count: int, room: str) -> None:
        now = asyncio.get_running_loop().time()
        if count != self.state.viewers and now - self._told_at >= INTERVAL:
            self._told_at = now
            self.set(self.state.phase, room, viewers=count)

    def fresh(self) -> None:
        """Heard again: the next number of viewers is told at once, the next trouble is news."""
        self._told_at = float("-inf")
        self._trouble = ""

    def warn(self, trouble: str) -> None:
        """Log it; the same trouble is a warning only once."""
        level = logging.DEBUG if trouble == self._trouble else logging.WARNING
        log.log(level, "%s: %s", self.state.account, trouble)
        self._trouble = trouble
