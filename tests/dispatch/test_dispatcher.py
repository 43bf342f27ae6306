"""Queues and endings: every command that enters is told exactly one ending, with its reason."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from gateway.drivers.base import Ending, Outcome
from gateway.messages import FINAL, Command, Status, stamp
from tests.dispatch.stage import LIMIT, NOW, Stage, command


async def test_a_command_is_queued_runs_and_is_done_with_its_latency(stage: Stage) -> None:
    stage.dispatcher.submit(command("a"))
    stage.gates["cannon"].open.set()
    await stage.until(lambda: Status.DONE in stage.of("a"))
    assert stage.of("a") == [Status.QUEUED, Status.RUNNING, Status.DONE]
    done = stage.acks[-1]
    assert (done.cause, done.latency_ms) == ("e1", 3.0)
    assert done.times.ended == stamp(NOW + 0.2)


async def test_one_wire_works_in_order_and_another_does_not_wait_for_it(stage: Stage) -> None:
    for c in (command("a"), command("b"), command("l", "lamp")):
        stage.dispatcher.submit(c)
    await stage.until(lambda: stage.gates["lamp"].started)
    assert stage.gates["cannon"].started == ["a"]
    assert stage.dispatcher.waiting("cannon") == 1
    assert stage.dispatcher.running("cannon") == "fire"


async def test_the_same_command_twice_runs_once_also_when_it_ran_before_this_start(stage: Stage) -> None:
    stage.gates["cannon"].open.set()
    stage.dispatcher.remember(["before"])
    for name in ("a", "a", "before"):
        stage.dispatcher.submit(command(name))
    await stage.until(lambda: Status.DONE in stage.of("a"))
    assert stage.gates["cannon"].started == ["a"]
    assert stage.of("before") == []


async def test_a_command_that_nobody_knows_of_is_sent_again_but_not_while_it_is_on_its_way(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    d.remember(["before"])
    d.submit(command("before"), again=True)
    await stage.until(lambda: gate.started == ["before"])
    d.submit(command("waits"))
    for name in ("before", "waits"):
        d.submit(command(name), again=True)
    assert d.waiting("cannon") == 1
    gate.open.set()
    await stage.until(lambda: Status.DONE in stage.of("waits"))
    assert gate.started == ["before", "waits"]
    d.submit(command("waits"))  # not on purpose
    assert d.waiting("cannon") == 0


@pytest.mark.parametrize("mode", ["rehearsal", "paused"])
async def test_in_rehearsal_and_pause_nothing_moves_and_it_is_said(stage: Stage, mode: str) -> None:
    stage.dispatcher.set_mode(mode)  # type: ignore[arg-type]
    stage.dispatcher.submit(command("a"))
    assert stage.of("a") == [Status.BLOCKED]
    assert mode in stage.acks[0].reason
    assert not stage.gates["cannon"].started


async def test_a_command_past_its_deadline_never_starts(stage: Stage) -> None:
    stage.now = NOW + 31
    stage.dispatcher.submit(command("late"))
    assert stage.of("late") == [Status.EXPIRED]


async def test_an_unknown_station_is_refused_by_name(stage: Stage) -> None:
    stage.dispatcher.submit(command("a", "canon"))
    assert stage.of("a") == [Status.REJECTED]
    assert "canon" in stage.acks[0].reason


async def test_a_full_queue_drops_what_its_overflow_says_with_a_reason(stage: Stage) -> None:
    names = [f"c{n}" for n in range(LIMIT + 2)]
    for name in names:
        stage.dispatcher.submit(command(name, user="Noor"))
    await stage.until(lambda: stage.gates["cannon"].started)
    dropped = [a for a in stage.acks if a.status is Status.DROPPED]
    assert [a.id for a in dropped] == names[LIMIT:]
    assert dropped[0].reason == (
        f"the queue is full (limit {LIMIT}, overflow newest): the newest of Noor, who has most waiting, gave way"
    )


async def test_a_stop_cancels_what_waits_and_blocks_what_comes_until_resume(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        stage.dispatcher.submit(command(name))
    await stage.until(lambda: stage.gates["cannon"].started)
    stage.dispatcher.stop("emergency stop")
    stage.dispatcher.submit(command("d"))
    assert stage.of("b")[-1] is stage.of("c")[-1] is Status.CANCELLED
    assert stage.of("d") == [Status.BLOCKED]
    stage.gates["cannon"].open.set()
    await stage.until(lambda: Status.DONE in stage.of("a"))
    stage.dispatcher.resume()
    stage.dispatcher.submit(command("disarmed"))
    assert stage.of("disarmed") == [Status.BLOCKED]
    stage.dispatcher.arm(True)
    stage.dispatcher.submit(command("e"))
    await stage.until(lambda: Status.DONE in stage.of("e"))


@pytest.mark.parametrize("ending", list(Ending))
async def test_every_ending_of_a_driver_is_told_with_its_reason(stage: Stage, ending: Ending) -> None:
    stage.gates["cannon"].ending = ending
    stage.gates["cannon"].open.set()
    stage.dispatcher.submit(command("a"))
    await stage.until(lambda: any(a.status in FINAL for a in stage.acks))
    assert (stage.acks[-1].status.value, stage.acks[-1].reason) == (ending.value, "as told")


async def test_when_the_gateway_stops_every_command_still_gets_its_one_ending() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.dispatcher.run())
    for name in ("a", "b", "c"):
        stage.dispatcher.submit(command(name))
    await stage.until(lambda: stage.gates["cannon"].started)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    for name in ("a", "b", "c"):
        assert [s for s in stage.of(name) if s in FINAL] == [Status.CANCELLED]


def hush(stage: Stage, how: str) -> None:
    if how == "disarmed":
        stage.dispatcher.arm(False, "Sari")
    else:
        stage.dispatcher.set_mode(how)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["paused", "rehearsal", "disarmed"])
async def test_a_pause_or_disarm_ends_what_runs_and_waits_and_it_never_moves_later(stage: Stage, how: str) -> None:
    for name in ("a", "b"):
        stage.dispatcher.submit(command(name))
    await stage.until(lambda: stage.gates["cannon"].started)
    hush(stage, how)
    await stage.until(lambda: Status.CANCELLED in stage.of("a"))
    assert stage.of("b")[-1] is Status.CANCELLED
    assert how in stage.acks[-1].reason
    stage.dispatcher.submit(command("c"))
    assert stage.of("c") == [Status.BLOCKED]
    stage.dispatcher.set_mode("live")
    stage.dispatcher.arm(True)
    stage.gates["cannon"].open.set()
    stage.dispatcher.submit(command("d"))
    await stage.until(lambda: Status.DONE in stage.of("d"))
    assert stage.gates["cannon"].started == ["a", "d"]


async def test_while_held_nothing_starts_and_what_waits_keeps_its_deadline(stage: Stage) -> None:
    stage.gates["cannon"].open.set()
    stage.dispatcher.hold(True)
    stage.dispatcher.submit(command("late"))
    stage.dispatcher.submit(command("in-time", expires_at=stamp(NOW + 60)))
    stage.dispatcher.submit(command("elsewhere", "lamp"))
    for _ in range(10):  # turns of the loop in which a worker that does not hold would start
        await asyncio.sleep(0)
    assert not stage.gates["cannon"].started
    assert not stage.gates["lamp"].started
    stage.now = NOW + 31
    stage.dispatcher.hold(False)
    await stage.until(lambda: Status.DONE in stage.of("in-time"))
    assert stage.of("late") == [Status.QUEUED, Status.EXPIRED]
    assert stage.gates["cannon"].started == ["in-time"]


async def test_a_driver_that_crashes_fails_its_command_and_no_other_one(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash(command: Command, on_moved: Callable[[float], None]) -> Outcome:
        raise RuntimeError("a bug")

    works = stage.gates["cannon"].perform
    stage.gates["cannon"].perform = crash  # type: ignore[method-assign]
    stage.dispatcher.submit(command("a"))
    stage.dispatcher.submit(command("l", "lamp"))
    await stage.until(lambda: Status.FAILED in stage.of("a"))
    assert "RuntimeError" in stage.acks[-1].reason
    assert "a bug" in caplog.text
    stage.gates["cannon"].perform = works  # type: ignore[method-assign]
    for gate in stage.gates.values():
        gate.open.set()
    stage.dispatcher.submit(command("b"))
    await stage.until(lambda: Status.DONE in stage.of("b") and Status.DONE in stage.of("l"))


async def test_a_disarm_and_the_end_of_the_gateway_at_once_leave_no_worker_behind() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.dispatcher.run())
    stage.dispatcher.submit(command("a"))
    await stage.until(lambda: stage.gates["cannon"].started)
    stage.dispatcher.arm(False)
    task.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    assert task.cancelled()
    assert [s for s in stage.of("a") if s in FINAL] == [Status.CANCELLED]


async def test_one_that_waits_can_be_skipped_held_and_put_first(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    for name in "abcd":
        d.submit(command(name))
    await stage.until(lambda: gate.started == ["a"])
    assert d.skip("cannon", "b", "Noor")
    assert d.hold_one("cannon", "c", True)
    assert d.put_first("cannon", "d")
    assert [(w.command.id, w.held) for w in d.queue("cannon")] == [("d", False), ("c", True)]
    gate.open.set()
    await stage.until(lambda: Status.DONE in stage.of("d"))
    assert gate.started == ["a", "d"]
    assert d.hold_one("cannon", "c", False)
    await stage.until(lambda: Status.DONE in stage.of("c"))
    assert stage.of("b") == [Status.QUEUED, Status.CANCELLED]
    assert next(a.reason for a in stage.acks if a.id == "b" and a.status in FINAL) == "skipped by Noor"
    assert not d.skip("cannon", "a", "")  # it ran


async def test_a_paused_station_waits_and_the_other_goes_on(stage: Stage) -> None:
    d = stage.dispatcher
    for gate in stage.gates.values():
        gate.open.set()
    d.pause("cannon", True)
    d.submit(command("a"))
    d.submit(command("b", "lamp"))
    await stage.until(lambda: Status.DONE in stage.of("b"))
    assert stage.of("a") == [Status.QUEUED]
    d.pause("cannon", False)
    await stage.until(lambda: Status.DONE in stage.of("a"))


async def test_what_is_held_ends_when_its_deadline_passes(stage: Stage) -> None:
    d = stage.dispatcher
    d.pause("cannon", True)
    d.submit(command("a"))
    d.submit(command("late", expires_at=stamp(NOW + 3600)))
    stage.now = NOW + 31
    await stage.until(lambda: Status.EXPIRED in stage.of("a"))
    assert [w.command.id for w in d.queue("cannon")] == ["late"]
    assert stage.gates["cannon"].started == []


async def test_a_greedy_viewer_gives_way_in_a_full_queue(stage: Stage) -> None:
    d = stage.dispatcher
    d.pause("cannon", True)
    for n in range(LIMIT):
        d.submit(command(f"greedy{n}", viewer="1"))
    d.submit(command("first", viewer="2"))
    assert stage.of("first") == [Status.QUEUED]
    assert stage.of(f"greedy{LIMIT - 1}") == [Status.QUEUED, Status.DROPPED]
    d.pause("cannon", False)
    stage.gates["cannon"].open.set()
    await stage.until(lambda: Status.DONE in stage.of("first"))
    assert len(stage.gates["cannon"].started) <= 3
