"""Reliable, ordered messages over a wire that loses and damages bytes; sans-IO and the same on both ends.

Go-back-N with cumulative acknowledgement, as ``wire.py`` defines it. Whoever owns the port feeds ``receive``
with what arrives, in any chunks, writes what ``data_to_send`` returns, and calls it again at ``due``.
Time is an argument: seconds on any clock that only goes forward.
"""

from collections import deque
from collections.abc import Iterator

from gateway.drivers.arduino import wire
from gateway.errors import WireError

MAX_FRAME = wire.MAX_BODY + 1
"""Bytes between two delimiters: COBS adds one to a body this short. More is garbage."""
MAX_QUEUE = 128
"""Reliable messages waiting, sent or not. A full window takes 3 ms at 250 kbaud; so many mean a dead wire."""
REPEAT_S = wire.REPEAT_MS / 1000

_ACK = wire.AckOnly()
_AGAIN = wire.Again()


class Link:
    """One end of the wire. Closed until ``open``: then only unreliable messages pass, and acks mean nothing.

    ``window``: the most bytes sent and not acknowledged. ``frames`` counts good frames received, ``bad`` what
    was not one, ``repeats`` frames sent again. ``trouble`` is why the last bad one was refused.
    """

    def __init__(self, window: int = wire.RECEIVE_RING) -> None:
        self.frames = 0
        self.bad = 0
        self.repeats = 0
        self.trouble = ""
        self.opened = False
        self._window = window
        self._partial = bytearray()
        self._skipping = False
        self._forget()

    def _forget(self) -> None:
        self._queue: deque[wire.Message] = deque()  # the first ``_sent`` of these are on their way
        self._sizes: deque[int] = deque()
        self._sent = 0
        self._base = 0  # seq of ``_queue[0]``
        self._expected = 0
        self._ack_owed = False
        self._gap = False  # a frame from the peer is missing
        self._asked = False  # Again was said for this ``_expected``
        self._answered = False  # the peer's was answered for this ``_base``
        self._resend_at: float | None = None

    def open(self) -> None:
        """A session begins: both directions at seq 0, whatever was queued is forgotten."""
        self._forget()
        self.opened = True

    def close(self) -> list[wire.Message]:
        """The session is over. Returns what was queued and never acknowledged, oldest first."""
        left = list(self._queue)
        self._forget()
        self.opened = False
        return left

    # -- receiving -----------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> Iterator[wire.Message]:
        """Messages in the order they take effect. Consume it to the end.

        Each frame is looked at only when the one before it has been handled, so a message that opens the
        session counts for the very next frame.
        """
        *complete, rest = data.split(b"\0")
        for piece in complete:
            raw = self._end_frame(piece)
            if raw:
                message = self._frame(raw, now)
                if message is not None:
                    yield message
        self._collect(rest)

    def _collect(self, piece: bytes) -> None:
        if self._skipping:
            return
        if len(self._partial) + len(piece) > MAX_FRAME:
            self._skipping = True
            self._partial.clear()
        else:
            self._partial += piece

    def _end_frame(self, piece: bytes) -> bytes:
        """The whole frame that ``piece`` ends; empty between two delimiters and after garbage."""
        self._collect(piece)
        raw = bytes(self._partial)
        self._partial.clear()
        if self._skipping:
            self._skipping = False
            self._refuse(f"more than {MAX_FRAME} bytes without a delimiter")
            return b""
        return raw

    def _refuse(self, why: str) -> None:
        self.bad += 1
        self.trouble = why
        self._gap = True  # it may have been a reliable one

    def _frame(self, raw: bytes, now: float) -> wire.Message | None:
        try:
            frame = wire.decode(raw)
        except WireError as e:
            self._refuse(str(e))
            return None
        self.frames += 1
        if not self.opened:
            return None if frame.reliable else frame.message
        self._acknowledged(frame.ack, now)
        if isinstance(frame.message, wire.Again):
            self._repeat_now(now)
            return None
        if not frame.reliable:
            return frame.message
        self._ack_owed = True  # also for a repeat: its ack may have been lost
        ahead = (frame.seq - self._expected) & 0xFF
        if ahead:
            self._gap |= ahead < 0x80
            return None
        self._expected = (self._expected + 1) & 0xFF
        self._gap = self._asked = False
        return frame.message

    def _repeat_now(self, now: float) -> None:
        """The peer misses a frame: repeat at the next ``data_to_send``, once for each oldest frame."""
        if self._sent and not self._answered:
            self._answered = True
            self._resend_at = now

    def _acknowledged(self, ack: int, now: float) -> None:
        count = (ack - self._base) & 0xFF
        if not 0 < count <= self._sent:
            return
        for _ in range(count):
            self._queue.popleft()
            self._sizes.popleft()
        self._sent -= count
        self._base = ack
        self._answered = False
        self._resend_at = now + REPEAT_S if self._sent else None

    # -- sending -------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Everything sent was acknowledged."""
        return not self._queue

    @property
    def room(self) -> int:
        """How many more messages can be queued."""
        return MAX_QUEUE - len(self._queue) if self.opened else 0

    @property
    def due(self) -> float | None:
        """When ``data_to_send`` has something to repeat; None while nothing is on its way."""
        return self._resend_at

    def send(self, message: wire.Message) -> bool:
        """Queue a reliable message. False: the link is closed or full, and the message was not taken."""
        if not self.room:
            return False
        self._queue.append(message)
        return True

    def swap(self, old: wire.Message, new: wire.Message) -> bool:
        """Let ``new`` take the place and seq of ``old`` (the object itself) where that is not acknowledged yet.

        A peer that has ``old`` drops ``new`` as a repeat; one that has not never sees ``old``.
        """
        for i, message in enumerate(self._queue):
            if message is old:
                self._queue[i] = new
                return True
        return False

    def unreliable(self, message: wire.Message) -> bytes:
        """A frame that stands outside the order, to be written at once."""
        self._ack_owed = False
        return wire.encode(message, 0, self._expected)

    def data_to_send(self, now: float) -> bytes:
        """What to write now: repeats that are due, new messages that fit the window, what the peer shall repeat,
        else an ack that is owed."""
        out = bytearray()
        if self._resend_at is not None and now >= self._resend_at:
            for i in range(self._sent):
                frame = self._encoded(i)
                self._sizes[i] = len(frame)
                out += frame
            self.repeats += self._sent
            self._resend_at = now + REPEAT_S
        outstanding = sum(self._sizes)
        while self._sent < len(self._queue):
            frame = self._encoded(self._sent)
            if self._sent and outstanding + len(frame) > self._window:
                break
            outstanding += len(frame)
            self._sizes.append(len(frame))
            self._sent += 1
            out += frame
            if self._resend_at is None:
                self._resend_at = now + REPEAT_S
        if self.opened and self._gap and not self._asked:
            self._asked = True
            out += self.unreliable(_AGAIN)
        if out:
            self._ack_owed = False
        elif self._ack_owed:
            out += self.unreliable(_ACK)
        return bytes(out)

    def _encoded(self, i: int) -> bytes:
        return wire.encode(self._queue[i], (self._base + i) & 0xFF, self._expected)
