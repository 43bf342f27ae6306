"""Serial ports of this machine, and which of them may be a station's board."""

import asyncio
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from serial.tools import list_ports as tools

from gateway.settings.models import Board

_NAMES = ("ttyUSB*", "ttyACM*", "ttyAMA*", "serial*")


class Port(Struct, frozen=True):
    """One serial port. ``usb`` is vendor:product in hex, empty where it is no USB device."""

    device: str
    usb: str = ""
    serial_number: str = ""
    title: str = ""


def list_ports() -> list[Port]:
    """Every serial port that is there now, by name. Reads /sys: a millisecond or so."""
    found = []
    for p in tools.comports():
        usb = "" if p.vid is None else f"{p.vid:04x}:{p.pid:04x}"
        found.append(Port(p.device, usb, p.serial_number or "", p.description or ""))
    return sorted(found, key=lambda p: p.device)


class Finder(Protocol):
    """Where a board may be. ``Ports`` is the real one; shared by all drivers of a gateway."""

    async def find(self, board: Board) -> list[str]:
        """Ports worth opening now, best first; empty while there is none."""

    def saw(self, port: str, board_id: str) -> None:
        """The board that answered on ``port``."""


class Ports:
    """Finds boards for all drivers of a gateway: by fixed path, USB serial number, or id.

    By id means by asking: a driver opens what this offers, the board says who it is, and ``saw`` remembers
    it until the port goes away, so that no port is opened twice in search of another's board.
    """

    def __init__(self, dev: Path = Path("/dev")) -> None:
        self._dev = dev
        self._names: frozenset[str] = frozenset()
        self._ports: list[Port] = []
        self._boards: dict[str, str] = {}  # device -> id of the board that answered there

    async def find(self, board: Board) -> list[str]:
        """Ports worth opening for ``board`` now, best first."""
        if board.port is not None:
            return [board.port] if Path(board.port).exists() else []  # noqa: ASYNC240 - /dev is memory
        await self._look()
        if board.serial_number is not None:
            return [p.device for p in self._ports if p.serial_number == board.serial_number]
        known = [d for d, seen in self._boards.items() if seen == board.id]
        return known or [p.device for p in self._ports if p.usb and p.device not in self._boards]

    def saw(self, port: str, board_id: str) -> None:
        """Remember which board answered on ``port``."""
        self._boards[port] = board_id

    async def _look(self) -> None:
        """Read /sys again only when a name in /dev came or went."""
        names = frozenset(str(p) for pattern in _NAMES for p in self._dev.glob(pattern))
        if names == self._names:
            return
        self._ports = await asyncio.to_thread(list_ports)
        self._names = names
        self._boards = {d: seen for d, seen in self._boards.items() if d in names}
