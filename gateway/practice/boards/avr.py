"""The real firmware in an AVR simulator, behind the same face as ``VirtualBoard``."""

import asyncio
import contextlib
import fcntl
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from gateway.drivers.arduino import wire
from gateway.errors import DriverError, WireError

Mcu = Literal["uno", "mega"]

FIRMWARE = Path(__file__).parents[3] / "firmware"
BUILD = FIRMWARE / "build"
PACKAGES = "gcc-avr avr-libc arduino-core-avr binutils-avr libsimavr-dev libelf-dev gcc make"
_NEEDED = (
    "avr-gcc",
    "gcc",
    "make",
    Path("/usr/include/simavr/sim_avr.h"),
    Path("/usr/share/arduino/hardware/arduino/avr/cores/arduino/Arduino.h"),
)
_BUILD_LIMIT_S = 180
_START_LIMIT_S = 10
_STOP_LIMIT_S = 3
_FIRST_ANALOG: dict[Mcu, int] = {"uno": 14, "mega": 54}

_built: set[Mcu] = set()


def missing() -> list[str]:
    """What this machine lacks to build and simulate the firmware; empty when it can."""
    return [
        str(part)
        for part in _NEEDED
        if not (part.exists() if isinstance(part, Path) else shutil.which(part) is not None)
    ]


def build(mcu: Mcu) -> None:
    """Bring the ELF and the simulator up to date, once per process. Raises ``DriverError``."""
    if mcu in _built:
        return
    if lacking := missing():
        raise DriverError(
            f"the firmware cannot be simulated here: {', '.join(lacking)} missing. "
            f"apt-get install --no-install-recommends {PACKAGES}"
        )
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / ".lock").open("w") as lock:  # several programs may want to build at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            made = subprocess.run(  # noqa: S603 - our own Makefile, no input from outside
                ["make", "-s", "-C", str(FIRMWARE), mcu, "sim"],  # noqa: S607 - make as the PATH has it
                capture_output=True,
                text=True,
                timeout=_BUILD_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DriverError(f"building the firmware took over {_BUILD_LIMIT_S} s and was ended") from None
    if made.returncode:
        raise DriverError(f"the firmware does not build:\n{made.stdout}{made.stderr}")
    _built.add(mcu)


