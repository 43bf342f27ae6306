"""An evening that goes wrong: a gateway that is killed, boards that outlive it, a crowd that gives.

All real: Mosquitto, ``stagewire gateway``, boards on ptys that hold themselves to the firmware's rules. The boards
write down which command's id moved them, so what ran twice, or never, shows.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from gateway.bus import Bus, Message
from gateway.drivers.arduino.commands import wire_id
from gateway.journal import JournalReader
from gateway.messages import (
    FINAL,
    Ack,
    Command,
    Gift,
    GiftEvent,
    LedgerState,
    Request,
    Response,
    User,
    decode,
    encode,
    stamp,
)
from gateway.rules import engine
from gateway.rules.state import State
from gateway.topics import Topics
from tests.broker import Mosquitto
from tests.faults.mortal import GatewayProcess, WatchedBoard, until

VIEWERS = [User(id=f"u-{n}", name=f"viewer.{n}", nickname=f"Viewer {n}") for n in range(50)]
"""More than a board remembers ids."""
GIFTS = {"Rose": "lamp", "Drum": "drum", "Horn": "horn"}
"""The last one only by name: it takes its time."""
STATIONS = {
    "lamp": {"pin": 6, "on_for": "1ms"},
    "drum": {"pin": 7, "on_for": "2ms"},
    "horn": {"pin": 8, "on_for": "800ms"},
}
DOUBT_S = 10.0
"""As the connector does, the crowd tells a broker that was away again what it told it in these last seconds."""
GATEWAY = "gateway"
TOPICS = Topics("hall")
RULES = """\
counters: {gifts: {}}
rules:
  rose:
    when: {gift: {name: Rose, pay: each}}
    then: [{counter: {name: gifts, add: 1}}, {station: lamp, action: go}]
    deadline: 10m
  drum:
    when: {gift: {name: Drum, pay: each}}
    then: [{counter: {name: gifts, add: 1}}, {station: drum, action: go}]
    deadline: 10m
  horn:
    when: {gift: {name: Horn, pay: each}}
    then: [{counter: {name: gifts, add: 1}}, {station: horn, action: go}]
    deadline: 10m
"""


class Crowd:
    """Viewers who give, told to the broker as a connector would: until it has acknowledged, and once more when it
    was away. ``given`` are all events so far, by id; ``units`` how many gifts that are."""

    def __init__(self, broker: Mosquitto, rng: random.Random) -> None:
        self.given: dict[str, GiftEvent] = {}
        self.units = 0
        self.bus = Bus(broker.settings, "crowd", on_state=self._on_state, on_message=self._heard)
        self.bus.subscribe(TOPICS.gateway_ledger(GATEWAY))
        self.bus.subscribe(TOPICS.gateway_response(GATEWAY, "+"))
        self.bus.subscribe(TOPICS.station_result("+"))
        self.ledger = LedgerState(gateway=GATEWAY)
        self.answers: dict[str, Response] = {}
        self.on_result: Callable[[Ack], None] = lambda ack: None
        self._rng = rng
        self._told: dict[str, float] = {}

    def _heard(self, message: Message) -> None:
        if message.topic == TOPICS.gateway_ledger(GATEWAY):
            self.ledger = decode(message.payload, LedgerState)
        elif message.topic.endswith("/result"):
            self.on_result(decode(message.payload, Ack))
        else:
            answer: Response = decode(message.payload, Response)
            self.answers[answer.transaction] = answer

    def _on_state(self, connected: bool, _words: str) -> None:
        if connected:
            recent = time.monotonic() - DOUBT_S
            for event_id, event in self.given.items():
                if self._told.get(event_id, recent) >= recent:
                    self._tell(event)

    def give(self, name: str | None = None, count: int | None = None, user: User | None = None) -> GiftEvent:
        """One gift message, of anybody's if nobody is named."""
        now, number = stamp(time.time()), len(self.given)
        name, count = name or self._rng.choice(("Rose", "Drum")), count or self._rng.choice((1, 1, 1, 2, 3))
        user = user or self._rng.choice(VIEWERS)
        data = Gift(user=user, gift_id=name, name=name, count=count, total=count, coins=1)
        event = GiftEvent(id=f"g-{number}", source="/test", time=now, received=now, account="ada", data=data)
        self.given[event.id] = event
        self.units += count
        self._tell(event)
        return event

    def _tell(self, event: GiftEvent) -> None:
        def answered(_somebody: bool) -> None:
            self._told[event.id] = time.monotonic()

        self._told.pop(event.id, None)
        self.bus.publish(TOPICS.account_event(event.account, "gift"), encode(event), on_ack=answered)

    @property
    def settled(self) -> bool:
        """The broker has all of it."""
        return self._told.keys() == self.given.keys()

    async def ask(self, verb: str, seconds: float = 10.0, **params: Any) -> Response:
        """A request, and its answer."""
        transaction = f"{verb}-{len(self.answers)}-{time.monotonic_ns()}"
        request = Request(transaction=transaction, by="test", params=params)
        self.bus.publish(TOPICS.gateway_request(GATEWAY, verb), encode(request))
        await until(lambda: transaction in self.answers, seconds)
        return self.answers[transaction]


