"""Everything that is counted: accounts (real and practice apart), stations, gifts. Pure."""

from collections.abc import Iterator

from gateway.messages import (
    FINAL,
    AccountStats,
    Ack,
    CatalogueGift,
    Event,
    GiftEvent,
    StationStats,
)
from gateway.stats.account import AccountFold
from gateway.stats.actions import STATIONS_MAX
from gateway.stats.catalogue import Catalogue
from gateway.stats.kept import Kept
from gateway.stats.session import USD_PER_COIN, SessionFold
from gateway.stats.stations import StationWear, time_of


class Totals:
    """What is fed stands in the journal in the same order: so ``CatchUp`` can count it again."""

    def __init__(self, usd_per_coin: float = USD_PER_COIN) -> None:
        self._usd_per_coin = usd_per_coin
        self._accounts: dict[tuple[str, bool], AccountFold] = {}
        self._stations: dict[str, StationWear] = {}
        self._catalogue = Catalogue()

    @classmethod
    def restored(cls, kept: Kept, usd_per_coin: float = USD_PER_COIN) -> "Totals":
        """As they were kept; of sessions there are the summaries only."""
        totals = cls(usd_per_coin)
        for account in kept.accounts:
            totals.put(AccountFold.restored(account, usd_per_coin))
        totals._stations = {s.station: StationWear.restored(s) for s in kept.stations}
        totals._catalogue = Catalogue(kept.catalogue)
        return totals

    def __iter__(self) -> Iterator[AccountFold]:
        return iter(self._accounts.values())

    def put(self, account: AccountFold) -> None:
        """Instead of what is known of this account."""
        self._accounts[account.account, account.simulated] = account

    def event(self, event: Event) -> SessionFold | None:
        """Counts it. Returns a session that is to be archived: it has ended with this, or had ended before and has
        changed. Of what belongs to no account nothing is counted.

        Raises ``PayloadError`` for a time that does not exist (the 30th of February).
        """
        if not event.account:
            return None
        key = (event.account, event.simulated)
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = AccountFold(
                event.account, simulated=event.simulated, usd_per_coin=self._usd_per_coin
            )
        ended = account.event(event)
        if isinstance(event, GiftEvent):
            self._catalogue.event(event)
        return ended

    def ack(self, ack: Ack) -> SessionFold | None:
        """Counts a command's ending, and nothing else of its steps; answers like ``event``."""
        if ack.status not in FINAL:
            return None
        wear = self._stations.get(ack.station)
        if wear is None and len(self._stations) < STATIONS_MAX:
            wear = self._stations[ack.station] = StationWear(ack.station, time_of(ack) or 0.0)
        if wear is not None:
            wear.ack(ack)
        account = self._accounts.get((ack.account, ack.simulated))
        return None if account is None else account.ack(ack)

    # -- what was counted --------------------------------------------------------------------------

    def session(self, account: str, *, simulated: bool = False) -> SessionFold | None:
        """The session that runs, else the latest; None before the first."""
        fold = self._accounts.get((account, simulated))
        return None if fold is None else fold.session

    def stats(self, account: str, *, simulated: bool = False, owed: int = 0) -> AccountStats:
        """What is published of an account; zeros when it was never heard of."""
        fold = self._accounts.get((account, simulated))
        return AccountStats(account=account, simulated=simulated) if fold is None else fold.stats(owed)

    def stations(self, now: float) -> list[StationStats]:
        """Of every station that did anything, all its time; latencies since the gateway started."""
        return [wear.stats(now) for wear in self._stations.values()]

    def station(self, station: str, now: float) -> StationStats | None:
        wear = self._stations.get(station)
        return None if wear is None else wear.stats(now)

    def catalogue(self) -> list[CatalogueGift]:
        """Least recently seen first."""
        return self._catalogue.gifts()

    def kept(self, mark: int) -> Kept:
        """One look at all of it, small. ``mark``: everything in the journal up to this ``seq`` has been
        counted."""
        return Kept(
            mark=mark,
            accounts=[account.kept() for account in self],
            stations=[wear.kept() for wear in self._stations.values()],
            catalogue=self.catalogue(),
        )
