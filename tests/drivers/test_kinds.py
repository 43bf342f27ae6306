"""Every kind of action, on the virtual board and on the real firmware: levels, patterns, holds, duty, groups."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.drivers.arduino import wire
from gateway.drivers.base import Ending
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Channel, Duty, Station, Step
from tests.drivers.stage import Stage, at_work, until

pytestmark = pytest.mark.timeout(120)

AnyBoard = VirtualBoard | AvrBoard
Kinds = Stage[AnyBoard]

LEFT, RIGHT, SHOT, LIGHT, ARM, HORN, KNOB = 4, 7, 8, 5, 9, 6, 14


def station() -> Station:
    channels = {
        "left": Channel(kind="level", pin=LEFT, max_on="2s", group="motor"),
        "right": Channel(kind="level", pin=RIGHT, max_on="2s", group="motor"),
        "shot": Channel(kind="pulse", pin=SHOT, max_on="500ms", duty=Duty(percent=10, window="2s")),
        "light": Channel(kind="pwm", pin=LIGHT, max_on="2s"),
        "arm": Channel(kind="servo", pin=ARM, max_on="2s", home=50),
        "horn": Channel(kind="tone", pin=HORN, max_on="1s", hz=440),
        "knob": Channel(kind="analog", pin=KNOB, threshold=512, hysteresis=50),
    }
    actions = {
        "fire": Action(channel="shot", on_for="100ms"),
        "turn-left": Action(channel="left", on_for="300ms"),
        "turn-right": Action(channel="right", on_for="50ms"),
        "dim": Action(channel="light", on_for="100ms", level=40),
        "wave": Action(channel="arm", on_for="200ms", position=80),
        "honk": Action(channel="horn", on_for="100ms"),
        "spin": Action(channel="left", hold=True),
        "dance": Action(
            pattern=[
                Step(channel="left", on_for="40ms"),
                Step(channel="right", on_for="30ms", wait="0ms"),
                Step(channel="shot", on_for="60ms", wait="100ms"),
            ],
            repeats=1,
        ),
    }
    return Station(board=Board(id="VB-1"), channels=channels, actions=actions)


@pytest.fixture(params=["virtual", pytest.param("uno", marks=pytest.mark.needs("avr-gcc", "simavr"))])
async def s(request: pytest.FixtureRequest) -> AsyncIterator[Kinds]:
    board: AnyBoard = VirtualBoard("VB-1") if request.param == "virtual" else AvrBoard("uno", "VB-1")
    s: Kinds = Stage(board, station())
    async with at_work(s):
        s.edges.clear()
        yield s


async def all_edges(s: Kinds) -> None:
    """Every edge until now has been told; the simulator tells them a little later than its answers."""
    if isinstance(s.board, AvrBoard):
        await s.board.time()


def exact(s: Kinds) -> float:
    """How true to its time an edge is, in seconds: the virtual board's are as late as this machine is busy."""
    return 0.0015 if isinstance(s.board, AvrBoard) else 0.01


def of(s: Kinds, pin: int) -> list[tuple[bool, float]]:
    return [(level, at) for p, level, at in s.edges if p == pin]


async def test_a_pattern_is_timed_by_the_board_and_ends_once(s: Kinds) -> None:
    outcome = await s.perform("a", "dance")
    assert outcome.ending is Ending.DONE
    await all_edges(s)
    (on, left), (off, left_off) = of(s, LEFT)
    (_, right), (_, right_off) = of(s, RIGHT)
    (_, shot), (_, shot_off) = of(s, SHOT)
    assert (on, off) == (True, False)
    planned = [0.040, 0.040, 0.070, 0.040, 0.100]
    assert [t - left for t in (left_off, right, right_off, shot, shot_off)] == pytest.approx(planned, abs=exact(s))
    assert outcome.moved is not None
    assert outcome.ended is not None
    assert outcome.ended - outcome.moved == pytest.approx(0.14, abs=0.05)
    again = await s.perform("a", "dance")
    assert (again.ending, again.moved) == (Ending.DONE, None)
    assert len(of(s, LEFT)) == 2


async def test_only_one_pattern_plays_at_a_time(s: Kinds) -> None:
    first = s.begin("a", "dance")
    await until(lambda: "a" in s.moved)
    second = await s.perform("b", "dance")
    assert (second.ending, second.reason) == (Ending.BLOCKED, "busy: another pattern is playing")
    assert (await first).ending is Ending.DONE