class Evening:
    """All of it, running but for the gateway."""

    def __init__(self, folder: Path, broker: Mosquitto, boards: dict[str, WatchedBoard], crowd: Crowd) -> None:
        self.folder, self.broker, self.boards, self.crowd = folder, broker, boards, crowd
        self.gateway = GatewayProcess(folder, boards)
        self.journal = JournalReader(folder / "data")

    @property
    def ran(self) -> int:
        return sum(len(b.ran) for b in self.boards.values())

    @property
    def commands(self) -> list[Command]:
        """All that were ever decided."""
        entries = self.journal.last(1_000_000, kind="command")
        return [m for e in entries if isinstance(m := e.message(), Command)]

    def endings(self) -> Counter[str]:
        """Of each command, how many endings are on disk."""
        entries = self.journal.last(1_000_000, kind="ack")
        acks = [m for e in entries if isinstance(m := e.message(), Ack)]
        return Counter(a.id for a in acks if a.status in FINAL)

    def counter(self) -> float:
        state, lost = State.restored(self.journal.state())
        assert not lost
        return state.counters.get("gifts", 0.0)

    async def over(self, seconds: float) -> None:
        """Until everybody can see that nothing waits any more, of all that was given."""
        try:
            await until(lambda: self.crowd.ledger.total.received == self.crowd.units, seconds)
            await until(lambda: not self.crowd.ledger.total.waiting, seconds)
        except TimeoutError:
            raise AssertionError(f"{self.crowd.units} given, {self.crowd.ledger}, {self.ran} ran") from None

    def check(self) -> None:
        """Each gift's action ran exactly once, and everything agrees."""
        commands = self.commands
        self.check_moves(commands)
        units = self.crowd.units
        total = self.crowd.ledger.total
        assert (total.received, total.done) == (units, units), f"{total}; {self.crowd.ledger.oldest[:3]}"
        assert self.crowd.ledger.balanced
        assert not self.crowd.ledger.oldest
        assert self.counter() == units
        events = [e.id for e in self.journal.last(1_000_000, kind="event")]
        assert sorted(events) == sorted(self.crowd.given), "each event stands in the journal once"
        assert self.endings() == Counter(c.id for c in commands), "each command has one ending in the journal"
        state, _ = State.restored(self.journal.state())
        assert (len(state.runs), len(state.owed)) == (0, 0)
        counts, balanced = engine.ledger(state)
        assert balanced
        assert engine.summed(counts.values()) == total

    def check_moves(self, commands: list[Command]) -> None:
        """On the boards each command of each gift moved once."""
        units = Counter(e.data.name for e in self.crowd.given.values() for _ in range(e.data.count))
        for gift, station in GIFTS.items():
            names = {wire_id(c.id): c.id for c in commands if c.station == station}
            assert len(names) == units[gift], f"{station}: commands for {units[gift]} gifts"
            ran = Counter(self.boards[station].ran)
            twice = [names.get(i, str(i)) for i, n in ran.items() if n > 1]
            never = [name for i, name in names.items() if i not in ran]
            assert not twice, f"{station}: {len(twice)} ran twice: {twice[:5]}"
            assert not never, f"{station}: {len(never)} never ran: {never[:5]}"

    def check_gifts(self) -> None:
        """As ``check_moves``, where a gift may have had commands that came to nothing before one that was paid."""
        moved = {i: c for c in self.commands for i in [wire_id(c.id)] if i in self.boards[c.station].ran}
        assert self.ran == len(moved), "a command ran twice, or one that nobody knows"
        ran = Counter(c.cause for c in moved.values())
        assert ran == {e.id: e.data.count for e in self.crowd.given.values()}


@contextlib.asynccontextmanager
async def evening(
    folder: Path, seed: int, *, arm: str = "at-start", mosquitto: str | None = None
) -> AsyncIterator[Evening]:
    """Everything on; at the end whatever runs is ended."""
    settings = mosquitto or "set_tcp_nodelay true\nmax_queued_messages 0\npersistence false\n"
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder, settings))
        boards = {name: WatchedBoard(name) for name in STATIONS}
        for board in boards.values():
            await board.start()
            stack.push_async_callback(board.stop)
        configure(folder, broker, boards, arm)
        crowd = Crowd(broker, random.Random(f"{seed} crowd"))
        task = asyncio.create_task(crowd.bus.run())
        stack.push_async_callback(asyncio.wait, [task])
        stack.callback(task.cancel)
        await until(lambda: crowd.bus.connected)
        e = Evening(folder, broker, boards, crowd)
        stack.callback(e.gateway.kill)
        yield e


def configure(folder: Path, broker: Mosquitto, boards: dict[str, WatchedBoard], arm: str) -> None:
    settings = {
        "venue": "hall",
        "broker": {"port": broker.port},
        "accounts": {"ada": {"username": "ada.live"}},
        "gateway": {"arm": arm},
        "stations": {
            name: {
                "board": {"port": boards[name].port, "simulated": True},
                "channels": {"out": {"kind": "pulse", "pin": station["pin"]}},
                "actions": {"go": {"channel": "out", "on_for": station["on_for"]}},
                "queue": {"limit": 1000},
            }
            for name, station in STATIONS.items()
        },
    }
    with (folder / "stagewire.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(settings, file)
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
