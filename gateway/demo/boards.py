"""Which simulated boards the demo plays on."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from gateway.errors import ServiceError


class PracticeBoard(Protocol):
    """What a simulated board offers: its pty is known after ``start``."""

    @property
    def port(self) -> str: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Boards(Struct, frozen=True):
    """``words`` says what kind they are, and what would give better ones."""

    words: str
    all: dict[str, PracticeBoard]


def avr_missing() -> list[str]:
    """The Debian packages that the real firmware in the simulator still wants."""
    missing = []
    if shutil.which("avr-gcc") is None or not Path("/usr/share/arduino/hardware/arduino/avr/cores").exists():
        missing += ["gcc-avr", "avr-libc", "arduino-core-avr", "binutils-avr"]
    if not Path("/usr/include/simavr/sim_avr.h").exists():
        missing += ["libsimavr-dev", "libelf-dev"]
    if shutil.which("gcc") is None or shutil.which("make") is None:
        missing += ["gcc", "make"]
    return missing


def make_boards(kind: str, stations: Iterable[str]) -> Boards:
    """One board for each station; ``kind`` is virtual, avr or auto. Raises ``ServiceError`` when ``avr`` is
    asked for and cannot be had."""
    missing = avr_missing()
    command = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if kind == "avr" and missing:
        raise ServiceError(f"the AVR simulator is not all there: {command}")
    if kind == "virtual" or missing:
        from gateway.practice.boards.virtual import VirtualBoard

        hint = f" (for the real firmware in a simulator: {command})" if missing else ""
        return Boards(
            f"virtual boards in Python{hint}", {s: VirtualBoard(board_id=f"VB-{s}"[:16]) for s in stations}
        )
    from gateway.practice.boards.avr import AvrBoard

    return Boards("the real firmware in an AVR simulator", {s: AvrBoard("uno") for s in stations})
