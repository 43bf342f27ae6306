"""Killed at the worst moments one by one, with a broker that dies, a disk that refuses, and machines not armed."""

import asyncio
import random
import re
import resource
import signal
from pathlib import Path

import pytest

from gateway.drivers.arduino.commands import wire_id
from gateway.messages import Ack, Status
from tests.faults.evening import VIEWERS, Evening, evening
from tests.faults.mortal import until

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs/mqtt.md"
SMALL_DISK = 64 * 1024
"""Bytes that a file may have while the disk is full: the journal is larger by then, the log is not."""


async def started(e: Evening) -> None:
    e.gateway.start()
    await e.gateway.ready()


async def armed(e: Evening) -> None:
    """A person presses Arm, as soon as there is anybody who hears it."""
    for _ in range(40):
        with_luck = asyncio.create_task(e.crowd.ask("arm", 1.0, armed=True))
        await asyncio.wait([with_luck])
        if with_luck.exception() is None:
            break
    await e.gateway.ready()


async def finished(e: Evening, seconds: float = 60) -> None:
    await e.over(seconds)
    e.gateway.end()
    e.check()
    assert "Traceback" not in e.gateway.log()


async def test_a_gift_that_is_on_disk_and_was_not_sent_is_sent_by_the_next_run(tmp_path: Path) -> None:
    async with evening(tmp_path, 1) as e:
        await started(e)
        for station in e.boards:
            assert (await e.crowd.ask("queue", station=station, do="pause")).ok
        for _ in range(30):
            e.crowd.give()
        await until(lambda: len(e.journal.recent_event_ids(100)) == 30)
        e.gateway.kill()
        assert e.ran == 0
        e.gateway.start()
        await finished(e)


async def test_an_ending_that_was_told_and_is_not_on_disk_is_told_by_the_board(tmp_path: Path) -> None:
    async with evening(tmp_path, 2) as e:
        gaps = 0
        for _ in range(3):
            killed = asyncio.Event()

            def told(ack: Ack, killed: asyncio.Event = killed) -> None:
                if ack.status is Status.DONE and not killed.is_set():
                    e.gateway.kill()
                    killed.set()

            await started(e)
            e.crowd.on_result = told
            for _ in range(40):
                e.crowd.give()
            async with asyncio.timeout(20):
                await killed.wait()
            e.crowd.on_result = lambda ack: None
            gaps += e.ran - len(e.endings())
        assert gaps > 0, "never between an ending and its commit"
        await started(e)
        await finished(e)


async def test_one_that_moved_does_not_move_again_behind_more_others_than_its_board_remembers(
    tmp_path: Path,
) -> None:
    """The board is asked about it first. When its turn comes, the board has forgotten it."""
    async with evening(tmp_path, 3) as e:
        await started(e)
        lamp = e.boards["lamp"]
        assert (await e.crowd.ask("queue", station="lamp", do="pause")).ok
        for viewer in VIEWERS:
            e.crowd.give("Rose", 1, viewer)
        await until(lambda: len(e.journal.recent_command_ids(200)) == len(VIEWERS))
        last = e.journal.recent_command_ids(200)[-1]
        async with asyncio.timeout(10):  # soon after a start a board is asked about each before it waits
            while not (await e.crowd.ask("queue", station="lamp", do="first", command=last)).ok:
                pass
        lamp.on_step = lambda level: None if level else e.gateway.kill()
        asking = asyncio.create_task(e.crowd.ask("queue", station="lamp", do="resume"))
        await until(lambda: lamp.ran)
        await until(lambda: e.gateway.kills)
        asking.cancel()
        lamp.on_step = lambda level: None
        assert lamp.ran == [wire_id(last)]
        assert not e.endings()
        e.gateway.start()
        await finished(e)


