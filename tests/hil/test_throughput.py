"""How many commands a second pass the line. The real ELF; time is simulated, and slowed so that this machine's
own delays do not count."""

import asyncio
import os

import pytest

from gateway.drivers.arduino import wire
from gateway.drivers.arduino.link import Link
from gateway.drivers.arduino.wire import GetStats, Heartbeat, Result, Run, RunStatus, Stats
from tests.hil.bench import Bench, output

pytestmark = pytest.mark.needs("avr-gcc", "simavr")

PACE = 20  # percent
COMMANDS = 300
BYTE_S = 10 / 250_000
BEAT_S = wire.HEARTBEAT_MS / 1000
ORDER = len(wire.encode(Run(0x11111111, 1, 1, 0x1111, 1)))
ANSWERS = 2 * len(wire.encode(Result(0x11111111, 1, 0x11111111)))  # it began, it ended
LIMIT = 1 / (max(ORDER, ANSWERS) * BYTE_S)
"""Commands a second: the answers are the longer way round, 38 bytes against 22."""


class Sender:
    """Keeps the window full of runs of 2 ms, each on a channel that is idle."""

    def __init__(self, bench: Bench, fd: int) -> None:
        self.link = Link()
        self.link.open()
        self.ended: list[RunStatus] = []
        self.done = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._idle = list(range(16))
        self._channel: dict[int, int] = {}

    def now(self) -> float:
        """Simulated time goes at this pace; the link's own time has to go with it."""
        return self._loop.time() * PACE / 100

    def fill(self) -> None:
        while self._idle and len(self._channel) < COMMANDS:
            run_id = len(self._channel) + 1
            self._channel[run_id] = self._idle.pop(0)
            self.link.send(Run(run_id, self._channel[run_id], 255, 2))
        if data := self.link.data_to_send(self.now()):
            os.write(self._fd, data)

    def beat(self) -> None:
        os.write(self._fd, self.link.unreliable(Heartbeat(1)))
        self.fill()

    def read(self) -> None:
        for message in self.link.receive(os.read(self._fd, 4096), self.now()):
            if isinstance(message, Result) and message.status != RunStatus.STARTED:
                self.ended.append(RunStatus(message.status))
                self._idle.append(self._channel[message.id])
        if len(self.ended) == COMMANDS:
            self.done.set()
        self.fill()


async def test_commands_pass_at_seventy_percent_of_the_lines_limit_and_none_is_repeated(bench: Bench) -> None:
    await bench.ready(*(output(i, 2 + i) for i in range(16)))
    bench.client.silence()
    await bench.client.connect()
    bench.board.pace(PACE)
    fd = bench.client.lend()
    sender = Sender(bench, fd)
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, sender.read)
    sender.link.send(wire.Arm(1))

    async def live() -> None:
        while True:
            sender.beat()
            await asyncio.sleep(BEAT_S * 100 / PACE / 2)

    beating = asyncio.create_task(live())
    try:
        began = await bench.board.time()
        async with asyncio.timeout(40):
            await sender.done.wait()
        took = await bench.board.time() - began
    finally:
        beating.cancel()
        loop.remove_reader(fd)
    bench.board.pace(100)
    bench.client.take_back(fd)
    assert set(sender.ended) == {RunStatus.DONE}
    assert COMMANDS / took >= 0.7 * LIMIT
    assert sender.link.repeats == 0
    await bench.client.connect()
    await bench.client.order(GetStats())
    stats = await bench.client.wait(Stats)
    assert (stats.bad_frames, stats.lost_bytes) == (0, 0)
    assert stats.loop_max_us <= 1000
