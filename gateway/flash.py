"""The firmware onto a board: find it, be sure that nothing moves, build, write with avrdude, see that it runs."""

import asyncio
import contextlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from gateway import boards
from gateway.bus import Bus, Message
from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.ports import Ports, list_ports
from gateway.errors import DriverError, PayloadError, SettingsError
from gateway.messages import StationState, decode
from gateway.settings.load import Config, load
from gateway.settings.models import Settings
from gateway.topics import ONLINE, Topics

FIRMWARE = Path(__file__).parents[1] / "firmware"
BUILD_S = 180
WRITE_S = 180
"""The largest image through the slowest boot loader takes a minute."""
USUAL_BAUD = 250000
"""The firmware's own, exact at 16 MHz."""
BROKER_S = 3.0
"""A broker on the same network connects and sends what it retains within milliseconds."""


class Programmer(Struct, frozen=True):
    """How avrdude reaches a board's boot loader."""

    make: str
    part: str
    protocol: str
    baud: int


PROGRAMMERS = {
    "uno": Programmer("uno", "atmega328p", "arduino", 115200),
    "nano": Programmer("uno", "atmega328p", "arduino", 115200),
    "nano-old": Programmer("uno", "atmega328p", "arduino", 57600),
    "mega": Programmer("mega", "atmega2560", "wiring", 115200),
}


async def flash(
    target: str,
    *,
    image: Path | None,
    kind: str | None,
    config: Path,
    say: Callable[[str], None],
    baud: int = USUAL_BAUD,
) -> str:
    """Flash the board of a station, or the one on a port; return what to tell. Raises ``DriverError``.

    ``image``: a hex file, else the firmware is built; ``kind``: a key of PROGRAMMERS, else asked from the board or
    taken from ``config``, which a port needs only for the question whether its station is armed. ``baud`` is the
    wire's speed that is built for a port; a station's stands in its settings.
    """
    settings = _settings(config, target)
    if settings is not None:
        await refuse_if_armed(settings, target)
    port, baud = await _port(settings.settings if settings else None, target, baud)
    if who := boards.holder(port):
        raise DriverError(boards.held(port, who))
    before = None
    with contextlib.suppress(
        DriverError
    ):  # a new board, or a broken one, does not answer: that is why we are here
        before = await boards.hello_of(port, baud)
    kind = kind or _kind(before) or _kind_in_settings(settings, target)
    if kind is None:
        raise DriverError(f"the board on {port} does not say what it is: add --board uno, nano, nano-old or mega")
    programmer = PROGRAMMERS[kind]
    if before is not None:
        say(f"{port}: board {before.board_id or 'without id'}, {kind}, firmware {words.firmware(before)}")
    path = await asyncio.to_thread(build, programmer.make, baud, say) if image is None else image
    await asyncio.to_thread(write, programmer, port, path)
    try:
        after = await boards.hello_of(port, baud)
    except DriverError as e:
        raise DriverError(f"{path.name} was written and verified, but no station answers: {e}") from None
    if image is None and words.firmware(after) != version():
        raise DriverError(
            f"{port} says firmware {words.firmware(after)} after {version()} was written: flash it again"
        )
    lost = before is not None and before.board_id and after.board_id != before.board_id
    hint = (
        f" Its id was lost: stagewire boards name {port} {before.board_id}" if before is not None and lost else ""
    )
    new = "" if after.board_id else f" Give it an id: stagewire boards name {port} ID"
    return f"{port}: board {after.board_id or 'without id'} runs firmware {words.firmware(after)}.{hint or new}"


def _settings(path: Path, target: str) -> Config | None:
    """The settings, or None for a port where there are none."""
    if path.exists() or not target.startswith("/"):
        try:
            return load(path)
        except SettingsError as e:
            raise DriverError(
                f"{e}\n{target} is taken as a station's name; a port begins with /"
                if not target.startswith("/")
                else str(e)
            ) from None
    return None


async def _port(settings: Settings | None, target: str, baud: int) -> tuple[str, int]:
    """(device, baud) of a station or port."""
    if target.startswith("/"):
        if not Path(target).exists():  # noqa: ASYNC240 - /dev is memory
            raise DriverError(
                f"there is no {target}; found: {', '.join(p.device for p in list_ports()) or 'none'}"
            )
        return target, baud
    assert settings is not None
    station = settings.stations.get(target)
    if station is None:
        raise DriverError(f"there is no station {target!r}; known: {', '.join(settings.stations) or 'none'}")
    ports = await Ports().find(station.board)
    if station.board.serial_number is not None and len(ports) > 1:
        raise DriverError(words.twins(station.board, ports))
    if station.board.id is None:
        if not ports:
            raise DriverError(words.missing(station.board))
        return ports[0], station.board.baud
    for port in ports:
        if not boards.holder(port):
            with contextlib.suppress(DriverError):
                if (await boards.hello_of(port, station.board.baud)).board_id == station.board.id:
                    return port, station.board.baud
    held = "; ".join(f"{p} is held by {who}" for p in ports if (who := boards.holder(p)))
    raise DriverError(
        f"no board says that it is {station.board.id} ({held or 'and no other program holds a port'}): "
        "stop the gateway, or name the port: stagewire flash /dev/ttyUSB0"
    )


