"""The virtual board keeps the firmware's rules: both are given the same orders at the same time, and must say the
same. The portable core runs on a pipe, in the test's own time."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.link import Link
from gateway.drivers.arduino.wire import ChannelKind, RunStatus, TableEntry
from gateway.practice.boards.rules import BoardRules

pytestmark = pytest.mark.needs("gxx")

FIRMWARE = Path(__file__).parents[2] / "firmware"
TICK_MS = 10
"""Orders come at multiples of it, and what they ask for ends 5 ms beside: no answer hangs on who is faster."""
CONTACT, STOP, VOLUME = 14, 16, 15  # pins


class Board:
    """One of the two, with a gateway's link to it."""

    def __init__(self) -> None:
        self.link = Link()
        self.now = 0.0
        self.results: list[tuple[int, RunStatus, int]] = []
        self.changes: list[tuple[int, int, int, int]] = []
        self.verdicts: list[tuple[int, int]] = []
        self.state: wire.State | None = None
        self.hello: wire.Hello | None = None

    def exchange(self, data: bytes, ms: int) -> bytes:
        """Give it bytes, let time pass, take what it said."""
        raise NotImplementedError

    def level(self, pin: int, level: bool) -> None:
        raise NotImplementedError

    def volts(self, pin: int, value: int) -> None:
        raise NotImplementedError

    def live(self, ms: int, *unreliable: wire.Message) -> None:
        for _ in range(ms):
            data = b"".join(self.link.unreliable(m) for m in unreliable)
            unreliable = ()
            said = self.exchange(data + self.link.data_to_send(self.now), 1)
            self.now += 0.001
            for message in self.link.receive(said, self.now):
                self._take(message)

    def _take(self, message: wire.Message) -> None:
        match message:
            case wire.Hello(session=session) if session:
                self.hello = message
                if not self.link.opened:
                    self.link.open()
            case wire.Result(run_id, status, board_ms):
                self.results.append((run_id, RunStatus(status), board_ms))
            case wire.InputChanged(channel, level, count, board_ms):
                self.changes.append((channel, level, count, board_ms))
            case wire.TableResult(ok, bad_index):
                self.verdicts.append((ok, bad_index))
            case wire.State():
                self.state = message

    def connect(self, session: int) -> None:
        self.link.close()
        self.live(5, wire.Connect(session))
        assert self.hello is not None
        assert self.hello.session == session

    def order(self, *messages: wire.Message) -> None:
        for message in messages:
            assert self.link.send(message)


