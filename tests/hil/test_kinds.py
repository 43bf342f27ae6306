"""Channels that do more than on and off: pwm, servo, tone, analog input. The real ELF, measured on its pins."""

import itertools

import pytest

from gateway.drivers.arduino.wire import (
    Arm,
    Cancel,
    ChannelFlag,
    ChannelKind,
    Hello,
    InputChanged,
    Run,
    RunStatus,
    State,
    StateFlag,
    Stop,
    TableEntry,
)
from tests.hil.bench import HOLD_S, TOLERANCE_S, Bench, contact, output, servo, tone

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

TICK_S = 0.001
FRAME_S = 0.020
US = 1e-6


def pwm(
    index: int, pin: int, *, ramp_ms: int = 0, safe: int = 0, flags: int = 0, max_on_ms: int = 1000
) -> TableEntry:
    args = (ramp_ms, 0, 0)
    return output(index, pin, kind=ChannelKind.PWM, safe=safe, flags=flags, max_on_ms=max_on_ms, args=args)


# -- pwm ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", [3, 5, 6, 9, 10, 11])
async def test_a_pwm_channel_is_driven_by_its_timer_and_off_after_its_time(bench: Bench, pin: int) -> None:
    await bench.ready(pwm(0, pin))
    await bench.client.order(Run(1, 0, 100, 200))
    assert (await bench.client.state()).outputs == 1
    assert await bench.client.ended(1) is RunStatus.DONE
    assert (await bench.client.state()).outputs == 0
    on, off = bench.pins.duties_of(pin)
    assert (on.duty, off.duty) == (100, 0)
    assert off.at - on.at == pytest.approx(0.2, abs=TOLERANCE_S)
    assert not bench.pins.of(pin)


@pytest.mark.parametrize("pin", [2, 5, 6, 9, 11, 13, 46])
async def test_a_mega_has_pwm_on_its_own_timers(mega: Bench, pin: int) -> None:
    await mega.ready(pwm(0, pin))
    await mega.client.order(Run(1, 0, 77, 100))
    assert await mega.client.ended(1) is RunStatus.DONE
    await mega.board.time()
    assert [d.duty for d in mega.pins.duties_of(pin)] == [77, 0]


async def test_full_and_no_duty_are_steady_levels(bench: Bench) -> None:
    await bench.ready(pwm(0, 5))
    await bench.client.order(Run(1, 0, 255, 50))
    await bench.client.ended(1)
    assert await bench.pulses(5) == [pytest.approx(0.05, abs=TOLERANCE_S)]
    assert not bench.pins.duties_of(5)


async def test_an_active_low_pwm_is_turned_round_and_never_blinks(bench: Bench) -> None:
    bench.board.pull(5, True)
    await bench.ready(pwm(0, 5, flags=ChannelFlag.ACTIVE_LOW))
    await bench.board.time()
    bench.pins.edges.clear()  # the wiring's own
    await bench.client.order(Run(1, 0, 100, 50))
    await bench.client.ended(1)
    await bench.board.time()
    assert [d.duty for d in bench.pins.duties_of(5)] == [155, 0]
    assert not bench.pins.of(5)


async def test_a_ramp_goes_up_evenly_holds_and_is_down_again_at_the_end(bench: Bench) -> None:
    await bench.ready(pwm(0, 5, ramp_ms=100))
    await bench.client.order(Run(1, 0, 200, 500))
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.board.time()
    duties = bench.pins.duties_of(5)
    began = duties[0].at
    peak = next(d for d in duties if d.duty == 200)
    falling = duties[duties.index(peak) + 1]
    assert peak.at - began == pytest.approx(0.1, abs=0.006)
    assert falling.at - began == pytest.approx(0.4, abs=0.006)
    assert duties[-1].at - began == pytest.approx(0.5, abs=0.004)
    steps = [b.duty - a.duty for a, b in itertools.pairwise(duties)]
    assert max(map(abs, steps)) <= 5  # 200 in 100 ms, and a pass may take two of them
    half = next(d for d in duties if d.duty >= 100)
    assert half.at - began == pytest.approx(0.05, abs=0.004)


async def test_an_order_may_bring_its_own_ramp_and_a_stop_knows_none(bench: Bench) -> None:
    await bench.ready(pwm(0, 5, ramp_ms=10))
    await bench.client.order(Run(1, 0, 250, 900, 400))
    await bench.pins.until(lambda: any(d.duty >= 60 for d in bench.pins.duties_of(5)))
    bench.client.send(Stop(9))
    assert await bench.client.ended(1) is RunStatus.STOPPED
    await bench.board.time()
    *_, last, off = bench.pins.duties_of(5)
    assert last.duty < 250
    assert off.duty == 0
    assert off.at - last.at < 0.01


