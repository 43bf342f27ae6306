"""The gifts of one session by their names. Pure."""

from gateway.messages import Gift, GiftTotal
from gateway.stats.buckets import LARGEST

KINDS_MAX = 1000
"""Names kept apart in one session; the platform's catalogue is smaller, a hostile one is not."""
OTHER_GIFTS = "(other gifts)"


class GiftKinds:
    def __init__(self) -> None:
        self._kinds: dict[str, tuple[int, int]] = {}

    def add(self, gift: Gift) -> None:
        if not gift.count:
            return  # a streak's closing message adds nothing
        name = gift.name
        if name not in self._kinds and len(self._kinds) >= KINDS_MAX:
            name = OTHER_GIFTS
        count, coins = self._kinds.get(name, (0, 0))
        self._kinds[name] = (count + gift.count, coins + gift.count * (gift.coins or 0))

    def restore(self, count: int, coins: int) -> None:
        """Gifts of which no name is known any more."""
        if count:
            self._kinds[OTHER_GIFTS] = (count, coins)

    def gifts(self) -> list[GiftTotal]:
        """The most coins first."""
        ranked = sorted(self._kinds.items(), key=lambda kind: (-kind[1][1], -kind[1][0], kind[0]))
        return [
            GiftTotal(name=name, count=min(count, LARGEST), coins=min(coins, LARGEST))
            for name, (count, coins) in ranked
        ]
