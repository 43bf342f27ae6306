"""Likes, joins, viewer counts and a battle's points, merged to at most two messages a second of each. Pure."""

import msgspec

from gateway import messages as m

INTERVAL = 0.5
"""Seconds between two messages of one kind and account (the contract: at most 2/s)."""

Merged = m.LikeEvent | m.JoinEvent | m.ViewersEvent | m.BattleEvent
"""Of battles only the points: a beginning or an end is never merged."""


class Merger:
    """The merged kinds of one account. The first goes at once; what comes too soon after it is added up.

    ``now`` is any monotonic clock in seconds, always the same one.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._free_at: dict[type[Merged], float] = {}
        self._waiting: dict[type[Merged], Merged] = {}

    def add(self, event: Merged, now: float) -> Merged | None:
        """The event to send now, if any."""
        kind = type(event)
        waiting = self._waiting.pop(kind, None)
        if waiting is not None:
            event = fold(waiting, event)
        if now < self._free_at.get(kind, now):
            self._waiting[kind] = event
            return None
        self._free_at[kind] = now + self._interval
        return event

    def sent(self, kind: type[Merged], now: float) -> None:
        """One of the kind was sent past the merger: the next waits as after its own."""
        self._free_at[kind] = now + self._interval

    def free(self, kind: type[Merged]) -> None:
        """The next of the kind goes at once."""
        self._free_at.pop(kind, None)

    @property
    def due(self) -> float | None:
        """When ``take_due`` has something to give."""
        return min((self._free_at[kind] for kind in self._waiting), default=None)

    def take(self, kind: type[Merged]) -> Merged | None:
        """What waits of one kind, though it is too soon: something comes after it."""
        return self._waiting.pop(kind, None)

    def take_due(self, now: float, *, everything: bool = False) -> list[Merged]:
        """What has waited long enough, or ``everything`` that waits."""
        kinds = [kind for kind in self._waiting if everything or self._free_at[kind] <= now]
        for kind in kinds:
            self._free_at[kind] = now + self._interval
        return [self._waiting.pop(kind) for kind in kinds]


def fold(first: Merged, then: Merged) -> Merged:
    """Two events of one kind as one: with the newer's id and times, both counts, and the user if it is one."""
    match first, then:
        case m.LikeEvent(data=a), m.LikeEvent(data=b):
            likes = m.Like(
                user=b.user if _same(a.user, b.user) else None,
                count=a.count + b.count,
                total=max(a.total, b.total),
            )
            return msgspec.structs.replace(then, data=likes)
        case m.JoinEvent(data=c), m.JoinEvent(data=d):
            joins = m.Person(user=d.user if _same(c.user, d.user) else None, count=c.count + d.count)
            return msgspec.structs.replace(then, data=joins)
        case _:
            return then


def _same(a: m.User | None, b: m.User | None) -> bool:
    return a is not None and b is not None and a.id == b.id
