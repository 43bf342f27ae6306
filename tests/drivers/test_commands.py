"""What becomes of a command when nobody wants it any more, or nobody knows any more what became of it."""

import asyncio

import pytest

from gateway.drivers.arduino import commands, wire
from gateway.drivers.arduino.commands import wire_id
from gateway.drivers.arduino.plans import HOLD_MS
from gateway.drivers.base import Ending
from gateway.practice.boards.line import Faults
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Station
from tests.drivers.stage import LAMP, Stage, stage, station, until


def runs(s: Stage[VirtualBoard]) -> list[int]:
    return [m.id for m in s.heard if isinstance(m, wire.Run)]


def lose_everything(s: Stage[VirtualBoard], lose: bool) -> None:
    """What the gateway sends does not arrive."""
    s.board._to_board._faults = Faults(drop=1.0 if lose else 0.0)


async def test_a_cancel_finds_room_however_many_orders_wait() -> None:
    async with stage(station(lamps=2)) as s:
        running = s.begin("a", ms=9000)
        await until(lambda: s.ons)
        s.board.mute = True  # nothing is acknowledged: everything waits
        cancelled = 0
        while True:
            task = s.begin(f"b{cancelled}", "shine1")
            await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            cancelled += 1
        assert task.result().reason == "the wire to the board is full: wait a moment"
        assert 10 < cancelled < 100
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert wire.Cancel(wire_id("a")) in s.driver._connection.link._queue  # type: ignore[union-attr]  # it is there
        s.board.mute = False
        await until(lambda: [level for pin, level, _ in s.edges if pin == LAMP] == [True, False], patience=3.0)
        assert s.driver.health.online


async def test_a_cancelled_order_that_was_lost_on_its_way_is_not_sent_again() -> None:
    async with stage() as s:
        lose_everything(s, True)
        task = s.begin("a")
        await until(lambda: not s.driver._connection.link.idle)  # type: ignore[union-attr]  # it is there
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        lose_everything(s, False)
        await until(lambda: wire.Cancel(wire_id("a")) in s.heard)
        assert (await s.perform("b")).ending is Ending.DONE
        assert runs(s) == [wire_id("b")]


async def test_nothing_outlives_the_ending_of_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "RESOLVE_S", 0.1)
    async with stage() as s:
        task = s.begin("a", within=0.05, ms=100)
        await until(lambda: "a" in s.moved)
        (output,) = s.board._rules.movement._running(wire_id("a"))
        output.until += 60  # a board whose clock stands still
        outcome = await task
        assert (outcome.ending, outcome.reason) == (
            Ending.FAILED,
            "the board did not answer; how far it came is not known",
        )
        await until(lambda: len(s.edges) == 2, patience=1.0)


async def test_a_renewal_that_the_board_does_not_know_is_no_reason_to_send_the_order_again() -> None:
    settings = station()
    settings = Station(
        board=Board(id="VB-1"), channels=settings.channels, actions={"glow": Action(channel="lamp0", hold=True)}
    )
    async with stage(settings) as s:
        task = s.begin("a", "glow")
        await until(lambda: runs(s))
        now = asyncio.get_running_loop().time()
        s.driver._commands.result(wire.Result(wire_id("a"), wire.RunStatus.UNKNOWN_ID, 0), now)
        await until(lambda: wire.Renew(wire_id("a"), HOLD_MS) in s.heard)
        assert runs(s) == [wire_id("a")]
        assert not task.done()
        task.cancel()
        await until(lambda: len(s.edges) == 2)


async def test_a_stop_that_ended_what_nobody_heard_begin_is_not_told_as_a_refusal() -> None:
    async with stage() as s:
        s.board.mute = True
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        s.driver.estop(5)
        await until(lambda: len(s.edges) == 2)
        await until(lambda: not s.driver.health.online)
        s.board.mute = False
        outcome = await task
        assert (outcome.ending, outcome.reason) == (
            Ending.FAILED,
            "the emergency stop ended it; whether it moved is not known",
        )


async def test_a_returning_board_is_asked_about_the_old_before_it_is_given_the_new() -> None:
    async with stage(station(lamps=2)) as s:
        old = s.begin("old", ms=5000)
        await until(lambda: s.ons)
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        new = s.begin("new", "shine1", within=20.0)
        s.board.plug()
        assert (await old).ending is Ending.FAILED
        assert (await new).ending is Ending.DONE
        asked = s.heard.index(wire.Query(wire_id("old")))
        given = next(i for i, m in enumerate(s.heard) if isinstance(m, wire.Run) and m.id == wire_id("new"))
        assert asked < given
