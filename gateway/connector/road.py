"""The road from the accounts to the broker: prices filled in, viewers hidden where asked for, delivered."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway import messages as m
from gateway.connector.delivery.delivery import Delivery, Publish
from gateway.connector.delivery.outbox import Outbox
from gateway.connector.prices import Prices
from gateway.connector.privacy import Pseudonyms, venue_key
from gateway.settings import models
from gateway.topics import Topics

PRICES = "prices.json"
"""The learned catalogue, in the connector's data folder; all of its processes share it."""


class Road:
    """A context that must be entered before ``send``. Raises ``SettingsError`` for an unusable privacy key.

    ``outbox`` names the file of what waits for the broker, one for each process; without it, that is in memory.
    """

    def __init__(
        self, settings: models.Settings, publish: Publish, base_dir: Path, *, outbox: str | None = None
    ) -> None:
        connector = settings.connector
        self.delivery = Delivery(
            Topics(settings.venue),
            publish,
            Outbox(base_dir / connector.data, outbox, connector.outbox_mb * 1_000_000) if outbox else None,
            stale_after=models.duration(connector.stale_after),
        )
        self._topics = Topics(settings.venue)
        self._publish = publish
        self._prices = Prices(base_dir / connector.data / PRICES)
        self._hide: Callable[[m.Event], m.Event] | None = None
        if connector.privacy == "pseudonymous":
            self._hide = Pseudonyms(venue_key(base_dir / connector.privacy_key_file))
        self._to_clear: set[str] = set()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._prices)
        await self._stack.enter_async_context(self.delivery)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def send(self, event: m.Event) -> None:
        if isinstance(event, m.GiftEvent):
            event = self._prices.fill(event)
        self.delivery.send(event if self._hide is None else self._hide(event))

    def when_safe(self, acknowledge: Callable[[], None]) -> None:
        """Call it when all that was sent before is safe, see ``Delivery``."""
        self.delivery.when_safe(acknowledge)

    def tell(self, state: m.AccountState) -> None:
        self._to_clear.discard(state.account)
        self.delivery.tell(state)

    def clear(self, account: str) -> None:
        """Nobody shall find a state of this account any more."""
        if not self._publish(self._topics.account_state(account), b"", qos=1, retain=True):
            self._to_clear.add(account)

    def on_bus(self, connected: bool) -> None:
        """The broker came or went; when it came, call it after all states have been told again."""
        if connected:
            waiting, self._to_clear = self._to_clear, set()
            for account in waiting:
                self.clear(account)
        self.delivery.on_bus(connected)
