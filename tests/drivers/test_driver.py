"""The driver against a virtual board on a real pseudo-terminal: commands, limits, stop, arming."""

import asyncio
import time

import pytest

from gateway.drivers.arduino import commands, wire
from gateway.drivers.arduino.commands import wire_id
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.base import Driver, Ending
from gateway.errors import DriverError
from gateway.messages import Command, stamp
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Action, Board, Channel, Station
from tests.drivers.stage import BUTTON, HORN, LAMP, OnePort, stage, station, until


def as_driver(driver: ArduinoDriver) -> Driver:
    """Holds the class to the protocol when the types are checked."""
    return driver


async def test_a_command_moves_its_pin_for_its_time_and_says_when() -> None:
    async with stage() as s:
        began = time.time()
        outcome = await s.perform("a", "honk", ms=30)
        assert outcome.ending is Ending.DONE
        assert outcome.sent is not None
        assert outcome.moved is not None
        assert outcome.ended is not None
        assert began <= outcome.sent <= outcome.moved < outcome.ended <= time.time()
        assert outcome.ended - outcome.moved == pytest.approx(0.030, abs=0.004)
        (pin, on, on_at), (_, off, off_at) = s.edges
        assert (pin, on, off) == (HORN, True, False)
        assert off_at - on_at == pytest.approx(0.030, abs=0.004)
        loop_to_wall = time.time() - asyncio.get_running_loop().time()
        assert outcome.moved == pytest.approx(on_at + loop_to_wall, abs=0.003)
        assert s.moved == ["a"]


async def test_commands_on_different_channels_run_at_the_same_time() -> None:
    async with stage(station(lamps=4)) as s:
        tasks = [s.begin(f"c{i}", f"shine{i}", ms=60) for i in range(4)]
        await until(lambda: len(s.ons) == 4)
        assert not any(not level for _, level, _ in s.edges)
        assert {(await t).ending for t in tasks} == {Ending.DONE}


async def test_the_boards_refusals_are_said_in_words() -> None:
    async with stage() as s:
        assert (await s.perform("a", "honk")).ending is Ending.DONE
        resting = await s.perform("b", "honk", within=0.3)
        assert resting.ending is Ending.BLOCKED
        assert resting.reason.startswith("resting: wait 0.")
        long = s.begin("c", "shine0", ms=1000)
        await until(lambda: "c" in s.moved)
        busy = await s.perform("d", "shine0", within=0.3)
        assert (busy.ending, busy.reason) == (Ending.BLOCKED, "busy: lamp0 is still moving")
        assert (await long).ending is Ending.DONE
        over = await s.perform("e", "honk", ms=60_000)
        assert (over.ending, over.reason) == (
            Ending.REJECTED,
            "ms: expected a whole number from 1 to 1000 (how long it stays on, in milliseconds); found 60000",
        )
        s.driver.arm(False)
        await until(lambda: not s.driver.health.armed)
        unarmed = await s.perform("f", "shine0")
        assert (unarmed.ending, unarmed.reason) == (Ending.BLOCKED, "not armed: press Arm on the page")
        assert s.ons == [HORN, LAMP]


@pytest.mark.parametrize("ms", [0, -5, True, 1.5, "10", 1 << 32])
async def test_a_time_that_is_none_is_rejected(ms: object) -> None:
    driver = ArduinoDriver("s1", station(), OnePort(VirtualBoard()))
    order = Command(id="a", station="s1", action="honk", params={"ms": ms}, expires_at=stamp(0))  # type: ignore[dict-item]  # on purpose
    outcome = await driver.perform(order, lambda at: None)
    assert outcome.ending is Ending.REJECTED
    assert outcome.reason.startswith("ms: expected a whole number from 1 to 1000")


async def test_unknown_actions_and_parameters_name_what_there_is() -> None:
    driver = ArduinoDriver("s1", station(), OnePort(VirtualBoard()))
    a = await driver.perform(Command(id="a", station="s1", action="dance", expires_at=stamp(0)), lambda at: None)
    assert (a.ending, a.reason) == (
        Ending.REJECTED,
        "no action 'dance'; this station has: honk, shine0",
    )
    b = await driver.perform(
        Command(id="a", station="s1", action="honk", params={"loud": 1}, expires_at=stamp(0)),
        lambda at: None,
    )
    assert (b.ending, b.reason) == (
        Ending.REJECTED,
        "no parameter 'loud'; this action takes: ms",
    )
    c = await driver.perform(
        Command(id="a", station="s1", action="honk", dry_run=True, expires_at=stamp(0)), lambda at: None
    )
    assert c.ending is Ending.BLOCKED


def test_settings_that_no_board_can_hold_are_refused_at_once() -> None:
    horn = Channel(kind="pulse", pin=4)
    many = Station(
        board=Board(), channels={f"c{i}": Channel(kind="pulse", pin=2 + i) for i in range(17)}, actions={}
    )
    nowhere = Station(board=Board(), channels={"horn": horn}, actions={"a": Action(channel="hron")})
    endless = Station(board=Board(), channels={"horn": Channel(kind="pulse", pin=4, max_on="2000h")}, actions={})
    for settings, words in ((many, "17 channels"), (nowhere, "'hron'"), (endless, "duration")):
        with pytest.raises(DriverError, match=words):
            ArduinoDriver("s1", settings, OnePort(VirtualBoard()))


async def test_the_same_id_moves_nothing_twice() -> None:
    async with stage() as s:
        first = s.begin("a", ms=50)
        await until(lambda: "a" in s.moved)
        at_once = await s.perform("a")
        assert (at_once.ending, at_once.reason) == (
            Ending.REJECTED,
            "the same command is already on its way",
        )
        assert (await first).ending is Ending.DONE
        again = await s.perform("a")
        assert again.ending is Ending.DONE
        assert again.moved is None
        assert s.ons == [LAMP]


def test_no_command_has_the_id_that_means_all() -> None:
    ids = {wire_id(f"gift-{i}") for i in range(10_000)}
    assert 0 not in ids
    assert len(ids) == 10_000


async def test_inputs_arrive_with_the_time_of_their_edge() -> None:
    async with stage() as s:
        pressed_at = time.time()
        s.board.set_input(BUTTON, False)
        await until(lambda: s.inputs)
        s.board.set_input(BUTTON, True)
        await until(lambda: len(s.inputs) == 2)
        press, release = s.inputs
        assert (press.channel, press.level, press.count) == ("button", True, 1)
        assert (release.level, release.count) == (False, 1)
        assert press.at == pytest.approx(pressed_at, abs=0.004)


async def test_a_cancelled_command_is_ended_on_the_board() -> None:
    async with stage() as s:
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        task.cancel()
        await until(lambda: len(s.edges) == 2)
        assert s.edges[1][2] - s.edges[0][2] < 1.0


async def test_a_command_past_its_deadline_is_never_sent() -> None:
    async with stage() as s:
        outcome = await s.perform("a", within=-1.0)
        assert outcome.ending is Ending.EXPIRED
        assert outcome.sent is None
        assert not [m for m in s.heard if isinstance(m, wire.Run)]


async def test_more_commands_than_a_board_can_hold_are_blocked() -> None:
    async with stage(armed=False) as s:
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        tasks = [s.begin(f"c{i}", within=0.2) for i in range(commands.MAX_PENDING + 3)]
        endings = [(await t).ending for t in tasks]
        assert endings.count(Ending.BLOCKED) == 3
        assert endings.count(Ending.EXPIRED) == commands.MAX_PENDING