async def test_a_pwm_channel_rests_at_its_safe_duty(bench: Bench) -> None:
    await bench.ready(pwm(0, 6, safe=40))
    assert (await bench.client.state()).outputs == 0
    await bench.client.order(Run(1, 0, 140, 50))
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.board.time()
    assert [d.duty for d in bench.pins.duties_of(6)] == [40, 140, 40]


# -- servo ----------------------------------------------------------------------------------------


def widths(bench: Bench, pin: int) -> list[tuple[float, float]]:
    """Begin and length of every whole pulse of a train."""
    edges = bench.pins.of(pin)
    return [(a.at, b.at - a.at) for a, b in zip(edges[::2], edges[1::2], strict=False)]


async def test_a_servo_is_held_at_its_position_goes_home_and_is_let_go(bench: Bench) -> None:
    await bench.ready(servo(0, 9, us=(1000, 2000)))
    await bench.client.order(Run(1, 0, 128, 300))
    assert await bench.client.ended(1) is RunStatus.DONE
    assert (await bench.client.state()).outputs == 1  # on its way home
    await bench.live(HOLD_S)
    assert (await bench.client.state()).outputs == 0
    pulses = widths(bench, 9)
    began, ended = pulses[0][0], pulses[-1][0]
    held = [w for at, w in pulses if at - began < 0.29]
    home = [w for at, w in pulses if at - began > 0.3 + 3 * FRAME_S]
    assert held
    assert all(w == pytest.approx(1502 * US, abs=10 * US) for w in held)
    assert all(w == pytest.approx(1000 * US, abs=10 * US) for w in home)
    assert ended - began == pytest.approx(0.3 + HOLD_S, abs=2 * FRAME_S)
    gaps = [b[0] - a[0] for a, b in itertools.pairwise(pulses)]
    assert all(gap == pytest.approx(FRAME_S, abs=0.0005) for gap in gaps)


async def test_a_servo_moves_no_faster_than_its_speed(bench: Bench) -> None:
    await bench.ready(servo(0, 9, us=(1000, 2000), speed=2000))  # half a second for the whole way
    await bench.client.order(Run(1, 0, 255, 900))
    await bench.client.ended(1)
    pulses = widths(bench, 9)
    # 40 us in 20 ms; a step may fall into the pulse before or after, so look at five pulses at a time.
    ways = [b[1] - a[1] for a, b in zip(pulses, pulses[5:], strict=False)]
    assert max(ways) <= (5 + 1) * 40 * US + 5 * US
    there = next(at for at, w in pulses if w > 1990 * US)
    assert there - pulses[0][0] == pytest.approx(0.5, abs=2 * FRAME_S)


