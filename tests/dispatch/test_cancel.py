"""Ending single commands and whole runs; and stations that move nothing, which need no arming."""

import asyncio
import time
from collections.abc import Callable

import pytest

from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import Outcome
from gateway.messages import FINAL, Ack, Command, Mode, Status, stamp
from tests.dispatch.stage import NOW, Stage, command
from tests.drivers import stage as boards
from tests.drivers.test_kinds import LEFT
from tests.drivers.test_kinds import station as machine


async def test_a_running_command_is_ended_by_a_person_and_the_next_one_starts(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    for name in ("a", "b", "c"):
        d.submit(command(name))
    await stage.until(lambda: gate.started == ["a"])
    assert d.cancel("cannon", "a", "Noor")
    assert d.cancel("cannon", "a", "Noor")  # pressed twice
    await stage.until(lambda: gate.started == ["a", "b"])
    ended = stage.ending("a")
    assert (ended.status, ended.reason, ended.kept_by) == (Status.CANCELLED, "ended by Noor", "person")
    assert ended.times.moved == stamp(NOW + 0.003)  # it had begun
    assert not d.cancel("cannon", "a", "Noor")
    assert d.cancel("cannon", "c", "")
    assert stage.ending("c").reason == "ended by somebody"
    assert not d.cancel("cannon", "never", "Noor")
    with pytest.raises(KeyError):
        d.cancel("canon", "b", "Noor")


async def test_a_driver_that_is_making_things_safe_is_not_interrupted_again(stage: Stage) -> None:
    d, gate = stage.dispatcher, stage.gates["cannon"]
    waits, tidying, tidied = gate.perform, asyncio.Event(), asyncio.Event()

    async def tidy(c: Command, on_moved: Callable[[float], None]) -> Outcome:
        try:
            return await waits(c, on_moved)
        finally:
            tidying.set()
            await gate.open.wait()
            tidied.set()

    gate.perform = tidy  # type: ignore[method-assign,assignment]
    d.submit(command("a"))
    await stage.until(lambda: gate.started)
    assert d.cancel("cannon", "a", "Noor")
    await tidying.wait()
    assert d.cancel("cannon", "a", "Sari")
    d.arm(False, "Sari")
    assert d.running("cannon") == "fire"
    gate.open.set()
    await stage.until(lambda: Status.CANCELLED in stage.of("a"))
    assert tidied.is_set()
    assert stage.ending("a").reason == "ended by Noor"


async def test_a_run_is_ended_at_all_its_stations_and_nothing_else_is(stage: Stage) -> None:
    d = stage.dispatcher
    for station in ("cannon", "lamp"):
        for n in range(3):
            d.submit(command(f"{station}{n}", station, run="first", viewer="1"))
        d.submit(command(f"{station}-other", station, run="second", viewer="2"))
    await stage.until(lambda: stage.gates["cannon"].started and stage.gates["lamp"].started)
    assert d.cancel_run("first", "rule wave began again") == 6
    await stage.until(lambda: stage.gates["lamp"].started == ["lamp0", "lamp-other"])
    await stage.until(lambda: stage.gates["cannon"].started == ["cannon0", "cannon-other"])
    told = [a for a in stage.acks if a.status in FINAL]
    assert len(told) == 6
    assert {(a.status, a.reason, a.kept_by) for a in told} == {
        (Status.CANCELLED, "rule wave began again", "limit")
    }
    assert d.cancel_run("first", "again") == d.cancel_run("", "nothing has this name") == 0


async def test_what_moves_nothing_needs_no_arming_and_a_disarm_leaves_it_alone(stage: Stage) -> None:
    d, gates = stage.dispatcher, stage.gates
    d.submit(command("ring", "chime"))
    await stage.until(lambda: gates["chime"].started == ["ring"])
    d.arm(False)
    d.submit(command("again", "chime"))
    d.submit(command("shot"))
    assert stage.ending("shot").kept_by == "disarmed"
    gates["chime"].open.set()
    await stage.until(lambda: Status.DONE in stage.of("again"))
    assert stage.of("ring")[-1] is Status.DONE


@pytest.mark.parametrize("mode", ["paused", "rehearsal", "stopped"])
async def test_what_moves_nothing_is_silent_in_a_pause_a_rehearsal_and_a_stop(stage: Stage, mode: str) -> None:
    d = stage.dispatcher
    d.submit(command("ring", "chime"))
    await stage.until(lambda: stage.gates["chime"].started)
    d.submit(command("waits", "chime"))
    if mode == "stopped":
        d.stop("emergency stop")
    else:
        modes: dict[str, Mode] = {"paused": "paused", "rehearsal": "rehearsal"}
        d.set_mode(modes[mode])
        await stage.until(lambda: Status.CANCELLED in stage.of("ring"))
    d.submit(command("comes", "chime"))
    assert stage.of("waits")[-1] is Status.CANCELLED
    assert stage.of("comes") == [Status.BLOCKED]
    assert stage.gates["chime"].started == ["ring"]


async def test_a_held_output_of_a_board_goes_off_when_a_person_ends_it() -> None:
    def order(name: str, action: str = "spin") -> Command:
        return Command(id=name, station="s1", action=action, expires_at=stamp(time.time() + 5))

    async with boards.stage(machine()) as s:
        acks: list[Ack] = []
        d = Dispatcher({"s1": s.driver}, acks.append, lambda _: None)
        d.arm(True)
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(d.run())
            d.submit(order("hold"))
            await boards.until(lambda: s.ons == [LEFT])
            assert d.cancel("s1", "hold", "Noor")
            await boards.until(lambda: (LEFT, False) in [(pin, on) for pin, on, _ in s.edges])
            d.submit(order("after", "fire"))
            await boards.until(lambda: any(a.id == "after" and a.status in FINAL for a in acks))
            working.cancel()
    endings = {a.id: (a.status, a.reason) for a in acks if a.status in FINAL}
    assert endings == {"hold": (Status.CANCELLED, "ended by Noor"), "after": (Status.DONE, "")}


async def test_a_board_says_what_kept_its_commands() -> None:
    async with boards.stage(machine()) as s:
        kept = {"rests": (await s.perform("a", "fire"), await s.perform("b", "fire", ms=400))[1].kept_by}
        s.driver.arm(False)
        await boards.until(lambda: not s.driver.health.armed)
        kept["unarmed"] = (await s.perform("c", "turn-left")).kept_by
        await s.armed()
        s.board.unplug()
        await boards.until(lambda: not s.driver.health.online)
        kept["away"] = (await s.perform("d", "turn-left", within=0.2)).kept_by
        s.driver.estop(7)
        kept["stopped"] = (await s.perform("e", "turn-left")).kept_by
        kept["no such action"] = (await s.perform("f", "jump")).kept_by
    assert kept == {
        "rests": "limit",
        "unarmed": "disarmed",
        "away": "offline",
        "stopped": "stop",
        "no such action": "limit",
    }
