"""``stagewire flash``: the real avrdude through a rebuilt Optiboot in the simulator, and all that forbids it."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import boards, flash
from gateway.bus import Bus
from gateway.errors import DriverError
from gateway.messages import StationState, encode
from gateway.practice.boards import avr
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.load import load
from gateway.topics import ONLINE, Topics
from tests.broker import Mosquitto
from tests.drivers.stage import Stage, at_work, station, until

OPTIBOOT = Path("/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot")
BOOT = "0x7e00"
"""Where a boot loader of 512 bytes begins in an ATmega328P, as the Uno's fuses say."""


@asynccontextmanager
async def blank_uno(folder: Path) -> AsyncIterator[str]:
    """A new Uno: Optiboot and nothing else. Debian's own hex of it overlaps itself, its source is sound."""
    await asyncio.to_thread(avr.build, "uno")
    elf = folder / "optiboot.elf"
    flags = ["-Os", "-w", "-mrelax", "-fno-split-wide-types", "-fno-inline-small-functions", "-nostartfiles"]
    flags += ["-nostdlib", "-DF_CPU=16000000L", "-DBAUD_RATE=115200", "-DLED_START_FLASHES=0", f"-I{OPTIBOOT}"]
    places = f"-Wl,--relax,--section-start=.text={BOOT},--section-start=.version=0x7ffe"
    subprocess.run(
        ["avr-gcc", "-mmcu=atmega328p", *flags, places, "-o", elf, OPTIBOOT / "optiboot.c"], check=True, timeout=60
    )
    process = await asyncio.create_subprocess_exec(
        avr.BUILD / "sim", "uno", elf, BOOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(10):
            while not (line := (await process.stdout.readline()).decode()).startswith("PORT"):
                pass
        drain = asyncio.create_task(process.stdout.read())
        yield line.split()[1]
    finally:
        process.stdin.close()
        await process.wait()
    await drain


@pytest.mark.slow
@pytest.mark.needs("avr-gcc", "simavr", "avrdude")
@pytest.mark.timeout(180)
async def test_a_new_uno_is_flashed_by_the_real_avrdude_named_and_flashed_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    nowhere = tmp_path / "stagewire.yaml"
    async with blank_uno(tmp_path) as port:
        done = await flash.flash(port, image=None, kind="uno", config=nowhere, say=said.append)
        assert done == (
            f"{port}: board without id runs firmware {flash.version()}. "
            f"Give it an id: stagewire boards name {port} ID"
        )
        progress = capfd.readouterr().err
        assert re.search(r"Writing \|.*100%", progress)
        assert "bytes of flash verified" in progress
        await boards.name(port, "STN-A")
        image = tmp_path / "mine.hex"
        shutil.copy(flash.FIRMWARE / "build/station-uno.hex", image)
        again = await flash.flash(port, image=image, kind=None, config=nowhere, say=said.append)
        assert again == f"{port}: board STN-A runs firmware {flash.version()}."
        assert said[-1] == f"{port}: board STN-A, uno, firmware {flash.version()}"
        quick = await flash.flash(port, image=None, kind=None, config=nowhere, say=said.append, baud=500000)
        assert quick == f"{port}: board STN-A runs firmware {flash.version()}."
        assert said[-1] == "building the firmware for uno, 500000 baud ..."
        torn = tmp_path / "torn.hex"
        torn.write_text(image.read_text()[:1000] + "\n")
        with pytest.raises(DriverError, match=r"avrdude could not write torn\.hex"):
            await flash.flash(port, image=torn, kind=None, config=nowhere, say=said.append)


def venue(folder: Path, broker: Mosquitto, board: str) -> Path:
    path = folder / "stagewire.yaml"
    path.write_text(
        f"venue: hall\nbroker: {{port: {broker.port}}}\nstations:\n  cannon:\n    board: {{{board}}}\n"
        "    channels: {shot: {kind: pulse, pin: 5}}\n    actions: {fire: {channel: shot}}\n"
    )
    return path


@asynccontextmanager
async def gateway_that_says(broker: Mosquitto, alive: bytes, state: StationState) -> AsyncIterator[None]:
    topics = Topics("hall")
    bus = Bus(broker.settings, "gateway")
    running = asyncio.create_task(bus.run())
    await until(lambda: bus.connected)
    bus.publish(topics.gateway_availability("gateway"), alive, retain=True)
    bus.publish(topics.station_state("cannon"), encode(state), retain=True)
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("target", ["cannon", "the port"])
async def test_an_armed_station_is_not_flashed(tmp_path: Path, target: str) -> None:
    board = VirtualBoard("STN-A")
    await board.start()
    armed = StationState(station="cannon", online=True, armed=True)
    with Mosquitto(tmp_path) as broker:
        config = venue(tmp_path, broker, f"port: {board.port}")
        async with gateway_that_says(broker, ONLINE, armed):
            with pytest.raises(DriverError, match="station cannon is armed: press Disarm on the page"):
                await flash.flash(
                    board.port if target != "cannon" else target, image=None, kind="uno", config=config, say=print
                )
        await board.stop()


@pytest.mark.needs("mosquitto")
async def test_what_a_gateway_that_died_left_behind_does_not_count(tmp_path: Path) -> None:
    armed = StationState(station="cannon", online=True, armed=True)
    with Mosquitto(tmp_path) as broker:
        config = load(venue(tmp_path, broker, "port: /dev/ttyUSB0"))
        async with gateway_that_says(broker, ONLINE, armed):
            assert (await flash.states(config, ["cannon"]))["cannon"].armed
        async with gateway_that_says(broker, b"offline", armed):
            assert await flash.states(config, ["cannon"]) == {}


async def test_a_port_that_the_gateway_holds_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = Stage(VirtualBoard("VB-1"), station())
    async with at_work(s):
        monkeypatch.setattr("os.getpid", lambda: 1)  # seen as another program would see us
        with pytest.raises(DriverError, match=rf"{s.board.port} is held by .*\(pid \d+\)"):
            await flash.flash(s.board.port, image=None, kind="uno", config=tmp_path / "none.yaml", say=print)
        assert s.driver.health.armed


async def test_what_cannot_be_flashed_is_said_in_words(tmp_path: Path) -> None:
    nowhere = tmp_path / "stagewire.yaml"
    with pytest.raises(DriverError, match="there is no /dev/ttyUSB99; found: "):
        await flash.flash("/dev/ttyUSB99", image=None, kind=None, config=nowhere, say=print)
    with pytest.raises(DriverError, match="cannon is taken as a station's name; a port begins with /"):
        await flash.flash("cannon", image=None, kind=None, config=nowhere, say=print)
    board = VirtualBoard("VB-1")
    await board.start()
    with pytest.raises(DriverError, match="a simulated board: it has nothing to flash"):
        await flash.flash(board.port, image=None, kind=None, config=nowhere, say=print)
    board.mute = True
    with pytest.raises(DriverError, match="does not say what it is: add --board uno, nano, nano-old or mega"):
        await flash.flash(board.port, image=None, kind=None, config=nowhere, say=print)
    await board.stop()


def test_the_firmwares_version_is_read_from_its_source() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", flash.version())
