"""A million frames over bad wires in virtual time: no wrong action, none twice, one ending for every command.

``make storm`` is the long form.
"""

import asyncio
import random
from collections.abc import Callable

import pytest

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.practice.boards.line import Faults
from gateway.practice.boards.rules import BoardRules
from tests.drivers.air import EPOCH, AirBoard, AirConnection, AirPort
from tests.drivers.air import air as air  # a fixture
from tests.drivers.storm import DANCERS, LAMP_MS, LAMPS, Storm, station

WEATHER = {
    "one bit in a hundred thousand": (Faults(seed=11, corrupt=1e-5), 0.25),
    "one bit in ten thousand": (Faults(seed=12, corrupt=1e-4), 0.25),
    "one bit in a thousand": (Faults(seed=13, corrupt=1e-3), 0.15),
    "one bit in a hundred": (Faults(seed=14, corrupt=1e-2), 0.05),
    "a fifth of all frames lost": (Faults(seed=15, drop=0.2), 0.15),
    "duplicates, splits, delays, bursts of garbage": (
        Faults(seed=16, corrupt=1e-4, drop=0.02, duplicate=0.05, split=0.3, garbage=0.02, delay=0.004),
        0.15,
    ),
}
"""Each with its share of the frames."""
SHORT, LONG = 100_000, 1_000_000


async def weather(faults: Faults, frames: int, *, byte_at_a_time: bool) -> Storm:
    loop = asyncio.get_running_loop()
    random.seed(faults.seed)
    board = AirConnection.board = AirBoard(byte_at_a_time=byte_at_a_time)

    driver = ArduinoDriver("s1", station(), AirPort())
    storm = Storm(
        driver,
        faults.seed,
        more=lambda commands: board.frames < frames,
        now=lambda: EPOCH + loop.time(),
        pass_time=asyncio.sleep,  # the board is in this process: what happened has been told
        within=2.0,
    )
    board.on_edge = storm.edge
    await board.start()
    running = asyncio.create_task(driver.run())
    try:
        async with asyncio.timeout(60):
            while not driver.health.armed:
                driver.arm(True)
                await asyncio.sleep(0.05)
        board.weather(faults)
        await storm.run()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await board.stop()
    assert board.frames >= frames
    assert board._rules.link.bad > 0 or faults.drop
    print(f"{board.frames} frames, {storm.commands} commands: {storm.counts}")
    return storm


def judge(storm: Storm) -> None:
    """On a wire that can be used."""
    assert storm.done_share >= 0.98, storm.endings
    assert storm.let_go_at_once >= 0.9 * storm.let_go > 0


@pytest.mark.parametrize("name", WEATHER)
def test_in_any_weather_every_command_ends_once_and_moves_once(name: str, air: asyncio.Runner) -> None:
    faults, share = WEATHER[name]
    storm = air.run(weather(faults, round(SHORT * share), byte_at_a_time=False))
    assert storm.endings["done"] > 0
    if name == "one bit in a hundred":
        return  # there most frames are damaged: the session ends, and hardly another begins
    judge(storm)
    assert storm.dances > 50
    assert storm.held_to_the_end > 0


def test_bytes_that_come_one_at_a_time_change_nothing(air: asyncio.Runner) -> None:
    faults = Faults(seed=21, corrupt=1e-4, drop=0.01, delay=0.002)
    judge(air.run(weather(faults, 4_000, byte_at_a_time=True)))


Do = Callable[[wire.Message], None]


def _wrong_output(rules: BoardRules, m: wire.Message, do: Do) -> None:
    do(wire.Run(m.id, m.channel ^ 1, m.level, m.on_ms) if isinstance(m, wire.Run) and m.channel in LAMPS else m)


def _too_long(rules: BoardRules, m: wire.Message, do: Do) -> None:
    do(wire.Run(m.id, m.channel, m.level, LAMP_MS) if isinstance(m, wire.Run) and m.channel in LAMPS else m)


def _twice(rules: BoardRules, m: wire.Message, do: Do) -> None:
    if isinstance(m, wire.Run):
        do(wire.Run(m.id ^ 1 << 31, m.channel, m.level, 1))
        rules.movement.cancel(m.id ^ 1 << 31, rules.due())
    do(m)


def _deaf_to_cancel(rules: BoardRules, m: wire.Message, do: Do) -> None:
    if not isinstance(m, wire.Cancel):
        do(m)


def _no_limit(rules: BoardRules, m: wire.Message, do: Do) -> None:
    do(m)
    if isinstance(m, wire.Renew):
        for output in rules.movement._running(m.id):
            output.until = output.since + 60


def _old_step(rules: BoardRules, m: wire.Message, do: Do) -> None:
    if not isinstance(m, wire.PatternStep) or m.index != 2 or m.channel in DANCERS[:2]:
        do(m)


@pytest.mark.parametrize(
    "lie",
    [_wrong_output, _too_long, _twice, _deaf_to_cancel, _no_limit, _old_step],
    ids=lambda lie: lie.__name__[1:],
)
def test_the_oracle_sees_through_a_board_that_lies(
    lie: Callable[[BoardRules, wire.Message, Do], None], air: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = BoardRules._handle
    monkeypatch.setattr(
        BoardRules, "_handle", lambda rules, message, now: lie(rules, message, lambda m: handle(rules, m, now))
    )
    with pytest.raises((AssertionError, ExceptionGroup)) as seen:
        judge(air.run(weather(Faults(seed=22, corrupt=1e-4), 6_000, byte_at_a_time=False)))
    assert isinstance(seen.value, AssertionError) or seen.group_contains(AssertionError)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", WEATHER)
def test_a_million_frames_of_all_weathers(name: str, air: asyncio.Runner) -> None:
    faults, share = WEATHER[name]
    air.run(weather(faults, round(LONG * share), byte_at_a_time=False))
