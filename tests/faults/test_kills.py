"""Broker and connector are killed at random while viewers send gifts: what the platform was told is safe arrives.

All of it real: Mosquitto and the connector are processes of their own that get SIGKILL, the platform is practice
TikTok on its real wire, and the subscriber has a session that the broker forgets with every kill.
"""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gateway.messages import GiftEvent
from gateway.practice.tiktok.acts import GIFTS, Viewer
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from tests.broker import Mosquitto
from tests.connector.mail import Listener, connected, until

pytestmark = [pytest.mark.needs("mosquitto", "tiktoklive"), pytest.mark.timeout(900)]

VIEWERS = [Viewer(6_800_000_000_000_000_100 + n, f"viewer.{n}", f"Viewer {n}") for n in range(8)]
ROSE, FIREWORKS = GIFTS[0], GIFTS[7]


class Process:
    """``stagewire connector``, as often as it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "connector.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", "connector", "--config", "stagewire.yaml"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def log(self) -> str:
        return (self._folder / "connector.log").read_text()


def configure(folder: Path, broker: Mosquitto, tiktok: PracticeTikTok) -> None:
    urls = {"app_url": tiktok.app_url, "webcast_url": tiktok.webcast_url, "sign_url": tiktok.sign_url}
    settings = {
        "venue": "hall",
        "broker": {"port": broker.port},
        "connector": {"tiktok": {**urls, "simulated": True}},
        "accounts": {"ada": {"username": "ada.live"}},
    }
    with (folder / "stagewire.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(settings, file)


async def give(room: Room, rng: random.Random) -> None:
    """Some 60 gift messages a second, streaks and single ones, until cancelled."""
    streaks = [room.streak(rng.choice(VIEWERS), ROSE) for _ in range(4)]
    while True:
        n = rng.randrange(len(streaks))
        if rng.random() < 0.1:
            streaks[n].end()
            streaks[n] = room.streak(rng.choice(VIEWERS), ROSE)
        else:
            streaks[n].tap(rng.randrange(1, 4))
        if rng.random() < 0.3:
            room.gift(rng.choice(VIEWERS), FIREWORKS)
        await asyncio.sleep(rng.uniform(0.005, 0.03))


async def kill_at_random(
    broker: Mosquitto, connector: Process, room: Room, rng: random.Random, seconds: float
) -> Counter[str]:
    """One victim at a time; the broker is away for up to a second, the connector for as long as it starts."""
    killed: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(0.3, 1.5))
        victim = rng.choice(("broker", "broker", "connector"))
        killed[victim] += 1
        if victim == "broker":
            broker.stop(signal.SIGKILL)
            await asyncio.sleep(rng.uniform(0, 1))
            if rng.random() < 0.3:  # and the connector, while all it has is on disk
                await asyncio.sleep(rng.uniform(0.2, 0.5))
                connector.kill()
                connector.start()
            await asyncio.to_thread(broker.start)
        else:
            connector.kill()
            connector.start()
            async with asyncio.timeout(20):
                while not room.watchers:
                    await asyncio.sleep(0.02)
    return killed


async def play(folder: Path, seed: int, seconds: float) -> None:
    rng = random.Random(seed)
    tiktok = PracticeTikTok(heartbeat=1.0)
    await tiktok.start()
    room = tiktok.add_room("ada.live")
    connector = Process(folder)
    try:
        with Mosquitto(folder) as broker:
            configure(folder, broker, tiktok)
            listener = Listener(broker)
            async with connected(listener.bus):
                connector.start()
                await until(lambda: room.watchers, 20)
                crowd = asyncio.create_task(give(room, rng))
                killed = await kill_at_random(broker, connector, room, rng, seconds)
                crowd.cancel()
                await until(lambda: not missing(room, listener), 30)
    finally:
        lost = missing(room, listener)
        connector.kill()
        await tiktok.stop()
        assert not lost, f"seed {seed}: {lost[:10]} of {len(lost)}\n{connector.log()[-4000:]}"
    acknowledged = len(room.acknowledged_gifts())
    print(f"killed {dict(killed)}; {acknowledged} gift messages were acknowledged to the platform, and arrived")
    assert killed["broker"] > 1
    assert acknowledged >= 50, "too few to show anything"
    assert "is damaged" not in connector.log()
    assert "Traceback" not in connector.log()


def missing(room: Room, listener: Listener) -> list[str]:
    """Acknowledged gifts that did not arrive: single ones by id, streaks by the greatest count."""
    counted: dict[str, int] = {}
    for event in listener.events.values():
        if isinstance(event, GiftEvent) and event.data.streak:
            group = event.data.streak.rpartition("-")[2]
            counted[group] = max(counted.get(group, 0), event.data.total)
    return [
        f"{gift.msg_id} of {gift.tap.gift.name}"
        for gift in room.acknowledged_gifts()
        if (
            counted.get(str(gift.tap.group), 0) < gift.tap.count
            if gift.tap.group
            else f"{gift.room}-{gift.msg_id}" not in listener.events
        )
    ]


async def test_every_gift_acknowledged_to_the_platform_arrives_whoever_is_killed_and_when(tmp_path: Path) -> None:
    await play(tmp_path, seed=1, seconds=10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
async def test_the_same_for_minutes(tmp_path: Path, seed: int) -> None:
    await play(tmp_path, seed, seconds=60)
