"""Finding the port of a board, whatever number it has today."""

import asyncio
from pathlib import Path

import pytest
from serial.tools import list_ports as tools
from serial.tools.list_ports_common import ListPortInfo

from gateway.drivers.arduino import ports
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.arduino.ports import Port, Ports
from gateway.errors import DriverError
from gateway.practice.boards.virtual import VirtualBoard
from gateway.settings.models import Board, Station
from tests.drivers.stage import station, until


class Desk:
    """USB sockets: what /dev and /sys would say."""

    def __init__(self, dev: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dev = dev
        self.there: list[Port] = []
        self.reads = 0
        monkeypatch.setattr(ports, "list_ports", self._list)

    def _list(self) -> list[Port]:
        self.reads += 1
        return list(self.there)

    def plug(self, name: str, serial_number: str = "") -> str:
        device = self.dev / name
        device.touch()
        self.there.append(Port(str(device), "1a86:7523", serial_number))
        return str(device)

    def unplug(self, name: str) -> None:
        (self.dev / name).unlink()
        self.there = [p for p in self.there if p.device != str(self.dev / name)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


async def test_a_fixed_port_is_offered_while_it_exists(desk: Desk) -> None:
    found = Ports(desk.dev)
    board = Board(port=str(desk.dev / "ttyACM0"))
    assert await found.find(board) == []
    path = desk.plug("ttyACM0")
    assert await found.find(board) == [path]


async def test_a_serial_number_finds_its_board_under_any_name(desk: Desk) -> None:
    found = Ports(desk.dev)
    desk.plug("ttyUSB0", "STN-B")
    first = desk.plug("ttyUSB1", "STN-A")
    board = Board(serial_number="STN-A")
    assert await found.find(board) == [first]
    desk.unplug("ttyUSB1")
    assert await found.find(board) == []
    again = desk.plug("ttyUSB7", "STN-A")
    assert await found.find(board) == [again]


async def test_a_port_that_is_lent_is_opened_by_nobody_in_search_of_a_board(desk: Desk) -> None:
    found = Ports(desk.dev)
    fixed, other = desk.plug("ttyUSB0"), desk.plug("ttyUSB1")
    name = desk.dev / "by-id"
    name.symlink_to(fixed)
    missing, beside = Board(id="STN-C"), Board(port=str(name))
    assert await found.find(missing) == [fixed, other]
    with found.lent(str(name)):  # the settings' name for what others call ttyUSB0
        assert await found.find(missing) == [other]
        assert await found.find(beside) == []
    assert await found.find(missing) == [fixed, other]


async def test_ports_are_read_again_only_when_a_name_came_or_went(desk: Desk) -> None:
    found = Ports(desk.dev)
    desk.plug("ttyUSB0", "STN-A")
    for _ in range(5):
        await found.find(Board(serial_number="STN-A"))
    assert desk.reads == 1


async def test_an_id_is_looked_for_where_no_other_board_is_known(desk: Desk) -> None:
    found = Ports(desk.dev)
    a, b = desk.plug("ttyUSB0"), desk.plug("ttyUSB1")
    assert await found.find(Board(id="left")) == [a, b]
    found.saw(a, "right")
    assert await found.find(Board(id="left")) == [b]
    assert await found.find(Board(id="right")) == [a]
    desk.unplug("ttyUSB0")
    assert await found.find(Board(id="right")) == [b]
    found.saw(b, "left")
    assert await found.find(Board(id="right")) == []
    assert await found.find(Board(id="left")) == [b]


async def test_many_boards_are_told_apart_without_a_false_alarm(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"b{i}" for i in range(6)]
    boards = [VirtualBoard(name) for name in reversed(names)]
    for n, board in enumerate(boards):
        await board.start()
        (desk.dev / f"ttyUSB{n}").symlink_to(board.port)
        desk.there.append(Port(str(desk.dev / f"ttyUSB{n}"), "1a86:7523"))
    found = Ports(desk.dev)
    drivers = [ArduinoDriver(name, station(board_id=name), found) for name in names]
    running = [asyncio.create_task(d.run()) for d in drivers]
    try:
        await until(lambda: all(d.health.online for d in drivers), 20)
        assert [d.health.board for d in drivers] == names
        assert "swap the cables" not in caplog.text
        assert caplog.text.count("another program") <= 1
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for board in boards:
            await board.stop()


async def test_a_name_that_went_and_came_back_is_another_device(desk: Desk) -> None:
    found = Ports(desk.dev)
    first = desk.plug("ttyUSB0", "STN-A")
    assert await found.find(Board(serial_number="STN-A")) == [first]
    kept = (desk.dev / "ttyUSB0").rename(desk.dev / "away")  # its inode is not given to the next one
    desk.there.clear()
    desk.plug("ttyUSB0", "STN-B")
    assert await found.find(Board(serial_number="STN-A")) == []
    kept.unlink()


async def test_a_board_that_was_given_its_id_meanwhile_is_found_without_being_plugged_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "STRANGER_S", 1.0)
    boards = [VirtualBoard(""), VirtualBoard("right")]
    found = Ports(desk.dev)
    for n, board in enumerate(boards):
        await board.start()
        (desk.dev / f"ttyUSB{n}").symlink_to(board.port)
        desk.there.append(Port(str(desk.dev / f"ttyUSB{n}"), "1a86:7523"))
    drivers = [ArduinoDriver(name, station(board_id=name), found) for name in ("left", "right")]
    running = [asyncio.create_task(d.run()) for d in drivers]
    left, right = drivers
    try:
        port = f"{desk.dev}/ttyUSB0"
        await until(lambda: f"stagewire boards name {port} left" in left.health.fault and right.health.online)
        await until(lambda: left.health.fault.startswith("no board with id left, but one without an id is on"))
        boards[0]._rules._id = "left"  # as another program would write it
        await until(lambda: left.health.online)
        assert right.health.online
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for board in boards:
            await board.stop()


async def test_a_board_of_another_station_is_not_asked_again_and_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "STRANGER_S", 0.0)
    found = Ports(desk.dev)
    a, b = desk.plug("ttyUSB0"), desk.plug("ttyUSB1")
    assert await found.find(Board(id="right")) == [a, b]
    found.saw(a, "right")
    found.saw(b, "nobody's")
    assert await found.find(Board(id="left")) == [b]


