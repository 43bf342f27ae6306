"""What a diagnosis hears of a LIVE, counted and in words."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from gateway import messages as m
from gateway.connector.diagnosis.kept_frames import FrameKeeper
from gateway.connector.sources.base import Stream
from gateway.connector.sources.decoder import NAME_KEPT, Decoder
from gateway.text import clean
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

KINDS_TOLD = 40
"""Kinds of messages named one by one."""


class Heard(Decoder):
    """A decoder that counts what passes through it. ``on_first`` is called with the first frame.

    ``clock``: seconds by which our clock is ahead of the platform's, as far as one can tell from here; None when
    no message told. ``keeper``: takes every frame too.
    """

    def __init__(self, stream: Stream, on_first: Callable[[], None]) -> None:
        super().__init__(stream)
        self.frames = 0
        self.kinds: Counter[str] = Counter()
        self.history = 0
        self.events: Counter[str] = Counter()
        self.priced = 0
        self.unpriced: Counter[str] = Counter()
        self.clock: float | None = None
        self.keeper: FrameKeeper | None = None
        self._on_first = on_first

    def unpack(self, frame: bytes) -> tuple[pb.PushFrame, pb.FetchResult] | None:
        bad = self.unreadable
        opened = super().unpack(frame)
        if opened is not None or self.unreadable > bad:
            self.frames += 1
            if self.frames == 1:
                self._on_first()
            if self.keeper is not None:
                self.keeper.keep(frame, opened[1] if opened else None)
        return opened

    def event(self, room: str, envelope: Any, received: float) -> m.Event | None:
        if envelope.is_history:
            self.history += 1
        else:
            self.kinds[clean(envelope.method, NAME_KEPT)] += 1
        event = super().event(room, envelope, received)
        if event is not None:
            self._compare_clocks(envelope, received)
        return event

    def event_seen(self, event: m.Event) -> None:
        self.events[m.KINDS[type(event)]] += 1
        if isinstance(event, m.GiftEvent):
            if event.data.coins is None:
                self.unpriced[event.data.name or event.data.gift_id] += 1
            else:
                self.priced += 1

    def _compare_clocks(self, envelope: Any, received: float) -> None:
        common = getattr(MESSAGES[envelope.method].FromString(envelope.payload), "common", None)
        if common is not None and common.create_time:
            late = received - common.create_time / 1000
            if self.clock is None or late < self.clock:  # the quickest message tells best
                self.clock = late

    def lines(self) -> list[str]:
        """What was heard, in words."""
        before = f", and {self.history} of before" if self.history else ""
        messages = counted(self.kinds.total(), "message")
        lines = [f"heard {counted(self.frames, 'frame')} with {messages}{before}"] if self.frames else []
        for kind, n in self.kinds.most_common(KINDS_TOLD):
            meaning = "" if kind in MESSAGES else "  (not needed by Stagewire, skipped)"
            lines.append(f"{n:7} {kind}{meaning}")
        events = ", ".join(f"{n} {kind}" for kind, n in self.events.most_common())
        which = "which are" if self.frames else "heard"
        lines.append(f"{which} {counted(self.events.total(), 'event')}{': ' + events if events else ''}")
        if self.unreadable:
            lines.append(f"frames and messages that could not be read: {self.unreadable}")
        if self.events["gift"]:
            unpriced = f", {self.unpriced.total()} without: {', '.join(self.unpriced)}" if self.unpriced else ""
            lines.append(f"gift messages: {self.priced} with a price{unpriced}")
        if self.clock is not None:
            lines.append(f"clock: this computer's is {clock_words(self.clock)} (the way here is a part of it)")
        return lines


def counted(n: int, what: str) -> str:
    """As in "1 event", "2 events"."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def clock_words(late: float) -> str:
    return f"{abs(late):.1f} s {'ahead of' if late > 0 else 'behind'} the platform's"
