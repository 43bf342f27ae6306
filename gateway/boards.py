"""A technician's look at the boards on this machine's ports, and the name written into one of them."""

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from gateway.drivers.arduino import wire, words
from gateway.drivers.arduino.connection import Connection
from gateway.drivers.arduino.ports import Port
from gateway.errors import DriverError

ANSWER_S = 1.0
"""A board answers a question about itself within milliseconds."""
WRITE_S = 3.0
"""Writing its EEPROM takes a board 3.4 ms a byte."""
BOARD_ID = re.compile(r"[A-Za-z0-9-]{1,16}")


class Seen(Struct, frozen=True, kw_only=True):
    """What was found on a port. ``holder``: who has it open, then it was not opened; ``trouble``: why nothing is
    known of a board there."""

    port: Port
    holder: str = ""
    hello: wire.Hello | None = None
    stats: wire.Stats | None = None
    trouble: str = ""


async def look(ports: Iterable[Port], baud: int = 250000) -> list[Seen]:
    """Ask every port that nobody holds who is there. Opening a port resets most boards: outputs go off."""
    return list(await asyncio.gather(*(_look(p, baud) for p in ports)))


async def _look(port: Port, baud: int) -> Seen:
    if who := holder(port.device):
        return Seen(port=port, holder=who)
    try:
        connection, hello = await _meet(port.device, baud)
    except DriverError as e:
        return Seen(port=port, trouble=str(e))
    try:
        stats = await connection.ask([wire.GetStats()], wire.Stats, ANSWER_S)
    finally:
        await connection.close()
    return Seen(port=port, hello=hello, stats=stats if isinstance(stats, wire.Stats) else None)


async def hello_of(device: str, baud: int = 250000) -> wire.Hello:
    """Who answers on ``device``. Raises ``DriverError``."""
    connection, hello = await _meet(device, baud)
    await connection.close()
    return hello


async def _meet(device: str, baud: int) -> tuple[Connection, wire.Hello]:
    connection = await Connection.open(device, baud, lambda message, now: None, lambda: None)
    try:
        return connection, await connection.greet(listen=True)
    except BaseException:
        await connection.close()
        raise


async def name(device: str, board_id: str, baud: int = 250000) -> str:
    """Write ``board_id`` into the board on ``device`` and read it back; return the id it had.

    Raises ``DriverError``.
    """
    if not BOARD_ID.fullmatch(board_id):
        raise DriverError(f"{board_id!r} is no board id: use A-Z, a-z, 0-9 and -, at most 16 of them")
    if who := holder(device):
        raise DriverError(held(device, who))
    connection, before = await _meet(device, baud)
    try:
        if before.board_id == board_id:
            return before.board_id
        connection.send(wire.SetId(board_id))
        try:
            async with asyncio.timeout(WRITE_S):
                await connection.ended()  # the board says who it is now, and a session begins anew
            after = await connection.greet(listen=False)
        except TimeoutError:
            raise DriverError(
                f"the board on {device} did not write its id within {WRITE_S:g} s: flash it with this version"
            ) from None
    finally:
        await connection.close()
    if after.board_id != board_id:
        raise DriverError(
            f"the board on {device} still says {after.board_id or 'no id'!r} after {board_id!r} was written: its "
            "memory for it is worn out; use another board"
        )
    return before.board_id


def held(device: str, who: str) -> str:
    """Why a port cannot be used now, and what to do."""
    if "stagewire gateway" in who:
        return (
            f"{device} is held by {who}: stop it first (sudo systemctl stop stagewire-gateway, or Ctrl-C where it "
            "runs), and start it again afterwards"
        )
    return f"{device} is held by {who}: end that first"


def holder(device: str) -> str:
    """Who has ``device`` open, as ``name (pid 123)``; "" when nobody does. Opens nothing, so resets nothing.

    Programs that lock their port are seen whoever runs them; others only when they are this user's.
    """
    try:
        at = Path(device).stat()
    except OSError:
        return ""
    inode = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    for pid in [*_lockers(inode), *_openers(Path(device).resolve())]:
        if pid != os.getpid():
            return f"{_program(pid)} (pid {pid})"
    return ""


def _lockers(inode: str) -> Iterator[int]:
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5] == inode:
            yield int(fields[4])


def _openers(device: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(fd.readlink() == device for fd in (process / "fd").iterdir()):
                yield int(process.name)
        except OSError:
            continue  # gone, or another user's


def _program(pid: int) -> str:
    try:
        words_ = (Path("/proc") / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "another program"
    names = [Path(w).name for w in words_ if w and not w.startswith("-")]
    while len(names) > 1 and names[0].startswith("python"):
        del names[0]
    return " ".join(names[:2]) or "another program"


# -- in words -------------------------------------------------------------------------------------


def lines(seen: Seen) -> Iterator[str]:
    """What is known of one port, for a person."""
    p = seen.port
    usb = f"usb {p.usb}" if p.usb else "no USB device"
    yield f"{p.device}  {usb}, " + (f"serial number {p.serial_number}" if p.serial_number else "no serial number")
    if seen.holder:
        yield f"  held by {seen.holder}: not opened"
    if seen.trouble:
        yield f"  {seen.trouble}"
    if seen.hello is not None:
        h = seen.hello
        table = f"table {h.table_crc:08x}" if h.table_crc else "no channel table yet"
        yield (
            f"  board {h.board_id or 'without id'}, {words.kind(h)}, firmware {words.firmware(h)}, "
            f"started by {words.boot(h)}, {h.boots} resets since power-on, {table}"
        )
    if seen.stats is not None:
        s = seen.stats
        yield (
            f"  {s.frames} frames, {s.bad_frames} damaged, {s.repeats} sent again, {s.lost_bytes} bytes lost; "
            f"up {s.uptime_ms / 1000:.0f} s, longest loop {s.loop_max_us} us, {s.free_ram} bytes RAM free"
        )


def warnings(found: Iterable[Seen]) -> Iterator[str]:
    """What would confuse the gateway: boards that cannot be told apart."""
    found = list(found)
    serials = Counter(s.port.serial_number for s in found if s.port.serial_number)
    ids = Counter(s.hello.board_id for s in found if s.hello is not None and s.hello.board_id)
    for serial, count in serials.items():
        if count > 1:
            at = [s.port.device for s in found if s.port.serial_number == serial]
            yield (
                f"{' and '.join(at)} have the same USB serial number {serial}: give each board an id "
                "(stagewire boards name PORT ID), and write board: {id: ...} in the settings"
            )
    for board_id, count in ids.items():
        if count > 1:
            at = [s.port.device for s in found if s.hello is not None and s.hello.board_id == board_id]
            both = " and ".join(at)
            yield f"{both} have the same id {board_id}: give one another (stagewire boards name PORT ID)"
