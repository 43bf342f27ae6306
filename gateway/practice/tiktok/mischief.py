"""What a platform does to its messages on a bad evening: ends forgotten, messages doubled, late, or new to all."""

import random
from collections.abc import Iterable
from typing import NamedTuple

from gateway.practice.tiktok.acts import Act, Tap, Unknown
from gateway.practice.tiktok.ids import snowflake
from gateway.webcast import webcast_pb2 as pb

LATEST = 6
"""Messages after which one held back comes at the latest."""


class Message(NamedTuple):
    """An act, and the same as one message of the wire."""

    act: Act
    envelope: pb.Envelope


class Mischief:
    """Each number is a share of the messages, from 0 to 1; the same seed does the same to the same messages.

    ``lost_ends``: a streak's last message is never sent. ``doubled``: a message comes again, with its id, among
    the next few. ``late``: it comes only after some of those that follow it. ``unknown``: a message of a kind
    that nobody knows rides in front of it.
    """

    def __init__(
        self,
        seed: str | int = 1,
        *,
        lost_ends: float = 0.0,
        doubled: float = 0.0,
        late: float = 0.0,
        unknown: float = 0.0,
    ) -> None:
        self.lost_ends, self.doubled, self.late, self.unknown = lost_ends, doubled, late, unknown
        self._rng = random.Random(seed)
        self._held: list[tuple[int, Message]] = []
        self._count = 0

    def disturb(self, messages: Iterable[Message]) -> list[Message]:
        """What is sent now instead of ``messages``."""
        now: list[Message] = []
        for message in messages:
            self._count += 1
            if isinstance(message.act, Tap) and message.act.ended and self._happens(self.lost_ends):
                continue
            if self._happens(self.unknown):
                now.append(_unknown())
            if self._happens(self.doubled):
                self._hold(message)
            if self._happens(self.late):
                self._hold(message)
            else:
                now.append(message)
            now += (held for due, held in self._held if due <= self._count)
            self._held = [(due, held) for due, held in self._held if due > self._count]
        return now

    def settle(self) -> list[Message]:
        """What is still held back."""
        held, self._held = [message for _, message in self._held], []
        return held

    def _happens(self, share: float) -> bool:
        return share > 0 and self._rng.random() < share

    def _hold(self, message: Message) -> None:
        self._held.append((self._count + self._rng.randrange(1, LATEST), message))


def _unknown() -> Message:
    act = Unknown()
    return Message(act, pb.Envelope(method=act.method, payload=act.payload, msg_id=snowflake()))
