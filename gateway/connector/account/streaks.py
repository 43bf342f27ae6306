"""Gift streaks pay in deltas. Pure: the clock is an argument.

A streak is told by messages that carry its count so far. They may be lost, doubled, late or out of
order, and the closing one may never come. Whatever arrives, what was paid is the greatest count
seen: never more than was given, and all of it wherever the last message was seen.
"""

from collections import OrderedDict
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from gateway import messages as m

CLOSE_AFTER = 10.0
"""Seconds without a tap until we close a streak; TikTok's own button counts on for about 3 to 5."""
REMEMBERED = 5_000
"""Closed streaks of an account that are known, so that a late or doubled message pays nothing again; 1 MB."""


class Kept(Struct, frozen=True):
    """What ``Streaks`` know, for another process: open ones with what was paid and the seconds since the last tap,
    closed ones with what was paid."""

    open: list[tuple[m.GiftEvent, int, float]] = []
    closed: dict[str, int] = {}


@dataclass(slots=True)
class _Open:
    event: m.GiftEvent
    paid: int
    touched: float


class Streaks:
    """The streaks of one account. ``now`` is any monotonic clock in seconds, always the same one."""

    def __init__(self, close_after: float = CLOSE_AFTER) -> None:
        self._close_after = close_after
        self._open: dict[str, _Open] = {}  # least recently touched first
        self._closed: OrderedDict[str, int] = OrderedDict()  # what was paid, first closed first

    def pay(self, event: m.GiftEvent, now: float) -> m.GiftEvent | None:
        """The event with what it adds in ``count``; None when it adds nothing and ends nothing.

        A streak ends once: what still grows after its end is paid by events that end nothing.
        """
        gift = event.data
        if not gift.streak:
            return event
        if gift.streak in self._closed:
            paid = self._closed[gift.streak]
            if gift.total <= paid:
                return None
            self._closed[gift.streak] = gift.total
            return _with(event, count=gift.total - paid, total=gift.total, ended=False)
        streak = self._open.pop(gift.streak, None)
        paid = streak.paid if streak else 0
        total = max(gift.total, paid)
        if gift.ended:
            self._close(gift.streak, total)
        else:
            self._open[gift.streak] = _Open(event, total, now)
            if total == paid:
                return None
        return _with(event, count=total - paid, total=total, ended=gift.ended)

    @property
    def running(self) -> bool:
        """A streak is open."""
        return bool(self._open)

    @property
    def due(self) -> float | None:
        """When ``close_overdue`` has something to do."""
        for streak in self._open.values():
            return streak.touched + self._close_after
        return None

    def close_overdue(self, now: float, at: m.Timestamp, *, everything: bool = False) -> list[m.GiftEvent]:
        """End the streaks that TikTok forgot to end: events that add nothing, marked ``ended``.

        ``at`` is the wall clock, for the events. With ``everything``, end those too that may go on.
        """
        ended = []
        for name, streak in list(self._open.items()):
            if streak.touched + self._close_after > now and not everything:
                break
            del self._open[name]
            self._close(name, streak.paid)
            event = msgspec.structs.replace(streak.event, id=f"{streak.event.id}-closed", time=at, received=at)
            ended.append(_with(event, count=0, total=streak.paid, ended=True))
        return ended

    def kept(self, now: float) -> Kept:
        return Kept([(s.event, s.paid, now - s.touched) for s in self._open.values()], dict(self._closed))

    def restore(self, kept: Kept, now: float) -> None:
        """Go on where other ``Streaks`` stopped; what was known here before is forgotten."""
        self._open = {e.data.streak: _Open(e, paid, now - age) for e, paid, age in kept.open}
        self._closed = OrderedDict(kept.closed)

    def _close(self, name: str, paid: int) -> None:
        self._closed[name] = paid
        if len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)


def _with(event: m.GiftEvent, *, count: int, total: int, ended: bool) -> m.GiftEvent:
    data = msgspec.structs.replace(event.data, count=count, total=total, ended=ended)
    return msgspec.structs.replace(event, data=data)
