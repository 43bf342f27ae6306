"""The emergency stop: at once, repeated, confirmed by the board alone, ended by a person alone."""

import asyncio

from gateway.drivers.arduino import wire
from gateway.drivers.base import Ending
from gateway.practice.boards.virtual import VirtualBoard
from tests.drivers.stage import STOP, Stage, stage, station, tap, until


async def test_a_stop_ends_what_runs_and_is_confirmed_by_the_board_alone() -> None:
    async with stage() as s:
        task = s.begin("a", ms=5000)
        await until(lambda: s.driver.health.outputs == 1)
        s.board.mute = True
        s.driver.estop(0xABCD)
        await until(lambda: len(s.edges) == 2)  # the board has stopped, but nobody heard it say so
        assert not s.driver.health.stopped
        s.board.mute = False
        await until(lambda: s.driver.health.stopped)
        assert s.driver.health.outputs == 0
        assert not s.driver.health.armed
        outcome = await task
        assert (outcome.ending, outcome.reason) == (
            Ending.CANCELLED,
            "the emergency stop ended it",
        )
        blocked = await s.perform("b")
        assert blocked.ending is Ending.BLOCKED
        assert blocked.reason.startswith("stopped: reset the emergency stop")


async def test_a_confirmed_stop_is_not_repeated_for_ever() -> None:
    async with stage() as s:
        s.driver.estop(7)
        await until(lambda: s.driver.health.stopped)
        before = len([m for m in s.heard if isinstance(m, wire.Stop)])
        beats = len([m for m in s.heard if isinstance(m, wire.Heartbeat)])
        await until(lambda: len([m for m in s.heard if isinstance(m, wire.Heartbeat)]) >= beats + 3)
        assert len([m for m in s.heard if isinstance(m, wire.Stop)]) <= before + 1


async def test_a_stop_that_does_not_arrive_is_repeated_until_it_does() -> None:
    async with stage() as s:
        s.board.freeze()
        s.driver.estop(7)
        await asyncio.sleep(0)
        assert not s.driver.health.stopped
        s.board.thaw()
        await until(lambda: s.driver.health.stopped)


async def test_a_stop_while_the_board_is_away_reaches_it_before_anything_else() -> None:
    async with stage() as s:
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        waiting = s.begin("a", within=30.0)
        await asyncio.sleep(0)
        s.driver.estop(99)
        assert (await waiting).ending is Ending.BLOCKED
        assert not s.driver.health.stopped
        s.heard.clear()
        s.board.plug()
        await until(lambda: s.driver.health.stopped)
        assert s.heard[0] == wire.Stop(99)
        assert s.ons == []


async def test_a_stop_is_ended_only_by_its_own_trip_and_never_arms() -> None:
    async with stage() as s:
        s.driver.estop(7)
        await until(lambda: s.driver.health.stopped)
        s.driver.reset_estop(8)
        s.driver.arm(True)
        beats = len(s.heard)
        await until(lambda: len(s.heard) > beats + 2)
        assert s.driver.health.stopped
        s.driver.reset_estop(7)
        await until(lambda: not s.driver.health.stopped)
        assert not s.driver.health.armed
        assert (await s.perform("a")).reason == "not armed: press Arm on the page"
        s.driver.arm(True)
        await until(lambda: s.driver.health.armed)
        assert (await s.perform("b")).ending is Ending.DONE


async def test_a_reset_given_while_the_board_was_away_is_carried_out_when_it_returns() -> None:
    async with stage() as s:
        s.driver.estop(7)
        await until(lambda: s.driver.health.stopped)
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        s.driver.reset_estop(7)
        s.board.plug()
        await until(lambda: s.driver.health.online and not s.driver.health.stopped)
        assert wire.ResetStop(7) in s.heard


async def test_a_board_stopped_since_before_says_how_to_go_on() -> None:
    board = VirtualBoard("VB-1")
    async with stage(board=board) as first:
        first.driver.estop(5)
        await until(lambda: first.driver.health.stopped)
    second = Stage(board, station())  # a gateway that knows nothing of that stop
    tap(second)
    await board.start()
    board._rules._trip = 5
    running = asyncio.create_task(second.driver.run())
    await until(lambda: second.driver.health.stopped)
    assert second.driver.health.fault == "the board is stopped since before: press Stop, then Reset on the page"
    second.driver.estop(6)
    await until(lambda: second.heard.count(wire.Stop(6)) > 0)
    second.driver.reset_estop(6)
    await until(lambda: not second.driver.health.stopped)
    assert second.driver.health.fault == ""
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await board.stop()


async def test_the_wired_stop_input_stops_and_wants_a_person() -> None:
    board = VirtualBoard("VB-1")
    async with stage(station(stop_input=True), board, armed=False) as s:
        board.set_input(STOP, False)  # the loop is closed
        await until(lambda: s.driver.health.online)
        s.driver.estop(1)
        await until(lambda: s.driver.health.stopped)
        s.driver.reset_estop(1)
        await s.armed()
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        board.set_input(STOP, True)
        await until(lambda: s.driver.health.stopped)
        assert "release it" in s.driver.health.fault
        assert (await task).ending is Ending.CANCELLED
        board.set_input(STOP, False)
        await until(lambda: "press Stop, then Reset" in s.driver.health.fault)
        assert s.driver.health.stopped
        assert not s.driver.health.armed
