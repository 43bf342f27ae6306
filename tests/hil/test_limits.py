"""Limits over time and between channels, which the board keeps whatever it is asked. The real ELF."""

import itertools
import random

import pytest

from gateway.drivers.arduino.wire import (
    Cancel,
    ChannelKind,
    Heartbeat,
    Hello,
    PatternRun,
    PatternStep,
    Renew,
    Run,
    RunStatus,
    StateFlag,
    Stop,
)
from tests.hil.bench import TOLERANCE_S, Bench, contact, output, servo

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

TEN_MINUTES = 600_000


# -- on until told --------------------------------------------------------------------------------


async def test_a_renewed_run_goes_on_and_ends_when_it_is_renewed_no_more(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=5000))
    await bench.client.order(Run(1, 0, 255, 200))
    for _ in range(4):
        await bench.live(0.1)
        await bench.client.order(Renew(1, 200))
    last = await bench.board.time()
    assert await bench.client.ended(1) is RunStatus.DONE
    on, off = await bench.edges(5)
    assert off.at - last <= 0.2 + TOLERANCE_S
    assert off.at - on.at >= 0.55


async def test_a_renewal_may_shorten_a_run(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=5000))
    await bench.client.order(Run(1, 0, 255, 5000), Renew(1, 50))
    assert await bench.client.ended(1) is RunStatus.DONE
    assert (await bench.pulses(5))[0] < 0.2


async def test_no_renewal_outlives_the_longest_on_time(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=600))
    await bench.client.order(Run(1, 0, 255, 100))
    while not bench.client.results(1)[1:]:
        await bench.client.order(Renew(1, TEN_MINUTES), Renew(1, 0xFFFFFFFF))
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.pulses(5) == [pytest.approx(0.6, abs=TOLERANCE_S)]


async def test_a_renewal_of_what_does_not_run_is_answered_and_moves_nothing(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, 20))
    assert await bench.client.ended(1) is RunStatus.DONE
    bench.client.forget()
    await bench.client.order(Renew(1, 500), Renew(77, 500))
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.client.ended(77) is RunStatus.UNKNOWN_ID
    assert len(await bench.edges(5)) == 2


# -- interlock ------------------------------------------------------------------------------------


async def test_of_a_group_only_one_is_energised(bench: Bench) -> None:
    await bench.ready(output(0, 5, group=2), output(1, 6, group=2), output(2, 7, group=3), output(3, 8))
    await bench.client.order(*(Run(1 + i, i, 255, 200) for i in range(4)))
    assert await bench.client.ended(2) is RunStatus.INTERLOCK
    for run_id in (1, 3, 4):
        assert await bench.client.ended(run_id) is RunStatus.DONE
    await bench.client.order(Run(5, 1, 255, 50))
    assert await bench.client.ended(5) is RunStatus.DONE


async def test_a_servo_on_its_way_home_still_holds_its_group(bench: Bench) -> None:
    await bench.ready(
        servo(0, 9),
        output(1, 6),
    )
    grouped = [
        output(0, 9, kind=ChannelKind.SERVO, group=1, args=(1000, 2000, 0)),
        output(1, 6, group=1),
    ]
    await bench.ready(*grouped)
    await bench.client.order(Run(1, 0, 255, 50))
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.client.order(Run(2, 1, 255, 50))
    assert await bench.client.ended(2) is RunStatus.INTERLOCK


# -- duty -----------------------------------------------------------------------------------------


async def test_a_run_beyond_the_duty_limit_is_refused_beforehand(bench: Bench) -> None:
    await bench.ready(output(0, 5, duty=(100, 8)))  # 0.8 s of any 8
    await bench.client.order(Run(1, 0, 255, 801), Run(2, 0, 255, 500))
    assert await bench.client.ended(1) is RunStatus.DUTY
    assert await bench.client.ended(2) is RunStatus.DONE
    await bench.client.order(Run(3, 0, 255, 310), Run(4, 0, 255, 290))
    assert await bench.client.ended(3) is RunStatus.DUTY
    assert await bench.client.ended(4) is RunStatus.DONE


