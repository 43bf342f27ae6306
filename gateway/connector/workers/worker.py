"""One worker: a connector that listens to what its parent tells it to; ``python -m`` with this module's name."""

import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO, assert_never

from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.connector.account.session import Memory
from gateway.connector.account.standby import Standby
from gateway.connector.accounts import Accounts
from gateway.connector.delivery.delivery import Publish
from gateway.connector.road import Road
from gateway.connector.service import alongside
from gateway.connector.sources.make import Sources, settled_memory
from gateway.connector.workers import wire
from gateway.connector.workers.pipe import Pipe
from gateway.errors import StagewireError
from gateway.logs import configure
from gateway.settings import models
from gateway.topics import Topics, parse

log = logging.getLogger(__name__)

BEAT = 0.5
"""Seconds between two signs of life."""


class Asked:
    """The parent's budget of signatures, see ``budget.Budget``."""

    def __init__(self, worker: "Worker") -> None:
        self.limited_until = 0.0
        self._worker = worker
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    async def turn(self, account: str) -> None:
        if time.time() < self.limited_until:
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account, []).append(place)
        self._worker.say(wire.Ask(account))
        await place

    def limit(self, until: float) -> None:
        self._worker.say(wire.Limited(until))
        self.limited(until)

    def given(self, account: str) -> None:
        """The parent gave the account a turn. One that nobody waits for any more is lost, which harms nobody."""
        for place in self._waiting.pop(account, []):
            if not place.done():
                place.set_result(None)

    def limited(self, until: float) -> None:
        self.limited_until = max(self.limited_until, until)
        for account in list(self._waiting):
            self.given(account)


class Told(Road):
    """A road on which every new state is a sign of life too: the parent knows what was told, if we die now."""

    def __init__(
        self, settings: models.Settings, publish: Publish, base_dir: Path, outbox: str, worker: "Worker"
    ) -> None:
        super().__init__(settings, publish, base_dir, outbox=outbox)
        self._worker = worker

    def tell(self, state: m.AccountState) -> None:
        super().tell(state)
        self._worker.beat_soon()


