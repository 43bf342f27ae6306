"""The driver when the wire or the board misbehaves: every command one ending, no movement twice, none late."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.drivers.arduino import commands, connection, quality, wire
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.base import Ending
from gateway.practice.boards.line import Faults
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Board
from tests.drivers.stage import LAMP, stage, station, until


def runs(heard: list[wire.Message]) -> int:
    return len([m for m in heard if isinstance(m, wire.Run)])


async def test_a_lost_ack_is_resent_and_moves_nothing_twice() -> None:
    async with stage() as s:
        s.board.mute = True
        task = s.begin("a", ms=20)
        await until(lambda: len(s.edges) == 2)
        assert not task.done()
        s.board.mute = False
        outcome = await task
        assert outcome.ending is Ending.DONE
        assert s.ons == [LAMP]
        assert s.driver._connection is not None
        assert s.driver._connection.link.repeats > 0


async def test_a_reset_in_the_middle_is_said_and_the_driver_arms_again() -> None:
    async with stage() as s:
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        s.board.reset()
        outcome = await task
        assert outcome.ending is Ending.FAILED
        assert outcome.reason.startswith("a reset interrupted it")
        assert outcome.moved is not None
        await until(lambda: s.driver.health.armed)
        assert (await s.perform("b")).ending is Ending.DONE
        assert s.ons == [LAMP, LAMP]


async def test_a_power_cut_in_the_middle_is_never_repeated() -> None:
    async with stage() as s:
        s.board.mute = True  # nobody hears that it began
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        s.board.power_cycle()
        s.board.mute = False
        outcome = await task
        assert outcome.ending is Ending.FAILED
        assert outcome.reason.endswith("whether it moved is not known")
        assert s.ons == [LAMP]


@pytest.mark.parametrize("boot", [wire.Boot.BROWN_OUT, wire.Boot.POWER_ON, wire.Boot.UNKNOWN])
async def test_a_power_supply_that_bounces_is_not_taken_for_a_reset(boot: wire.Boot) -> None:
    async with stage() as s:
        s.board.mute = True
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        now = asyncio.get_running_loop().time()
        s.board._rules.power_cycle(now)  # the ids are gone
        s.board._rules.reset(now, boot)  # and one reset is counted, as after a reset alone
        s.board.mute = False
        outcome = await task
        assert outcome.ending is Ending.FAILED
        assert outcome.reason.endswith("whether it moved is not known")
        assert s.ons == [LAMP]


async def test_a_command_that_a_reset_swallowed_is_sent_again() -> None:
    async with stage() as s:
        s.board._rules.reset(asyncio.get_running_loop().time())  # its hello has not been sent yet
        outcome = await s.perform("a")
        assert outcome.ending is Ending.DONE
        assert s.ons == [LAMP]
        assert wire.Query(commands.wire_id("a")) in s.heard


async def test_a_swallowed_command_is_not_sent_again_after_its_deadline() -> None:
    async with stage() as s:
        s.board.freeze()
        task = s.begin("a", within=0.1)
        await asyncio.sleep(0.2)  # the deadline itself is what passes
        s.board._rules.reset(asyncio.get_running_loop().time())
        s.board.thaw()
        outcome = await task
        assert outcome.ending is Ending.EXPIRED
        assert s.ons == []


async def test_an_unplugged_board_is_found_on_its_new_port() -> None:
    async with stage() as s:
        before = s.board.port
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        assert s.driver.health.fault.endswith("check the board's cable and power")
        spares: list[VirtualBoard] = []
        while not Path(before).exists():  # until somebody has the old number
            spares.append(VirtualBoard(f"other-{len(spares)}"))
            await spares[-1].start()
        began = time.monotonic()
        s.board.plug()
        assert s.board.port != before
        outcome = await task
        assert outcome.ending is Ending.FAILED
        assert "fell silent" in outcome.reason
        await until(lambda: s.driver.health.armed)
        assert time.monotonic() - began < 2.0
        assert (await s.perform("b")).ending is Ending.DONE
        for spare in spares:
            await spare.stop()


async def test_while_the_board_is_away_commands_wait_and_then_expire() -> None:
    async with stage() as s:
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        began = time.monotonic()
        outcome = await s.perform("a", within=0.25)
        assert outcome.ending is Ending.EXPIRED
        assert "board" in outcome.reason
        assert time.monotonic() - began == pytest.approx(0.25, abs=0.1)
        kept = s.begin("b", within=20.0)
        s.board.plug()
        assert (await kept).ending is Ending.DONE
        assert runs(s.heard) == 1


async def test_a_returning_board_gets_no_burst_of_stale_commands() -> None:
    async with stage() as s:
        s.board.unplug()
        await until(lambda: not s.driver.health.online)
        old = [s.begin(f"old{i}", within=0.1) for i in range(5)]
        for task in old:
            assert (await task).ending is Ending.EXPIRED
        s.board.plug()
        await until(lambda: s.driver.health.armed)
        assert (await s.perform("new")).ending is Ending.DONE
        assert runs(s.heard) == 1


async def test_a_frozen_board_is_noticed_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as s:
        task = s.begin("a", ms=5000)
        await until(lambda: s.ons)
        began = time.monotonic()
        s.board.freeze()
        await until(lambda: not s.driver.health.online)
        assert time.monotonic() - began < connection.SILENCE_S + 3 * connection.BEAT_S
        assert s.driver.health.fault == "the board is silent: check its power and cable"
        assert not s.driver.health.stopped
        s.board.thaw()
        assert (await task).ending is Ending.FAILED
        await until(lambda: s.driver.health.armed)
        assert (await s.perform("b")).ending is Ending.DONE


async def test_a_board_that_never_answers_again_still_gives_an_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "RESOLVE_S", 0.7)  # longer than the lease
    async with stage() as s:
        s.board.freeze()
        unheard = await s.perform("a", within=0.1)
        assert unheard.ending is Ending.FAILED
        assert unheard.reason.endswith("whether it moved is not known")
        s.board.thaw()
        await until(lambda: s.driver.health.armed)
        begun = s.begin("b", within=0.1, ms=300)
        await until(lambda: "b" in s.moved)
        s.board.unplug()
        assert (await begun).reason.endswith("how far it came is not known")


async def test_a_board_that_lost_its_lease_is_armed_again() -> None:
    async with stage() as s:
        rules = s.board._rules
        rules._lease -= 1.0  # as if the heartbeats of a second had been lost
        rules.tick(asyncio.get_running_loop().time())
        assert not rules._armed
        await until(lambda: rules._armed)
        assert (await s.perform("a")).ending is Ending.DONE


async def test_another_board_on_the_port_is_refused_by_name() -> None:
    async with stage(station(board_id="VB-9"), armed=False) as s:
        port = s.board.port
        await until(lambda: "VB-9" in s.driver.health.fault)
        assert s.driver.health.fault == (
            f"{port} is board VB-1, expected VB-9: swap the cables, or correct the id in the settings"
        )
        assert not s.driver.health.online
        assert s.finder.seen[0] == "VB-1"
        assert (await s.perform("a", within=0.1)).ending is Ending.EXPIRED
        assert s.ons == []


async def test_a_channel_that_the_board_refuses_is_named() -> None:
    settings = station()
    bad = {**settings.channels, "arm": settings.channels["horn"].__class__(kind="level", pin=60)}
    async with stage(
        settings.__class__(board=Board(id="VB-1"), channels=bad, actions=settings.actions), armed=False
    ) as s:
        await until(lambda: "refuses" in s.driver.health.fault)
        assert "channel arm (level on pin 60)" in s.driver.health.fault
        assert not s.driver.health.online
        s.driver.estop(3)  # a board that cannot work can still be stopped
        await until(lambda: s.driver.health.stopped)


async def test_a_port_that_says_nothing_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "QUIET_S", 0.1)
    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    board = VirtualBoard("VB-1")
    board.mute = True
    async with stage(board=board, armed=False) as s:
        await until(lambda: "no answer" in s.driver.health.fault)
        assert "flash it" in s.driver.health.fault
        board.mute = False
        await until(lambda: s.driver.health.online)


async def test_a_port_that_another_program_holds_is_said_in_words() -> None:
    async with stage() as s:
        rival = ArduinoDriver("s2", station(), s.finder)
        running = asyncio.create_task(rival.run())
        await until(lambda: "another program" in rival.health.fault)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert (await s.perform("a")).ending is Ending.DONE


async def test_nothing_is_sent_to_a_board_before_it_speaks() -> None:
    board = VirtualBoard("VB-1")
    board.mute = True
    async with stage(board=board, armed=False) as s:
        await until(lambda: board.port)
        s.driver.estop(1)
        await asyncio.sleep(0.5)  # a boot loader listens here; silence is what is tested
        assert s.heard == []
        board.mute = False
        await until(lambda: s.driver.health.stopped)


async def test_a_board_that_takes_no_bytes_does_not_hold_the_loop() -> None:
    async with stage() as s:
        assert s.driver._connection is not None
        s.board.freeze()
        flood = b"\1" * 4096
        for _ in range(50):
            s.driver._connection._write(flood)
        began = time.monotonic()
        s.driver.estop(4)
        await asyncio.sleep(0)
        assert time.monotonic() - began < 0.1
        s.board.thaw()
        await until(lambda: s.driver.health.stopped)


async def test_a_noisy_wire_is_said_with_what_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "ASK_S", 1.0)
    board = VirtualBoard("VB-1", faults=Faults(seed=4, corrupt=15e-4))
    async with stage(board=board) as s:
        await until(lambda: "the wire to the board is noisy: " in s.driver.health.fault)
        board._to_board._faults = board._to_gateway._faults = Faults()  # the cable is changed
        board._to_board._good_bits = board._to_gateway._good_bits = 1 << 60
        await until(lambda: s.driver.health.armed and not s.driver.health.fault)
        assert (await s.perform("a")).ending is Ending.DONE
