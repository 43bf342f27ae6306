"""Patterns: played by the board itself, in its own time, within every channel's limits. The real ELF."""

import pytest

from gateway.drivers.arduino.wire import (
    MAX_STEPS,
    Cancel,
    ChannelKind,
    GetStats,
    Heartbeat,
    PatternRun,
    PatternStep,
    Query,
    Result,
    Run,
    RunStatus,
    StateFlag,
    Stats,
    Stop,
    TableEntry,
)
from tests.hil.bench import TOLERANCE_S, Bench, contact, output, servo, tone

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

Step = tuple[int, int, int, int]  # channel, level, on_ms, wait_ms


async def play(bench: Bench, run_id: int, *steps: Step, repeats: int = 0) -> None:
    for i, step in enumerate(steps):
        await bench.client.order(PatternStep(i, *step))
    await bench.client.order(PatternRun(run_id, len(steps), repeats))


async def begins(bench: Bench, pin: int, first: float) -> list[float]:
    """When the pin went on, in seconds from ``first``."""
    return [e.at - first for e in await bench.edges(pin) if e.level]


async def test_steps_begin_together_or_one_after_the_other_to_the_millisecond(bench: Bench) -> None:
    await bench.ready(*(output(i, 4 + i) for i in range(4)))
    await play(bench, 1, (0, 255, 100, 0), (1, 255, 50, 100), (2, 255, 30, 80), (3, 255, 40, 0))
    assert await bench.client.ended(1) is RunStatus.DONE
    first = (await bench.edges(4))[0].at
    for pin, begin, length in ((4, 0.0, 0.1), (5, 0.0, 0.05), (6, 0.1, 0.03), (7, 0.18, 0.04)):
        assert await begins(bench, pin, first) == [pytest.approx(begin, abs=TOLERANCE_S)]
        assert await bench.pulses(pin) == [pytest.approx(length, abs=TOLERANCE_S)]
    started, done = [r for r in bench.client.all(Result) if r.id == 1]
    assert (started.status, done.status) == (RunStatus.STARTED, RunStatus.DONE)
    assert done.board_ms - started.board_ms == pytest.approx(220, abs=1)


