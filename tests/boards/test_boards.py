"""``stagewire boards`` on real pseudo-terminals: who is there, who holds a port, and a name that is kept."""

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import boards
from gateway.boards import Seen
from gateway.cli import main
from gateway.drivers.arduino import wire
from gateway.drivers.arduino.ports import Port
from gateway.errors import DriverError
from gateway.practice.boards.avr import AvrBoard
from gateway.practice.boards.virtual import VirtualBoard
from tests.drivers.stage import stage

HOLD = (
    "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); "
    "print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
async def board() -> AsyncIterator[VirtualBoard]:
    board = VirtualBoard("VB-1")
    await board.start()
    yield board
    await board.stop()


async def test_a_board_says_who_it_is_and_how_its_wire_does(board: VirtualBoard) -> None:
    (seen,) = await boards.look([Port(board.port, "1a86:7523", "A50285BI")])
    assert seen.hello is not None
    assert seen.stats is not None
    assert seen.stats.frames > 0
    first, second, third = boards.lines(seen)
    assert first == f"{board.port}  usb 1a86:7523, serial number A50285BI"
    assert second.startswith("  board VB-1, virtual, firmware 0.")
    assert "started by power-on, 0 resets since power-on, no channel table yet" in second
    assert "0 damaged" in third
    assert "bytes RAM free" in third


async def test_several_ports_are_asked_at_once_and_one_that_is_silent_is_said(board: VirtualBoard) -> None:
    other = VirtualBoard("VB-2")
    other.mute = True
    await other.start()
    found = await boards.look([Port(board.port), Port(other.port), Port("/dev/nowhere")])
    assert [s.hello.board_id if s.hello else "" for s in found] == ["VB-1", "", ""]
    assert "no answer" in found[1].trouble
    assert found[2].trouble == "cannot open /dev/nowhere: it is gone"
    await other.stop()


async def test_a_name_is_written_and_read_back_and_outlives_the_power(board: VirtualBoard) -> None:
    assert await boards.name(board.port, "STN-A") == "VB-1"
    board.power_cycle()
    assert (await boards.hello_of(board.port)).board_id == "STN-A"
    assert await boards.name(board.port, "STN-A") == "STN-A"


@pytest.mark.parametrize("bad", ["", "a b", "x" * 17, "Ä", "a_b"])
async def test_a_name_that_no_board_can_hold_is_refused(bad: str) -> None:
    with pytest.raises(DriverError, match="is no board id: use A-Z, a-z, 0-9 and -"):
        await boards.name("/dev/null", bad)


async def test_a_port_that_another_program_holds_is_named_with_it_and_not_opened(board: VirtualBoard) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLD, board.port], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        await asyncio.to_thread(process.stdout.readline)
        who = boards.holder(board.port)
        assert who.endswith(f"(pid {process.pid})")
        (seen,) = await boards.look([Port(board.port)])
        assert seen.hello is None
        assert f"held by {who}: not opened" in "\n".join(boards.lines(seen))
        with pytest.raises(DriverError, match="end that first"):
            await boards.name(board.port, "STN-A")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert boards.holder(board.port) == ""


async def test_a_port_that_this_users_programs_opened_without_a_lock_is_seen_too(board: VirtualBoard) -> None:
    script = HOLD.replace("fcntl.flock(f, fcntl.LOCK_EX)", "0")
    process = subprocess.Popen([sys.executable, "-c", script, board.port], stdout=subprocess.PIPE)
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    assert str(process.pid) in boards.holder(board.port)
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_gateway_is_told_from_other_programs_and_what_to_do_with_it() -> None:
    assert "sudo systemctl stop stagewire-gateway" in boards.held("/dev/ttyUSB0", "stagewire gateway (pid 12)")
    assert "end that first" in boards.held("/dev/ttyUSB0", "minicom (pid 12)")


async def test_a_lock_of_this_process_itself_does_not_count(board: VirtualBoard) -> None:
    fd = os.open(board.port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert boards.holder(board.port) == ""
    os.close(fd)


def hello(board_id: str) -> wire.Hello:
    return wire.Hello(0, 1, 0, 2, 0, wire.Boot.WATCHDOG, 3, 16, 0xABCD, board_id)


def test_boards_that_cannot_be_told_apart_are_named_with_the_fix() -> None:
    twins = [
        Seen(port=Port("/dev/ttyUSB0", "1a86:7523", "0001"), hello=hello("A")),
        Seen(port=Port("/dev/ttyUSB1", "1a86:7523", "0001"), hello=hello("A")),
        Seen(port=Port("/dev/ttyUSB2", "1a86:7523"), hello=hello("")),
        Seen(port=Port("/dev/ttyUSB3", "1a86:7523"), hello=hello("")),
    ]
    serial, same_id = boards.warnings(twins)
    assert serial.startswith(
        "/dev/ttyUSB0 and /dev/ttyUSB1 have the same USB serial number 0001: give each board an id"
    )
    assert "board: {id: ...}" in serial
    assert same_id.startswith("/dev/ttyUSB0 and /dev/ttyUSB1 have the same id A")
    assert not list(boards.warnings(twins[1:]))
    assert "started by watchdog, 3 resets since power-on, table 0000abcd" in "\n".join(boards.lines(twins[0]))


async def test_the_command_lists_and_names(board: VirtualBoard) -> None:
    def run(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["boards", *args])
        return result.exit_code, result.output

    code, text = await asyncio.to_thread(run, "--port", board.port)
    assert (code, "board VB-1" in text) == (0, True)
    code, text = await asyncio.to_thread(run, "name", board.port, "STN-B")
    assert (code, text) == (
        0,
        f"the board on {board.port} is STN-B now (it was VB-1); in the settings: board: {{id: STN-B}}\n",
    )
    code, text = await asyncio.to_thread(run, "name", board.port, "not good")
    assert (code, "is no board id" in text) == (1, True)


async def test_a_port_that_the_gateways_driver_holds_stays_its_own(tmp_path: Path) -> None:
    async with stage() as s:
        script = "import sys; from gateway import boards; print(boards.holder(sys.argv[1]))"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, s.board.port, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        assert f"(pid {os.getpid()})" in out.decode()
        assert s.driver.health.armed


@pytest.mark.needs("avr-gcc", "simavr")
@pytest.mark.timeout(180)
async def test_the_real_firmware_is_listed_and_keeps_its_name() -> None:
    board = AvrBoard("uno")
    await board.start()
    try:
        assert await boards.name(board.port, "UNO-7") == ""
        (seen,) = await boards.look([Port(board.port)])
        said = "\n".join(boards.lines(seen))
        assert "board UNO-7, uno, firmware 0." in said
        assert seen.stats is not None
        assert 0 < seen.stats.free_ram < 2048
    finally:
        await board.stop()
