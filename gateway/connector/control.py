"""What shall be listened to: the settings, read again when they change, and the orders that come over MQTT."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol, TypeVar

import msgspec

from gateway import messages as m
from gateway.bus import Message
from gateway.connector.roster import chosen, difference
from gateway.connector.simulate import invent
from gateway.errors import PayloadError, StagewireError
from gateway.settings import models
from gateway.topics import Address, parse

log = logging.getLogger(__name__)

ADDED = "added over MQTT, until the connector restarts"
SWITCHED_OFF = "switched off in the settings (enabled: false)"
MOST = 1_000
"""Accounts that may be added over MQTT; more is a program gone wild."""

SHOWS = ("", ".yaml", ".yml")
"""How the name of a show ends, or of one that comes with Stagewire: a file of keys, which may lie beside it, shall
not be read as a show, and its mistakes told."""
PLAYED = ("replay", "practice")
"""Sources that may play anybody's LIVE, as often as one likes."""

T = TypeVar("T")


class Runner(Protocol):
    """Who runs the accounts: this process (``accounts.Accounts``) or its workers (``workers.fleet.Fleet``)."""

    def put(self, name: str, account: models.Account, note: str = "") -> None: ...
    def connect(self, name: str) -> None: ...
    def disconnect(self, name: str, why: str) -> None: ...
    def drop(self, name: str) -> None: ...


