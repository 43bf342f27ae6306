"""Real worker processes: accounts outlive their worker and move without a gap; a dead parent leaves nothing."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gateway import messages as m
from gateway.bus import Message
from gateway.connector.workers.planner import Limits, Move
from gateway.practice.tiktok.acts import GIFTS, Tap
from gateway.topics import Topics
from tests.broker import Mosquitto
from tests.connector.conftest import viewer
from tests.connector.hall import START, Hall, hall

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs("tiktoklive"),
    pytest.mark.needs("mosquitto"),
]

NAMES = ["ada", "bo", "cleo", "dan"]
ELSEWHERE = 5.0
"""Seconds within which a dead worker's accounts must be live again."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    async with hall(tmp_path_factory.mktemp("hall"), NAMES, 2, 2, limits=Limits(overlap=0.3)) as here:
        yield here


def command(account: str, verb: str, payload: bytes = b"") -> Message:
    return Message(Topics("hall").account_command(account, verb), payload, 1, False, lambda: None)


async def test_accounts_are_spread_and_moves_lose_and_double_nothing(shared: Hall) -> None:
    fleet, room = shared.parent.fleet, shared.rooms["ada"]
    await shared.workers_up(2)
    assert sorted(len(shared.on(number)) for number in fleet.workers) == [2, 2]
    states, told, over = len(shared.states), 0, asyncio.Event()

    async def crowd() -> None:
        nonlocal told
        while not over.is_set():
            told += 1
            room.comment(viewer(told), str(told))
            room.send(Tap(viewer(1), GIFTS[0], told, group=5))
            await asyncio.sleep(0.005)

    playing = asyncio.create_task(crowd())
    for _ in range(4):
        home = fleet.charges["ada"].where
        assert home is not None
        await shared.until(lambda home=home: "ada" in fleet.workers[home].sights)  # type: ignore[misc]
        fleet.move(Move("ada", next(n for n in fleet.workers if n != home)))
        await shared.until(lambda home=home: fleet.charges["ada"].where not in (None, home))  # type: ignore[misc]
        before = told
        await shared.until(lambda before=before: told > before + 10)  # type: ignore[misc]
    over.set()
    await playing
    room.send(Tap(viewer(1), GIFTS[0], told, ended=True, group=5))
    await shared.until(lambda: any(e.data.ended for e in shared.of("ada", m.GiftEvent)))
    await shared.until(lambda: len(shared.of("ada", m.CommentEvent)) >= told)
    texts = [e.data.text for e in shared.of("ada", m.CommentEvent)]
    assert sorted(texts, key=int) == [str(n) for n in range(1, told + 1)]
    assert sum(e.data.count for e in shared.of("ada", m.GiftEvent)) == told
    assert shared.of("ada", m.GapEvent) == []
    assert len(shared.of("ada", m.LiveEvent)) == 1
    assert {s.phase for s in shared.states[states:] if s.account == "ada"} <= {"live"}


async def test_accounts_are_paused_added_and_removed_on_their_workers(shared: Hall) -> None:
    parent = shared.parent
    shared.rooms["eve"] = shared.tiktok.add_room("eve.live")
    parent.on_message(command("eve", "add", b'{"username": "eve.live"}'))
    await shared.until(lambda: shared.phase("eve") == "live")
    assert "until the connector restarts" in shared.states[-1].detail
    parent.on_message(command("eve", "disconnect"))
    await shared.until(lambda: shared.phase("eve") == "offline")
    parent.on_message(command("eve", "connect"))
    await shared.until(lambda: shared.phase("eve") == "live")
    await shared.until(lambda: shared.of("eve", m.GapEvent))
    parent.on_message(command("eve", "simulate", b'{"kind": "comment", "data": {"text": "hi"}}'))
    await shared.until(lambda: shared.of("eve", m.CommentEvent))
    parent.on_message(command("eve", "remove"))
    await shared.until(lambda: "eve" in shared.cleared)
    assert "eve" not in parent.fleet.charges
    del shared.rooms["eve"]


async def test_who_is_live_says_so_again_when_another_connector_says_that_it_is_not(shared: Hall) -> None:
    mine = next(s for s in reversed(shared.states) if s.account == "bo")
    theirs = msgspec.structs.replace(mine, phase="offline", detail="the other connector was stopped")
    shared.listener.publish(Topics("hall").account_state("bo"), m.encode(theirs), retain=True)
    await shared.until(lambda: shared.states[-1] == mine and theirs in shared.states)