class Virtual(Board):
    def __init__(self) -> None:
        super().__init__()
        self._rules = BoardRules("", lambda pin, level, now: None)
        self._rules.levels |= {CONTACT: False, STOP: False}

    def exchange(self, data: bytes, ms: int) -> bytes:
        self._rules.receive(data, self.now)
        said = self._rules.data_to_send(self.now)
        self._rules.tick(self.now + ms / 1000)
        return said + self._rules.data_to_send(self.now + ms / 1000)

    def level(self, pin: int, level: bool) -> None:
        self._rules.set_input(pin, level, self.now)

    def volts(self, pin: int, value: int) -> None:
        self._rules.set_analog(pin, value * 5000 // 1024 + 1, self.now)


class Firmware(Board):
    def __init__(self) -> None:
        super().__init__()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([FIRMWARE / "build/twin"], stdin=pipe, stdout=pipe, text=True, bufsize=1)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
        assert self._process.returncode == 0  # no sanitizer had anything to say

    def _tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")

    def exchange(self, data: bytes, ms: int) -> bytes:
        assert self._process.stdout is not None
        self._tell(f"{ms} {data.hex() or '-'}")
        return bytes.fromhex(self._process.stdout.readline().strip().strip("-"))

    def level(self, pin: int, level: bool) -> None:
        self._tell(f"p{pin} {int(level)}")

    def volts(self, pin: int, value: int) -> None:
        self._tell(f"a{pin} {value}")


class Twins:
    """Both, told the same."""

    def __init__(self, firmware: Firmware) -> None:
        self.firmware = firmware
        self.virtual = Virtual()
        self.both: list[Board] = [self.firmware, self.virtual]
        self._beats = 0

    def order(self, *messages: wire.Message) -> None:
        for board in self.both:
            board.order(*messages)

    def live(self, ms: int, *unreliable: wire.Message) -> None:
        for board in self.both:
            board.live(ms, *unreliable)

    def beat(self, ms: int) -> None:
        self._beats += 1
        self.live(ms, wire.Heartbeat(self._beats))

    def connect(self, session: int) -> None:
        for board in self.both:
            board.connect(session)

    def load(self, table: list[TableEntry]) -> None:
        for entry in table:
            self.order(entry)
            self.beat(5)
        self.order(wire.TableCommit(len(table), wire.table_crc(table)))
        self.beat(5)

    def agree(self) -> None:
        """What they said of each command, in order, at nearly the same time; and the state they are in."""
        a, b = self.firmware, self.virtual
        assert _by_id(a.results) == _by_id(b.results)
        for run_id, status, at in a.results:
            times = [t for i, s, t in b.results if (i, s) == (run_id, status)]
            assert min(abs(t - at) for t in times) <= 3, (run_id, status, at, times)
        assert [c[:3] for c in a.changes] == [c[:3] for c in b.changes]
        assert (a.verdicts, a.hello) == (b.verdicts, b.hello)
        one, other = [(s.flags, s.outputs, s.trip) for s in (a.state, b.state) if s is not None]
        assert one == other


def _by_id(results: list[tuple[int, RunStatus, int]]) -> dict[int, list[RunStatus]]:
    said: dict[int, list[RunStatus]] = {}
    for run_id, status, _ in results:
        said.setdefault(run_id, []).append(status)
    return said


@pytest.fixture
def twins() -> Iterator[Twins]:
    make = ["make", "-s", "-C", str(FIRMWARE), "twin"]
    made = subprocess.run(make, capture_output=True, text=True, timeout=200, check=False)
    assert made.returncode == 0, made.stderr
    firmware = Firmware()
    try:
        yield Twins(firmware)
    finally:
        firmware.close()


def entry(index: int, kind: ChannelKind, pin: int, max_on_ms: int, **more: int) -> TableEntry:
    fields = {"flags": 0, "group": 0, "safe": 0, "rest_ms": 0, "duty_permille": 0, "duty_window_s": 0}
    fields |= {"arg0": 0, "arg1": 0, "arg2": 0} | more
    return TableEntry(index=index, kind=kind, pin=pin, max_on_ms=max_on_ms, **fields)


TABLE = [
    entry(0, ChannelKind.PULSE, 2, 300),
    entry(1, ChannelKind.LEVEL, 4, 2000, rest_ms=200),
    entry(2, ChannelKind.PWM, 5, 1000, arg0=100),
    entry(3, ChannelKind.PWM, 6, 400, safe=64),
    entry(4, ChannelKind.SERVO, 8, 600, arg0=1000, arg1=2000, arg2=5000),
    entry(5, ChannelKind.SERVO, 9, 400, arg0=600, arg1=2400, rest_ms=100, safe=128),
    entry(6, ChannelKind.TONE, 7, 500, arg0=440),
    entry(7, ChannelKind.PULSE, 10, 500, group=1),
    entry(8, ChannelKind.PULSE, 12, 500, group=1, rest_ms=50),
    entry(9, ChannelKind.PULSE, 13, 1000, duty_permille=200, duty_window_s=5),
    entry(10, ChannelKind.INPUT, CONTACT, 0, arg0=20),
    entry(11, ChannelKind.ANALOG, VOLUME, 0, arg0=512, arg1=100),
    entry(12, ChannelKind.STOP, STOP, 0),
    entry(13, ChannelKind.STATUS, 17, 0),
]


def _random_orders(dice: random.Random, ids: Iterator[int]) -> list[wire.Message]:
    """One thing that a gateway might want."""

    def ticks(most: int) -> int:
        return dice.randint(0, most) * TICK_MS

    def on(most: int) -> int:
        return max(0, ticks(most) - TICK_MS // 2)

    known = dice.randint(1, 400)
    match dice.randrange(12):
        case 0:
            return [wire.Cancel(known if dice.random() < 0.9 else 0)]
        case 1:
            return [wire.Query(known)]
        case 2:
            return [wire.Renew(known, on(60))]
        case 3 | 4:
            steps: list[wire.Message] = [
                wire.PatternStep(i, dice.randrange(11), dice.choice((0, 100, 255)), on(20), ticks(20))
                for i in range(dice.randint(1, 4))
            ]
            run: wire.Message = wire.PatternRun(next(ids), len(steps), dice.choice((0, 0, 1, 3)))
            return dice.choice(([*steps, run], [*steps, run], steps, [run]))
        case 5:
            return [wire.Arm(dice.random() < 0.8)]
        case _:
            arg = dice.choice((0, 0, 0, 50, 20_000))
            return [wire.Run(next(ids), dice.randrange(11), dice.choice((0, 100, 255)), on(50), arg)]


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_virtual_board_says_what_the_firmware_says(twins: Twins, seed: int) -> None:
    dice = random.Random(seed)
    ids = iter(range(1, 100_000))
    twins.connect(1)
    twins.load(TABLE)
    twins.order(wire.Arm(1))
    twins.beat(45)  # the firmware debounces what an input begins with, too
    for _ in range(150):
        twins.order(*_random_orders(dice, ids))
        if dice.random() < 0.05:
            level, value = dice.random() < 0.5, dice.choice((0, 450, 600, 1000))
            for board in twins.both:
                board.level(CONTACT, level)
                board.volts(VOLUME, value)
        if dice.random() < 0.02:
            twins.live(20, wire.Stop(7))
            twins.order(wire.ResetStop(7), wire.Arm(1))
        twins.beat(TICK_MS * dice.randint(1, 12))
    twins.beat(50)
    twins.agree()
    said = {status for _, status, _ in twins.firmware.results}
    assert {RunStatus.STARTED, RunStatus.DONE, RunStatus.CANCELLED} <= said
    assert len(said) >= 7  # and it came to most kinds of refusal


def test_a_stop_input_a_lost_lease_and_a_bad_table_are_judged_alike(twins: Twins) -> None:
    twins.connect(1)
    twins.load(TABLE)
    twins.order(wire.Arm(1), wire.Run(1, 1, 255, 1500), wire.Run(2, 4, 255, 500))
    twins.beat(105)
    for board in twins.both:
        board.level(STOP, True)
    twins.beat(50)
    twins.order(wire.Run(3, 0, 255, 100), wire.ResetStop(0))
    twins.beat(50)
    twins.agree()
    for board in twins.both:
        board.level(STOP, False)
    twins.beat(50)
    twins.order(wire.ResetStop(0), wire.Arm(1), wire.Run(4, 2, 255, 900))
    twins.beat(20)
    twins.live(600)  # silence
    twins.connect(2)
    twins.order(wire.Query(4), wire.PatternRun(5, 1, 0))
    twins.beat(20)
    twins.agree()
    twins.load([TABLE[0], entry(1, ChannelKind.PULSE, 2, 100)])
    twins.order(wire.Run(6, 0, 255, 100))
    twins.beat(20)
    twins.agree()
    assert twins.firmware.verdicts == [(1, 0), (0, 1)]