async def test_eight_servos_hold_their_positions_beside_each_other(bench: Bench) -> None:
    await bench.ready(*(servo(i, 2 + i, us=(600, 2400)) for i in range(8)))
    await bench.client.order(*(Run(1 + i, i, 30 * i, 600) for i in range(8)))
    for i in range(8):
        assert await bench.client.ended(1 + i) is RunStatus.DONE
    for i in range(8):
        _, width = widths(bench, 2 + i)[5]
        assert width == pytest.approx((600 + 1800 * 30 * i // 255) * US, abs=15 * US)


async def test_a_stop_lets_a_servo_go_where_it_is(bench: Bench) -> None:
    await bench.ready(servo(0, 9))
    await bench.client.order(Run(1, 0, 255, 900))
    await bench.pins.until(lambda: len(bench.pins.of(9)) >= 6)
    bench.client.send(Stop(9))
    state = await bench.client.wait(State, lambda m: bool(m.flags & StateFlag.STOPPED))
    assert state.outputs == 0
    stopped = await bench.board.time()
    assert await bench.client.ended(1) is RunStatus.STOPPED
    await bench.live(0.1)
    assert bench.pins.of(9)[-1].at <= stopped
    assert all(w > 1990 * US for _, w in widths(bench, 9))  # no half pulse, and none that leads home


async def test_a_servo_takes_a_new_position_on_its_way_home(bench: Bench) -> None:
    await bench.ready(servo(0, 9))
    await bench.client.order(Run(1, 0, 255, 100))
    await bench.client.ended(1)
    await bench.client.order(Run(2, 0, 100, 100))
    assert await bench.client.ended(2) is RunStatus.DONE
    gaps = [b[0] - a[0] for a, b in itertools.pairwise(widths(bench, 9))]
    assert max(gaps) < 0.025  # the train never ended


async def test_a_servo_that_must_rest_is_left_to_get_home_first(bench: Bench) -> None:
    await bench.ready(servo(0, 9, rest_ms=100))
    await bench.client.order(Run(1, 0, 255, 50))
    await bench.client.ended(1)
    await bench.client.order(Run(2, 0, 100, 50))
    assert await bench.client.ended(2) is RunStatus.RESTING


# -- tone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hz", [31, 440, 1000, 5000])
async def test_a_tone_has_its_pitch_and_its_length(bench: Bench, hz: int) -> None:
    await bench.ready(tone(0, 8))
    await bench.client.order(Run(1, 0, 255, 400, hz))
    assert (await bench.client.state()).outputs == 1
    assert await bench.client.ended(1) is RunStatus.DONE
    edges = await bench.edges(8)
    rises = [e.at for e in edges if e.level]
    pitch = (len(rises) - 1) / (rises[-1] - rises[0])
    assert pitch == pytest.approx(hz, rel=0.01)
    assert edges[-1].at - edges[0].at == pytest.approx(0.4, abs=1.5 / hz + TOLERANCE_S)
    assert not edges[-1].level
    assert (await bench.client.state()).outputs == 0


async def test_a_tone_without_a_pitch_has_the_tables_and_an_impossible_one_is_refused(bench: Bench) -> None:
    await bench.ready(tone(0, 8, hz=500))
    await bench.client.order(Run(1, 0, 255, 100), Run(2, 0, 255, 100, 20), Run(3, 0, 255, 100, 20_000))
    assert await bench.client.ended(2) is RunStatus.OVER_LIMIT
    assert await bench.client.ended(3) is RunStatus.OVER_LIMIT
    assert await bench.client.ended(1) is RunStatus.DONE
    assert len(await bench.edges(8)) == pytest.approx(100, abs=2)


# -- analog ---------------------------------------------------------------------------------------


def volume(index: int, pin: int, *, threshold: int = 512, hysteresis: int = 100, flags: int = 0) -> TableEntry:
    return TableEntry(index, ChannelKind.ANALOG, pin, flags, 0, 0, 0, 0, 0, 0, threshold, hysteresis)


async def test_an_analog_input_tells_when_it_crosses_its_thresholds(bench: Bench) -> None:
    for channel in range(2):
        bench.board.set_analog(channel, 1000)
    await bench.ready(volume(0, 14), volume(1, 15, flags=ChannelFlag.ACTIVE_LOW), contact(2, 3))

    async def level(channel: int, millivolts: int) -> int:
        bench.board.set_analog(channel, millivolts)
        await bench.live(0.02)
        for _ in range(2):  # a change is told before the second answer
            await bench.client.state()
        return len([m for m in bench.client.all(InputChanged) if m.channel == channel])

    assert await level(0, 2300) == 0  # 471: below
    assert await level(0, 2600) == 1  # 532
    assert await level(0, 2300) == 1  # still above the lower one, 412
    assert await level(0, 1900) == 2  # 389
    assert await level(0, 2300) == 2
    await bench.client.wait(InputChanged, lambda m: m.channel == 0 and m.level == 0)
    changes = [(m.level, m.count) for m in bench.client.all(InputChanged) if m.channel == 0]
    assert changes == [(1, 1), (0, 1)]
    assert await level(1, 4000) == 1
    (other,) = [m for m in bench.client.all(InputChanged) if m.channel == 1]
    assert (other.level, other.count) == (0, 0)  # active low: loud is inactive


# -- all of them together -------------------------------------------------------------------------


async def test_every_kind_works_beside_the_others_and_a_silent_gateway_ends_them_all(bench: Bench) -> None:
    bench.board.set_analog(5, 0)
    table = [
        output(0, 2, max_on_ms=60_000),
        output(1, 4, kind=ChannelKind.LEVEL, max_on_ms=60_000),
        pwm(2, 5, ramp_ms=200, max_on_ms=60_000),
        pwm(3, 6, max_on_ms=60_000),
        output(4, 7, kind=ChannelKind.TONE, max_on_ms=60_000, args=(800, 0, 0)),
        output(5, 8, kind=ChannelKind.SERVO, max_on_ms=60_000, args=(1000, 2000, 500)),
        output(6, 9, kind=ChannelKind.SERVO, max_on_ms=60_000, args=(1000, 2000, 0)),
        contact(7, 10),
        contact(8, 11),
        volume(9, 19),
        TableEntry(10, ChannelKind.STATUS, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]
    await bench.ready(*table)
    await bench.client.order(*(Run(1 + i, i, 200, 50_000) for i in range(7)))
    assert (await bench.client.state()).outputs == 0b1111111
    bench.client.silence()
    bench.client.forget()
    assert (await bench.client.wait(Hello)).session == 0
    await bench.live(0.05)
    assert not bench.pins.on(await bench.board.time())


async def test_a_cancelled_servo_goes_home_and_a_disarmed_one_is_let_go(bench: Bench) -> None:
    await bench.ready(servo(0, 8), servo(1, 9))
    await bench.client.order(Run(1, 0, 255, 900), Run(2, 1, 255, 900))
    await bench.live(0.1)
    await bench.client.order(Cancel(1))
    assert await bench.client.ended(1) is RunStatus.CANCELLED
    await bench.live(0.1)
    assert widths(bench, 8)[-1][1] == pytest.approx(1000 * US, abs=10 * US)
    await bench.client.order(Arm(0))
    assert await bench.client.ended(2) is RunStatus.CANCELLED
    assert (await bench.client.state()).outputs == 0