async def test_a_429_of_one_worker_keeps_all_of_them_from_the_signing_service(shared: Hall) -> None:
    await shared.workers_up(2)
    await shared.until(shared.live)
    shared.tiktok.limit_signing(1.0)
    signed = shared.tiktok.requests["sign"]
    one_each = [shared.on(number)[0] for number in shared.parent.fleet.workers if shared.on(number)]
    for name in one_each:
        shared.rooms[name].abort()
    await shared.until(lambda: all("429" in s.detail for s in latest(shared, one_each)))
    assert shared.tiktok.requests["sign"] - signed <= len(one_each)
    again = next(n for n in NAMES if n not in one_each)
    signed = shared.tiktok.requests["sign"]
    shared.rooms[again].abort()
    await shared.until(lambda: all("429" in s.detail for s in latest(shared, [again])))
    assert shared.tiktok.requests["sign"] == signed
    await shared.until(shared.live)


def latest(here: Hall, names: list[str]) -> list[m.AccountState]:
    return [next(s for s in reversed(here.states) if s.account == name) for name in names]


@pytest.mark.parametrize("how", [signal.SIGKILL, getattr(signal, "SIGSTOP", signal.SIGTERM)])
async def test_a_killed_and_a_hung_workers_accounts_are_live_elsewhere(shared: Hall, how: signal.Signals) -> None:
    await shared.workers_up(2)
    await shared.until(shared.live)
    worker = next(w for w in shared.parent.fleet.workers.values() if shared.on(w.number))
    hit, spared = shared.on(worker.number), [n for n in NAMES if n not in shared.on(worker.number)]
    states, events = len(shared.states), len(shared.events)
    began = time.time()
    os.kill(worker.pid, how)
    await shared.until(lambda: {s.account for s in shared.states[states:] if s.phase == "live"} >= set(hit))
    assert time.time() - began < ELSEWHERE
    for n, name in enumerate(NAMES):
        shared.rooms[name].comment(viewer(n), f"after {how.name}")
    await shared.until(lambda: sum(isinstance(e, m.CommentEvent) for e in shared.events[events:]) == len(NAMES))
    for name in hit:
        gap = shared.of(name, m.GapEvent)[-1]
        assert gap.data.why == "a worker process of the connector died"
        assert m.seconds(gap.data.start) > began - 1
        assert m.seconds(gap.data.end) - began < ELSEWHERE
    assert not [s for s in shared.states[states:] if s.account in spared]


@pytest.mark.slow
async def test_workers_are_added_under_load_and_retired_after_it(tmp_path: Path) -> None:
    limits = Limits(busy=0.04, quiet=0.03, margin=0.002, rest=0.5, streak_rest=1.0, overlap=0.3, settle=1.0)
    async with hall(tmp_path, NAMES, 1, 2, limits=limits, smooth=1.0) as here:
        fleet, told, over = here.parent.fleet, 0, asyncio.Event()

        async def crowd() -> None:
            nonlocal told
            while not over.is_set():
                told += 1
                for name in NAMES:
                    here.rooms[name].comment(viewer(told), str(told))
                await asyncio.sleep(0.01)

        playing = asyncio.create_task(crowd())
        await here.until(lambda: len(fleet.workers) == 2 and all(here.on(n) for n in fleet.workers), START)
        over.set()
        await playing
        await here.until(lambda: len(fleet.workers) == 1, START)
        (left,) = fleet.workers
        assert sorted(here.on(left)) == NAMES
        await here.until(lambda: all(len(here.of(name, m.CommentEvent)) >= told for name in NAMES))
        for name in NAMES:
            texts = [e.data.text for e in here.of(name, m.CommentEvent)]
            assert sorted(texts, key=int) == [str(n) for n in range(1, told + 1)]
            assert here.of(name, m.GapEvent) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the processes")
async def test_a_killed_parent_leaves_no_worker_behind(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        (tmp_path / "stagewire.yaml").write_text(
            f"venue: hall\nbroker: {{port: {broker.port}}}\n"
            "accounts: {ada: {username: ada.live, enabled: false}}\n"
        )
        parent = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "connector", "--workers", "2"],
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        )
        try:
            workers = wait_for(lambda: children(parent.pid), lambda found: len(found) == 2)
        finally:
            parent.kill()
            parent.wait()
        wait_for(lambda: [pid for pid in workers if Path(f"/proc/{pid}").exists()], lambda left: not left)


def children(pid: int) -> list[int]:
    """Those of all its threads."""
    return [int(p) for f in Path(f"/proc/{pid}/task").glob("*/children") for p in f.read_text().split()]


def wait_for(look: Callable[[], list[int]], good: Callable[[list[int]], object]) -> list[int]:
    end = time.monotonic() + START
    while not good(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found