def _kind(hello: wire.Hello | None) -> str | None:
    if hello is None:
        return None
    if hello.board_kind == wire.BoardKind.VIRTUAL:
        raise DriverError("this is a simulated board: it has nothing to flash")
    return {wire.BoardKind.UNO: "uno", wire.BoardKind.MEGA: "mega"}.get(wire.BoardKind(hello.board_kind))


def _kind_in_settings(config: Config | None, target: str) -> str | None:
    station = None if config is None else config.settings.stations.get(target)
    return None if station is None else station.board.kind


# -- is it armed? ---------------------------------------------------------------------------------


async def refuse_if_armed(config: Config, target: str) -> None:
    """Raises ``DriverError`` while the gateway says that the station is armed; a port may be any station's.

    Without an answer from the broker the port's lock decides: an armed gateway holds its ports.
    """
    names = [target] if target in config.settings.stations else list(config.settings.stations)
    for name, state in (await states(config, names)).items():
        if state.online and state.armed and (name == target or _could_be(config.settings, name, target)):
            raise DriverError(
                f"station {name} is armed: press Disarm on the page, see that nobody is near it, and try again"
            )


def _could_be(settings: Settings, station: str, port: str) -> bool:
    """Whether ``port`` may be the station's: sure only where the settings say which one it is."""
    board = settings.stations[station].board
    if board.port is not None:
        return Path(board.port).resolve() == Path(port).resolve()
    if board.serial_number is not None:
        return any(p.device == port and p.serial_number == board.serial_number for p in list_ports())
    return bool(boards.holder(port))


async def states(config: Config, stations: list[str]) -> dict[str, StationState]:
    """What the broker retains of these stations, of a gateway that is there; empty when nothing answers."""
    topics = Topics(config.settings.venue)
    alive = topics.gateway_availability(config.settings.gateway.id)
    wanted = {alive, *map(topics.station_state, stations)}
    told: dict[str, bytes] = {}
    all_there = asyncio.Event()

    def received(message: Message) -> None:
        told[message.topic] = message.payload
        if told.keys() >= wanted:
            all_there.set()

    bus = Bus(config.settings.broker, f"flash-{uuid4().hex}", on_message=received, base_dir=config.base_dir)
    for topic in wanted:
        bus.subscribe(topic)
    running = asyncio.create_task(bus.run())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BROKER_S):
            await all_there.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    known: dict[str, StationState] = {}
    if told.get(alive) == ONLINE:  # else nobody keeps what is retained up to date
        for name in stations:
            with contextlib.suppress(PayloadError):
                known[name] = decode(told.get(topics.station_state(name), b""), StationState)
    return known


# -- build and write ------------------------------------------------------------------------------


def version() -> str:
    """The firmware's version as its source says."""
    text = (FIRMWARE / "station/src/config.h").read_text()
    return ".".join(re.findall(r"FW_(?:MAJOR|MINOR|PATCH) = (\d+)", text))


def build(make: str, baud: int, say: Callable[[str], None]) -> Path:
    """Build the firmware for a wire of that speed; return its hex file. Raises ``DriverError``."""
    name = f"build/station-{make}.hex" if baud == USUAL_BAUD else f"build/{baud}/station-{make}.hex"
    path = FIRMWARE / name
    if not (FIRMWARE / "Makefile").exists():
        raise DriverError("the firmware's source is not here: give a file, --hex station-uno.hex")
    if shutil.which("avr-gcc") is None or shutil.which("make") is None:
        if path.exists():
            say(f"avr-gcc is not installed: taking {path.name} as it was built before")
            return path
        raise DriverError(
            "avr-gcc is missing to build the firmware: sudo apt-get install --no-install-recommends make gcc-avr "
            "avr-libc arduino-core-avr binutils-avr, or give a file, --hex station-uno.hex"
        )
    say(f"building the firmware for {make}, {baud} baud ...")
    try:
        made = subprocess.run(  # noqa: S603 - our own Makefile
            ["make", "-s", "-C", str(FIRMWARE), f"BAUD={baud}", name],  # noqa: S607 - as the PATH has it
            capture_output=True,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DriverError(f"building the firmware took over {BUILD_S} s and was ended") from None
    if made.returncode:
        raise DriverError(f"the firmware does not build:\n{made.stdout}{made.stderr}")
    return path


def avrdude() -> str:
    """Its path. Raises ``DriverError``."""
    found = shutil.which("avrdude")
    if found is None:
        raise DriverError("avrdude is missing: sudo apt-get install --no-install-recommends avrdude")
    return found


def write(programmer: Programmer, port: str, image: Path) -> None:
    """Run avrdude, which shows its progress; it reads back what it wrote. Raises ``DriverError``."""
    command = [
        avrdude(),
        *("-p", programmer.part, "-c", programmer.protocol, "-P", port, "-b", str(programmer.baud)),
        "-D",  # these boot loaders erase page by page; the board's id and table in EEPROM stay
        *("-U", f"flash:w:{image}:i"),
    ]
    try:
        done = subprocess.run(command, timeout=WRITE_S, check=False)  # noqa: S603 - our own arguments
    except subprocess.TimeoutExpired:
        raise DriverError(
            f"avrdude did not end within {WRITE_S} s and was ended: unplug the board, try again"
        ) from None
    if done.returncode:
        old = ", or it has an old boot loader: --board nano-old" if programmer.baud == 115200 else ""
        raise DriverError(
            f"avrdude could not write {image.name} to {port} (its words stand above): check the cable, and that "
            f"the board is a {programmer.part}{old}"
        )
