"""The gifts that were seen, their names in any language and their prices: the one source of what a gift costs.
Pure."""

from collections import OrderedDict
from collections.abc import Iterable

from msgspec import Struct

from gateway.messages import CatalogueGift, GiftEvent, seconds, stamp
from gateway.stats.buckets import LARGEST

GIFTS_MAX = 1000
"""Least recently seen first to go. The platform has some hundred; a hostile one may invent more."""
NAMES_MAX = 5


class _Seen(Struct):
    gift_id: str
    first: float
    last: float
    names: list[str]
    coins: int | None = None
    count: int = 0


class Catalogue:
    """Learns from what it is shown. Practice teaches nothing, and what was delivered late no price."""

    def __init__(self, gifts: Iterable[CatalogueGift] = (), most: int = GIFTS_MAX) -> None:
        self._most = most
        self._gifts = OrderedDict(
            (g.gift_id, _Seen(g.gift_id, seconds(g.first), seconds(g.last), list(g.names), g.coins, g.count))
            for g in gifts
        )

    def event(self, event: GiftEvent) -> None:
        gift = event.data
        if event.simulated or not gift.gift_id:
            return
        now = seconds(event.received)
        seen = self._gifts.get(gift.gift_id)
        if seen is None:
            if len(self._gifts) >= self._most:
                self._gifts.popitem(last=False)
            seen = self._gifts[gift.gift_id] = _Seen(gift.gift_id, now, now, [])
        else:
            self._gifts.move_to_end(gift.gift_id)
        seen.count += gift.count
        if gift.name and (not seen.names or seen.names[-1] != gift.name):
            seen.names = [*(n for n in seen.names if n != gift.name), gift.name][-NAMES_MAX:]
        if gift.coins is not None and not event.stale and (seen.coins is None or now >= seen.last):
            seen.coins = gift.coins
        seen.first, seen.last = min(seen.first, now), max(seen.last, now)

    def gifts(self) -> list[CatalogueGift]:
        """Least recently seen first."""
        return [
            CatalogueGift(
                gift_id=g.gift_id,
                names=list(g.names),
                coins=g.coins,
                count=min(g.count, LARGEST),
                first=stamp(g.first),
                last=stamp(g.last),
            )
            for g in self._gifts.values()
        ]
