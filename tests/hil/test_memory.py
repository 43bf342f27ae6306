"""What a board keeps in RAM over a reset, and what it says when something else wrote there. The real ELF."""

import subprocess

import pytest

from gateway.drivers.arduino.wire import RECENT_IDS, Boot, Hello, Query, Run, RunStatus, State, StateFlag, Stop
from gateway.practice.boards import avr
from tests.hil.bench import Bench, output

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

DATA_SPACE = 0x800000
"""Where avr-gcc's tools count RAM from."""
NO_CHANNEL = 15


def kept_ram(mcu: avr.Mcu = "uno") -> range:
    """The addresses of all that survives a reset."""
    elf = str(avr.BUILD / f"station-{mcu}.elf")
    sizes = subprocess.run(["avr-size", "-A", elf], capture_output=True, text=True, check=True, timeout=10).stdout
    (size, address) = next(line.split()[1:] for line in sizes.splitlines() if line.startswith(".noinit"))
    first = int(address) - DATA_SPACE
    return range(first, first + int(size))


async def connect(bench: Bench) -> Hello:
    """A session that lasts, so that the board greets nobody until it is reset."""
    bench.client.beat()
    return await bench.client.connect()


async def reset(bench: Bench) -> Hello:
    """Press the button; returns the first word of the board after it."""
    bench.client.forget()
    bench.board.reset()
    return await bench.client.wait(Hello, lambda m: m.session == 0)


async def refused(bench: Bench, ids: range) -> None:
    """Give the board orders that it remembers as refused."""
    await bench.client.order(*(Run(i, NO_CHANNEL, 255, 10) for i in ids))
    assert await bench.client.ended(ids[-1]) is RunStatus.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("mcu", "ram", "first", "top"),
    [
        ("uno", range(0x100, 0x900), 128, 16),  # Optiboot's page buffer, and the few bytes of its stack
        (
            "mega",
            range(0x200, 0x2200),
            18,
            400,
        ),  # stk500v2's variables; a message of 285 bytes and more on its stack
    ],
)
def test_what_is_kept_lies_where_no_stock_bootloader_writes(
    mcu: avr.Mcu, ram: range, first: int, top: int
) -> None:
    avr.build(mcu)
    kept = kept_ram(mcu)
    assert len(kept) > RECENT_IDS * 5
    assert ram[first] <= kept[0]
    assert kept[-1] < ram[-top]


async def test_thirty_two_ids_are_known_after_a_reset_and_the_resets_are_counted(bench: Bench) -> None:
    before = await connect(bench)
    await refused(bench, range(1, RECENT_IDS + 1))
    for resets in (1, 2):
        hello = await reset(bench)
        assert (hello.boot, hello.boots) == (Boot.RESET_PIN, before.boots + resets)
        await connect(bench)
        for i in range(1, RECENT_IDS + 1):
            await bench.client.order(Query(i))
            assert await bench.client.ended(i) is RunStatus.NOT_CONFIGURED


@pytest.mark.parametrize("mask", [0x01, 0xFF])
async def test_a_board_whose_memory_was_damaged_never_passes_for_one_that_remembers(
    bench: Bench, mask: int
) -> None:
    forgot = 0
    for address in kept_ram()[::5]:
        before = await connect(bench)
        await refused(bench, range(1, RECENT_IDS + 1))
        bench.board.spoil(address, mask)
        hello = await reset(bench)
        if hello.boots != before.boots + 1:  # so the gateway takes nothing for granted
            forgot += 1
            continue
        await connect(bench)
        await bench.client.order(*(Query(i) for i in range(1, RECENT_IDS + 1)))
        assert await bench.client.ended(RECENT_IDS) is RunStatus.NOT_CONFIGURED
        assert all(bench.client.results(i) == [RunStatus.NOT_CONFIGURED] for i in range(1, RECENT_IDS + 1)), (
            address
        )
    assert forgot >= RECENT_IDS  # every id was hit, five bytes each


async def test_a_damaged_memory_is_forgotten_as_a_whole_and_counts_resets_from_nothing(bench: Bench) -> None:
    await bench.ready(output(0, 5))
    await bench.client.order(Run(1, 0, 255, 900))
    await bench.pins.until(lambda: len(bench.pins.of(5)) == 1)
    ram = kept_ram()
    bench.board.spoil(ram[len(ram) // 2])
    assert (await reset(bench)).boots == 0
    await connect(bench)
    await bench.client.order(Query(1))
    assert await bench.client.ended(1) is RunStatus.UNKNOWN_ID
    assert (await reset(bench)).boots == 1


async def test_a_stop_outlives_a_reset_that_damages_any_byte(bench: Bench) -> None:
    bench.client.send(Stop(7))
    await bench.client.wait(State, lambda m: bool(m.flags & StateFlag.STOPPED))
    for address in kept_ram():
        bench.board.spoil(address)
        await reset(bench)
        await connect(bench)
        assert (await bench.client.state()).flags & StateFlag.STOPPED, address
