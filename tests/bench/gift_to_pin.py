"""How long from a gift's publish to the pin's edge: ``python -m tests.bench.gift_to_pin [GIFTS]``.

A gateway process, Mosquitto, and the real firmware in the AVR simulator at 250 kbaud; the gifts are published here
and the edges are heard here, so the figures hold the broker, the rules, the wire and the simulator's
own pace. ``reported`` is what the gateway says itself, by the board's clock.
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

from gateway.deciding import DOUBT_S
from gateway.demo import venue
from gateway.demo.children import Children
from gateway.practice.boards.avr import AvrBoard
from tests.broker import Mosquitto
from tests.flow.stage import client_running, configure, until

SPACING_S = 0.11
"""Longer than the lamp's 60 ms, so no gift waits for the one before."""


def percentiles(values: list[float]) -> str:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"p50 {cuts[49]:6.2f}   p95 {cuts[94]:6.2f}   p99 {cuts[98]:6.2f}   max {max(values):6.2f}   ms"


async def measure(folder: Path, gifts: int) -> None:
    published: dict[int, float] = {}
    edges: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder))
        boards = {name: AvrBoard("uno") for name in venue.STATIONS}
        for name, board in boards.items():
            if name == "lamp":
                board.on_edge = lambda _pin, level, _t: edges.append(time.perf_counter()) if level else None
            await board.start()
            stack.push_async_callback(board.stop)
        configure(folder, broker, boards)
        children = Children(folder)
        stack.push_async_callback(children.stop)
        await children.start("gateway", sys.executable, "-m", "gateway.cli", "gateway")
        client = await stack.enter_async_context(client_running(broker))
        await until(lambda: all(client.station(s).armed for s in venue.STATIONS), 30)
        await asyncio.sleep(DOUBT_S + 1)  # just after a start boards are asked before each command
        for n in range(gifts):
            published[n] = time.perf_counter()
            client.gift(f"bench-{n}")
            await asyncio.sleep(SPACING_S)
        await until(lambda: len(edges) >= gifts, 10)
    waits = [(edge - published[n]) * 1000 for n, edge in enumerate(edges)]
    reported = [a.latency_ms for a in client.results if a.status == "running" and a.latency_ms is not None]
    print(f"{gifts} gifts, publish to pin edge heard:  {percentiles(waits)}")
    print(f"{len(reported)} gifts, reported by the gateway:    {percentiles(reported)}")


def main() -> None:
    gifts = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), gifts))


if __name__ == "__main__":
    main()
