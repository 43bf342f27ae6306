"""The accounts that this process listens to, each in a task of its own."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway import messages as m
from gateway.connector.account.account import Account
from gateway.connector.account.session import Memory
from gateway.connector.account.standby import Standby
from gateway.connector.sources.base import MakeSource, Pace, Source
from gateway.connector.sources.make import Sources
from gateway.errors import PayloadError
from gateway.settings import models

log = logging.getLogger(__name__)

STOPPED = "the connector was stopped"


class Road(Protocol):
    """Where the events and states of all accounts go; see ``road.Road``."""

    def send(self, event: m.Event) -> None: ...
    def tell(self, state: m.AccountState) -> None: ...
    def clear(self, account: str) -> None: ...
    def when_safe(self, acknowledge: Callable[[], None]) -> None: ...


@dataclass(slots=True)
class _Place:
    account: Account
    wanted: bool = False
    why_not: str = STOPPED
    task: asyncio.Task[None] | None = None
    then: Callable[[], None] | None = None
    """What to do once the task has ended, in place of saying ``offline``."""


@dataclass
class Accounts:
    """Begins, pauses, replaces and ends accounts. Nothing runs before ``start``.

    ``on_asking`` is called with an account's name whenever the platform is asked whether it is live.
    """

    road: Road
    sources: Sources
    pace: Pace
    make: MakeSource | None = None
    on_asking: Callable[[str], None] = lambda _name: None
    _places: dict[str, _Place] = field(default_factory=dict)
    _asked: dict[str, float] = field(default_factory=dict)
    _started: bool = False

    @property
    def all(self) -> dict[str, Account]:
        return {name: place.account for name, place in self._places.items()}

    def start(self) -> None:
        self._started = True
        for name, place in list(self._places.items()):
            if place.wanted:
                self.connect(name)

    async def stop(self) -> None:
        """Every account says ``offline``."""
        tasks = [place.task for place in self._places.values() if place.task is not None]
        for name in list(self._places):
            self.disconnect(name, STOPPED)
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell_again(self) -> None:
        """All states, for a broker that may have forgotten them."""
        for place in self._places.values():
            self.road.tell(place.account.state)

    def contradict(self, name: str, payload: bytes) -> None:
        """A state that somebody told of an account: where it is live here, and another connector that serves it
        too says something else, ours is told again. The better view stands."""
        place = self._places.get(name)
        if place is None or place.account.state.phase != "live":
            return
        with contextlib.suppress(PayloadError):  # also the empty one that clears a topic
            if m.decode(payload, m.AccountState).phase != "live":
                self.road.tell(place.account.state)

    # -- one account -----------------------------------------------------------------------------

    def put(
        self,
        name: str,
        account: models.Account,
        note: str = "",
        memory: Memory | None = None,
        source: Source | None = None,
    ) -> None:
        """A new account, or another one under this name; it is not connected yet. ``source``: one made before.

        Raises ``SourceError`` or ``SettingsError`` when there can be no such source.
        """
        stream = self.sources.stream(name, account)
        new = Account(
            stream,
            account.username,
            source or (self.make or self.sources)(stream, account),
            self.road.send,
            self.road.tell,
            self.sources.pace(account),
            guests=account.guest_gifts == "keep",
            note=note,
            when_safe=self.road.when_safe,
            on_asking=lambda: self._asking(name, stream.source),
        )
        if memory is None and stream.source in self._asked:
            memory = Memory(asked=self._asked[stream.source])
        if memory is not None:
            new.restore(memory)
        if name in self._places:
            self._end(name, lambda: self._replace(name, new))
        else:
            self._places[name] = _Place(new)

    def connect(self, name: str) -> None:
        """Listen; one that is just ending begins again when it has ended."""
        place = self._places[name]
        place.wanted = True
        if self._started and place.task is None:
            self._run(name, place)

    def disconnect(self, name: str, why: str) -> None:
        """Pause."""
        place = self._places[name]
        place.wanted, place.why_not = False, why
        if place.task is not None:
            place.task.cancel()
        elif place.then is None:
            place.account.switch_off(why)

    def drop(self, name: str) -> None:
        """End it and clear its state."""
        self._end(name, lambda: self._clear(name))

    def release(self, name: str, take: Callable[[Memory], None], why: str = "") -> None:
        """End it here, with ``why`` as ``offline``, else without a word: ``take`` gets what another process needs
        to go on."""

        def give() -> None:
            account = self._places.pop(name).account
            if why:
                account.switch_off(why)
            take(account.hand_over())

        self._end(name, give)

    def go_on(self, name: str, standby: Standby) -> None:
        """Listen on a connection that was made before; the account is new here."""
        place = self._places[name]
        place.wanted = True
        self._run(name, place, standby)

    # -- their tasks -----------------------------------------------------------------------------

    def _run(self, name: str, place: _Place, standby: Standby | None = None) -> None:
        place.task = asyncio.create_task(place.account.run(standby), name=f"account {name}")
        place.task.add_done_callback(lambda done: self._stopped(name, place, done))
        if standby is not None:
            place.task.add_done_callback(lambda _: standby.hang_up())

    def _end(self, name: str, then: Callable[[], None]) -> None:
        place = self._places[name]
        place.then = then
        if place.task is not None:
            place.task.cancel()
        else:
            then()

    def _stopped(self, name: str, place: _Place, task: asyncio.Task[None]) -> None:
        place.task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: stopped by a fault of the connector", name, exc_info=error)
            place.wanted, place.why_not = False, f"stopped by a fault of the connector: {error!r}"
        if place.then is not None:
            place.then()
        elif place.wanted:
            place.account.look_away()
            self._run(name, place)
        else:
            place.account.switch_off(place.why_not)

    def _replace(self, name: str, new: Account) -> None:
        old = self._places[name]
        old.account.switch_off("its settings changed")
        self._places[name] = _Place(new, old.wanted, old.why_not)
        if old.wanted:
            self.connect(name)
        else:
            new.switch_off(old.why_not)

    def _clear(self, name: str) -> None:
        self._places.pop(name).account.switch_off("removed")
        self.road.clear(name)

    def _asking(self, name: str, source: str) -> None:
        now = time.time()
        for old in [s for s, at in self._asked.items() if not -self.pace.poll < now - at < self.pace.poll]:
            del self._asked[old]
        self._asked[source] = now
        self.on_asking(name)


def several(names: Sequence[str]) -> str:
    """``3 accounts (ada, bo, cleo)``, for the log."""
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"{len(names)} account{'' if len(names) == 1 else 's'}" + (f" ({shown})" if names else "")
