"""The whole road on real parts: practice TikTok, the real TikTokLive client, Mosquitto, the gateway, the real
firmware in the simulator, and the page; each a process or server of its own, as in a venue."""

import asyncio
import contextlib
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import venue
from gateway.demo.children import Children
from gateway.journal import JournalReader
from gateway.messages import AccountState, CommentEvent, GiftEvent, decode_event
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.tiktok.acts import GIFTS, Tap, Viewer
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.settings.load import Config
from gateway.stats.reader import StatsReader
from tests.broker import Mosquitto, free_port
from tests.flow.stage import Client, Edges, client_running, until
from tests.web.people import pass_for

pytestmark = [
    pytest.mark.needs("mosquitto", "avr-gcc", "simavr", "tiktoklive"),
    pytest.mark.timeout(180),
]

SITI = Viewer(id=6_800_000_000_000_000_001, name="siti.practice", nickname="Siti")
ROSE, FIREWORKS = (next(g for g in GIFTS if g.name == name) for name in ("Rose", "Fireworks"))


class Road:
    """Everything, running and armed."""

    def __init__(self, config: Config, client: Client, room: Room, edges: Edges, children: Children) -> None:
        self.config, self.client, self.room, self.edges, self.children = config, client, room, edges, children
        self.events: list[Any] = []
        self.cookie = ""

    def page(self) -> dict[str, Any]:
        if not self.cookie:
            settings = self.config.settings
            name, value, _token = pass_for(self.config.base_dir / settings.gateway.data, settings.venue)
            self.cookie = f"{name}={value}"
        url = f"http://127.0.0.1:{self.config.settings.web.port}/api/snapshot"
        asked = urllib.request.Request(url, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(asked, timeout=5) as r:
            return dict(json.load(r))

    def heard(self, kind: type) -> Any:
        found = [e for e in self.events if isinstance(e, kind)]
        return found[-1] if found else None


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        tiktok = PracticeTikTok()
        await tiktok.start()
        stack.push_async_callback(tiktok.stop)
        rooms = {name: tiktok.add_room(username) for name, username in venue.ACCOUNTS.items()}
        boards = {name: AvrBoard("uno") for name in venue.STATIONS}
        edges = Edges(boards)
        for board in boards.values():
            await board.start()
            stack.push_async_callback(board.stop)
        config = venue.write(
            tmp_path,
            broker={"port": broker.port},
            tiktok={"app_url": tiktok.app_url, "webcast_url": tiktok.webcast_url, "sign_url": tiktok.sign_url},
            web={"port": free_port()},
            ports={name: board.port for name, board in boards.items()},
        )
        client = await stack.enter_async_context(client_running(broker))
        children = Children(tmp_path)
        stack.push_async_callback(children.stop)
        for program in ("gateway", "connector", "web"):
            await children.start(program, sys.executable, "-m", "gateway.cli", program)
        road = Road(config, client, rooms["ayu"], edges, children)
        inner = client.bus._on_message

        def listen(message: Any) -> None:
            if "/event/" in message.topic and "/account/" in message.topic:
                road.events.append(decode_event(message.payload))
            inner(message)

        client.bus._on_message = listen

        def ready() -> bool:
            children.check()
            states = [client.get(client.topics.account_state(a), AccountState) for a in rooms]
            live = all(s is not None and s.phase == "live" for s in states)
            return live and all(client.station(s).armed for s in venue.STATIONS)

        await until(ready, 60)
        yield road
        children.check()


async def test_a_gift_on_the_webcast_wire_moves_the_pin_and_every_hop_names_it(road: Road) -> None:
    c = road.client
    (msg_id,) = road.room.send(Tap(SITI, FIREWORKS))
    await until(lambda: any(a.status == "done" for a in c.results), 20)

    # the wire -> MQTT
    event = road.heard(GiftEvent)
    assert (event.account, event.data.name, event.data.coins, event.data.count) == ("ayu", "Fireworks", 1088, 1)
    assert (event.data.user.id, event.data.user.nickname) == (str(SITI.id), "Siti")
    assert event.id == f"{road.room.room_id}-{msg_id}"
    assert event.simulated

    # rule -> command -> board -> ack, all by the event's id
    done = c.results[-1]
    assert done.cause == event.id
    assert done.id == f"{event.id}/any-dear-gift-fires-the-cannon/0/0"
    assert c.of(event.id) == ["queued", "running", "done"]
    assert done.simulated

    # the pin, in simulated time: on for the 150 ms that the settings say
    cannon = [(pin, level, t) for station, pin, level, t in road.edges.all if station == "cannon"]
    assert [(pin, level) for pin, level, _ in cannon] == [(5, True), (5, False)]
    assert cannon[1][2] - cannon[0][2] == pytest.approx(0.150, abs=0.001)
    assert {station for station, *_ in road.edges.all} == {"cannon"}

    # every hop's time, in order
    t = done.times
    assert t.received
    assert t.decided
    assert t.sent
    assert t.moved
    assert t.ended
    assert t.received <= t.decided <= t.sent <= t.ended
    assert done.latency_ms is not None
    assert 0 < done.latency_ms < 1000

    # the journal, on disk
    data = road.config.base_dir / "data"
    await until(lambda: len(JournalReader(data).trace(event.id)) == 4)
    trace = JournalReader(data).trace(event.id)
    assert [(e.kind, e.simulated) for e in trace] == [
        ("event", True),
        ("decision", True),
        ("command", True),
        ("ack", True),
    ]

    # TinyDB, in the practice file and not in the real one
    def totals() -> Any:
        return next((t for t in StatsReader(data).kept(simulated=True).accounts if t.account == "ayu"), None)

    await until(lambda: totals() is not None and totals().gifts == 1, 15)
    assert totals().coins == 1088
    assert StatsReader(data).kept().accounts == []

    # the page
    page = json.dumps(await asyncio.to_thread(road.page))
    for seen in (event.id, done.id, "Siti", "Fireworks", '"done"'):
        assert seen in page


async def test_a_streak_pays_every_rose_and_the_stop_proves_itself_on_real_boards(road: Road) -> None:
    c = road.client
    streak = road.room.streak(SITI, ROSE)
    for taps in (1, 2, 2):
        streak.tap(taps)
    streak.end()
    await until(lambda: sum(a.status == "done" for a in c.results) == 5, 20)
    assert road.edges.rises("lamp") == 5

    c.trip("hall")
    await until(lambda: (p := c.proof()) and p.confirmed, 10)
    road.room.gift(SITI, ROSE)
    await until(lambda: any(a.status == "blocked" for a in c.results), 10)
    c.reset("hall")
    c.arm()
    await until(lambda: all(c.station(s).armed for s in venue.STATIONS), 10)
    road.room.comment(SITI, "GO go gó!")
    await until(lambda: road.edges.rises("bell") == 1, 10)
    assert road.heard(CommentEvent).data.text == "GO go gó!"
    assert road.edges.rises("lamp") == 5
