"""A bad serial line, reproducible by its seed: what a cable beside a motor does to bytes."""

import asyncio
import math
import random
from collections.abc import Callable

from msgspec import Struct


class Faults(Struct, frozen=True, kw_only=True):
    """What goes wrong, as probabilities from 0 to 1. Order is kept: a wire delays, but never overtakes.

    ``drop``, ``duplicate``: a whole frame; ``corrupt``: each single bit; ``split``: a frame arrives in two
    parts; ``garbage``: up to 100 random bytes come before a frame; ``delay``: up to so many seconds for each part.
    """

    seed: int = 1
    drop: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    split: float = 0.0
    garbage: float = 0.0
    delay: float = 0.0


class Line:
    """One direction of the wire. ``deliver`` is called with what comes out at the far end, now or later."""

    def __init__(self, faults: Faults, deliver: Callable[[bytes], None], direction: str) -> None:
        self._faults = faults
        self._deliver = deliver
        self._random = random.Random(f"{faults.seed} {direction}")
        self._good_bits = self._next_error()
        self._last = 0.0  # when the part sent last arrives
        self._waiting: set[asyncio.TimerHandle] = set()

    def feed(self, data: bytes) -> None:
        """Put bytes in at the near end."""
        for frame in _frames(data):
            self._frame(frame)

    def clear(self) -> None:
        """Forget what is still on its way: the cable was pulled."""
        for timer in self._waiting:
            timer.cancel()
        self._waiting.clear()
        self._last = 0.0

    def _frame(self, frame: bytes) -> None:
        f, chance = self._faults, self._random.random
        if chance() < f.garbage:
            self._send(self._random.randbytes(self._random.randint(1, 100)))
        if chance() < f.drop:
            return
        for _ in range(2 if chance() < f.duplicate else 1):
            damaged = self._corrupted(frame)
            cut = self._random.randrange(len(frame)) if chance() < f.split else 0
            for part in (damaged[:cut], damaged[cut:]):
                if part:
                    self._send(part)

    def _send(self, part: bytes) -> None:
        if not self._faults.delay:
            self._deliver(part)
            return
        loop = asyncio.get_running_loop()
        self._last = max(self._last, loop.time() + self._random.random() * self._faults.delay)

        def arrive() -> None:
            self._waiting.discard(timer)
            self._deliver(part)

        timer = loop.call_at(self._last, arrive)
        self._waiting.add(timer)

    def _corrupted(self, data: bytes) -> bytes:
        if self._faults.corrupt <= 0:
            return data
        bits = len(data) * 8
        damaged = bytearray(data)
        while self._good_bits < bits:
            damaged[self._good_bits // 8] ^= 1 << self._good_bits % 8
            self._good_bits += 1 + self._next_error()
        self._good_bits -= bits
        return bytes(damaged)

    def _next_error(self) -> int:
        """How many good bits come before the next bad one."""
        p = min(self._faults.corrupt, 0.5)
        return int(math.log(1 - self._random.random()) / math.log1p(-p)) if p > 0 else 0


def _frames(data: bytes) -> list[bytes]:
    """``data`` cut behind every delimiter."""
    *whole, rest = data.split(b"\0")
    frames = [piece + b"\0" for piece in whole]
    return [*frames, rest] if rest else frames