class AvrBoard:
    """An Uno or Mega running the real ELF, its wire on a pseudo-terminal; opening that resets it, as DTR does.

    ``on_edge(pin, level, seconds)`` is called on the loop at every change of an output's electrical level;
    ``pin`` is the Arduino number (A0 is 14 on the Uno, 54 on the Mega), ``seconds`` simulated time. A pin
    that is no output reads as its wiring holds it: low, unless ``pull`` says otherwise. ``on_reset(cause)``
    is called with ``power``, ``pin`` or ``watchdog`` when the chip starts again. ``on_pwm(pin, duty, seconds)``:
    a timer drives this pin with that duty of 255; 0 gives it back to its level.
    """

    def __init__(self, mcu: Mcu = "uno", board_id: str = "") -> None:
        self.mcu: Mcu = mcu
        self.on_edge: Callable[[int, bool, float], None] = lambda pin, level, seconds: None
        self.on_reset: Callable[[str], None] = lambda cause: None
        self.on_pwm: Callable[[int, int, float], None] = lambda pin, duty, seconds: None
        self._board_id = board_id
        self._port = ""
        self._plugged = asyncio.Event()
        self._asked: asyncio.Queue[float] = asyncio.Queue()
        self._clock = 16_000_000
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def port(self) -> str:
        """Path to open; "" while unplugged. Another one after each ``plug``, as with real adapters."""
        return self._port

    @property
    def pid(self) -> int:
        """The simulator's process, for measuring it; 0 while stopped."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Build what is stale, power on, plug in, give the board its id. Raises ``DriverError``."""
        await asyncio.to_thread(build, self.mcu)
        self._process = await asyncio.create_subprocess_exec(
            str(BUILD / "sim"),
            self.mcu,
            str(BUILD / f"station-{self.mcu}.elf"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read())
        await self._wait_for_port()
        if self._board_id:
            try:
                await asyncio.to_thread(_name, self._port, self._board_id)
            except DriverError:
                await self.stop()
                raise

    async def stop(self) -> None:
        """End the simulator. Safe to call twice."""
        process, self._process = self._process, None
        self._port = ""
        self._plugged.clear()
        if process is None or self._reader is None:
            return
        assert process.stdin is not None
        process.stdin.close()  # the simulator ends with it
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._reader

    # -- what a person can do to it ------------------------------------------------------------

    def set_input(self, pin: int, level: bool) -> None:
        """Apply a level to an input pin."""
        self._tell(f"in {self._name_of(pin)} {int(level)}")

    def set_analog(self, channel: int, millivolts: int) -> None:
        """Apply a voltage to an analog input."""
        self._tell(f"adc {channel} {millivolts}")

    def pull(self, pin: int, level: bool) -> None:
        """What the wiring holds an output at while the board does not drive it."""
        self._tell(f"pull {self._name_of(pin)} {int(level)}")

    def reset(self) -> None:
        """The reset button: RAM keeps its content."""
        self._tell("reset")

    def power_cycle(self) -> None:
        """Off and on: only the EEPROM keeps its content."""
        self._tell("power")

    def spoil(self, address: int, mask: int = 0xFF) -> None:
        """Turn bits of a byte of RAM around, as a bootloader or a supply that sags might."""
        self._tell(f"spoil {address:#x} {mask}")

    def hang(self) -> None:
        """The program stops with outputs as they are; only the watchdog still counts."""
        self._tell("hang")

    def freeze(self) -> None:
        """The whole chip stands still, its watchdog too, until ``thaw``."""
        self._tell("freeze")

    def thaw(self) -> None:
        """Go on where ``freeze`` stopped."""
        self._tell("thaw")

    def pace(self, percent: int) -> None:
        """Let simulated time run at so many percent of the wall clock's speed."""
        self._tell(f"pace {percent}")

    def unplug(self) -> None:
        """Pull the cable: the gateway sees its port vanish; the board stays powered."""
        self._port = ""
        self._plugged.clear()
        self._tell("unplug")

    async def plug(self) -> None:
        """Connect the cable again; ``port`` is another one afterwards."""
        self._tell("plug")
        await self._wait_for_port()

    async def time(self) -> float:
        """Simulated seconds; every edge before that has been told to ``on_edge`` when this returns."""
        self._tell("time")
        async with asyncio.timeout(_START_LIMIT_S):
            return await self._asked.get()

    # -- the works -----------------------------------------------------------------------------

    def _name_of(self, pin: int) -> str:
        first = _FIRST_ANALOG[self.mcu]
        return f"D{pin}" if pin < first else f"A{pin - first}"

    def _number_of(self, name: str) -> int:
        return int(name[1:]) + (_FIRST_ANALOG[self.mcu] if name[0] == "A" else 0)

    def _tell(self, command: str) -> None:
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")

    async def _wait_for_port(self) -> None:
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                await self._plugged.wait()
        except TimeoutError:
            await self.stop()
            raise DriverError(f"the simulator of a {self.mcu} opened no port in {_START_LIMIT_S} s") from None

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            match line.decode().split():
                case [cycle, "PIN", name, level]:
                    self.on_edge(self._number_of(name), level == "1", int(cycle) / self._clock)
                case [cycle, "PWM", name, duty]:
                    self.on_pwm(self._number_of(name), int(duty), int(cycle) / self._clock)
                case [cycle, "TIME"]:
                    self._asked.put_nowait(int(cycle) / self._clock)
                case [_, "RESET", cause]:
                    self.on_reset(cause)
                case ["CLOCK", hertz]:
                    self._clock = int(hertz)
                case ["PORT", path]:
                    self._port = path
                    self._plugged.set()
                case ["ERROR", *words]:
                    raise DriverError(f"the simulator: {' '.join(words)}")
                case _:
                    pass  # simavr's own chatter


def _name(port: str, board_id: str) -> None:
    """Write the board's id over the wire, as a technician would."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    received = b""
    end = time.monotonic() + _START_LIMIT_S
    asked = False
    try:
        while (left := end - time.monotonic()) > 0:
            if not asked:
                os.write(fd, wire.encode(wire.Connect(session=1)))
            if not select.select([fd], [], [], min(left, wire.HELLO_MS / 1000))[0]:
                continue
            received += os.read(fd, 4096)
            *frames, received = received.split(b"\0")
            for frame in frames:
                with contextlib.suppress(WireError):
                    hello = wire.decode(frame).message
                    if not isinstance(hello, wire.Hello):
                        continue
                    if asked and not hello.session and hello.board_id == board_id:
                        return
                    if hello.session and not asked:
                        os.write(fd, wire.encode(wire.SetId(board_id)))
                        asked = True
    finally:
        os.close(fd)
    raise DriverError(f"the simulated board did not take the id {board_id!r} in {_START_LIMIT_S} s")
