"""What an event costs the connector: ``python -m tests.bench.connector [ROUNDS]``.

The real client on real sockets of a practice platform, and a real Mosquitto with a subscriber; connector,
platform, broker and subscriber are processes of their own. The same frames go to TikTokLive's own client with
its listeners, in turns with ours. Times are the CPU time of the listening process, kernel included, by message;
of them the kernel's share, which on a virtual machine is its host's too, stands beside, in ticks of 10 ms.
"""

import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from ruamel.yaml import YAML

import gateway.connector.sources.tiktok  # noqa: F401  (TikTokLive without its warnings)
from gateway import messages as m
from gateway.bus import Bus, Message
from gateway.practice.tiktok.acts import Question, Viewer
from gateway.practice.tiktok.room import Room
from gateway.practice.tiktok.server import PracticeTikTok
from gateway.topics import Topics
from tests.bench.webcast_load import Load
from tests.broker import Mosquitto

VENUE = "bench"
ACCOUNTS = 10
RATE = 200
"""Messages a second of each account: a LIVE with thousands of viewers."""
FRAMES_PER_S = 20
"""Of each account, where all are measured at once."""
SECONDS = 5
MESSAGES = 4000
"""Of one measurement of the connector; TikTokLive's client gets a tenth of them."""
UNDER_WAY = 200
"""Messages sent and not acknowledged, at most."""
PATIENCE = 30.0
HOST = Viewer(1, "host", "Host")
TICKS = os.sysconf("SC_CLK_TCK")


class Listener:
    """A listening process; ``marks`` are the texts of the questions that came out at its end."""

    def __init__(self, folder: Path, name: str, *command: str) -> None:
        self.marks: list[str] = []
        self.changed = asyncio.Event()
        self._log = folder / f"{name}.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            )  # fmt: skip

    def mark(self, text: str) -> None:
        self.marks.append(text)
        self.changed.set()

    async def until(self, text: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.marks:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise SystemExit(f"nothing came: {self._log.read_text()[-2000:]}") from None

    def read_marks(self) -> None:
        """Take them from the process's output."""
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        asyncio.get_running_loop().add_reader(self._process.stdout.fileno(), self._read)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout.readlines():
            self.mark(line.strip())

    def cpu(self) -> float:
        """Seconds of CPU so far, all threads, user and kernel."""
        tasks = Path(f"/proc/{self._process.pid}/task")
        return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()) / 1e9

    def kernel(self) -> float:
        """Of these, seconds in the kernel."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[12]) / TICKS

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait(5)


async def measure(room: Room, load: Load, listener: Listener, count: int, each: int, mark: str) -> float:
    """CPU microseconds a message while the listener is kept busy: the next frames follow when those before are
    acknowledged."""
    frames = [load.frame(load.acts(each)) for _ in range(count // each)]
    last = load.frame([Question(HOST, mark)])
    before, window = listener.cpu(), max(1, UNDER_WAY // each)
    for start in range(0, len(frames), window):
        batch, acks = frames[start : start + window], room.acks
        for frame in batch:
            room.send_raw(frame)
        await room.until(acks=acks + len(batch))
    room.send_raw(last)
    await listener.until(mark)
    return (listener.cpu() - before) / count * 1e6


async def send(plans: list[tuple[Room, list[bytes]]]) -> None:
    """Each room's frames, evenly over ``SECONDS``; rooms in turns."""
    steps = len(plans[0][1])
    began = time.monotonic()
    for n in range(steps):
        for m_, (room, frames) in enumerate(plans):
            room.send_raw(frames[n])
            due = began + (n + (m_ + 1) / len(plans)) * SECONDS / steps
            if due > time.monotonic() + 0.001:
                await asyncio.sleep(due - time.monotonic())


def settings(folder: Path, broker: Mosquitto, tiktok: PracticeTikTok) -> None:
    addresses = {
        "app_url": tiktok.app_url,
        "webcast_url": tiktok.webcast_url,
        "sign_url": tiktok.sign_url,
        "simulated": True,
    }
    YAML().dump(
        {
            "venue": VENUE,
            "broker": {"port": broker.port},
            "connector": {"tiktok": addresses},
            "accounts": {f"a{n}": {"username": f"a{n}.live"} for n in range(ACCOUNTS)},
        },
        folder / "stagewire.yaml",
    )


def _nothing(_: m.Event) -> None:
    pass