async def test_a_pattern_that_the_board_refuses_says_why_moves_nothing_and_plays_later(s: Kinds) -> None:
    assert s.driver._connection is not None
    right = list(s.driver._table.channels).index("right")
    for order in (wire.PatternStep(0, right, 255, 400, 400), wire.PatternRun(999, 1, 0)):
        s.driver._connection.send(order)  # what this gateway knows nothing of
    await until(lambda: s.ons == [RIGHT])
    refused = await s.perform("a", "dance")
    assert (refused.ending, refused.reason) == (Ending.BLOCKED, "busy: another pattern is playing")
    assert refused.moved is None
    await until(lambda: len(of(s, RIGHT)) == 2)
    await until(lambda: s.driver.health.outputs == 0)
    assert of(s, LEFT) == of(s, SHOT) == []
    assert (await s.perform("b", "dance")).ending is Ending.DONE
    await all_edges(s)
    assert [len(of(s, pin)) for pin in (LEFT, RIGHT, SHOT)] == [2, 4, 2]


async def test_a_pattern_with_a_busy_channel_moves_nothing(s: Kinds) -> None:
    turning = s.begin("a", "turn-left")
    await until(lambda: "a" in s.moved)
    refused = await s.perform("b", "dance", within=0.1)
    assert refused.ending is Ending.BLOCKED
    assert refused.moved is None
    assert (await turning).ending is Ending.DONE
    await all_edges(s)
    assert of(s, RIGHT) == of(s, SHOT) == []


async def test_a_held_output_stays_on_until_it_is_cancelled(s: Kinds) -> None:
    task = s.begin("a", "spin", within=1.0)
    await until(lambda: s.ons)
    await asyncio.sleep(1.2)  # longer than one lease of it, and than its deadline: holding is what is tested
    await all_edges(s)
    assert len(of(s, LEFT)) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: len(of(s, LEFT)) == 2)
    (_, on), (_, off) = of(s, LEFT)
    assert 1.2 <= off - on < 1.6


async def test_a_held_output_ends_at_its_longest_on_time(s: Kinds) -> None:
    outcome = await s.perform("a", "spin", within=1.0)
    assert outcome.ending is Ending.DONE
    await all_edges(s)
    (_, on), (_, off) = of(s, LEFT)
    assert off - on == pytest.approx(2.0, abs=exact(s))


async def test_two_of_a_group_are_never_on_together(s: Kinds) -> None:
    turning = s.begin("a", "turn-left")
    await until(lambda: "a" in s.moved)
    other = await s.perform("b", "turn-right", within=0.1)
    assert other.ending is Ending.BLOCKED
    assert other.reason == "interlock: another output of the same group as right is on"
    assert (await turning).ending is Ending.DONE
    assert (await s.perform("c", "turn-right")).ending is Ending.DONE


async def test_a_channel_that_was_on_too_much_says_for_how_long_it_cools(s: Kinds) -> None:
    assert (await s.perform("a", "fire")).ending is Ending.DONE
    assert (await s.perform("b", "fire", ms=90)).ending is Ending.DONE
    refused = await s.perform("c", "fire", within=0.5)
    assert refused.ending is Ending.BLOCKED
    said = refused.reason.split()
    assert refused.reason.startswith("cooling down: used ")
    assert said[2:3] + said[4:9] == ["used", "%", "of", "the", "last", "2"]
    left = float(said[-3])
    assert 0 < left <= 2.0
    asked = time.time()
    outcome = await s.perform("d", "fire")
    assert outcome.ending is Ending.DONE
    assert outcome.moved is not None
    assert left - 0.15 < outcome.moved - asked < left + 0.6  # the board counts in quarters of its two seconds


@pytest.mark.parametrize("action", ["dim", "wave", "honk"])
async def test_pwm_servo_and_tone_run_for_their_time(s: Kinds, action: str) -> None:
    outcome = await s.perform("a", action)
    assert outcome.ending is Ending.DONE, outcome
    assert outcome.moved is not None
    assert outcome.ended is not None
    assert outcome.ended - outcome.moved >= 0.09
    await until(lambda: s.driver.health.outputs == 0)


async def test_a_voltage_above_its_threshold_is_an_input(s: Kinds) -> None:
    s.board.set_analog(0, 1000)
    await asyncio.sleep(0.2)
    s.inputs.clear()
    s.board.set_analog(0, 4000)
    await until(lambda: s.inputs)
    s.board.set_analog(0, 1000)
    await until(lambda: len(s.inputs) == 2)
    assert [(i.channel, i.level) for i in s.inputs] == [("knob", True), ("knob", False)]


async def test_a_stop_ends_a_pattern_and_a_hold(s: Kinds) -> None:
    task = s.begin("a", "spin")
    await until(lambda: "a" in s.moved)
    s.driver.estop(9)
    outcome = await task
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "the emergency stop ended it")
    await until(lambda: s.driver.health.stopped and not s.driver.health.outputs)
