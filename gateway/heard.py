"""What the gateway has heard before: every happening counts once, however often and by whomever it is told. Pure.

Two connectors may listen to one account, one may have restarted in the middle of a gift streak, and a broker may
deliver twice: copies have the same id, and what a streak or a room's likes have come to stands in each message.
"""

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from gateway.messages import Event, GiftEvent, LikeEvent

REMEMBERED_EVENTS = 50_000
"""Event ids remembered to drop duplicates: over an hour of ten busy accounts."""
REMEMBERED_STREAKS = 20_000
"""Streaks remembered, least recently heard first to go: hours of ten busy accounts; some 6 MB."""
REMEMBERED_ROOMS = 1_000
"""Rooms whose likes are remembered, least recently heard first to go."""
STREAK_LIFE_S = 24 * 3600.0
"""Older streaks of the journal are not asked for at the start: a LIVE does not last longer."""


class Heard:
    """Remembers ids, streaks and likes, as many as the constants say."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._streaks: OrderedDict[tuple[str, bool, str], tuple[int, bool]] = OrderedDict()
        self._likes: OrderedDict[tuple[str, bool, str], int] = OrderedDict()

    def __contains__(self, event: Event) -> bool:
        """A copy was heard before."""
        return event.id in self._ids

    def remember(self, event_ids: Iterable[str], gifts: Iterable[GiftEvent] = ()) -> None:
        """Heard in an earlier life, oldest first."""
        for event_id in event_ids:
            self._ids[event_id] = None
        while len(self._ids) > REMEMBERED_EVENTS:
            self._ids.popitem(last=False)
        for event in gifts:
            self._fold(event)

    def add(self, event: Event) -> Event:
        """The event, heard for the first time, as it counts.

        A gift of a streak adds what the streak has grown beyond the greatest ``total`` heard so far, whatever its
        ``count`` says, and a streak ends once. So the sum is the greatest ``total``: never more than was given,
        and all of it where the last message was heard. Likes count by the room's ``total`` in the same way, from
        the first one heard on: two connectors merge them differently, and the platform does not tell each one.
        """
        self.remember((event.id,))
        if isinstance(event, LikeEvent):
            count = self._add_likes(event)
            return event if count == event.data.count else replace(event, data=replace(event.data, count=count))
        if not isinstance(event, GiftEvent) or not event.data.streak:
            return event
        count, ended = self._fold(event)
        if (count, ended) == (event.data.count, event.data.ended):
            return event
        return replace(event, data=replace(event.data, count=count, ended=ended))

    def _fold(self, event: GiftEvent) -> tuple[int, bool]:
        gift = event.data
        if not gift.streak:
            return gift.count, gift.ended
        key = event.account, event.simulated, gift.streak
        total, ended = self._streaks.pop(key, (0, False))
        self._streaks[key] = max(total, gift.total), ended or gift.ended
        if len(self._streaks) > REMEMBERED_STREAKS:
            self._streaks.popitem(last=False)
        return max(0, gift.total - total), gift.ended and not ended

    def _add_likes(self, event: LikeEvent) -> int:
        like = event.data
        if not like.total:
            return like.count
        key = event.account, event.simulated, event.room
        before = self._likes.pop(key, None)
        if len(self._likes) >= REMEMBERED_ROOMS:
            self._likes.popitem(last=False)
        if before is None or like.total < before // 2:  # far below is no late message but another beginning
            self._likes[key] = like.total
            return like.count
        self._likes[key] = max(before, like.total)
        return max(0, like.total - before)
