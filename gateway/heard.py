"""What the gateway has heard before: every happening counts once, however often and by whomever it is told. Pure.

Two connectors may listen to one account, one may have restarted in the middle of a gift streak, and a broker may
deliver twice: copies have the same id, and what a streak or a room's likes have come to stands in each message.
"""

from collections import OrderedDict
from collections.abc import Iterable

from msgspec.structs import replace

from gateway.messages import Event, GiftEvent, LikeEvent, seconds

REMEMBERED_EVENTS = 50_000
"""Event ids remembered to drop duplicates: over an hour of ten busy accounts."""
REMEMBERED_STREAKS = 20_000
"""Streaks remembered, least recently heard first to go: hours of ten busy accounts; some 6 MB."""
REMEMBERED_ROOMS = 1_000
"""Rooms whose likes are remembered, least recently heard first to go."""
SILENT_S = 60.0
"""Without a like of a room for so long, nobody may have been listening."""
FRESH_LIKES, FRESH_LIKES_AFTER_SILENCE = 10_000, 100
"""What a room's total may have grown by beyond what the message tells, and still fire: half a second of the
largest LIVE, and what a quiet one leaves untold. More was missed: it counts, and no machine makes up for it."""
LIKELY_LIKES = 10_000_000
"""A total that leaps by more is a fault, not a LIVE."""
STREAK_LIFE_S = 24 * 3600.0
"""Older streaks of the journal are not asked for at the start: a LIVE does not last longer."""


class Heard:
    """Remembers ids, streaks and likes, as many as the constants say."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._streaks: OrderedDict[tuple[str, bool, str], tuple[int, bool]] = OrderedDict()
        self._likes: OrderedDict[tuple[str, bool, str], tuple[int, float]] = OrderedDict()

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

    def forget(self, viewer: str) -> None:
        """A viewer's streaks, whose names hold the platform id; one that goes on begins anew."""
        for key in [key for key in self._streaks if viewer in key[2]]:
            del self._streaks[key]

    def add(self, event: Event) -> Event:
        """The event, heard for the first time, as it counts.

        A gift of a streak adds what the streak has grown beyond the greatest ``total`` heard so far, whatever its
        ``count`` says, and a streak ends once. So the sum is the greatest ``total``: never more than was given,
        and all of it where the last message was heard. Likes count by the room's ``total`` in the same way, from
        the first one heard on: two connectors merge them differently, and the platform does not tell each one.
        What the total tells of likes that were missed is ``stale``.
        """
        self.remember((event.id,))
        if isinstance(event, LikeEvent):
            count, missed = self._add_likes(event)
            if count == event.data.count:
                return event
            return replace(event, data=replace(event.data, count=count), stale=event.stale or missed)
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

    def _add_likes(self, event: LikeEvent) -> tuple[int, bool]:
        like = event.data
        if not like.total:
            return like.count, False
        key, now = (event.account, event.simulated, event.room), seconds(event.received)
        total, at = self._likes.pop(key, (0, now))
        if len(self._likes) >= REMEMBERED_ROOMS:
            self._likes.popitem(last=False)
        # Far below is no late message but another beginning; far beyond is not believed.
        if not total or not total // 2 <= like.total <= total + LIKELY_LIKES:
            self._likes[key] = like.total, now
            return like.count, False
        self._likes[key] = max(total, like.total), max(at, now)
        grown = max(0, like.total - total)
        return grown, grown - like.count > (FRESH_LIKES if now - at < SILENT_S else FRESH_LIKES_AFTER_SILENCE)
