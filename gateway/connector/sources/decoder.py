"""From the bytes of the Webcast to Events, for every source that hears it in its own form."""

import logging
from collections import Counter
from typing import Any

from google.protobuf.message import DecodeError

from gateway import messages as m
from gateway.connector.sources import mapping
from gateway.connector.sources.base import Stream
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES, Unreadable, unpack

log = logging.getLogger(__name__)

KINDS_KEPT = 200
"""Kinds of skipped messages that are counted one by one."""
NAME_KEPT = 64
"""Characters of a skipped kind's name."""


class Decoder:
    """One account's decoder; it never raises.

    ``unreadable`` counts frames and messages that could not be decoded, ``skipped`` the messages of kinds
    that we do not read, by name. ``host`` is the user id of the account's own host, once a message told it.
    """

    def __init__(self, stream: Stream) -> None:
        self.unreadable = 0
        self.skipped: Counter[str] = Counter()
        self.host = ""
        self._stream = stream

    def unpack(self, frame: bytes) -> tuple[pb.PushFrame, pb.FetchResult] | None:
        """A frame of the socket and its messages; None for one that has none or cannot be read."""
        try:
            push, result = unpack(frame)
        except Unreadable as e:
            self.count_unreadable(str(e))
            return None
        return None if result is None else (push, result)

    def event(self, room: str, envelope: Any, received: float) -> m.Event | None:
        """The Event in an envelope, ours or TikTokLive's; None for history and for what is no event of ours.

        ``received``: when its bytes came, in seconds since 1970.
        """
        method = envelope.method
        kind = MESSAGES.get(method)
        if kind is None:
            self._count_skipped(method)
            return None
        if envelope.is_history:  # it happened before we came, and was paid then if we were there
            return None
        try:
            message = kind.FromString(envelope.payload)
        except DecodeError as e:
            self.count_unreadable(f"a {method} cannot be read: {e}")
            return None
        event = mapping.to_event(self._stream, room, method, message, envelope.msg_id, received, host=self.host)
        if isinstance(event, m.BattleEvent) and not self.host:
            self.host = next((side.id for side in event.data.sides if side.own), "")
        return event

    def _count_skipped(self, method: str) -> None:
        name = method[:NAME_KEPT]
        if name in self.skipped or len(self.skipped) < KINDS_KEPT:
            self.skipped[name] += 1

    def count_unreadable(self, why: str) -> None:
        """Something that a source could not read, told once."""
        self.unreadable += 1
        level = logging.WARNING if self.unreadable == 1 else logging.DEBUG
        log.log(level, "%s: %s; it is skipped", self._stream.account, why)
