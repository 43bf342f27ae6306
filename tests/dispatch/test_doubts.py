"""What an earlier run of the gateway may have sent: the board is asked before anything else moves."""

import asyncio

from gateway.dispatch.acks import LEFT_BEHIND
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Ack, Command, Status, stamp
from tests.dispatch.stage import NOW, Gate, Stage, command, playing

DID = Outcome(ending=Ending.DONE)


async def test_all_that_is_doubtful_is_asked_about_before_anything_starts() -> None:
    async with playing() as stage:
        d, gate = stage.dispatcher, stage.gates["cannon"]
        gate.open.set()
        gate.remembered["c"] = DID
        d.hold(True)
        d.submit(command("new", priority=9))
        for name in "abc":
            d.submit(command(name), again=True)
        d.hold(False)
        await stage.until(lambda: len(gate.started) == 3)
        assert gate.asked == ["a", "b", "c"]
        assert gate.started == ["new", "a", "b"]
        assert stage.of("c") == [Status.DONE]
        assert stage.ending("c").reason == "it ran before the gateway was started again"


async def test_what_is_over_ends_as_the_board_says_and_never_moves() -> None:
    async with playing() as stage:
        d, gate = stage.dispatcher, stage.gates["cannon"]
        gate.open.set()
        gate.remembered = {"a": DID, "b": Outcome(ending=Ending.FAILED, reason="a reset interrupted it")}
        d.arm(False)
        for name in "abc":
            d.leave(command(name))
        await stage.until(lambda: stage.of("c"))
        assert stage.ending("a").status is Status.DONE
        assert stage.ending("b").reason == "a reset interrupted it"
        assert (stage.ending("c").reason, stage.ending("c").kept_by) == (LEFT_BEHIND.reason, "fault")
        d.arm(True)
        d.submit(command("a"))
        d.submit(command("z"))
        await stage.until(lambda: Status.DONE in stage.of("z"))
        assert gate.started == ["z"]


async def test_one_left_at_a_station_that_is_no_more_is_told() -> None:
    async with playing() as stage:
        stage.dispatcher.leave(command("a", "canon"))
        assert "not known" in stage.ending("a").reason


class Away(Gate):
    """Its board does not answer."""

    async def recall(self, command: Command) -> Outcome | None:
        await asyncio.Event().wait()
        return None


async def test_a_board_that_stays_away_is_waited_for_until_the_deadline_and_nobody_says_it_did_not_move() -> None:
    acks: list[Ack] = []
    now = NOW
    d = Dispatcher({"cannon": Away()}, acks.append, lambda _: None, lambda: now)
    d.arm(True)
    work = asyncio.create_task(d.run())
    try:
        d.submit(command("a", expires_at=stamp(NOW - 1)), again=True)
        d.submit(command("b"), again=True)
        assert d.waiting("cannon") == 2
        await asyncio.sleep(0)
        now = NOW + 31
        d.stop("emergency stop")  # it waits for no turn, and is still not said to have moved nothing
        assert not acks
    finally:
        work.cancel()
        await asyncio.wait([work])
    assert [(a.id, a.status, a.kept_by) for a in acks] == [(n, Status.FAILED, "fault") for n in "ab"]
    assert all("not known" in a.reason for a in acks)


async def test_what_is_doubtful_when_somebody_disarms_does_not_move_at_the_next_arming(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    gate.remembered["b"] = DID
    d.submit(command("a"), again=True)
    d.submit(command("b"), again=True)
    d.arm(False, "Noor")
    d.arm(True)
    await stage.until(lambda: len(stage.acks) == 2)
    assert (stage.ending("a").status, stage.ending("a").kept_by) == (Status.CANCELLED, "disarmed")
    assert stage.ending("b").status is Status.DONE
    assert not gate.started


async def test_a_run_that_is_called_back_while_doubtful_ends(stage: Stage) -> None:
    d = stage.dispatcher
    d.submit(command("r/0", run="r"), again=True)
    d.submit(command("s/0", run="s"), again=True)
    assert d.cancel_run("r", "another one of its rule began") == 1
    await stage.until(lambda: Status.RUNNING in stage.of("s/0"))
    assert stage.ending("r/0").reason == "another one of its rule began"


async def test_no_more_moves_than_a_board_remembers_before_the_disk_has_it() -> None:
    acks: list[Ack] = []
    gate = Gate()
    gate.open.set()
    d = Dispatcher({"cannon": gate}, acks.append, lambda _: None, lambda: NOW, most_unwritten=3)
    d.arm(True)
    work = asyncio.create_task(d.run())

    async def idle() -> list[str]:
        for _ in range(100):
            await asyncio.sleep(0)
        return gate.started

    try:
        for name in "abcdefghijklm":
            d.submit(command(name))
        assert await idle() == list("abc")
        d.written("cannon", "a")
        d.written("cannon", "never heard of")
        assert await idle() == list("abcd")
        d.go_on_unwritten(True)  # the disk refuses: the show goes on
        assert await idle() == list("abcdefghijklm")
        d.go_on_unwritten(False)  # and what was lost meanwhile is not waited for
        for name in "nopq":
            d.submit(command(name))
        assert await idle() == list("abcdefghijklmnop")
    finally:
        work.cancel()
        await asyncio.wait([work])


async def test_what_an_earlier_run_moved_counts_until_the_disk_has_its_ending() -> None:
    """A gateway that is killed again before that leaves both runs' commands to the board's memory."""
    acks: list[Ack] = []
    gate = Gate()
    gate.open.set()
    gate.remembered = {name: Outcome(ending=Ending.DONE) for name in "ab"}
    d = Dispatcher({"cannon": gate}, acks.append, lambda _: None, lambda: NOW, most_unwritten=3)
    d.arm(True)
    for name in "abcdef":
        d.submit(command(name), again=True)
    work = asyncio.create_task(d.run())
    try:
        for expected in ("c", "cd", "cde"):
            for _ in range(100):
                await asyncio.sleep(0)
            assert gate.started == list(expected)
            d.written("cannon", "abc"[len(expected) - 1])
    finally:
        work.cancel()
        await asyncio.wait([work])