class Worker:
    """Lives until its stdin ends."""

    def __init__(self, setup: wire.Setup, source: IO[bytes], sink: IO[bytes]) -> None:
        settings, base_dir = setup.settings, Path(setup.base_dir)
        self._pipe = Pipe(source, sink, self._on_line, self._on_end)
        self._over = asyncio.Event()
        self._turns = Asked(self)
        self._beating = False
        self._standbys: dict[str, Standby] = {}
        self._sources = Sources(settings.connector, base_dir, setup.pace, self._turns)
        self._bus = Bus(
            settings.broker,
            f"stagewire-{settings.venue}-{settings.connector.id}-{setup.worker}",
            on_message=self._on_message,
            on_state=self._on_bus,
            base_dir=base_dir,
            sibling=True,
        )
        self._bus.subscribe(Topics(settings.venue).account_state("+"))
        self._road = Told(settings, self._bus.publish, base_dir, f"{settings.connector.id}-{setup.worker}", self)
        self._accounts = Accounts(self._road, self._sources, setup.pace, on_asking=lambda _: self.beat_soon())

    async def run(self) -> None:
        try:
            async with (
                alongside(self._bus.run(), "bus"),
                alongside(self._beats(), "signs of life"),
                self._road,
            ):
                self._accounts.start()
                self.say(wire.Up())
                await self._over.wait()
                await self._accounts.stop()
        finally:
            self._pipe.close()

    def say(self, word: wire.Word) -> None:
        self._pipe.send(wire.encode(word))

    # -- orders ----------------------------------------------------------------------------------

    def _on_line(self, line: bytes) -> None:
        order = wire.order(line)
        try:
            self._obey(order)
        except StagewireError as e:
            self.say(wire.Failed(str(e), getattr(order, "account", "")))
        self.beat_soon()

    def _obey(self, order: wire.Order) -> None:
        match order:
            case wire.Start(account, config, note, memory):
                self._accounts.put(account, config, note, memory)
                self._accounts.connect(account)
            case wire.Prepare(account, config, room):
                self._forget(account)
                source = self._sources(self._sources.stream(account, config), config)
                standing = wire.Standing(account)
                self._standbys[account] = Standby(source, room, lambda: self.say(standing))
            case wire.Forget(account):
                self._forget(account)
            case wire.Adopt(account, config, note, memory):
                self._adopt(account, config, note, memory)
            case wire.Release(account, why):
                if account in self._accounts.all:  # else it could not be made, which was said
                    self._accounts.release(account, lambda memory: self._released(account, memory), why)
            case wire.Inherit():
                self._road.delivery.adopt()
            case wire.Turn(account):
                self._turns.given(account)
            case wire.Limited(until):
                self._turns.limited(until)
            case wire.Setup():
                log.error("told to begin a second time")
            case _:
                assert_never(order)

    def _forget(self, account: str) -> None:
        if account in self._standbys:
            self._standbys.pop(account).hang_up()

    def _adopt(self, account: str, config: models.Account, note: str, memory: Memory) -> None:
        standby = self._standbys.pop(account, None)
        if standby is not None and standby.live:
            self._accounts.put(account, config, note, memory, standby.source)
            self._accounts.go_on(account, standby)
            return
        if standby is not None:
            standby.hang_up()
        self._accounts.put(account, config, note, memory)
        self._accounts.connect(account)

    def _released(self, account: str, memory: Memory) -> None:
        self.say(wire.Released(account, memory))

    def _on_end(self) -> None:
        self._over.set()

    # -- signs of life ---------------------------------------------------------------------------

    async def _beats(self) -> None:
        while True:
            self._beat()
            await asyncio.sleep(BEAT)

    def beat_soon(self) -> None:
        """Once what is being done is done."""
        if not self._beating:
            self._beating = True
            asyncio.get_running_loop().call_soon(self._beat)

    def _beat(self) -> None:
        self._beating = False
        sights = {
            name: wire.Sight(
                phase=account.state.phase,
                room=account.session.room,
                started=account.session.started,
                heard=account.heard,
                asked=account.asked,
                likes=account.session.likes,
                events=account.session.events,
                streaking=account.session.streaking,
            )
            for name, account in self._accounts.all.items()
        }
        self.say(wire.Beat(time.process_time(), sights))

    def _on_bus(self, connected: bool, _words: str) -> None:
        if connected:
            self._accounts.tell_again()
        self._road.on_bus(connected)

    def _on_message(self, message: Message) -> None:
        if (address := parse(message.topic)) is not None:
            self._accounts.contradict(address.id, message.payload)


def main() -> int:
    """Returns the exit status."""
    # Nothing but our lines may go to the real stdout, whatever a library prints.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    for number in (signal.SIGINT, signal.SIGTERM):  # these are for the parent, which then ends us
        signal.signal(number, signal.SIG_IGN)
    setup = wire.order(source.readline())
    if not isinstance(setup, wire.Setup):
        raise SystemExit("the first line must be the setup")
    configure(setup.log_level, f"worker {setup.worker} ")
    try:
        warm(setup)
        with settled_memory(), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(_work(setup, source, sink))
    except StagewireError as e:
        sink.write(wire.encode(wire.Failed(str(e))))
        sink.flush()
        return 1
    return 0


def warm(setup: wire.Setup) -> None:
    """Import what the accounts need before anything runs: TikTokLive takes seconds, in which no loop turns."""
    sources = Sources(setup.settings.connector, Path(setup.base_dir), setup.pace)
    used = {account.source for account in setup.settings.accounts.values()}
    account = models.Account(username="nobody", source="tiktok")
    try:
        sources(sources.stream("nobody", account), account)
    except StagewireError:
        if "tiktok" in used or not used:
            raise


async def _work(setup: wire.Setup, source: IO[bytes], sink: IO[bytes]) -> None:
    await Worker(setup, source, sink).run()


if __name__ == "__main__":
    sys.exit(main())
