"""Likes, joins, viewer counts and a battle's points, merged to at most two messages a second of each. Pure."""

from typing import assert_never

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
        self._waiting: dict[type[Merged], list[Merged]] = {}

    def add(self, event: Merged, now: float) -> Merged | None:
        """The event to send now, if any."""
        kind = type(event)
        if now < self._free_at.get(kind, now):
            self._waiting.setdefault(kind, []).append(event)
            return None
        self._free_at[kind] = now + self._interval
        waiting = self._waiting.pop(kind, None)
        return event if waiting is None else fold([*waiting, event])

    def sent(self, kind: type[Merged], now: float) -> None:
        """One of the kind was sent past the merger: the next waits as after its own."""
        self._free_at[kind] = now + self._interval

    def free(self, kind: type[Merged]) -> None:
        """The next of the kind goes at once."""
        self._free_at[kind] = float("-inf")

    def free_at(self, kind: type[Merged]) -> float:
        """When the next of a kind that was sent may go."""
        return self._free_at[kind]

    @property
    def due(self) -> float | None:
        """When ``take_due`` has something to give."""
        return min((self._free_at[kind] for kind in self._waiting), default=None)

    def take(self, kind: type[Merged]) -> Merged | None:
        """What waits of one kind, though it is too soon: something comes after it."""
        waiting = self._waiting.pop(kind, None)
        return None if waiting is None else fold(waiting)

    def take_due(self, now: float, *, everything: bool = False) -> list[Merged]:
        """What has waited long enough, or ``everything`` that waits."""
        kinds = [kind for kind in self._waiting if everything or self._free_at[kind] <= now]
        for kind in kinds:
            self._free_at[kind] = now + self._interval
        return [fold(self._waiting.pop(kind)) for kind in kinds]


def fold(events: list[Merged]) -> Merged:
    """Events of one kind as one: with the newest's id and times, all counts, and the user if it is one."""
    last = events[-1]
    match last:
        case m.LikeEvent():
            likes = [e.data for e in events if isinstance(e, m.LikeEvent)]
            like = m.Like(
                user=_same([like.user for like in likes]),
                count=sum(like.count for like in likes),
                total=max(like.total for like in likes),
            )
            return msgspec.structs.replace(last, data=like)
        case m.JoinEvent():
            joins = [e.data for e in events if isinstance(e, m.JoinEvent)]
            join = m.Person(user=_same([j.user for j in joins]), count=sum(j.count for j in joins))
            return msgspec.structs.replace(last, data=join)
        case m.ViewersEvent() | m.BattleEvent():
            return last
        case _:
            assert_never(last)


def _same(users: list[m.User | None]) -> m.User | None:
    """The one who did it all, as last seen."""
    last = users[-1]
    return last if last is not None and all(u is not None and u.id == last.id for u in users) else None
