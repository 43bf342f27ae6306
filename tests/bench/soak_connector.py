"""Ten accounts for a long time: ``python -m tests.bench.soak_connector [--minutes 10]``.

The bench's load, at its rate, through one connector process and Mosquitto. Fails when the memory of the last
third is more than ``GROWTH`` above that of the first, or when a subscriber does not get every gift and every
comment once.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gateway import messages as m
from gateway.connector.account.streaks import REMEMBERED
from gateway.practice.tiktok.acts import GIFTS, Act, Comment, Question, Tap, Viewer
from gateway.practice.tiktok.ids import snowflake
from gateway.practice.tiktok.room import Room
from tests.bench.connector import ACCOUNTS, FRAMES_PER_S, HOST, RATE, Listener, stage
from tests.bench.webcast_load import Load

WARM_UP_S = 60.0
SAMPLE_S = 10.0
GROWTH = 0.05
LEAST_MINUTES = 2.0
"""The warm-up, and two samples for each third."""
PER_FRAME = 10
GIVER = Viewer(2, "giver")
FILL_PER_S = 1000
"""Streaks, as many events as the load makes: a flood would leave more memory behind than the load needs."""


class Tally:
    """Gifts and comments that were sent and heard."""

    def __init__(self) -> None:
        self.sent = {"gifts": 0, "comments": 0}
        self.heard = {"gifts": 0, "comments": 0}
        self._streaks: dict[int, int] = {}

    def send(self, act: Act) -> None:
        if isinstance(act, Comment):
            self.sent["comments"] += 1
        elif isinstance(act, Tap):
            self.sent["gifts"] += act.count - self._streaks.pop(act.group, 0)
            if not act.ended:
                self._streaks[act.group] = act.count

    def hear(self, event: m.Event) -> None:
        if isinstance(event, m.CommentEvent):
            self.heard["comments"] += 1
        elif isinstance(event, m.GiftEvent):
            self.heard["gifts"] += event.data.count


async def fill(rooms: list[Room], loads: list[Load], tally: Tally) -> None:
    """As many streaks as an account remembers, so that what grows on purpose has grown."""
    for _ in range(REMEMBERED // PER_FRAME):
        for room, load in zip(rooms, loads, strict=True):
            acts = [Tap(GIVER, GIFTS[0], ended=True, group=snowflake()) for _ in range(PER_FRAME)]
            send(room, load, acts, tally)
            await asyncio.sleep(PER_FRAME / FILL_PER_S)


def send(room: Room, load: Load, acts: Sequence[Act], tally: Tally) -> None:
    for act in acts:
        tally.send(act)
    room.send_raw(load.frame(acts))


async def play(rooms: list[Room], loads: list[Load], tally: Tally, until: float) -> None:
    """The load, evenly, rooms in turns, until a time of the monotonic clock."""
    began, sent = time.monotonic(), 0
    while time.monotonic() < until:
        turn = sent % len(rooms)
        send(rooms[turn], loads[turn], loads[turn].acts(RATE // FRAMES_PER_S), tally)
        sent += 1
        due = began + sent / (FRAMES_PER_S * len(rooms))
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def sample(ours: Listener, until: float) -> list[float]:
    """The memory in MB, each ``SAMPLE_S``."""
    samples = []
    while (rest := until - time.monotonic()) > 0:
        await asyncio.sleep(min(SAMPLE_S, rest))
        samples.append(ours.rss_mb())
    return samples


async def soak(folder: Path, minutes: float) -> list[str]:
    """What is wrong, in words; nothing when all is well."""
    tally = Tally()
    async with stage(folder, "gift", "comment", hear=tally.hear) as (_, rooms, ours):
        loads = [Load(room, told=False, seed=n) for n, room in enumerate(rooms)]
        await fill(rooms, loads, tally)
        began, cpu = time.monotonic(), ours.cpu()
        end = began + minutes * 60
        playing = asyncio.create_task(play(rooms, loads, tally, end))
        await asyncio.sleep(WARM_UP_S)
        samples = await sample(ours, end)
        await playing
        share = (ours.cpu() - cpu) / (time.monotonic() - began)
        for room, load in zip(rooms, loads, strict=True):
            send(room, load, [Question(HOST, room.username)], tally)
        for room in rooms:  # behind a room's last question nothing of it is on its way, but in other topics
            await ours.until(room.username)
        await settled(tally)
    return report(tally, samples, share)


async def settled(tally: Tally) -> None:
    """Wait until nothing is missing, or nothing more comes."""
    before = -1
    while (heard := sum(tally.heard.values())) != before and tally.heard != tally.sent:
        before = heard
        await asyncio.sleep(1.0)


def report(tally: Tally, samples: list[float], share: float) -> list[str]:
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    for name, part in (("first", first), ("last", last)):
        print(f"{name:5} third: min {min(part):.1f}  median {statistics.median(part):.1f}  max {max(part):.1f} MB")
    growth = statistics.median(last) / statistics.median(first) - 1
    print(f"{ACCOUNTS} accounts x {RATE}/s: {share * 100:.1f} % of a core, memory {growth * 100:+.1f} %")
    wrong = [f"memory grew by {growth * 100:.1f} %"] if growth > GROWTH else []
    for what, sent in tally.sent.items():
        heard = tally.heard[what]
        print(f"{what}: {sent} sent, {heard} heard")
        if heard != sent:
            wrong.append(f"of {sent} {what} {heard} were heard")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak_connector")
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes: float = parser.parse_args().minutes
    if minutes < LEAST_MINUTES:
        parser.error(f"at least {LEAST_MINUTES:g} minutes: the first is for warming up")
    with tempfile.TemporaryDirectory() as folder:
        wrong = asyncio.run(soak(Path(folder), minutes))
    for words in wrong:
        print(words, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
