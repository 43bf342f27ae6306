"""Finding the port of a board, whatever number it has today."""

import asyncio
from pathlib import Path

import pytest

from gateway.drivers.arduino import ports
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.drivers.arduino.ports import Port, Ports
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
