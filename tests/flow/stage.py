"""A gateway in this process on a real Mosquitto with boards on ptys, and a client that sees what anyone may."""

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from msgspec import Struct
from ruamel.yaml import YAML

from gateway.app import Gateway
from gateway.bus import Bus, Message
from gateway.demo import venue
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.arduino.ports import Ports
from gateway.messages import (
    Ack,
    Announcement,
    EstopProof,
    EstopReset,
    EstopTrip,
    Gift,
    GiftEvent,
    LedgerState,
    Mode,
    ModeOrder,
    Param,
    Request,
    Response,
    RulesState,
    StationState,
    User,
    decode,
    encode,
    stamp,
)
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.load import Config, load
from gateway.topics import Topics
from tests.broker import Mosquitto

T = TypeVar("T", bound=Struct)
BUDI = User(id="u-1", name="budi.practice", nickname="Budi")


class Board(Protocol):
    on_edge: Callable[[int, bool, float], None]

    @property
    def port(self) -> str: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


async def until(condition: Callable[[], T | bool | object], seconds: float = 10.0) -> None:
    """Wait for a condition. Raises ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


class Client:
    """An ordinary client of the contract: remembers the latest of every topic and all results."""

    def __init__(self, broker: Mosquitto, name: str = "test-client") -> None:
        self.topics = Topics("demo")
        self.latest: dict[str, bytes] = {}
        self.results: list[Ack] = []
        self.answers: dict[str, Response] = {}
        self.said: list[Announcement] = []
        self.ledgers: list[LedgerState] = []
        self.others: list[tuple[str, bytes]] = []
        """What came on topics that are not Stagewire's."""
        self.bus = Bus(broker.settings, name, on_message=self._heard)
        self.bus.subscribe("stagewire/1/#")
        self._numbers = itertools.count()

    def _heard(self, m: Message) -> None:
        self.latest[m.topic] = m.payload
        if m.topic.endswith("/result"):
            self.results.append(decode(m.payload, Ack))
        elif "/response/" in m.topic:
            answer: Response = decode(m.payload, Response)
            self.answers[answer.transaction] = answer
        elif m.topic.endswith("/announcement"):
            self.said.append(decode(m.payload, Announcement))
        elif m.topic == self.topics.gateway_ledger("gateway"):
            self.ledgers.append(decode(m.payload, LedgerState))
        elif not m.topic.startswith("stagewire/"):
            self.others.append((m.topic, m.payload))

    def get(self, topic: str, kind: type[T]) -> T | None:
        payload = self.latest.get(topic)
        return decode(payload, kind) if payload else None

    def of(self, cause: str) -> list[str]:
        """The steps of all commands that ``cause`` set in motion."""
        return [a.status.value for a in self.results if a.cause == cause]

    def station(self, name: str) -> StationState:
        return self.get(self.topics.station_state(name), StationState) or StationState(station=name, online=False)

    def proof(self) -> EstopProof | None:
        return self.get(self.topics.gateway_estop("gateway"), EstopProof)

    @property
    def rules(self) -> RulesState:
        """As they were last told; empty before that."""
        found = self.get(self.topics.gateway_rules("gateway"), RulesState)
        return found or RulesState(gateway="gateway", fingerprint="", loaded=stamp(0))

    @property
    def ledger(self) -> LedgerState:
        return self.ledgers[-1] if self.ledgers else LedgerState(gateway="gateway")

    def request(self, verb: str, text: str = "", transaction: str = "", **params: Param) -> str:
        """Ask the gateway; returns the transaction."""
        transaction = transaction or f"{verb}-{next(self._numbers)}"
        request = Request(transaction=transaction, by="Noor", params=params, text=text)
        assert self.bus.publish(self.topics.gateway_request("gateway", verb), encode(request))
        return transaction

    async def ask(self, verb: str, text: str = "", **params: Param) -> Response:
        """A request, and its answer."""
        transaction = self.request(verb, text, "", **params)
        await until(lambda: transaction in self.answers)
        return self.answers[transaction]

    def gift(self, event_id: str, name: str = "Rose", coins: int = 1, user: User = BUDI) -> None:
        event = self.make_gift(event_id, name, coins, user)
        assert self.bus.publish(self.topics.account_event(event.account, "gift"), encode(event))

    @staticmethod
    def make_gift(event_id: str, name: str = "Rose", coins: int = 1, user: User = BUDI) -> GiftEvent:
        now = stamp(time.time())
        data = Gift(user=user, gift_id=name, name=name, count=1, total=1, coins=coins)
        return GiftEvent(id=event_id, source="/test", time=now, received=now, account="ayu", data=data)

    def arm(self, armed: bool = True) -> None:
        request = Request(transaction=f"arm-{next(self._numbers)}", by="test", params={"armed": armed})
        self.bus.publish(self.topics.gateway_request("gateway", "arm"), encode(request))

    def trip(self, name: str) -> None:
        self.bus.publish(self.topics.estop_trip, encode(EstopTrip(id=name, by="test")), retain=True)

    def mode(self, mode: Mode) -> None:
        self.bus.publish(self.topics.mode, encode(ModeOrder(mode=mode, by="test")), retain=True)

    def reset(self, name: str) -> None:
        self.bus.publish(self.topics.estop_reset, encode(EstopReset(trip=name, by="test")))


