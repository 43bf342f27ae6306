"""Hello, table, id, inputs: what the board knows and tells. The real ELF."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.drivers.arduino.wire import (
    HELLO_MS,
    MAX_CHANNELS,
    Arm,
    BoardKind,
    Boot,
    ChannelFlag,
    ChannelKind,
    Connect,
    Hello,
    InputChanged,
    Run,
    RunStatus,
    SetId,
    StateFlag,
    TableCommit,
    TableEntry,
    TableResult,
    table_crc,
)
from gateway.practice.boards.avr import AvrBoard
from tests.hil.bench import Bench, contact, output, servo, tone

pytestmark = pytest.mark.needs("avr-gcc", "simavr")


async def test_a_board_says_hello_until_somebody_connects(bench: Bench) -> None:
    bench.client.forget()
    async with asyncio.timeout(5):
        while len(bench.client.all(Hello)) < 3:
            await asyncio.sleep(HELLO_MS / 1000)
    hello = bench.client.all(Hello)[0]
    assert (hello.session, hello.board_kind, hello.boot) == (0, BoardKind.UNO, Boot.RESET_PIN)
    assert (hello.channels, hello.table_crc, hello.board_id) == (MAX_CHANNELS, 0, "")
    assert (await bench.client.connect()).session != 0


async def test_a_repeated_connect_of_the_same_session_loses_nothing(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    hello = bench.client.all(Hello)[-1]
    await bench.client.order(Run(1, 0, 255, 300))
    bench.client.send(Connect(hello.session))
    assert await bench.client.ended(1) is RunStatus.DONE


async def test_a_mega_says_what_it_is(mega: Bench) -> None:
    assert (await mega.client.connect()).board_kind == BoardKind.MEGA


async def test_the_id_is_kept_over_a_power_cut_and_refused_while_armed(bench: Bench) -> None:
    await bench.client.connect()
    bench.client.forget()
    await bench.client.order(SetId("STAGE-LEFT"))
    assert (await bench.client.wait(Hello, lambda m: m.session == 0)).board_id == "STAGE-LEFT"
    bench.client.forget()
    bench.board.power_cycle()
    assert (await bench.client.wait(Hello)).board_id == "STAGE-LEFT"
    await bench.ready(output(0, 5))
    bench.client.forget()
    await bench.client.order(SetId("OTHER"))
    assert (await bench.client.wait(Hello)).board_id == "STAGE-LEFT"


async def test_a_board_started_with_an_id_has_it() -> None:
    board = AvrBoard("uno", "LEFT-1")
    await board.start()
    try:
        async with asyncio.timeout(5):
            bench = Bench(board)
            bench.client.open(board.port)
            assert (await bench.client.wait(Hello)).board_id == "LEFT-1"
            bench.client.close()
    finally:
        await board.stop()


@pytest.mark.parametrize(
    ("entries", "bad"),
    [
        ([output(0, 5), servo(1, 9, us=(1000, 3000))], 1),  # no servo goes that far
        ([servo(0, 9, us=(2000, 1000))], 0),
        ([output(0, 8, kind=ChannelKind.PWM)], 0),  # no timer drives that pin
        ([servo(0, 4), output(1, 9, kind=ChannelKind.PWM)], 1),  # its timer makes the servos' pulses
        ([output(0, 10, kind=ChannelKind.PWM), servo(1, 4)], 1),
        ([tone(0, 4), output(1, 11, kind=ChannelKind.PWM)], 1),  # its timer makes the tone
        ([tone(0, 4), tone(1, 5)], 1),  # there is one tone
        ([tone(0, 4, hz=30)], 0),
        ([TableEntry(0, ChannelKind.ANALOG, 5, 0, 0, 0, 0, 0, 0, 0, 500, 10)], 0),  # no analog pin
        ([TableEntry(0, ChannelKind.ANALOG, 14, 0, 0, 0, 0, 0, 0, 0, 1024, 10)], 0),
        ([TableEntry(0, ChannelKind.ANALOG, 14, 0, 0, 0, 0, 0, 0, 0, 5, 10)], 0),
        ([servo(i, 2 + i) for i in range(9)], 8),  # more than fit into 20 ms
        ([output(i, 2 + i, duty=(100, 60)) for i in range(7)], 6),  # more than it can count
        ([TableEntry(0, 77, 9, 0, 0, 0, 1000, 0, 0, 0, 0, 0)], 0),
        ([output(0, 5), output(1, 1)], 1),  # the wire's own pin
        ([output(0, 5), output(1, 20)], 1),  # no such pin on an Uno
        ([output(0, 5), output(1, 6), output(2, 5)], 2),  # taken
        ([output(0, 5, safe=128)], 0),
        ([output(0, 5, group=16)], 0),
        ([output(0, 5, duty=(1001, 60))], 0),
        ([output(0, 5, duty=(100, 0))], 0),  # of no time at all
        ([contact(0, 13, kind=ChannelKind.STOP)], 0),  # the LED on pin 13 pulls it low
    ],
)
async def test_a_table_the_board_cannot_keep_is_refused_by_its_first_bad_entry(
    bench: Bench, entries: list[TableEntry], bad: int
) -> None:
    await bench.client.connect()
    assert await bench.load(*entries) == TableResult(0, bad, 0)
    await bench.client.order(Arm(1))
    assert not (await bench.client.state()).flags & (StateFlag.CONFIGURED | StateFlag.ARMED)


async def test_a_table_that_did_not_come_whole_is_refused(bench: Bench) -> None:
    await bench.client.connect()
    entries = [output(0, 5), output(1, 6)]
    await bench.client.order(*entries, TableCommit(2, table_crc(entries) ^ 1))
    assert await bench.client.wait(TableResult) == TableResult(0, 255, 0)
    bench.client.forget()
    await bench.client.order(entries[0], TableCommit(2, table_crc(entries)))
    assert await bench.client.wait(TableResult) == TableResult(0, 255, 0)
    bench.client.forget()
    await bench.client.order(entries[1], TableCommit(1, table_crc(entries[1:])))
    assert await bench.client.wait(TableResult) == TableResult(0, 255, 0)


async def test_a_refused_table_leaves_the_one_in_the_eeprom(bench: Bench) -> None:
    await bench.client.connect()
    bench.client.beat()
    good = await bench.load(output(0, 5))
    await bench.stored()
    assert not (await bench.load(output(0, 1))).ok
    bench.client.forget()
    bench.board.power_cycle()
    assert (await bench.client.wait(Hello)).table_crc == good.table_crc


def _edge(count: int, level: int) -> Callable[[InputChanged], bool]:
    return lambda m: (m.count, m.level) == (count, level)


async def test_input_edges_are_debounced_counted_and_told(bench: Bench) -> None:
    bench.board.set_input(3, True)
    await bench.client.connect()
    bench.client.beat()
    await bench.load(contact(0, 3, debounce_ms=10, flags=ChannelFlag.PULL_UP | ChannelFlag.ACTIVE_LOW))
    await bench.live(0.02)  # the level it starts with is no edge
    for n in range(1, 4):
        for bounce in (False, True, False):  # a contact bounces; only the last change lasts
            bench.board.set_input(3, bounce)
        pressed = await bench.client.wait(InputChanged, _edge(n, 1))
        bench.board.set_input(3, True)
        await bench.client.wait(InputChanged, _edge(n, 0))
        assert pressed.channel == 0
    assert [m.level for m in bench.client.all(InputChanged)] == [1, 0] * 3
    times = [m.board_ms for m in bench.client.all(InputChanged)]
    assert times == sorted(times)


async def test_an_input_is_told_until_it_is_acknowledged_even_to_the_next_session(bench: Bench) -> None:
    bench.board.set_input(3, False)
    await bench.client.connect()
    bench.client.beat()
    await bench.load(contact(0, 3, debounce_ms=5))
    await bench.live(0.02)
    bench.client.acks = False
    bench.board.set_input(3, True)
    await bench.live(0.1)
    assert not bench.client.all(InputChanged)
    bench.client.acks = True
    await bench.client.connect()
    changed = await bench.client.wait(InputChanged)
    assert (changed.level, changed.count) == (1, 1)


async def test_edges_that_come_faster_than_they_can_be_told_are_all_counted(bench: Bench) -> None:
    bench.board.set_input(3, False)
    await bench.client.connect()
    bench.client.beat()
    await bench.load(contact(0, 3, debounce_ms=2))
    await bench.live(0.02)
    bench.client.acks = False
    for _ in range(20):
        for level in (True, False):
            bench.board.set_input(3, level)
            await bench.live(0.006)
    bench.client.acks = True
    last = await bench.client.wait(InputChanged, lambda m: m.count == 20 and m.level == 0)
    assert last.channel == 0


async def test_a_status_led_shows_and_is_no_energised_output(bench: Bench) -> None:
    await bench.ready(output(0, 5), TableEntry(1, ChannelKind.STATUS, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    await bench.pins.until(lambda: any(e.pin == 13 and e.level for e in bench.pins.edges))
    assert (await bench.client.state()).outputs == 0
    await bench.client.order(Run(1, 1, 255, 50))
    assert await bench.client.ended(1) is RunStatus.NO_CHANNEL
