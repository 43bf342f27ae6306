"""Every gift counts once at the gateway: told late, twice, by two connectors, by one that restarted."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.bus import Message
from gateway.connector.service import run_connector
from gateway.connector.sources.base import Pace
from gateway.journal import JournalReader
from gateway.messages import AccountState, AccountStats, Gift, GiftEvent, encode, stamp
from gateway.practice.tiktok.acts import GIFTS, Viewer
from gateway.practice.tiktok.room import Room, Streak
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.settings.load import Config
from gateway.stats.totals import Totals
from tests.broker import Mosquitto
from tests.flow.stage import BUDI, Client, House, client_running, configure, gateway_running, until, virtual_boards

PACE = Pace(poll=0.4, first=0.05, longest=0.2, steady=0.2, stall=5.0, streak=1.0, sign=0.01)
ROSE, FIREWORKS = GIFTS[0], GIFTS[7]
EVA = Viewer(6_800_000_000_000_000_077, "eva.viewer", "Eva")


def gift(event_id: str, total: int, *, count: int = 1, age: float = 0.0, stale: bool = False) -> GiftEvent:
    at = stamp(time.time() - age)
    data = Gift(user=BUDI, gift_id="1", name="Rose", count=count, total=total, coins=1, streak="s-1", ended=False)
    return GiftEvent(
        id=event_id, source="/test", time=at, received=at, account="ayu", room="r", stale=stale, data=data
    )


def tell(client: Client, event: GiftEvent) -> None:
    assert client.bus.publish(client.topics.account_event("ayu", "gift"), encode(event))


def gifts(client: Client) -> int:
    stats = client.get(client.topics.account_stats("ayu"), AccountStats)
    return stats.gifts if stats else 0


@pytest.mark.needs("mosquitto")
async def test_what_comes_too_late_counts_and_moves_nothing(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        tell(c, gift("late-1", 2, count=2, age=300, stale=True))
        tell(c, gift("late-2", 5, count=3, age=7200))  # nobody marked it, but it is older than every deadline
        await until(lambda: gifts(c) == 5)
        tell(c, gift("now", 6))
        await until(lambda: "done" in c.of("now"))
    assert c.of("late-1") == []
    assert set(c.of("late-2")) <= {"queued", "expired"}
    assert house.edges.rises("lamp") == 1


@pytest.mark.needs("mosquitto")
async def test_lost_doubled_and_reordered_messages_of_a_streak_move_once_for_each_gift_also_over_a_restart(
    house: House,
) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for event in (gift("a-1", 1), gift("a-3", 3), gift("b-2", 2), gift("a-3", 3)):
            tell(c, event)
        await until(lambda: gifts(c) == 3)
        await until(lambda: len([s for s in c.of("a-1") + c.of("a-3") if s == "done"]) == 3)
    async with gateway_running(house.config):
        await house.ready()
        tell(c, gift("restarted-connector", 4, count=4))
        await until(lambda: gifts(c) == 4)
        await until(lambda: "done" in c.of("restarted-connector"))
    assert house.edges.rises("lamp") == 4
    journal = JournalReader(house.config.base_dir / "data")
    totals = Totals()
    for entry in reversed(journal.last(100, kind="event")):
        counted = entry.message()
        assert isinstance(counted, GiftEvent)
        totals.event(counted)
    assert totals.stats("ayu").all_gifts == 4  # every fold of the journal agrees


class Standby:
    """One account's practice LIVE, and two connectors that both listen to it."""

    def __init__(self, config: Config, client: Client, room: Room, stack: contextlib.AsyncExitStack) -> None:
        self.config, self.client, self.room = config, client, room
        self._stack = stack
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.gifts = 0
        self.phases: list[str] = []
        hear = client.bus._on_message

        def listen(message: Message) -> None:
            hear(message)
            if message.topic == client.topics.account_state("ayu"):
                self.phases.append(self.phase())

        client.bus._on_message = listen

    async def start(self, name: str) -> None:
        watchers = len(self.room.watchers)
        s = self.config.settings
        settings = msgspec.structs.replace(s, connector=msgspec.structs.replace(s.connector, id=name))
        self._tasks[name] = asyncio.create_task(
            run_connector(settings, ["ayu"], base_dir=self.config.base_dir, pace=PACE)
        )
        self._stack.push_async_callback(self.stop, name)
        await until(lambda: len(self.room.watchers) == watchers + 1)

    async def stop(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def tap(self, streak: Streak, times: int) -> None:
        for _ in range(times):
            streak.tap()
        self.gifts += times

    def phase(self) -> str:
        state = self.client.get(self.client.topics.account_state("ayu"), AccountState)
        return state.phase if state else ""


@pytest.fixture
async def standby(tmp_path: Path) -> AsyncIterator[Standby]:
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(tmp_path))
        boards = await stack.enter_async_context(virtual_boards())
        client = await stack.enter_async_context(client_running(broker))
        tiktok = PracticeTikTok(heartbeat=0.5)
        await tiktok.start()
        stack.push_async_callback(tiktok.stop)
        room = tiktok.add_room("ayu.practice")
        config = configure(tmp_path, broker, boards)
        addresses = msgspec.structs.replace(
            config.settings.connector.tiktok,
            app_url=tiktok.app_url,
            webcast_url=tiktok.webcast_url,
            sign_url=tiktok.sign_url,
        )
        connector = msgspec.structs.replace(config.settings.connector, tiktok=addresses)
        config = msgspec.structs.replace(
            config, settings=msgspec.structs.replace(config.settings, connector=connector)
        )
        await stack.enter_async_context(gateway_running(config))
        yield Standby(config, client, room, stack)


@pytest.mark.needs("mosquitto", "tiktoklive")
async def test_two_connectors_on_one_account_add_up_exactly_while_one_restarts_and_the_other_ends(
    standby: Standby,
) -> None:
    room = standby.room
    await standby.start("one")
    await standby.start("two")
    roses = room.streak(EVA, ROSE)
    standby.tap(roses, 5)
    room.gift(EVA, FIREWORKS, 2)
    standby.gifts += 2
    await until(lambda: gifts(standby.client) == standby.gifts)
    assert standby.phase() == "live"

    await standby.stop("one")  # and says so; the other, which is live, says it again
    assert "offline" in standby.phases
    await until(lambda: standby.phase() == "live")
    standby.tap(roses, 4)  # heard by the other alone
    await standby.start("one")
    standby.tap(roses, 3)  # the one knows nothing of the first nine
    await until(lambda: gifts(standby.client) == standby.gifts)

    await standby.stop("two")
    standby.tap(roses, 2)
    roses.end()
    room.gift(EVA, FIREWORKS)
    standby.gifts += 1
    await until(lambda: gifts(standby.client) == standby.gifts)
    await asyncio.sleep(1.5)  # what else could come of it has come by then
    assert gifts(standby.client) == standby.gifts == 17