async def test_a_port_that_is_unplugged_while_it_is_read_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    real = tools.comports

    def stumbles(times: int) -> list[ListPortInfo]:
        nonlocal reads
        reads += 1
        if reads <= times:
            raise TypeError("int() argument must be a string or a real number, not 'NoneType'")
        return list(real())

    monkeypatch.setattr(tools, "comports", lambda: stumbles(1))
    assert all(p.device.startswith("/dev/") for p in ports.list_ports())
    assert reads == 2
    monkeypatch.setattr(tools, "comports", lambda: stumbles(100))
    with pytest.raises(DriverError, match="check the cables and the USB hub"):
        ports.list_ports()


async def test_ports_that_cannot_be_read_are_said_and_read_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = ports.list_ports

    def bad() -> list[Port]:
        raise DriverError("the serial ports come and go")

    monkeypatch.setattr(ports, "list_ports", bad)
    board = VirtualBoard("A")
    await board.start()
    (desk.dev / "ttyUSB0").symlink_to(board.port)
    desk.there.append(Port(str(desk.dev / "ttyUSB0"), "1a86:7523"))
    driver = ArduinoDriver("s1", station(board_id="A"), Ports(desk.dev))
    running = asyncio.create_task(driver.run())
    await until(lambda: driver.health.fault == "the serial ports come and go")
    monkeypatch.setattr(ports, "list_ports", good)
    await until(lambda: driver.health.online)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await board.stop()


def test_the_ports_of_this_machine_can_be_listed() -> None:
    listed = ports.list_ports()
    assert all(p.device.startswith("/dev/") for p in listed)
    assert listed == sorted(listed, key=lambda p: p.device)


async def test_two_drivers_find_their_boards_behind_swapped_ports(desk: Desk) -> None:
    boards = [VirtualBoard("right"), VirtualBoard("left")]
    found = Ports(desk.dev)
    for n, board in enumerate(boards):
        await board.start()
        (desk.dev / f"ttyUSB{n}").symlink_to(board.port)
        desk.there.append(Port(str(desk.dev / f"ttyUSB{n}"), "1a86:7523"))
    drivers = {name: ArduinoDriver(name, station(board_id=name), found) for name in ("left", "right")}
    running = [asyncio.create_task(d.run()) for d in drivers.values()]
    try:
        await until(lambda: all(d.health.online for d in drivers.values()))
        assert {name: d.health.board for name, d in drivers.items()} == {"left": "left", "right": "right"}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for board in boards:
            await board.stop()


async def test_two_adapters_with_one_serial_number_are_said_with_the_fix_and_never_opened(desk: Desk) -> None:
    boards = [VirtualBoard("A"), VirtualBoard("B")]
    for n, board in enumerate(boards):
        await board.start()
        (desk.dev / f"ttyUSB{n}").symlink_to(board.port)
        desk.there.append(Port(str(desk.dev / f"ttyUSB{n}"), "1a86:7523", "0001"))
    settings = Station(board=Board(serial_number="0001"), channels={}, actions={})
    driver = ArduinoDriver("s1", settings, Ports(desk.dev))
    running = asyncio.create_task(driver.run())
    try:
        await until(lambda: "same USB serial number" in driver.health.fault)
        one, two = (f"{desk.dev}/ttyUSB{n}" for n in (0, 1))
        assert driver.health.fault == (
            f"{one} and {two} have the same USB serial number 0001: stop the gateway, give each board an id "
            "(stagewire boards name PORT ID), and write board: {id: ...} in the settings instead"
        )
        desk.unplug("ttyUSB1")
        await until(lambda: driver.health.online)
        assert driver.health.board == "A"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for board in boards:
            await board.stop()
