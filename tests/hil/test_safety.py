"""The board is the last line of safety: each rule here holds without any host code. The real ELF."""

import random

import pytest

from gateway.drivers.arduino.wire import (
    LEASE_MS,
    Arm,
    Boot,
    ChannelFlag,
    ChannelKind,
    GetStats,
    Heartbeat,
    Hello,
    Query,
    ResetStop,
    Run,
    RunStatus,
    State,
    StateFlag,
    Stats,
    Stop,
    table_crc,
)
from tests.hil.bench import TOLERANCE_S, Bench, contact, output

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

TRIP = 0xE5709
BYTE_S = 10 / 250_000
WATCHDOG_S = 0.5
"""The promise; the firmware's own setting is 250 ms."""


async def test_a_stop_turns_everything_off_and_latches(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await bench.client.order(Run(1, 0, 255, 900), Run(2, 1, 255, 900))
    bench.client.send(Stop(TRIP))
    state = await bench.client.wait(State, lambda m: bool(m.flags & StateFlag.STOPPED))
    assert (state.trip, state.outputs, state.flags & StateFlag.ARMED) == (TRIP, 0, 0)
    assert [await bench.client.ended(i) for i in (1, 2)] == [RunStatus.STOPPED] * 2
    await bench.client.order(Arm(1), Run(3, 0, 255, 50))
    assert await bench.client.ended(3) is RunStatus.STOPPED
    assert len(await bench.edges(5)) == len(await bench.edges(6)) == 2


async def test_a_stop_acts_at_once_whatever_else_is_queued(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    run, rest = bench.client.frame(Run(1, 0, 255, 900)), [GetStats(), Run(2, 0, 255, 900), Query(1)]
    queued = b"".join(bench.client.frame(m) for m in rest)
    stop = bench.client.frame(Stop(TRIP))
    bench.client.write(run + queued + stop)
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 2)
    (on_for,) = await bench.pulses(5)
    assert on_for <= len(queued + stop) * BYTE_S + 0.001  # its own way over the wire, and one pass


async def test_only_the_reset_that_names_the_trip_ends_a_stop_and_the_board_stays_disarmed(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    bench.client.send(Stop(TRIP))
    await bench.client.wait(State, lambda m: m.trip == TRIP)
    await bench.client.order(ResetStop(TRIP + 1), ResetStop(0))
    assert (await bench.client.state()).flags & StateFlag.STOPPED
    await bench.client.order(ResetStop(TRIP))
    state = await bench.client.state()
    assert not state.flags & (StateFlag.STOPPED | StateFlag.ARMED)
    assert state.trip == 0
    await bench.client.order(Run(1, 0, 255, 50))
    assert await bench.client.ended(1) is RunStatus.NOT_ARMED


async def test_a_stop_survives_a_reset(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    bench.client.send(Stop(TRIP))
    await bench.client.wait(State, lambda m: m.trip == TRIP)
    bench.board.reset()
    await bench.client.connect()
    state = await bench.client.state()
    assert (state.flags & StateFlag.STOPPED, state.trip) == (StateFlag.STOPPED, TRIP)


async def test_a_stop_is_obeyed_and_proved_even_without_a_session(bench: Bench) -> None:
    bench.client.send(Stop(TRIP))
    state = await bench.client.wait(State)
    assert (state.flags & StateFlag.STOPPED, state.trip) == (StateFlag.STOPPED, TRIP)


async def test_a_silent_gateway_makes_everything_safe_in_time_and_the_board_asks_for_a_new_one(
    bench: Bench,
) -> None:
    await bench.ready(output(0, 5, max_on_ms=60_000), output(1, 6, max_on_ms=60_000))
    bench.client.silence()
    bench.client.forget()
    bench.client.send(Heartbeat(1), Run(1, 0, 255, 50_000), Run(2, 1, 255, 50_000))
    await bench.pins.until(lambda: len(bench.pins.edges) >= 4)
    for pin in (5, 6):
        (on_for,) = await bench.pulses(pin)
        assert LEASE_MS / 1000 - 0.01 <= on_for <= LEASE_MS / 1000 + 0.01
    assert (await bench.client.wait(Hello)).session == 0
    bench.client.forget()
    await bench.client.connect()
    await bench.client.order(Query(1))
    assert await bench.client.ended(1) is RunStatus.LEASE_LOST
    assert not (await bench.client.state()).flags & StateFlag.ARMED


async def test_a_pulled_cable_is_a_silent_gateway(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=60_000))
    await bench.client.order(Run(1, 0, 255, 50_000))
    bench.board.unplug()
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 2)
    (on_for,) = await bench.pulses(5)
    assert on_for <= LEASE_MS / 1000 + 0.01


async def test_a_new_session_begins_disarmed_with_nothing_running(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, 900))
    await bench.client.connect()
    state = await bench.client.state()
    assert (state.outputs, state.flags & StateFlag.ARMED) == (0, 0)
    await bench.client.order(Query(1))
    assert await bench.client.ended(1) is RunStatus.LEASE_LOST


