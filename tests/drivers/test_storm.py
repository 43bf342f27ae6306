"""A million frames over bad wires in virtual time: no wrong action, none twice, one ending for every command.

``make storm`` is the long form.
"""

import asyncio
import random
from types import SimpleNamespace

import pytest

from gateway.drivers.arduino import commands, driver
from gateway.drivers.base import Ending
from gateway.practice.boards.line import Faults
from tests.drivers.storm import EPOCH, AirConnection, Storm, VirtualLoop

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


def weather_the(
    storm_of: Faults, frames: int, monkeypatch: pytest.MonkeyPatch, *, byte_at_a_time: bool = False
) -> Storm:
    random.seed(storm_of.seed)
    monkeypatch.setattr(driver, "Connection", AirConnection)

    async def main() -> Storm:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(commands, "time", SimpleNamespace(time=lambda: EPOCH + loop.time()))
        storm = Storm(storm_of, frames, byte_at_a_time=byte_at_a_time)
        await storm.run()
        return storm

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        storm = runner.run(main())
    assert storm.board.frames >= frames
    print(f"{storm.board.frames} frames, {storm.commands} commands: {dict(storm.endings)}")
    return storm


@pytest.mark.parametrize("name", WEATHER)
def test_in_any_weather_every_command_ends_once_and_moves_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults, share = WEATHER[name]
    storm = weather_the(faults, round(SHORT * share), monkeypatch)
    assert storm.board._rules.link.bad > 0 or faults.drop
    assert storm.endings[Ending.DONE] > 0
    if (
        name != "one bit in a hundred"
    ):  # there most frames are damaged: the session ends, and hardly another begins
        assert storm.endings[Ending.DONE] >= 0.98 * storm.commands, storm.endings


def test_bytes_that_come_one_at_a_time_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(seed=21, corrupt=1e-4, drop=0.01, delay=0.002)
    storm = weather_the(faults, 4_000, monkeypatch, byte_at_a_time=True)
    assert storm.endings[Ending.DONE] >= 0.98 * storm.commands


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", WEATHER)
def test_a_million_frames_of_all_weathers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults, share = WEATHER[name]
    weather_the(faults, round(LONG * share), monkeypatch)
