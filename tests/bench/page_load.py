"""What the page costs when everybody looks: ``python -m tests.bench.page_load [--phones 50] [--rate 1000]``.

Real processes: Mosquitto, a gateway with boards in Python, the page, and a LIVE of so many events a second. Rounds
without phones and with them, in turn; each figure is the median over the rounds. Of the phones 40 hold an event
stream, the others are told to poll and do.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tests.broker import Mosquitto
from tests.flow.stage import GatewayProcess, configure, virtual_boards
from tests.web.flood import Flood
from tests.web.phones import Phones
from tests.web.process import Page
from web.views.live import MAX_STREAMS

VENUE = "demo"
SETTLE_S = 2.0


class Figures(Struct, frozen=True):
    """Cores, MB, and updates a second for each phone that listens."""

    gateway: float
    page: float
    memory: float
    updates: float
    events: float


def cpu_s(pid: int) -> float:
    """Seconds of work so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


@contextlib.contextmanager
def polling(page: Page, phones: int) -> Iterator[None]:
    """So many that look once a second."""
    ends = threading.Event()

    def poll() -> None:
        while not ends.wait(1.0):
            assert page.get("/api/snapshot") == 200

    threads = [threading.Thread(target=poll, daemon=True) for _ in range(phones)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join(10)


def measure(page: Page, gateway: int, flood: Flood, seconds: float, phones: int) -> Figures:
    """One round, after it has settled."""
    listening = min(phones, MAX_STREAMS)
    with Phones(page.port, page.cookie, listening) as heard, polling(page, phones - listening):
        flood.wait(SETTLE_S)
        began, sent, told = time.monotonic(), flood.sent, heard.heard
        worked = cpu_s(gateway), page.cpu_s
        flood.wait(seconds)
        lasted = time.monotonic() - began
        return Figures(
            gateway=(cpu_s(gateway) - worked[0]) / lasted,
            page=(page.cpu_s - worked[1]) / lasted,
            memory=page.memory_mb,
            updates=(heard.heard - told) / lasted / max(1, listening),
            events=(flood.sent - sent) / lasted,
        )


async def bench(phones: int, rate: int, rounds: int, seconds: float) -> None:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="page-load-")))
        broker = stack.enter_context(Mosquitto(folder))
        boards = await stack.enter_async_context(virtual_boards())
        config = configure(folder, broker, boards)
        gateway = stack.enter_context(GatewayProcess(config))
        page = stack.enter_context(Page(broker.settings, folder, folder / "page-data", venue=VENUE))
        flood = stack.enter_context(Flood(broker.settings, rate, VENUE))
        found: dict[int, list[Figures]] = {0: [], phones: []}
        for _ in range(rounds):
            for many, figures in found.items():
                # Off the loop, on which the boards live.
                figures.append(await asyncio.to_thread(measure, page, gateway.pid, flood, seconds, many))
    print(f"{rate} events/s wanted; medians of {rounds} rounds of {seconds:.0f} s\n")
    print("| phones | events/s | gateway, cores | page, cores | page, MB | updates/s a phone |")
    print("|---|---|---|---|---|---|")
    for many, figures in found.items():
        m = {name: statistics.median(getattr(f, name) for f in figures) for name in Figures.__struct_fields__}
        print(
            f"| {many} | {m['events']:.0f} | {m['gateway']:.2f} | {m['page']:.2f} | {m['memory']:.0f} "
            f"| {m['updates']:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0)
    args = parser.parse_args()
    asyncio.run(bench(args.phones, args.rate, args.rounds, args.seconds))


if __name__ == "__main__":
    main()
