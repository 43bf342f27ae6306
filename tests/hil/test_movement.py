"""What moves, for how long, and what the board refuses to move. The real ELF, pins in simulated time."""

import pytest

from gateway.drivers.arduino.wire import (
    Arm,
    Cancel,
    ChannelFlag,
    ChannelKind,
    GetStats,
    Query,
    Result,
    Run,
    RunStatus,
    StateFlag,
    Stats,
)
from tests.hil.bench import TOLERANCE_S, Bench, contact, output

pytestmark = pytest.mark.needs("avr-gcc", "simavr")


@pytest.mark.parametrize("on_ms", [1, 10, 250, 999])
async def test_a_pulse_is_as_long_as_asked_to_a_millisecond(bench: Bench, on_ms: int) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, on_ms))
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.pulses(5) == [pytest.approx(on_ms / 1000, abs=TOLERANCE_S)]
    assert bench.client.results(1) == [RunStatus.STARTED, RunStatus.DONE]


async def test_the_results_carry_the_times_of_the_edges(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, 120))
    await bench.client.ended(1)
    started, done = bench.client.all(Result)
    assert done.board_ms - started.board_ms == pytest.approx(120, abs=1)


async def test_sixteen_channels_run_at_once_each_for_its_own_time(bench: Bench) -> None:
    pins = [*range(2, 18)]
    await bench.ready(*(output(i, pin) for i, pin in enumerate(pins)))
    await bench.client.order(*(Run(100 + i, i, 255, 500 + 30 * i) for i in range(16)))
    for i in range(16):
        assert await bench.client.ended(100 + i) is RunStatus.DONE
    for i, pin in enumerate(pins):
        assert await bench.pulses(pin) == [pytest.approx(0.5 + 0.03 * i, abs=TOLERANCE_S)]
    assert len({e.pin for e in bench.pins.edges[:16]}) == 16  # all were on before the first went off
    await bench.client.order(GetStats())
    stats = await bench.client.wait(Stats)
    assert 0 < stats.loop_max_us <= 1000
    assert stats.free_ram >= 128
    assert stats.bad_frames == 0


async def test_an_active_low_relay_is_switched_by_a_low_level(bench: Bench) -> None:
    bench.board.pull(7, True)
    await bench.ready(output(0, 7, flags=ChannelFlag.ACTIVE_LOW))
    bench.pins.edges.clear()
    await bench.client.order(Run(1, 0, 255, 50))
    await bench.client.ended(1)
    assert [e.level for e in await bench.edges(7)] == [False, True]


async def test_a_level_channel_holds_for_its_time_and_reports_that_it_is_on(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6, kind=ChannelKind.LEVEL))
    await bench.client.order(Run(1, 1, 255, 300))
    assert (await bench.client.state()).outputs == 0b10
    assert await bench.client.ended(1) is RunStatus.DONE
    assert (await bench.client.state()).outputs == 0


async def test_not_armed_is_refused_and_nothing_moves(bench: Bench) -> None:
    await bench.client.connect()
    bench.client.beat()
    assert (await bench.load(output(0, 5))).ok
    await bench.client.order(Run(1, 0, 255, 50))
    assert await bench.client.ended(1) is RunStatus.NOT_ARMED
    assert not await bench.edges(5)


async def test_without_a_table_nothing_can_be_armed_or_run(bench: Bench) -> None:
    await bench.client.connect()
    await bench.client.order(Arm(1), Run(1, 0, 255, 50))
    assert await bench.client.ended(1) is RunStatus.NOT_CONFIGURED
    assert not (await bench.client.state()).flags & (StateFlag.ARMED | StateFlag.CONFIGURED)


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        (Run(1, 0, 255, 1001), RunStatus.OVER_LIMIT),
        (Run(1, 0, 255, 600_000), RunStatus.OVER_LIMIT),
        (Run(1, 0, 255, 0xFFFFFFFF), RunStatus.OVER_LIMIT),
        (Run(1, 0, 255, 0), RunStatus.OVER_LIMIT),
        (Run(1, 1, 255, 50), RunStatus.NO_CHANNEL),  # an input
        (Run(1, 2, 255, 50), RunStatus.NO_CHANNEL),
        (Run(1, 255, 255, 50), RunStatus.NO_CHANNEL),
    ],
)
async def test_what_the_table_does_not_allow_is_refused(bench: Bench, order: Run, refusal: RunStatus) -> None:
    await bench.ready(output(0, 5, max_on_ms=1000), contact(1, 3))
    await bench.client.order(order)
    assert await bench.client.ended(1) is refusal
    assert not await bench.edges(5)


