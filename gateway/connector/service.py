"""All accounts of one connector, and their way to the bus."""

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.account import Account
from gateway.connector.sources.base import PACE, MakeSource, Pace, Source, Stream
from gateway.errors import SourceError
from gateway.settings import models
from gateway.settings.secrets import read_secret
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)

WAITING = 20_000
"""Events held while the broker is away, some 12 MB; beyond them the oldest are lost, and that is logged."""

DRAIN_INTERVAL = 0.25
"""Seconds between two tries to hand over what waits: the bus also refuses when it is too far behind."""


class Publish(Protocol):
    """``Bus.publish``: never blocks, False while the broker is away."""

    def __call__(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool: ...


class Connector:
    """Runs the accounts that the settings enable, or just those named in ``accounts``.

    A name that the settings do not know is taken for a username. Wire ``on_bus`` and ``on_message`` to the
    bus. ``lost`` counts events given up because the broker was away too long.
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
        self._topics = Topics(settings.venue)
        self._publish = publish
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._drain_timer: asyncio.TimerHandle | None = None
        self.lost = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._why_not: dict[str, str] = {}
        self.accounts: dict[str, Account] = {}
        make = make_source or tiktok_sources(settings.connector.tiktok, base_dir, pace)
        for name, account in _chosen(settings, accounts).items():
            simulated = settings.connector.tiktok.simulated
            stream = Stream(name, f"tiktok/@{account.username}", simulated)
            source = make(stream, account.username)
            self.accounts[name] = Account(stream, account.username, source, self._send, self._tell, pace)
            if account.enabled or name in accounts:
                self._wanted.add(name)
            else:
                self.accounts[name].switch_off("switched off in the settings (enabled: false)")

    async def run(self) -> None:
        """Until cancelled; then every account says ``offline``."""
        if not self._wanted:
            log.warning("no account to listen to: add one under accounts, or name one with --account")
        try:
            for name in sorted(self._wanted):
                self._connect(name)
            await asyncio.get_running_loop().create_future()
        finally:
            tasks = list(self._tasks.values())
            for name in self.accounts:
                self._disconnect(name, "the connector was stopped")
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._drain_timer is not None:
                self._drain_timer.cancel()

    # -- from the bus ----------------------------------------------------------------------------

    def on_bus(self, connected: bool, _words: str = "") -> None:
        """The broker came or went. When it came: all states again, then what waited, in order."""
        if not connected:
            return
        for account in self.accounts.values():
            self._tell(account.state)
        if self._waiting:
            log.info("the broker is back: sending %d events that waited", len(self._waiting))
            self._drain()

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

    # -- to the bus ------------------------------------------------------------------------------

    def _tell(self, state: m.AccountState) -> None:
        self._publish(self._topics.account_state(state.account), m.encode(state), qos=1, retain=True)

    def _send(self, event: m.Event) -> None:
        kind = m.KINDS[type(event)]
        topic, payload = self._topics.account_event(event.account, kind), m.encode(event)
        if kind in m.MERGED_KINDS:
            self._publish(topic, payload, qos=0)
        elif self._waiting or not self._publish(topic, payload, qos=1):  # never past those that wait
            self._wait(topic, payload)

    def _wait(self, topic: str, payload: bytes) -> None:
        self._waiting.append((topic, payload))
        if len(self._waiting) > WAITING:
            self._waiting.popleft()
            self.lost += 1
            if self.lost == 1:
                log.error("the broker has been away too long: the oldest events are being lost")
        if self._drain_timer is None:
            self._drain_timer = asyncio.get_running_loop().call_later(DRAIN_INTERVAL, self._drain)

    def _drain(self) -> None:
        """Send what waits, in order, as far as the bus takes it."""
        if self._drain_timer is not None:
            self._drain_timer.cancel()
            self._drain_timer = None
        while self._waiting and self._publish(*self._waiting[0], qos=1):
            self._waiting.popleft()
        if self._waiting:
            self._drain_timer = asyncio.get_running_loop().call_later(DRAIN_INTERVAL, self._drain)


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


def tiktok_sources(addresses: models.TikTok, base_dir: Path, pace: Pace) -> MakeSource:
    """Makes sources that hear TikTok, all with one signing budget. Raises ``SourceError``, see ``Connector``."""
    file = addresses.sign_key_file
    key = read_secret(base_dir / file, "connector.tiktok.sign_key_file") if file else None
    try:
        from gateway.connector.sources.tiktok.signing import Signing
        from gateway.connector.sources.tiktok.source import TikTokSource
    except ImportError as e:
        raise SourceError(f"TikTokLive is not installed ({e}): run `pip install 'stagewire[connector]'`") from e
    signing = Signing(key)

    def make(stream: Stream, username: str) -> Source:
        return TikTokSource(stream, username, addresses, signing, pace)

    return make