async def test_not_armed_nothing_moves_after_a_kill_and_what_is_owed_can_be_paid(tmp_path: Path) -> None:
    async with evening(tmp_path, 4, arm="manual") as e:
        e.gateway.start()
        await armed(e)
        left = 40

        def step(level: bool) -> None:
            nonlocal left
            left -= not level
            if left == 0 and not level:  # once: the next edge on is the restarted gateway's
                e.gateway.kill()

        for board in e.boards.values():
            board.on_step = step
        for _ in range(150):
            e.crowd.give()
        await until(lambda: left <= 0)
        await asyncio.sleep(0.3)  # what was on the other board's wire when the gateway died still moves it
        moved = e.ran
        unsaid = moved - len(e.endings())
        e.gateway.start()
        await e.over(30)
        ledger = e.crowd.ledger
        assert e.ran == moved, "nobody has armed it"
        assert (ledger.total.done, ledger.total.owed) == (moved, e.crowd.units - moved)
        assert unsaid > 0, "the boards had something to say"
        assert all(owed.reason for owed in ledger.oldest)
        await armed(e)
        for _ in range(80):  # more than the boards remember
            e.crowd.give()
        await until(lambda: e.crowd.ledger.total.done == e.crowd.units - ledger.total.owed)
        answer = await e.crowd.ask("ledger", do="pay-all")
        assert answer.result == {"runs": ledger.total.owed}
        await until(lambda: not e.crowd.ledger.total.owed)
        await finished_paid(e)


async def test_what_a_kill_interrupted_is_owed_in_the_boards_own_words(tmp_path: Path) -> None:
    async with evening(tmp_path, 8, arm="manual") as e:
        e.gateway.start()
        await armed(e)
        e.crowd.give("Horn", 1)
        await until(lambda: e.boards["horn"].ran)
        e.gateway.kill()
        e.gateway.start()
        await until(lambda: e.crowd.ledger.total.owed == 1)
        (owed,) = e.crowd.ledger.oldest
        assert "the gateway fell silent while it ran; the board switched off by itself" in owed.reason
        assert len(e.boards["horn"].ran) == 1


async def finished_paid(e: Evening) -> None:
    """As ``finished``, where a gift may have had a command that came to nothing before the one that was paid."""
    await e.over(60)
    e.gateway.end()
    total = e.crowd.ledger.total
    assert (total.received, total.done, total.owed) == (e.crowd.units, e.crowd.units, 0)
    assert e.counter() == e.crowd.units
    e.check_gifts()


@pytest.mark.parametrize("seed", [5, *(pytest.param(n, marks=pytest.mark.slow) for n in range(6, 16))])
async def test_broker_and_gateway_die_in_any_order(tmp_path: Path, seed: int) -> None:
    found = re.search(r"# /etc/mosquitto/conf.d/stagewire.conf\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    debian = f"user root\npersistence true\npersistence_location {tmp_path}/\n"
    rng = random.Random(seed)
    async with evening(tmp_path, seed, mosquitto=debian + found[1]) as e:
        await started(e)
        await asyncio.sleep(2.5)  # the broker says nothing when it saves: by now it knows the gateway's session
        for _ in range(3):
            for _ in range(60):
                e.crowd.give()
            await asyncio.sleep(rng.uniform(0, 0.5))
            victims = rng.sample(("broker", "gateway"), 2)
            for victim in victims:
                if victim == "broker":
                    e.broker.stop(signal.SIGKILL)
                else:
                    e.gateway.kill()
                await asyncio.sleep(rng.choice((0.0, rng.uniform(0, 0.5))))
            if rng.random() < 0.5:
                e.broker.start()
                e.gateway.start()
            else:
                e.gateway.start()
                await asyncio.sleep(rng.uniform(0, 1.5))
                e.broker.start()
            await e.gateway.ready()
        await finished(e)


async def test_a_disk_that_refuses_for_seconds_costs_nothing(tmp_path: Path) -> None:
    async with evening(tmp_path, 7) as e:
        await started(e)
        for _ in range(100):
            e.crowd.give()
        await until(lambda: e.crowd.ledger.total.done == e.crowd.units)
        limits = resource.prlimit(e.gateway.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(e.gateway.pid, resource.RLIMIT_FSIZE, (SMALL_DISK, limits[1]))
        for _ in range(100):
            e.crowd.give()
            await asyncio.sleep(0.01)
        await until(lambda: "cannot be written" in e.gateway.log())
        for _ in range(100):
            e.crowd.give()
        await until(lambda: e.ran == e.crowd.units)  # the show goes on
        saved = len(e.journal.recent_event_ids(1000))
        assert saved < 300, "the disk has refused"
        resource.prlimit(e.gateway.pid, resource.RLIMIT_FSIZE, limits)
        await until(lambda: "writes again" in e.gateway.log())
        for _ in range(20):
            e.crowd.give()
        await until(lambda: e.crowd.ledger.total.done == e.crowd.units)
        e.gateway.kill()
        await started(e)
        await finished(e)
        assert (tmp_path / "gateway.log").stat().st_size < SMALL_DISK