class Control:
    """Tells ``runner`` what to do, first what the settings want (or just ``names``, see ``roster.chosen``).

    ``send`` takes simulated events. Raises ``SourceError`` or ``SettingsError`` from the constructor for what can
    never work; later such an account is refused and the others go on.
    """

    def __init__(
        self,
        settings: models.Settings,
        runner: Runner,
        send: Callable[[m.Event], None],
        names: Sequence[str] = (),
    ) -> None:
        self._at_start = self._settings = settings
        self._runner = runner
        self._send = send
        self._names = names
        self._wanted = chosen(settings, names)
        self._running: dict[str, models.Account] = {}
        self._added: set[str] = set()  # over MQTT
        for name, account in self._wanted.items():
            self._put(name, account)

    # -- settings --------------------------------------------------------------------------------

    def apply(self, settings: models.Settings) -> None:
        """Settings that were read again: only what changed is touched, and what came over MQTT stays."""
        before, old = self._wanted, self._settings
        try:
            self._wanted = chosen(settings, self._names)
        except StagewireError as e:
            log.error("the changed settings are not used: %s", e)
            return
        self._settings = settings
        change = difference(before, self._wanted)
        for name in change.removed:
            if name in self._running and name not in self._added:
                log.info("%s: removed from the settings", name)
                self._drop(name)
        for name in (*change.added, *change.changed):
            log.info("%s: %s in the settings", name, "added" if name in change.added else "changed")
            self._try(name, self._wanted[name])
        for name in change.switched:
            if name in self._running:
                self._running[name] = self._wanted[name]
                self._switch(name)
        if _fixed(settings) not in (_fixed(old), _fixed(self._at_start)):
            log.warning("the settings of venue, broker or connector changed: restart the connector to use them")

    # -- orders ----------------------------------------------------------------------------------

    def on_message(self, message: Message) -> None:
        """``account/<a>/command/<verb>``. Of accounts that are not here, only ``add`` is for us."""
        address = parse(message.topic)
        if address is None and "/command/" in message.topic:
            log.warning("%s: refused: an account's name is of a-z, 0-9 and -, at most 32 of them", message.topic)
            return
        if address is None or (address.kind, address.facet) != ("account", "command"):
            return
        if address.id not in self._running and address.detail != "add":  # another connector's
            return
        if message.retain:
            log.warning("%s: refused, because it is retained: a command is for now", message.topic)
            return
        try:
            self._obey(address, message.payload)
        except StagewireError as e:
            log.warning("%s: refused: %s", message.topic, e)

    def _obey(self, address: Address, payload: bytes) -> None:
        name = address.id
        match address.detail:
            case "connect":
                _read(payload, m.AccountOrder)
                self._runner.connect(name)
            case "disconnect":
                by = _read(payload, m.AccountOrder).by
                self._runner.disconnect(name, f"disconnected on request{f' of {by}' if by else ''}")
            case "add":
                self._add(name, _read(payload, m.AddAccount))
            case "remove":
                _read(payload, m.AccountOrder)
                log.info("%s: removed on request%s", name, self._comes_back(name))
                self._drop(name)
            case "simulate":
                wanted = _read(payload, m.Simulate)
                if self._is_for_us(wanted.connector):
                    self._send(invent(wanted, name, time.time()))
            case verb:
                raise PayloadError(
                    f"there is no command {verb!r}; there are connect, disconnect, add, remove, simulate"
                )

    def _add(self, name: str, order: m.AddAccount) -> None:
        if not self._is_for_us(order.connector):
            return
        if name in self._running:
            raise PayloadError("there is an account of that name already: remove it first")
        if order.username.startswith("@"):
            raise PayloadError(f"username is the @name without the @: write {order.username[1:]!r}")
        if order.source not in PLAYED and (other := self._listener(order.username)):
            raise PayloadError(f"@{order.username} is account {other!r} already")
        if len(self._added) >= MOST:
            raise PayloadError(f"{MOST} accounts were added already")
        if order.file is not None and not _inside(order.file):
            raise PayloadError(f"file {order.file!r} must lie in the folder of the settings")
        if order.source == "practice" and PurePosixPath(order.file or "").suffix not in SHOWS:
            raise PayloadError(f"file {order.file!r} must be a show, with a name that ends in .yaml")
        fields = {f: getattr(order, f) for f in ("username", "source", "file", "speed", "guest_gifts")}
        try:
            account = msgspec.convert(fields, models.Account)
        except msgspec.ValidationError as e:
            raise PayloadError(str(e)) from None
        self._added.add(name)
        try:
            self._put(name, account, ADDED)
        except StagewireError:
            self._added.discard(name)
            raise
        log.info("%s: @%s added on request, until the connector restarts", name, account.username)

    def _is_for_us(self, connector: str | None) -> bool:
        return connector in (None, self._settings.connector.id)

    def _listener(self, username: str) -> str:
        """Which account hears this @name's real LIVE; empty for none. Two would tell each event under one id."""
        for name, account in self._running.items():
            if account.source not in PLAYED and account.username.lower() == username.lower():
                return name
        return ""

    def _comes_back(self, name: str) -> str:
        return "; it is in the settings, so it comes back with a restart" if name in self._wanted else ""

    # -- the accounts ----------------------------------------------------------------------------

    def _try(self, name: str, account: models.Account) -> None:
        try:
            self._put(name, account)
        except StagewireError as e:
            log.error("%s: not as the settings say now: %s", name, e)
        else:
            self._added.discard(name)

    def _put(self, name: str, account: models.Account, note: str = "") -> None:
        self._runner.put(name, account, note)
        self._running[name] = account
        self._switch(name)

    def _switch(self, name: str) -> None:
        if self._running[name].enabled:
            self._runner.connect(name)
        else:
            self._runner.disconnect(name, SWITCHED_OFF)

    def _drop(self, name: str) -> None:
        del self._running[name]
        self._added.discard(name)
        self._runner.drop(name)


def _read(payload: bytes, kind: type[T]) -> T:
    return m.decode(payload or b"{}", kind)


def _fixed(settings: models.Settings) -> tuple[str, models.Broker, models.Connector]:
    """What a running connector cannot change."""
    return settings.venue, settings.broker, settings.connector


def _inside(file: str) -> bool:
    """A path that leads nowhere else, on whatever system."""
    parts = PureWindowsPath(file).parts
    return not (PurePosixPath(file).is_absolute() or PureWindowsPath(file).anchor or ".." in parts)