async def test_thirty_two_steps_on_one_channel_keep_their_distance(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await play(bench, 1, *[(0, 255, 10, 20)] * MAX_STEPS)
    assert await bench.client.ended(1) is RunStatus.DONE
    first = (await bench.edges(5))[0].at
    assert await begins(bench, 5, first) == [pytest.approx(0.02 * i, abs=TOLERANCE_S) for i in range(MAX_STEPS)]
    assert await bench.pulses(5) == [pytest.approx(0.01, abs=TOLERANCE_S)] * MAX_STEPS


async def test_no_step_begins_before_its_time_nor_half_a_millisecond_after_it(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    late: list[float] = []
    for run_id in range(1, 5):  # each begins in another part of its millisecond
        bench.pins.edges.clear()
        await play(bench, run_id, *[(0, 255, 7, 20)] * 16)
        assert await bench.client.ended(run_id) is RunStatus.DONE
        first = (await bench.edges(5))[0].at
        late += [at - 0.02 * i for i, at in enumerate(await begins(bench, 5, first))]
    assert len(late) == 64
    assert min(late) >= -4e-6  # a tick of the chip's own clock
    assert max(late) <= 0.0005


async def test_a_pattern_is_repeated_without_drifting(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await play(bench, 1, (0, 255, 7, 7), (1, 255, 7, 13), repeats=49)
    assert await bench.client.ended(1) is RunStatus.DONE
    first = (await bench.edges(5))[0].at
    assert await begins(bench, 5, first) == [pytest.approx(0.02 * i, abs=TOLERANCE_S) for i in range(50)]
    assert len(await bench.pulses(6)) == 50


async def test_steps_back_to_back_on_one_channel_are_pulses_of_their_own(bench: Bench) -> None:
    await bench.ready(output(0, 5, max_on_ms=100))
    await play(bench, 1, *[(0, 255, 100, 100)] * 5)
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.pulses(5) == [pytest.approx(0.1, abs=TOLERANCE_S)] * 5


async def test_members_of_a_group_take_turns_and_are_never_on_together(bench: Bench) -> None:
    await bench.ready(output(0, 5, group=1), output(1, 6, group=1))
    await play(bench, 1, (0, 255, 20, 20), (1, 255, 20, 20), repeats=9)
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.board.time()
    on: set[int] = set()
    for edge in bench.pins.edges:
        if edge.level:
            assert not on
            on.add(edge.pin)
        else:
            on.discard(edge.pin)
    assert len(await bench.pulses(5)) == len(await bench.pulses(6)) == 10


async def test_a_pattern_may_hold_every_kind_of_output(bench: Bench) -> None:
    await bench.ready(
        output(0, 5, kind=ChannelKind.PWM, args=(0, 0, 0)),
        servo(1, 8),
        tone(2, 4),
        output(3, 7, kind=ChannelKind.LEVEL),
    )
    await play(bench, 1, (0, 90, 200, 0), (1, 255, 200, 0), (2, 255, 200, 0), (3, 255, 200, 200), (1, 100, 200, 0))
    assert (await bench.client.state()).outputs == 0b1111
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.board.time()
    assert bench.pins.duties_of(5)[0].duty == 90
    assert await bench.pulses(7) == [pytest.approx(0.2, abs=TOLERANCE_S)]
    assert len(await bench.pulses(4)) == pytest.approx(88, abs=2)  # 0.2 s of 440 Hz


async def test_other_channels_run_beside_a_pattern_but_not_its_own(bench: Bench) -> None:
    await bench.ready(output(0, 5), output(1, 6), output(2, 7, group=3), output(3, 8, group=3))
    await play(bench, 1, (0, 255, 50, 100), (2, 255, 50, 100), repeats=2)
    await bench.client.order(Run(2, 1, 255, 200), Run(3, 0, 255, 10), Run(4, 3, 255, 10), PatternRun(5, 1, 0))
    assert await bench.client.ended(3) is RunStatus.BUSY
    assert await bench.client.ended(4) is RunStatus.INTERLOCK
    assert await bench.client.ended(5) is RunStatus.FULL
    assert await bench.client.ended(2) is RunStatus.DONE
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.client.order(Run(6, 0, 255, 10))
    assert await bench.client.ended(6) is RunStatus.DONE


@pytest.mark.parametrize(
    ("steps", "repeats", "refusal"),
    [
        ([(0, 255, 50, 50), (9, 255, 50, 0)], 0, RunStatus.NO_CHANNEL),
        ([(0, 255, 50, 50), (4, 255, 50, 0)], 0, RunStatus.NO_CHANNEL),  # an input
        ([(0, 255, 50, 50), (0, 255, 1001, 0)], 0, RunStatus.OVER_LIMIT),
        ([(0, 255, 50, 50), (0, 255, 0, 0)], 0, RunStatus.OVER_LIMIT),
        ([], 0, RunStatus.OVER_LIMIT),
        ([(0, 255, 50, 49), (0, 255, 50, 0)], 0, RunStatus.BUSY),
        ([(0, 255, 50, 50), (0, 255, 50, 49)], 1, RunStatus.BUSY),  # its second round would come too early
        ([(0, 255, 50, 0)], 1, RunStatus.BUSY),
        ([(1, 255, 50, 50), (1, 255, 50, 0)], 0, RunStatus.RESTING),
        ([(2, 255, 50, 49), (3, 255, 50, 0)], 0, RunStatus.INTERLOCK),
        ([(2, 255, 50, 50), (3, 255, 50, 49)], 1, RunStatus.INTERLOCK),
        ([(5, 255, 600, 600), (5, 255, 401, 0)], 0, RunStatus.DUTY),
        ([(5, 255, 100, 200)], 10, RunStatus.DUTY),
    ],
)
async def test_a_pattern_that_breaks_one_limit_moves_nothing_at_all(
    bench: Bench, steps: list[Step], repeats: int, refusal: RunStatus
) -> None:
    await bench.ready(
        output(0, 5),
        output(1, 6, rest_ms=50),
        output(2, 7, group=1),
        output(3, 8, group=1),
        contact(4, 3),
        output(5, 9, duty=(100, 10)),
    )
    await play(bench, 1, *steps, repeats=repeats)
    assert await bench.client.ended(1) is refusal
    await bench.live(0.05)
    assert not bench.pins.edges


async def test_a_step_that_was_never_loaded_is_refused_and_so_is_one_of_another_session(bench: Bench) -> None:
    table = [output(0, 5)]
    await bench.ready(*table)
    await bench.client.order(PatternStep(0, 0, 255, 20, 20), PatternRun(1, 2, 0))
    assert await bench.client.ended(1) is RunStatus.OVER_LIMIT
    await bench.ready(*table)
    await bench.client.order(PatternRun(2, 1, 0))
    assert await bench.client.ended(2) is RunStatus.OVER_LIMIT
    assert not await bench.edges(5)


async def test_steps_sent_while_a_pattern_plays_change_nothing_now_and_are_never_played_in_part(
    bench: Bench,
) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await play(bench, 1, (0, 255, 100, 100), (0, 255, 100, 100))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 1)
    await play(bench, 2, (1, 255, 20, 20), (1, 255, 20, 20))
    assert await bench.client.ended(2) is RunStatus.FULL
    assert await bench.client.ended(1) is RunStatus.DONE
    assert await bench.pulses(5) == [pytest.approx(0.1, abs=TOLERANCE_S)] * 2
    await bench.client.order(PatternRun(3, 2, 0), PatternStep(0, 1, 255, 20, 20), PatternRun(4, 2, 0))
    assert [await bench.client.ended(i) for i in (3, 4)] == [RunStatus.FULL] * 2
    assert len(await bench.edges(5)) == 4
    assert not await bench.edges(6)
    await bench.client.order(PatternStep(1, 1, 255, 20, 20), PatternRun(5, 2, 0))
    assert await bench.client.ended(5) is RunStatus.DONE
    assert await bench.pulses(6) == [pytest.approx(0.02, abs=TOLERANCE_S)] * 2


async def test_a_pattern_waits_for_no_channel_that_is_busy_or_rests(bench: Bench) -> None:
    await bench.ready(output(0, 5, rest_ms=100), output(1, 6, group=1), output(2, 7, group=1))
    await bench.client.order(Run(1, 0, 255, 100), Run(2, 1, 255, 300))
    await play(bench, 3, (0, 255, 10, 0))
    assert await bench.client.ended(3) is RunStatus.BUSY
    await play(bench, 4, (2, 255, 10, 0))
    assert await bench.client.ended(4) is RunStatus.INTERLOCK
    assert await bench.client.ended(1) is RunStatus.DONE
    await play(bench, 5, (0, 255, 10, 0))
    assert await bench.client.ended(5) is RunStatus.RESTING


@pytest.mark.parametrize("end", ["cancel", "cancel all", "stop", "silence", "disarm"])
async def test_whatever_ends_a_pattern_ends_all_of_its_steps(bench: Bench, end: str) -> None:
    await bench.ready(output(0, 5), output(1, 6))
    await play(bench, 1, (0, 255, 900, 100), (1, 255, 900, 900), (0, 255, 100, 0))
    await bench.pins.until(lambda: bool(bench.pins.of(6)))
    match end:
        case "cancel":
            await bench.client.order(Cancel(1))
        case "cancel all":
            await bench.client.order(Cancel(0))
        case "stop":
            bench.client.send(Stop(7))
        case "disarm":
            await bench.load(output(0, 5), output(1, 6))  # a new table disarms
        case _:
            bench.client.silence()
            bench.client.send(Heartbeat(1))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == len(bench.pins.of(6)) == 2)
    if end == "silence":
        await bench.client.connect()
    await bench.client.order(Query(1))
    ended = await bench.client.ended(1)
    expected = {"stop": RunStatus.STOPPED, "silence": RunStatus.LEASE_LOST}.get(end, RunStatus.CANCELLED)
    assert ended is expected
    await bench.live(0.1)
    assert len(bench.pins.of(5)) == 2


async def test_the_same_pattern_id_plays_once_and_a_reset_does_not_play_it_again(bench: Bench) -> None:
    table: list[TableEntry] = [output(0, 5)]
    await bench.ready(*table)
    await play(bench, 1, (0, 255, 30, 30), (0, 255, 30, 30))
    await bench.client.order(PatternRun(1, 2, 0))
    assert await bench.client.ended(1) is RunStatus.DONE
    await bench.client.order(PatternRun(1, 2, 0))
    assert len(await bench.pulses(5)) == 2
    await play(bench, 2, (0, 255, 200, 400), (0, 255, 200, 400), repeats=5)
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 5)
    bench.client.silence()
    bench.board.reset()
    await bench.ready(*table)
    await play(bench, 2, (0, 255, 200, 400), (0, 255, 200, 400), repeats=5)
    assert await bench.client.ended(2) is RunStatus.RESET
    assert len(await bench.edges(5)) == 6


