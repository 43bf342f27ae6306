"""Which simulated boards the demo plays on."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from gateway.errors import ServiceError
from gateway.practice.boards import avr
from gateway.practice.boards.virtual import VirtualBoard


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


def make_boards(kind: str, stations: Iterable[str]) -> Boards:
    """One board for each station; ``kind`` is virtual, avr or auto. Raises ``ServiceError`` when ``avr`` is
    asked for and cannot be had."""
    missing = avr.missing()
    command = f"sudo apt-get install --no-install-recommends {avr.PACKAGES}"
    if kind == "avr" and missing:
        raise ServiceError(f"the AVR simulator wants {', '.join(missing)}: {command}")
    if kind == "virtual" or missing:
        hint = f" (for the real firmware in a simulator: {command})" if missing else ""
        return Boards(
            f"virtual boards in Python{hint}", {s: VirtualBoard(board_id=f"VB-{s}"[:16]) for s in stations}
        )
    return Boards("the real firmware in an AVR simulator", {s: avr.AvrBoard("uno") for s in stations})
