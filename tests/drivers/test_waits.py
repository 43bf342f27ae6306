"""What a board would refuse for a while is not lost: it waits, within its deadline, and moves once."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.app import MOST_UNWRITTEN
from gateway.drivers.arduino import wire
from gateway.drivers.arduino.clock import SAMPLES
from gateway.drivers.arduino.commands import wire_id
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Command, stamp
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Channel, Station
from tests.drivers.stage import Stage, at_work, tap, until

pytestmark = pytest.mark.timeout(120)

SHOT, LEFT, RIGHT, ARM = 5, 4, 7, 9  # pins
AnyBoard = VirtualBoard | AvrBoard


def station(rest: str = "400ms") -> Station:
    channels = {
        "shot": Channel(kind="pulse", pin=SHOT, max_on="500ms", rest=rest),
        "left": Channel(kind="level", pin=LEFT, max_on="2s", group="motor"),
        "right": Channel(kind="level", pin=RIGHT, max_on="2s", group="motor"),
        "arm": Channel(kind="servo", pin=ARM, max_on="1s", rest="100ms", home=50),
    }
    actions = {
        "fire": Action(channel="shot", on_for="200ms"),
        "turn-left": Action(channel="left", on_for="200ms"),
        "turn-right": Action(channel="right", on_for="100ms"),
        "hold": Action(channel="left", hold=True),
        "wave": Action(channel="arm", on_for="100ms", position=80),
    }
    return Station(board=Board(id="VB-1"), channels=channels, actions=actions)


def a_stage(board: AnyBoard, rest: str = "400ms") -> Stage[AnyBoard]:
    s: Stage[AnyBoard] = Stage(board, station(rest))
    if isinstance(board, VirtualBoard):
        tap(s)  # type: ignore[arg-type]  # it is one
    return s


@pytest.fixture
async def s() -> AsyncIterator[Stage[AnyBoard]]:
    s = a_stage(VirtualBoard("VB-1"))
    async with at_work(s):
        yield s


def sent(s: Stage[AnyBoard]) -> list[int]:
    """The ids of all orders that the board heard, in order."""
    return [m.id for m in s.heard if isinstance(m, wire.Run)]


def times(s: Stage[AnyBoard], pin: int, *, level: bool = True) -> list[float]:
    return [at for p, was, at in s.edges if (p, was) == (pin, level)]


async def clocks_agree(s: Stage[AnyBoard]) -> None:
    """A second of heartbeats: the first ones of a session say less, and a refusal or two may come of it."""
    c = s.driver._connection
    assert c is not None
    await until(lambda: len(c.clock._samples) == SAMPLES)


@pytest.mark.parametrize("kind", ["virtual", pytest.param("uno", marks=pytest.mark.needs("avr-gcc", "simavr"))])
async def test_five_shots_come_at_the_pace_of_their_rest_and_none_is_lost(kind: str) -> None:
    s = a_stage(VirtualBoard("VB-1") if kind == "virtual" else AvrBoard("uno", "VB-1"), rest="1s")
    async with at_work(s):
        s.edges.clear()
        outcomes = [await s.perform(f"rose-{n}", "fire", within=20.0) for n in range(5)]
        if isinstance(s.board, AvrBoard):
            await s.board.time()
    assert [o.ending for o in outcomes] == [Ending.DONE] * 5
    on, off = times(s, SHOT), times(s, SHOT, level=False)[-5:]
    assert len(on) == 5
    rests = [begin - end for end, begin in zip(off[:-1], on[1:], strict=True)]
    assert min(rests) >= 0.999
    assert max(rests) < 1.04
    assert off[-1] - on[0] == pytest.approx(5 * 0.2 + 4 * 1.0, abs=0.1)


async def test_a_rest_that_is_known_is_waited_for_without_asking_the_board(s: Stage[AnyBoard]) -> None:
    await clocks_agree(s)
    for n in range(3):
        assert (await s.perform(f"a{n}", "fire")).ending is Ending.DONE
    assert sent(s) == [wire_id(f"a{n}") for n in range(3)]


async def test_shots_that_are_ordered_at_once_come_one_after_the_other(s: Stage[AnyBoard]) -> None:
    await clocks_agree(s)
    tasks = [s.begin(f"a{n}", "fire") for n in range(4)]
    assert [(await t).ending for t in tasks] == [Ending.DONE] * 4
    assert s.moved == ["a0", "a1", "a2", "a3"]
    assert sent(s) == [wire_id(name) for name in s.moved]


async def test_a_rest_beyond_the_deadline_is_said_at_once(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    asked = time.time()
    refused = await s.perform("b", "fire", within=0.3)
    assert time.time() - asked < 0.2
    assert (refused.ending, refused.kept_by, refused.moved) == (Ending.BLOCKED, "limit", None)
    assert refused.reason in ("resting: wait 0.4 s", "resting: wait 0.3 s")
    assert len(s.ons) == 1


async def earlier_run(s: Stage[AnyBoard]) -> Stage[AnyBoard]:
    """The gateway was killed, and another one has the board."""
    await s.driver._connection.close()  # type: ignore[union-attr]  # it is there
    return a_stage(s.board)


async def test_a_rest_that_only_the_board_knows_is_waited_for_after_it_refused(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    s.driver._commands.waits._off.clear()  # it was the run before that let it fire
    waits = s.begin("b", "fire")
    await until(lambda: wire_id("b") in sent(s))
    await s.perform("other", "turn-left")  # its ending is no reason to hurry
    assert (await waits).ending is Ending.DONE
    assert [i for i in sent(s) if i != wire_id("other")] == [wire_id("a"), wire_id("b"), wire_id("b", again=True)]
    assert s.moved == ["a", "other", "b"]
    on, off = times(s, SHOT), times(s, SHOT, level=False)
    assert 0.4 <= on[1] - off[0] < 0.45
    again = await s.perform("b", "fire")
    assert (again.ending, again.moved) == (Ending.DONE, None)
    assert s.ons == [SHOT, LEFT, SHOT]


def recall(s: Stage[AnyBoard], name: str) -> asyncio.Task[Outcome | None]:
    command = Command(id=name, station="s1", action="fire", expires_at=stamp(time.time()))
    return asyncio.create_task(s.driver.recall(command))


async def test_the_next_run_of_the_gateway_finds_what_moved_under_its_second_id(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    s.driver._commands.waits._off.clear()
    await s.perform("b", "fire")
    s.driver._commands.waits._off.clear()
    waits = s.begin("c", "fire")
    await until(lambda: wire_id("c") in sent(s))
    later = await earlier_run(s)
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    async with at_work(later, start=False):
        told = await recall(later, "b")
        assert told is not None
        assert (told.ending, told.moved) == (Ending.DONE, None)
        assert await recall(later, "c") is None  # refused for a while: it never moved, and still may
        assert (await later.perform("c", "fire")).ending is Ending.DONE
        assert len(times(later, SHOT)) == 1


def test_a_board_remembers_both_ids_of_all_commands_whose_ending_may_not_be_on_disk() -> None:
    assert wire_id("a") != wire_id("a", again=True) != wire_id("b", again=True)
    assert 2 * MOST_UNWRITTEN <= wire.RECENT_IDS


async def test_a_stop_ends_what_waits_at_once(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    waits = s.begin("b", "fire")
    await asyncio.sleep(0)
    s.driver.estop(7)
    outcome = await asyncio.wait_for(waits, 0.2)
    assert (outcome.ending, outcome.kept_by, outcome.sent) == (Ending.BLOCKED, "stop", None)
    assert sent(s) == [wire_id("a")]


async def test_a_disarm_keeps_what_waits_from_moving(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    waits = s.begin("b", "fire")
    await asyncio.sleep(0)
    s.driver.arm(False)
    outcome = await waits
    assert (outcome.ending, outcome.kept_by) == (Ending.BLOCKED, "disarmed")
    assert len(s.ons) == 1


async def test_what_is_called_back_while_it_waits_is_never_sent(s: Stage[AnyBoard]) -> None:
    await s.perform("a", "fire")
    waits = s.begin("b", "fire")
    await asyncio.sleep(0)
    waits.cancel()
    await asyncio.gather(waits, return_exceptions=True)
    assert (await s.perform("c", "fire")).ending is Ending.DONE
    assert s.moved == ["a", "c"]
    assert wire_id("b") not in sent(s)


async def test_what_waits_for_a_rest_waits_for_a_lost_board_too(s: Stage[AnyBoard]) -> None:
    assert isinstance(s.board, VirtualBoard)
    await s.perform("a", "fire")
    waits = s.begin("b", "fire")
    await asyncio.sleep(0)
    s.board.unplug()
    await until(lambda: not s.driver.health.online)
    await asyncio.sleep(0.5)  # the rest is over, and the board is still away
    assert not waits.done()
    s.board.plug()
    assert (await waits).ending is Ending.DONE
    assert len(s.ons) == 2


async def test_a_neighbour_of_its_group_is_waited_for(s: Stage[AnyBoard]) -> None:
    first = s.begin("a", "turn-left")
    await until(lambda: "a" in s.moved)
    assert (await s.perform("b", "turn-right")).ending is Ending.DONE
    assert (await first).ending is Ending.DONE
    assert 0 <= times(s, RIGHT)[0] - times(s, LEFT, level=False)[0] < 0.05


async def test_what_waits_for_a_held_output_goes_on_when_that_is_let_go(s: Stage[AnyBoard]) -> None:
    held = s.begin("a", "hold")
    await until(lambda: "a" in s.moved)
    waits = s.begin("b", "turn-right")
    await asyncio.sleep(0)
    held.cancel()
    outcome = await asyncio.wait_for(waits, 1.0)  # not the two seconds that it might have been held
    assert outcome.ending is Ending.DONE
    assert sent(s) == [wire_id("a"), wire_id("b")]


async def test_a_servo_rests_once_it_is_home(s: Stage[AnyBoard]) -> None:
    await clocks_agree(s)
    for n in range(2):
        assert (await s.perform(f"a{n}", "wave")).ending is Ending.DONE
    assert sent(s) == [wire_id("a0"), wire_id("a1")]
    on, off = times(s, ARM), times(s, ARM, level=False)
    assert on[1] - off[0] == pytest.approx(0.1, abs=0.03)