async def test_the_loop_stays_short_with_every_channel_busy_and_a_pattern_of_thirty_two_steps(
    bench: Bench,
) -> None:
    servos = [servo(i, 7 + i, speed=3000, us=(600, 2400)) for i in range(4)]
    pwms = [output(4 + i, pin, kind=ChannelKind.PWM, args=(300, 0, 0)) for i, pin in enumerate((3, 5, 6, 11))]
    pulses = [output(8 + i, 12 + i, duty=(900, 60) if i < 6 else (0, 0), group=1 + i % 7) for i in range(7)]
    await bench.ready(*servos, *pwms, *pulses, contact(15, 2, kind=ChannelKind.STATUS))
    await bench.client.order(*(Run(1 + i, i, 200, 900) for i in range(8)))
    await play(bench, 50, *((8 + i % 7, 255, 20, 30) for i in range(MAX_STEPS)))
    assert await bench.client.ended(50) is RunStatus.DONE
    bench.client.send(Stop(1))
    await bench.live(0.05)
    assert (await bench.client.state()).flags & StateFlag.STOPPED
    await bench.client.order(GetStats())
    stats = await bench.client.wait(Stats)
    assert 0 < stats.loop_max_us <= 1000
    assert stats.free_ram >= 128  # no stack came nearer to what is static
