"""Serial ports of this machine, and which of them may be a station's board."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from serial.tools import list_ports as tools
from serial.tools.list_ports_common import ListPortInfo

from gateway.errors import DriverError
from gateway.settings.models import Board

_NAMES = ("ttyUSB*", "ttyACM*", "ttyAMA*", "serial*")
_READS = 3
STRANGER_S = 30.0
"""A board that no station asks for is asked again after this long: it may have been given its id meanwhile."""


class Port(Struct, frozen=True):
    """One serial port. ``usb`` is vendor:product in hex, empty where it is no USB device."""

    device: str
    usb: str = ""
    serial_number: str = ""
    title: str = ""


def list_ports() -> list[Port]:
    """Every serial port that is there now, by name. Reads /sys: a millisecond or so. Raises ``DriverError``."""
    found = []
    for p in _comports():
        usb = "" if p.vid is None else f"{p.vid:04x}:{p.pid:04x}"
        found.append(Port(p.device, usb, p.serial_number or "", p.description or ""))
    return sorted(found, key=lambda p: p.device)


def _comports() -> list[ListPortInfo]:
    """The library stumbles over a port that is unplugged while it is read; the next time it is not there."""
    for _ in range(_READS):
        with contextlib.suppress(TypeError, ValueError, OSError):
            return list(tools.comports())
    raise DriverError(
        "the serial ports come and go faster than they can be read: check the cables and the USB hub"
    )


class Finder(Protocol):
    """Where a board may be. ``Ports`` is the real one; shared by all drivers of a gateway."""

    async def find(self, board: Board) -> list[str]:
        """Ports worth opening now, best first; empty while there is none."""

    def saw(self, port: str, board_id: str) -> None:
        """The board that answered on ``port``."""

    def lent(self, port: str) -> contextlib.AbstractContextManager[None]:
        """Offer ``port`` to nobody while this lasts: another program is at work there."""


class Ports:
    """Finds boards for all drivers of a gateway: by fixed path, USB serial number, or id.

    By id means by asking: a driver opens what this offers, the board says who it is, and ``saw`` remembers
    it until the port goes away, so that no port is opened twice in search of another's board.
    """

    def __init__(self, dev: Path = Path("/dev")) -> None:
        self._dev = dev
        self._nodes: dict[str, int] = {}  # device -> its inode: a name that went and came back has another
        self._ports: list[Port] = []
        self._boards: dict[str, tuple[str, float]] = {}  # device -> id of the board that answered there, and when
        self._wanted: set[str] = set()
        self._lent: set[str] = set()  # by their real names

    async def find(self, board: Board) -> list[str]:
        """Ports worth opening for ``board`` now, best first."""
        return [port for port in await self._offer(board) if not self._is_lent(port)]

    async def _offer(self, board: Board) -> list[str]:
        if board.port is not None:
            return [board.port] if Path(board.port).exists() else []  # noqa: ASYNC240 - /dev is memory
        await self._look()
        if board.serial_number is not None:
            return [p.device for p in self._ports if p.serial_number == board.serial_number]
        if board.id is not None:
            self._wanted.add(board.id)
        known = [device for device, (seen, _) in self._boards.items() if seen == board.id]
        return known or [p.device for p in self._ports if p.usb and self._worth_asking(p.device)]

    def saw(self, port: str, board_id: str) -> None:
        """Remember which board answered on ``port``."""
        self._boards[port] = board_id, asyncio.get_running_loop().time()

    @contextlib.contextmanager
    def lent(self, port: str) -> Iterator[None]:
        """As ``Finder.lent``. A programmer does not lock its port: whoever opened it, in search of a board, would
        take bytes from it and reset what it writes."""
        name = os.path.realpath(port)
        self._lent.add(name)
        try:
            yield
        finally:
            self._lent.discard(name)

    def _is_lent(self, port: str) -> bool:
        return bool(self._lent) and os.path.realpath(port) in self._lent

    def _worth_asking(self, device: str) -> bool:
        seen, at = self._boards.get(device, ("", float("-inf")))
        return seen not in self._wanted and asyncio.get_running_loop().time() - at >= STRANGER_S

    async def _look(self) -> None:
        """Read /sys again only when a device came or went."""
        nodes = {}
        for pattern in _NAMES:
            for path in self._dev.glob(pattern):
                with contextlib.suppress(FileNotFoundError):  # gone already
                    nodes[str(path)] = path.lstat().st_ino
        if nodes == self._nodes:
            return
        self._boards = {
            d: seen for d, seen in self._boards.items() if d in nodes and nodes[d] == self._nodes.get(d)
        }
        self._ports = await asyncio.to_thread(list_ports)
        self._nodes = nodes
