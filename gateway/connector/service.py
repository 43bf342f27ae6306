"""All accounts of one connector, and their way to the bus."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.account import Account
from gateway.connector.delivery import Delivery, Publish
from gateway.connector.sources.base import PACE, MakeSource, Pace
from gateway.connector.sources.make import Sources
from gateway.errors import SourceError
from gateway.settings import models
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)


class Connector:
    """Runs the accounts that the settings enable, or just those named in ``accounts``.

    A name that the settings do not know is taken for a username. Wire ``on_bus`` and ``on_message`` to the
    bus.
    Raises ``SourceError`` when the sign key cannot be read or TikTokLive is not installed.
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
    ) -> None:
        self.delivery = Delivery(Topics(settings.venue), publish)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._why_not: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        sources = Sources(settings.connector, base_dir, pace)
        make = make_source or sources
        for name, account in _chosen(settings, accounts).items():
            stream = sources.stream(name, account)
            source = make(stream, account)
            self.accounts[name] = Account(
                stream, account.username, source, self.delivery.send, self.delivery.tell, pace
            )
            if account.enabled or name in accounts:
                self._wanted.add(name)
            else:
                self.accounts[name].switch_off("switched off in the settings (enabled: false)")

    async def run(self) -> None:
        """Until cancelled; then every account says ``offline``."""
        if not self._wanted:
            log.warning("no account to listen to: add one under accounts, or name one with --account")
        async with self.delivery:
            try:
                for name in sorted(self._wanted):
                    self._connect(name)
                await asyncio.get_running_loop().create_future()
            finally:
                tasks = list(self._tasks.values())
                for name in self.accounts:
                    self._disconnect(name, "the connector was stopped")
                await asyncio.gather(*tasks, return_exceptions=True)

    # -- from the bus ----------------------------------------------------------------------------

    def on_bus(self, connected: bool, _words: str = "") -> None:
        """The broker came or went. When it came: all states again, then what waited, in order."""
        if not connected:
            return
        for account in self.accounts.values():
            self.delivery.tell(account.state)
        self.delivery.on_bus(connected)

    def on_message(self, message: Message) -> None:
        """An account's command: ``connect`` or ``disconnect``."""
        address = parse(message.topic)
        if address is None or (address.kind, address.facet) != ("account", "command"):
            return
        if address.id not in self.accounts:  # another connector's
            return
        if message.retain:
            log.warning("%s: refused, because it is retained: a command is for now", message.topic)
            return
        match address.detail:
            case "connect":
                self._connect(address.id)
            case "disconnect":
                self._disconnect(address.id, "disconnected on request")
            case verb:
                log.warning("%s: there is no command %r; there are connect, disconnect", message.topic, verb)

    # -- the accounts ----------------------------------------------------------------------------

    def _connect(self, name: str) -> None:
        self._wanted.add(name)
        if name not in self._tasks:  # one that is just ending begins again when it has ended
            task = asyncio.create_task(self.accounts[name].run(), name=f"account {name}")
            self._tasks[name] = task
            task.add_done_callback(lambda done: self._stopped(name, done))

    def _disconnect(self, name: str, why: str) -> None:
        self._wanted.discard(name)
        self._why_not[name] = why
        if name in self._tasks:
            self._tasks[name].cancel()
        else:
            self.accounts[name].switch_off(why)

    def _stopped(self, name: str, task: asyncio.Task[None]) -> None:
        del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: stopped by a fault of the connector", name, exc_info=error)
            self._why_not[name] = f"stopped by a fault of the connector: {error!r}"
        elif name in self._wanted:
            self._connect(name)
            return
        self.accounts[name].switch_off(self._why_not[name])


async def run_connector(
    settings: models.Settings, accounts: Sequence[str] = (), *, base_dir: Path = Path()
) -> None:
    """``stagewire connector``: a connector with a bus of its own, until cancelled.

    Raises ``SourceError`` and ``BusError`` for what can never work: no TikTokLive, unreadable secrets.
    """
    topics = Topics(settings.venue)
    name = settings.connector.id
    connector: Connector
    bus = Bus(
        settings.broker,
        f"stagewire-{settings.venue}-{name}",
        on_message=lambda message: connector.on_message(message),
        on_state=lambda connected, words: connector.on_bus(connected, words),
        availability=topics.connector_availability(name),
        base_dir=base_dir,
    )
    connector = Connector(settings, bus.publish, accounts=accounts, base_dir=base_dir)
    bus.subscribe(topics.account_command("+", "+"))
    link = asyncio.create_task(bus.run(), name="bus")
    try:
        await connector.run()
    finally:  # the bus goes last, so that the accounts' last states are told
        link.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await link


def _chosen(settings: models.Settings, names: Sequence[str]) -> dict[str, models.Account]:
    if not names:
        return dict(settings.accounts)
    chosen = {}
    for name in names:
        if name in settings.accounts:
            chosen[name] = settings.accounts[name]
        else:
            username = name.removeprefix("@")
            if not re.fullmatch(models.USERNAME, username):
                known = f"; accounts in the settings: {', '.join(settings.accounts)}" if settings.accounts else ""
                raise SourceError(
                    f"{name!r} is no account and cannot be an @name (letters, digits, . and _){known}"
                )
            chosen[account_id(username)] = models.Account(username=username)
    return chosen


def account_id(username: str) -> m.Id:
    """An id for topics from an @name: ``@Ada.Otter_7`` becomes ``ada-otter-7``."""
    return re.sub(r"[^a-z0-9]+", "-", username.lower()).strip("-")[:32] or "account"