async def test_a_program_that_hangs_is_reset_by_the_watchdog(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=60_000))
    await bench.client.order(Run(1, 0, 255, 50_000))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 1)
    bench.board.hang()
    hung = await bench.board.time()
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 2)
    assert bench.pins.of(5)[1].at - hung <= WATCHDOG_S
    bench.client.silence()
    hello = await bench.client.wait(Hello, lambda m: m.boot == Boot.WATCHDOG)
    assert hello.boots > 0
    assert bench.resets[-1] == "watchdog"


async def test_a_reset_while_an_output_is_on_leaves_it_safe_and_the_command_is_not_repeated(bench: Bench) -> None:
    entry = output(0, 5)
    await bench.ready(entry)
    await bench.stored()
    await bench.client.order(Run(1, 0, 255, 900))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 1)
    bench.client.silence()
    bench.client.forget()
    bench.board.reset()
    hello = await bench.client.wait(Hello, lambda m: m.boot == Boot.RESET_PIN)
    assert hello.table_crc == table_crc([entry])  # the table is back before the gateway is
    await bench.ready(entry)
    await bench.client.order(Run(1, 0, 255, 900))
    assert await bench.client.ended(1) is RunStatus.RESET
    assert [e.level for e in await bench.edges(5)] == [True, False]


async def test_safe_levels_are_applied_at_power_on_from_the_eeprom_without_a_blip(bench: Bench) -> None:
    bench.board.pull(7, True)  # a relay board holds its own input high
    table = [
        output(0, 5),
        output(1, 6, safe=255),  # a brake: held on while nothing is asked
        output(2, 7, flags=ChannelFlag.ACTIVE_LOW),
    ]
    await bench.client.connect()
    bench.client.beat()
    verdict = await bench.load(*table)
    await bench.stored()
    bench.client.silence()
    bench.pins.edges.clear()
    bench.board.power_cycle()
    hello = await bench.client.wait(Hello, lambda m: m.boot == Boot.POWER_ON)
    assert hello.table_crc == verdict.table_crc
    assert not await bench.edges(5)
    assert [e.level for e in await bench.edges(6)] == [False, True]  # let go by the power cut, then held
    assert not await bench.edges(7)


async def test_the_stop_input_stops_when_its_wire_is_cut_and_latches(bench: Bench) -> None:
    bench.board.set_input(3, False)  # closed
    await bench.ready(output(0, 5), contact(1, 3, kind=ChannelKind.STOP))
    await bench.client.order(Run(1, 0, 255, 900))
    bench.board.set_input(3, True)
    cut = await bench.board.time()
    assert await bench.client.ended(1) is RunStatus.STOPPED
    assert (await bench.edges(5))[1].at - cut <= 0.010
    state = await bench.client.state()
    assert state.flags == StateFlag.CONFIGURED | StateFlag.STOPPED | StateFlag.STOP_INPUT
    assert state.trip == 0
    await bench.client.order(ResetStop(0))
    assert (await bench.client.state()).flags & StateFlag.STOPPED  # still open
    bench.board.set_input(3, False)
    await bench.client.wait(State, lambda m: m.flags == StateFlag.CONFIGURED | StateFlag.STOPPED)
    await bench.client.order(ResetStop(0), Arm(1))
    assert (await bench.client.state()).flags == StateFlag.CONFIGURED | StateFlag.ARMED


async def test_a_spike_on_the_stop_cable_is_no_stop(bench: Bench) -> None:
    bench.board.set_input(3, False)
    await bench.ready(output(0, 5), contact(1, 3, kind=ChannelKind.STOP))
    bench.board.set_input(3, True)
    bench.board.set_input(3, False)
    await bench.client.order(Run(1, 0, 255, 50))
    assert await bench.client.ended(1) is RunStatus.DONE


async def test_a_board_that_starts_with_its_stop_input_open_is_stopped(bench: Bench) -> None:
    bench.board.set_input(3, False)
    await bench.ready(contact(0, 3, kind=ChannelKind.STOP), output(1, 5))
    await bench.stored()
    bench.client.silence()
    bench.board.set_input(3, True)
    bench.board.power_cycle()
    await bench.client.wait(Hello, lambda m: m.boot == Boot.POWER_ON)
    await bench.client.connect()
    await bench.client.wait(State, lambda m: bool(m.flags & StateFlag.STOPPED))


async def test_garbage_on_the_wire_disturbs_nothing_and_is_counted(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    noise = random.Random(7)
    await bench.client.order(Run(1, 0, 255, 400))
    for _ in range(20):
        bench.client.write(noise.randbytes(60) + b"\0")
        await bench.client.state()
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.pulses(5) == [pytest.approx(0.4, abs=TOLERANCE_S)]
    await bench.client.order(GetStats())
    assert (await bench.client.wait(Stats)).bad_frames >= 20


async def test_a_flood_is_lost_but_does_not_keep_a_pulse_on(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, 100))
    bench.client.write(b"\x01" * 3000)  # 120 ms of line time
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 2)
    assert await bench.pulses(5) == [pytest.approx(0.1, abs=TOLERANCE_S)]
