"""``stagewire connector``: its accounts, what is wanted of them, and their way to the bus."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

from gateway.bus import Bus, Message
from gateway.connector.account.account import Account
from gateway.connector.accounts import Accounts
from gateway.connector.control import Control
from gateway.connector.delivery.delivery import Delivery, Publish
from gateway.connector.reload import follow
from gateway.connector.road import Road
from gateway.connector.roster import account_id, chosen
from gateway.connector.sources.base import PACE, MakeSource, Pace
from gateway.connector.sources.make import Sources, settled_memory
from gateway.connector.workers.fleet import Fleet
from gateway.connector.workers.planner import LIMITS, Limits
from gateway.connector.workers.process import SMOOTH_S
from gateway.settings import models
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)

__all__ = ["Connector", "account_id", "chosen", "run_connector"]


class Connector:
    """Runs the accounts that the settings enable, or just those named in ``accounts``.

    A name that the settings do not know is taken for a username. ``outbox``: see ``Road``. Wire ``on_bus`` and
    ``on_message`` to the bus.
    Raises ``SourceError`` or ``SettingsError`` for what can never work: no TikTokLive, unreadable secrets.
    """

    def __init__(
        self,
        settings: models.Settings,
        publish: Publish,
        *,
        accounts: Sequence[str] = (),
        base_dir: Path = Path(),
        pace: Pace = PACE,
        make_source: MakeSource | None = None,
        outbox: str | None = None,
    ) -> None:
        self._road = Road(settings, publish, base_dir, outbox=outbox)
        self._accounts = Accounts(self._road, Sources(settings.connector, base_dir, pace), pace, make_source)
        self.control = Control(settings, self._accounts, self._road.send, accounts)

    @property
    def accounts(self) -> dict[str, Account]:
        return self._accounts.all

    @property
    def delivery(self) -> Delivery:
        return self._road.delivery

    async def run(self) -> None:
        """Until cancelled; then every account says ``offline``."""
        async with self._road:
            self._accounts.start()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                await self._accounts.stop()

    def on_bus(self, connected: bool, _words: str = "") -> None:
        """The broker came or went. When it came: all states again, then what waited, in order."""
        if connected:
            self._accounts.tell_again()
        self._road.on_bus(connected)

    def on_message(self, message: Message) -> None:
        """An account's command, or its state as another connector sees it."""
        address = parse(message.topic)
        if address is not None and (address.kind, address.facet) == ("account", "state"):
            self._accounts.contradict(address.id, message.payload)
        else:
            self.control.on_message(message)


class Parent:
    """As ``Connector``, with its accounts in ``least`` to ``most`` worker processes."""

    def __init__(
        self,
        settings: models.Settings,
        publish: Publish,
        least: int,
        most: int,
        *,
        accounts: Sequence[str] = (),
        base_dir: Path = Path(),
        pace: Pace = PACE,
        limits: Limits = LIMITS,
        smooth: float = SMOOTH_S,
    ) -> None:
        self._road = Road(settings, publish, base_dir)
        self.fleet = Fleet(settings, self._road, base_dir, least, most, pace=pace, limits=limits, smooth=smooth)
        self.control = Control(settings, self.fleet, self._road.send, accounts)

    async def run(self) -> None:
        """Until cancelled. Raises ``ServiceError`` when no worker can work."""
        async with self._road:
            await self.fleet.run()

    def on_bus(self, connected: bool, _words: str = "") -> None:
        if connected:
            self.fleet.tell_again()
        self._road.on_bus(connected)

    def on_message(self, message: Message) -> None:
        self.control.on_message(message)


async def run_connector(
    settings: models.Settings,
    accounts: Sequence[str] = (),
    *,
    base_dir: Path = Path(),
    config: Path | None = None,
    workers: tuple[int, int] | None = None,
    pace: Pace = PACE,
) -> None:
    """``stagewire connector``: a connector with a bus of its own, until cancelled. ``config`` is the settings'
    file, to be read again when it changes; ``workers``: the fewest and the most processes for the accounts.

    Raises ``SourceError``, ``SettingsError``, ``ServiceError`` and ``BusError`` for what can never work.
    """
    topics = Topics(settings.venue)
    name = settings.connector.id
    connector: Connector | Parent
    bus = Bus(
        settings.broker,
        f"stagewire-{settings.venue}-{name}",
        on_message=lambda message: connector.on_message(message),
        on_state=lambda connected, words: connector.on_bus(connected, words),
        availability=topics.connector_availability(name),
        base_dir=base_dir,
    )
    if workers is None:
        connector = Connector(settings, bus.publish, accounts=accounts, base_dir=base_dir, pace=pace, outbox=name)
    else:
        connector = Parent(settings, bus.publish, *workers, accounts=accounts, base_dir=base_dir, pace=pace)
    bus.subscribe(topics.account_command("+", "+"))
    bus.subscribe(topics.account_state("+"))
    if not any(account.enabled for account in settings.accounts.values()) and not accounts:
        log.warning("no account to listen to: add one under accounts, or name one with --account")
    async with contextlib.AsyncExitStack() as stack:  # the bus goes last, so that the last states are told
        stack.enter_context(settled_memory())
        await stack.enter_async_context(alongside(bus.run(), "bus"))
        if config is not None:
            changes = follow(config, lambda read: connector.control.apply(read.settings))
            await stack.enter_async_context(alongside(changes, "settings"))
        await connector.run()


@contextlib.asynccontextmanager
async def alongside(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run ``work`` for the length of a ``with`` block; when it fails, it ends the block with its error."""
    owner, task = asyncio.current_task(), asyncio.create_task(work, name=name)

    def ended(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None and owner is not None:
            log.critical("the connector's %s failed; it ends", name, exc_info=error)
            owner.cancel()

    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