@contextlib.asynccontextmanager
async def stage(
    folder: Path, *kinds: str, hear: Callable[[m.Event], None] = _nothing
) -> AsyncIterator[tuple[PracticeTikTok, list[Room], Listener]]:
    """Platform, rooms and our connector on all of them, live; ``hear`` takes the events of ``kinds`` as a
    subscriber gets them, and the connector's ``marks`` are the questions."""
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder))
        subscriber = subprocess.Popen(
            ["mosquitto_sub", "-p", str(broker.port), "-t", "#", "-q", "1"], stdout=subprocess.DEVNULL
        )
        stack.callback(subscriber.wait, 5)
        stack.callback(subscriber.terminate)
        tiktok = PracticeTikTok()
        await tiktok.start()
        stack.push_async_callback(tiktok.stop)
        rooms = [tiktok.add_room(f"a{n}.live") for n in range(ACCOUNTS)]
        settings(folder, broker, tiktok)
        ours = Listener(folder, "connector", "-m", "gateway.cli", "connector")
        stack.callback(ours.stop)

        def on_message(message: Message) -> None:
            event = m.decode_event(message.payload)
            if isinstance(event, m.QuestionEvent):
                ours.mark(event.data.text)
            else:
                hear(event)

        bus = Bus(broker.settings, "bench", on_message=on_message)
        for kind in ("question", *kinds):
            bus.subscribe(Topics(VENUE).account_event("+", kind))
        link = asyncio.create_task(bus.run())
        stack.callback(link.cancel)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for room in rooms:
                    await room.until(watchers=1)
                ours.mark("live")
        await ours.until("live")
        yield tiktok, rooms, ours


@contextlib.asynccontextmanager
async def stock_listener(folder: Path, tiktok: PracticeTikTok) -> AsyncIterator[tuple[Room, Listener]]:
    """TikTokLive's own client, live in a room of its own."""
    room = tiktok.add_room("stock.live")
    where = (tiktok.app_url, tiktok.webcast_url, tiktok.sign_url, room.username)
    stock = Listener(folder, "stock", "-m", "tests.bench.stock_listener", *where)
    try:
        stock.read_marks()
        await stock.until("live")
        yield room, stock
    finally:
        stock.stop()


async def compare(room: Room, ours: Listener, stock_room: Room, stock: Listener, rounds: int) -> None:
    for name, each, told in (("frames of 1", 1, True), ("frames of 10", 10, True), ("a mix", 10, False)):
        load, stock_load = Load(room, told=told), Load(stock_room, told=told)
        costs, stock_costs, kernel = [], [], 0.0
        for n in range(rounds):
            before = ours.kernel()
            costs.append(await measure(room, load, ours, MESSAGES, each, f"{name} {n}"))
            kernel += (ours.kernel() - before) / (MESSAGES * rounds) * 1e6
            stock_costs.append(await measure(stock_room, stock_load, stock, MESSAGES // 10, each, f"{name} {n}"))
        a, b = statistics.median(costs), statistics.median(stock_costs)
        print(
            f"{name:13} connector {a:6.1f} us (kernel {kernel:4.1f})   TikTokLive {b:7.1f} us   {b / a:5.1f} x",
            flush=True,
        )


async def many(rooms: list[Room], ours: Listener) -> None:
    """All accounts at once: how much of a core, and of memory."""
    loads = [Load(room, told=False, seed=n) for n, room in enumerate(rooms)]
    each = RATE // FRAMES_PER_S
    plans = [
        (room, [load.frame(load.acts(each)) for _ in range(FRAMES_PER_S * SECONDS)])
        for room, load in zip(rooms, loads, strict=True)
    ]
    before, in_kernel, began = ours.cpu(), ours.kernel(), time.monotonic()
    await send(plans)
    rooms[0].send_raw(loads[0].frame([Question(HOST, "many")]))
    await ours.until("many")
    took, in_kernel, wall = ours.cpu() - before, ours.kernel() - in_kernel, time.monotonic() - began
    us = 1e6 / (ACCOUNTS * RATE * SECONDS)
    print(
        f"{ACCOUNTS} accounts x {RATE}/s, {wall:.1f} s: {took / wall * 100:.1f} % of a core, "
        f"{took * us:.1f} us a message (kernel {in_kernel * us:.1f}), {ours.rss_mb():.0f} MB",
        flush=True,
    )


async def run(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            stage(Path(folder)) as (tiktok, rooms, ours),
            stock_listener(Path(folder), tiktok) as (stock_room, stock),
        ):
            for _ in range(rounds):
                await many(rooms, ours)
                ours.marks.remove("many")
            await compare(rooms[0], ours, stock_room, stock, rounds)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 3))