async def test_whatever_is_asked_no_window_holds_more_than_the_limit(bench: Bench) -> None:
    permille, window_s = 250, 2
    await bench.ready(output(0, 5, max_on_ms=400, duty=(permille, window_s)))
    dice = random.Random(5)
    until = await bench.board.time() + 9.0
    ids = itertools.count(1)
    refused = ran = 0
    while await bench.board.time() < until:
        run_id = next(ids)
        await bench.client.order(Run(run_id, 0, 255, dice.choice((5, 20, 60, 150, 400))))
        if dice.random() < 0.3:
            await bench.client.order(Renew(run_id, dice.choice((10, 100, TEN_MINUTES))))
        if dice.random() < 0.2:
            await bench.client.order(Cancel(run_id))
        status = await bench.client.ended(run_id)
        refused += status is RunStatus.DUTY
        ran += status is RunStatus.DONE
    edges = await bench.edges(5)
    pulses = [(a.at, b.at) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    most = permille / 1000 * window_s
    for _, end in pulses:  # the fullest windows end with a pulse
        on = sum(min(b, end) - max(a, end - window_s) for a, b in pulses if b > end - window_s and a < end)
        assert on <= most + len(pulses) * 0.0005  # edges are true to the board's clock, in steps of its loop
    assert refused > 10
    assert ran > 10
    assert sum(b - a for a, b in pulses) >= 0.6 * permille / 1000 * 9.0  # and it does give what it may


# -- a gateway that means harm --------------------------------------------------------------------


async def test_ten_minutes_on_are_never_given(bench: Bench) -> None:
    table = [output(i, 4 + i, max_on_ms=300 + 100 * i, rest_ms=20) for i in range(3)]
    table.append(output(3, 9, kind=ChannelKind.SERVO, max_on_ms=200, args=(1000, 2000, 0)))
    table.append(output(4, 3, kind=ChannelKind.PWM, max_on_ms=250, args=(50, 0, 0)))
    await bench.ready(*table)
    ids = itertools.count(1)
    for channel in range(5):
        await bench.client.order(Run(next(ids), channel, 255, TEN_MINUTES))
    for _ in range(12):
        for channel in range(5):
            run_id = next(ids)
            await bench.client.order(
                Run(run_id, channel, 255, table[channel].max_on_ms), Renew(run_id, TEN_MINUTES)
            )
        await bench.client.order(
            PatternStep(0, 0, 255, 60_000, 0), PatternStep(1, 1, 255, 400, 0), PatternRun(next(ids), 2, 255)
        )
    await bench.live(0.5)
    for channel in (0, 1, 2):
        assert max(await bench.pulses(4 + channel)) <= table[channel].max_on_ms / 1000 + TOLERANCE_S
    assert bench.pins.duties_of(3)


async def test_a_program_that_hangs_lets_go_of_pwm_and_servo_too(bench: Bench) -> None:
    await bench.ready(
        output(0, 5, kind=ChannelKind.PWM, max_on_ms=60_000, args=(0, 0, 0)),
        output(1, 9, kind=ChannelKind.SERVO, max_on_ms=60_000, args=(1000, 2000, 0)),
    )
    await bench.client.order(Run(1, 0, 99, 50_000), Run(2, 1, 255, 50_000))
    await bench.pins.until(lambda: bool(bench.pins.duties_of(5)) and len(bench.pins.of(9)) > 4)
    bench.board.hang()
    hung = await bench.board.time()
    await bench.pins.until(lambda: bench.pins.duties_of(5)[-1].duty == 0)
    assert bench.pins.duties_of(5)[-1].at - hung <= 0.5
    bench.client.silence()
    await bench.live(0.1)
    assert not bench.pins.on(await bench.board.time())


# -- the stop loop at boot ------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["power", "reset", "watchdog"])
async def test_a_board_with_a_closed_stop_loop_does_not_begin_stopped(bench: Bench, how: str) -> None:
    bench.board.set_input(3, False)
    table = [contact(0, 3, kind=ChannelKind.STOP), output(1, 5)]
    await bench.ready(*table)
    await bench.stored()
    bench.client.silence()
    bench.client.forget()
    match how:
        case "power":
            bench.board.power_cycle()
        case "reset":
            bench.board.reset()
        case _:
            bench.board.hang()
    await bench.client.wait(Hello, lambda m: m.session == 0 and m.table_crc != 0)
    await bench.live(0.05)
    await bench.client.connect()
    bench.client.send(Heartbeat(1))
    assert (await bench.client.state()).flags == StateFlag.CONFIGURED


async def test_hello_is_said_again_and_again_while_no_lease_holds_the_board(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    bench.client.silence()
    bench.client.forget()
    await bench.live(0.5 + 3 * 0.25 + 0.05)
    assert len([h for h in bench.client.all(Hello) if h.session == 0]) >= 3


async def test_a_stop_ends_what_a_hostile_flood_of_orders_began(bench: Bench) -> None:
    await bench.ready(*(output(i, 4 + i, max_on_ms=1000) for i in range(6)))
    dice = random.Random(3)
    for n in range(60):
        bench.client.send(Run(100 + n, dice.randrange(8), dice.randrange(256), dice.randrange(0xFFFFFFFF)))
        bench.client.send(Run(500 + n, dice.randrange(8), 255, dice.randrange(1000)))
        await bench.client.state()
    bench.client.send(Stop(5))
    await bench.client.wait_state(StateFlag.STOPPED)
    assert not bench.pins.on(await bench.board.time())
