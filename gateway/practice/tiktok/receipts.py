"""Which gifts were sent in which frame, and which frames a client has acknowledged."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.practice.tiktok.acts import Tap
from gateway.practice.tiktok.mischief import Message

T = TypeVar("T")
KEPT = 50_000
"""Frames remembered, the newest; an hour of a very busy LIVE."""


@dataclass(frozen=True, slots=True)
class SentGift:
    """One gift message as it was sent, in the frame ``log_id``. Its event has the id ``<room>-<msg_id>``."""

    room: int
    msg_id: int
    log_id: int
    tap: Tap


class Receipts:
    def __init__(self) -> None:
        self._gifts: dict[int, list[SentGift]] = {}
        self._acknowledged: dict[int, None] = {}

    def sent(self, room: int, log_id: int, messages: Iterable[Message]) -> None:
        """These messages went out in one frame."""
        gifts = [SentGift(room, m.envelope.msg_id, log_id, m.act) for m in messages if isinstance(m.act, Tap)]
        if gifts:
            _keep(self._gifts, log_id, gifts)

    def acknowledge(self, log_id: int) -> None:
        """A client has this frame."""
        _keep(self._acknowledged, log_id, None)

    def gifts(self, *, acknowledged: bool) -> list[SentGift]:
        """In the order in which they were sent: all, or only those of acknowledged frames."""
        return [
            gift
            for log_id, gifts in self._gifts.items()
            if not acknowledged or log_id in self._acknowledged
            for gift in gifts
        ]


def _keep(of: dict[int, T], log_id: int, value: T) -> None:
    of[log_id] = value
    if len(of) > KEPT:
        del of[next(iter(of))]
