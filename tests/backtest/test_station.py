"""A simulated station takes the time of a board, waits as its driver does, and refuses what a board refuses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from gateway.backtest.station import SimulatedStation
from gateway.backtest.world import in_virtual_time
from gateway.drivers.base import Ending, Outcome
from gateway.messages import Command, stamp
from gateway.settings.stations import Station
from tests.records import NOON

STATION = msgspec.convert(
    {
        "board": {"id": "STN-A"},
        "channels": {
            "shot": {"kind": "pulse", "pin": 5, "max_on": "500ms", "rest": "1s"},
            "light": {"kind": "level", "pin": 6, "max_on": "5s"},
            "fan": {"kind": "level", "pin": 7, "max_on": "2s", "duty": {"percent": 10, "window": "10s"}},
            "arm": {"kind": "servo", "pin": 9, "max_on": "4s"},
        },
        "actions": {
            "fire": {"channel": "shot", "on_for": "200ms"},
            "glow": {"channel": "light", "on_for": "3s"},
            "hold": {"channel": "light", "hold": True},
            "blow": {"channel": "fan", "on_for": "800ms"},
            "grab": {"channel": "arm", "on_for": "700ms", "position": 80},
            "dance": {
                "repeats": 2,
                "pattern": [
                    {"channel": "light", "on_for": "200ms", "wait": "300ms"},
                    {"channel": "arm", "on_for": "300ms", "position": 60, "wait": "900ms"},
                ],
            },
        },
    },
    Station,
)
Edge = tuple[str, bool, float]


class Stage:
    """``edges``: what was on, and when, in seconds from the beginning."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.edges: list[Edge] = []
        self.station = SimulatedStation("s", STATION, self._edge)
        self.station.arm(True)

    def _edge(self, channel: str, on: bool, at: float) -> None:
        self.edges.append((channel, on, round(at - self.began, 3)))

    @property
    def now(self) -> float:
        return round(self.loop.time() - self.began, 3)

    async def perform(self, action: str, deadline: float = 30.0, **params: Any) -> Outcome:
        command = Command(
            id=f"{action}-{self.now}",
            station="s",
            action=action,
            params=params,
            expires_at=stamp(self.loop.time() + deadline),
        )
        return await self.station.perform(command, lambda at: None)


def played(play: Callable[[Stage], Awaitable[None]]) -> None:
    async def main() -> None:
        await play(Stage())

    in_virtual_time(NOON, main)


@pytest.mark.parametrize(
    ("action", "takes"), [("fire", 0.2), ("glow", 3), ("hold", 5), ("grab", 0.7), ("dance", 1.8)]
)
def test_an_action_takes_its_time(action: str, takes: float) -> None:
    async def play(stage: Stage) -> None:
        outcome = await stage.perform(action)
        assert outcome.ending is Ending.DONE
        assert stage.now == pytest.approx(takes, abs=0.17 if action == "hold" else 0.001)  # a hold is asked about

    played(play)


def test_what_is_on_is_told_to_the_millisecond() -> None:
    async def play(stage: Stage) -> None:
        await stage.perform("fire")
        await stage.perform("glow", ms=1500)
        assert stage.edges == [
            ("shot", True, 0.0),
            ("shot", False, 0.2),
            ("light", True, 0.2),
            ("light", False, 1.7),
        ]

    played(play)


def test_a_channel_that_rests_is_waited_for_as_the_driver_does() -> None:
    async def play(stage: Stage) -> None:
        for _ in range(5):
            assert (await stage.perform("fire")).ending is Ending.DONE
        assert stage.now == pytest.approx(5 * 0.2 + 4 * 1.0, abs=0.03)

    played(play)


def test_a_rest_beyond_the_deadline_is_refused_at_once_and_says_how_long() -> None:
    async def play(stage: Stage) -> None:
        await stage.perform("fire")
        await asyncio.sleep(0.4)
        outcome = await stage.perform("fire", deadline=0.5)
        assert stage.now == pytest.approx(0.6)
        assert (outcome.ending, outcome.kept_by, outcome.reason) == (
            Ending.BLOCKED,
            "limit",
            "resting: wait 0.6 s",
        )
        await asyncio.sleep(0.6)
        assert (await stage.perform("fire")).ending is Ending.DONE

    played(play)


def test_a_duty_limit_refuses_until_it_has_cooled() -> None:
    async def play(stage: Stage) -> None:
        assert (await stage.perform("blow")).ending is Ending.DONE
        refused = await stage.perform("blow", deadline=5)
        assert refused.ending is Ending.BLOCKED
        assert refused.reason == "cooling down: used 8 % of the last 10 s; about 9.8 s left"
        assert stage.now == pytest.approx(0.8)
        assert (await stage.perform("blow")).ending is Ending.DONE
        assert 10.2 < stage.now < 14  # ten seconds later, or up to a quarter more

    played(play)


def test_more_than_an_action_takes_is_refused_in_words() -> None:
    async def play(stage: Stage) -> None:
        outcome = await stage.perform("fire", ms=900)
        assert (outcome.ending, outcome.kept_by) == (Ending.REJECTED, "limit")
        assert "500" in outcome.reason

    played(play)


def test_a_station_that_is_away_is_waited_for_until_the_deadline() -> None:
    async def play(stage: Stage) -> None:
        stage.station.plug(False)
        outcome = await stage.perform("fire", deadline=10)
        assert (outcome.ending, outcome.kept_by, stage.now) == (Ending.EXPIRED, "offline", 10)
        stage.loop.call_later(3, stage.station.plug, True)
        assert (await stage.perform("fire", deadline=10)).ending is Ending.DONE
        assert stage.now == pytest.approx(13.2)

    played(play)


def test_a_pulled_cable_ends_what_runs() -> None:
    async def play(stage: Stage) -> None:
        stage.loop.call_later(1, stage.station.plug, False)
        outcome = await stage.perform("glow")
        assert (outcome.ending, outcome.kept_by, stage.now) == (Ending.FAILED, "offline", 1)

    played(play)


def test_a_command_that_is_called_back_goes_off() -> None:
    async def play(stage: Stage) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await stage.perform("glow")
        assert stage.edges == [("light", True, 0.0), ("light", False, 1.0)]

    played(play)


def test_nothing_moves_stopped_or_disarmed() -> None:
    async def play(stage: Stage) -> None:
        stage.loop.call_later(1, stage.station.estop, 7)
        stopped = await stage.perform("glow")
        assert (stopped.ending, stopped.kept_by, stage.now) == (Ending.CANCELLED, "stop", 1)
        assert (await stage.perform("glow")).kept_by == "stop"
        stage.station.reset_estop(7)
        assert (await stage.perform("glow")).kept_by == "disarmed"
        stage.station.arm(True)
        assert (await stage.perform("glow")).ending is Ending.DONE

    played(play)