class Edges:
    """Every change of every board's pins, in order."""

    def __init__(self, boards: Mapping[str, Board]) -> None:
        self.all: list[tuple[str, int, bool, float]] = []
        for name, board in boards.items():
            board.on_edge = self._collect(name)

    def _collect(self, name: str) -> Callable[[int, bool, float], None]:
        return lambda pin, level, t: self.all.append((name, pin, level, t))

    def rises(self, station: str) -> int:
        return sum(1 for name, _, level, _ in self.all if name == station and level)

    def order(self) -> list[tuple[str, bool]]:
        """Which station's output went on (or off), one after the other."""
        return [(name, level) for name, _, level, _ in self.all]

    def on(self, station: str) -> bool:
        levels = [level for name, _, level, _ in self.all if name == station]
        return bool(levels) and levels[-1]


def configure(folder: Path, broker: Mosquitto, boards: Mapping[str, Board]) -> Config:
    """The demo's venue on this test's broker and boards."""
    return venue.write(
        folder,
        broker={"port": broker.port},
        tiktok={
            "app_url": "http://127.0.0.1:1",
            "webcast_url": "http://127.0.0.1:1",
            "sign_url": "http://127.0.0.1:1",
        },
        web={"port": 8080},
        ports={name: board.port for name, board in boards.items()},
    )


@contextlib.asynccontextmanager
async def gateway_running(config: Config) -> AsyncIterator[Gateway]:
    ports = Ports()
    stations = config.settings.stations
    gateway = Gateway(config, {name: ArduinoDriver(name, s, ports) for name, s in stations.items()})
    stop = asyncio.Event()

    async def stopped() -> None:
        await stop.wait()

    task = asyncio.create_task(gateway.run(stopped))
    try:
        yield gateway
    finally:
        stop.set()
        await task


class GatewayProcess:
    """``stagewire gateway`` as a process, started. ``kill``: the power cut."""

    def __init__(self, config: Config) -> None:
        folder = config.base_dir
        with (folder / "gateway.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "gateway"], cwd=folder, stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    def kill(self) -> None:
        self._child.kill()
        self._child.wait(10)

    def end(self) -> None:
        """As systemd would."""
        self._child.terminate()
        self._child.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@contextlib.asynccontextmanager
async def virtual_boards() -> AsyncIterator[dict[str, VirtualBoard]]:
    boards = {name: VirtualBoard(board_id=f"VB-{name}") for name in venue.STATIONS}
    for board in boards.values():
        await board.start()
    try:
        yield boards
    finally:
        for board in boards.values():
            await board.stop()


@contextlib.asynccontextmanager
async def client_running(broker: Mosquitto) -> AsyncIterator[Client]:
    client = Client(broker)
    task = asyncio.create_task(client.bus.run())
    try:
        await until(lambda: client.bus.connected)
        yield client
    finally:
        task.cancel()
        await asyncio.wait([task])


class House:
    """All of it, ready: broker, boards, client, settings."""

    def __init__(self, broker: Mosquitto, boards: dict[str, VirtualBoard], client: Client, config: Config) -> None:
        self.broker, self.boards, self.client, self.config = broker, boards, client, config
        self.edges = Edges(boards)

    def rules(self, text: str) -> None:
        """Other rules than the demo's, from the gateway's start on, or from when it sees the change."""
        (self.config.base_dir / "rules.yaml").write_text(text)
        self.settings()

    def settings(self, **more: Any) -> None:
        """Further settings, from the gateway's next start on."""
        path, yaml = self.config.base_dir / "stagewire.yaml", YAML(typ="safe")
        settings = {**yaml.load(path), **more}
        with path.open("w") as file:
            yaml.dump(settings, file)
        self.config = load(path)

    async def ready(self) -> None:
        c = self.client
        await until(lambda: all(c.station(s).online and c.station(s).armed for s in self.boards))

    async def again(self) -> None:
        """Until the next gateway is ready, whatever the one before has left with the broker."""
        self.client.latest.clear()
        await self.ready()
