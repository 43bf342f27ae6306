"""A board is asked what became of a command that an earlier run of the gateway may have sent."""

import asyncio
import time

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.commands import wire_id
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Command, stamp
from gateway.practice.boards.virtual import VirtualBoard
from tests.drivers.stage import Stage, at_work, stage, station, tap, until


def recall(s: Stage[VirtualBoard], name: str, action: str = "shine0") -> asyncio.Task[Outcome | None]:
    command = Command(id=name, station="s1", action=action, expires_at=stamp(time.time() - 1))
    return asyncio.create_task(s.driver.recall(command))


def runs(s: Stage[VirtualBoard]) -> list[int]:
    return [m.id for m in s.heard if isinstance(m, wire.Run)]


async def next_run(board: VirtualBoard) -> Stage[VirtualBoard]:
    """The gateway was started again: another driver on the same board."""
    s = Stage(board, station())
    tap(s)
    return s


async def test_a_board_tells_the_next_run_of_the_gateway_what_it_did_without_being_armed() -> None:
    async with stage() as s:
        assert (await s.perform("done")).ending is Ending.DONE
        s.driver.arm(False)
        refused = await s.perform("refused", "honk")
        assert refused.ending is Ending.BLOCKED
        late = await next_run(s.board)
        await s.driver._connection.close()  # type: ignore[union-attr]  # it is there: the earlier run was killed
        async with at_work(late, armed=False, start=False):
            done = await recall(late, "done")
            assert done is not None
            assert (done.ending, done.sent, done.moved) == (Ending.DONE, None, None)
            told = await recall(late, "refused", "honk")
            assert told is not None
            assert (told.ending, told.kept_by) == (Ending.BLOCKED, "disarmed")
            assert await recall(late, "never sent") is None
            assert await recall(late, "no such action", "fly") is None
            assert not runs(late)


async def test_a_board_that_is_away_is_asked_when_it_comes() -> None:
    async with stage() as s:
        await s.perform("a")
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        asked = recall(s, "a")
        unknown = recall(s, "b")
        sent = len(runs(s))
        s.board.plug()
        outcome = await asked
        assert outcome is not None
        assert outcome.ending is Ending.DONE
        assert await unknown is None
        assert len(runs(s)) == sent


async def test_a_question_that_nobody_waits_for_is_forgotten_and_the_command_can_run() -> None:
    async with stage() as s:
        s.board.mute = True
        asked = recall(s, "a")
        await until(lambda: wire.Query(wire_id("a")) in s.heard)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        s.board.mute = False
        assert (await s.perform("a")).ending is Ending.DONE
        assert len(s.ons) == 1


async def test_a_question_goes_through_while_the_stop_is_in_force() -> None:
    async with stage() as s:
        await s.perform("a")
        s.driver.estop(7)
        await until(lambda: s.driver.health.stopped)
        outcome = await recall(s, "a")
        assert outcome is not None
        assert outcome.ending is Ending.DONE
        assert await recall(s, "b") is None