async def test_a_busy_channel_refuses_then_rests_then_runs_again(bench: Bench) -> None:
    await bench.ready(output(0, 5, rest_ms=300))
    await bench.client.order(Run(1, 0, 255, 200), Run(2, 0, 255, 50))
    assert await bench.client.ended(2) is RunStatus.BUSY
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.client.order(Run(3, 0, 255, 50))
    assert await bench.client.ended(3) is RunStatus.RESTING
    for run_id in range(4, 100):  # ask until the rest is over
        await bench.client.order(Run(run_id, 0, 255, 50))
        if await bench.client.ended(run_id) is RunStatus.DONE:
            break
        await bench.live(0.01)
    edges = await bench.edges(5)
    assert len(edges) == 4
    assert edges[2].at - edges[1].at >= 0.300 - TOLERANCE_S


async def test_a_cancel_ends_one_and_leaves_the_other(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await bench.client.order(Run(1, 0, 255, 900), Run(2, 1, 255, 400), Cancel(1))
    assert await bench.client.ended(1) is RunStatus.CANCELLED
    assert await bench.client.ended(2) is RunStatus.DONE
    assert await bench.pulses(6) == [pytest.approx(0.4, abs=TOLERANCE_S)]
    assert (await bench.pulses(5))[0] < 0.4


async def test_cancel_zero_and_disarming_end_everything(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await bench.client.order(Run(1, 0, 255, 900), Run(2, 1, 255, 900), Cancel(0))
    assert [await bench.client.ended(i) for i in (1, 2)] == [RunStatus.CANCELLED] * 2
    await bench.client.order(Run(3, 0, 255, 900), Arm(0))
    assert await bench.client.ended(3) is RunStatus.CANCELLED
    assert not (await bench.client.state()).flags & StateFlag.ARMED


async def test_the_same_id_moves_once_however_often_it_comes(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(7, 0, 255, 60), Run(7, 0, 255, 60))
    assert await bench.client.ended(7) is RunStatus.DONE
    await bench.client.order(Run(7, 0, 255, 60), Query(7), Query(8))
    assert await bench.client.ended(8) is RunStatus.UNKNOWN_ID
    assert bench.client.results(7) == [
        RunStatus.STARTED,
        RunStatus.STARTED,
        RunStatus.DONE,
        RunStatus.DONE,
        RunStatus.DONE,
    ]
    assert len(await bench.pulses(5)) == 1


async def test_the_last_thirty_two_ids_are_remembered_over_a_reset(bench: Bench) -> None:
    entry = output(0, 5)
    await bench.ready(entry)
    for i in range(32):
        await bench.client.order(Run(1000 + i, 0, 255, 5))
        assert await bench.client.ended(1000 + i) is RunStatus.DONE
    bench.client.silence()
    bench.board.reset()
    await bench.ready(entry)
    bench.client.forget()
    for i in range(32):
        await bench.client.order(Run(1000 + i, 0, 255, 5))
        assert await bench.client.ended(1000 + i) is RunStatus.DONE
    assert len(await bench.pulses(5)) == 32


async def test_a_lost_answer_is_repeated_and_nothing_moves_twice(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    bench.client.acks = False
    await bench.client.order(Run(1, 0, 255, 100))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 2)
    bench.client.acks = True
    assert await bench.client.ended(1) is RunStatus.DONE
    assert bench.client.results(1) == [RunStatus.STARTED, RunStatus.DONE]
    await bench.client.order(GetStats())
    assert (await bench.client.wait(Stats)).repeats > 0
    assert len(await bench.edges(5)) == 2


async def test_a_mega_moves_and_listens_on_its_far_pins(mega: Bench) -> None:
    await mega.ready(output(0, 45), output(1, 69))  # port L, and A15
    await mega.client.order(Run(1, 0, 255, 77), Run(2, 1, 255, 33))
    assert await mega.client.ended(1) is RunStatus.DONE
    assert await mega.pulses(45) == [pytest.approx(0.077, abs=TOLERANCE_S)]
    assert await mega.pulses(69) == [pytest.approx(0.033, abs=TOLERANCE_S)]
