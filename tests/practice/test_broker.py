"""The embedded broker carries many clients that come and go at once."""

import asyncio
import contextlib
import sys

from gateway.bus import Bus, Message
from gateway.settings.models import Broker
from tests.broker import free_port
from tests.flow.stage import until

SERVE = """
import asyncio, sys
from gateway.practice.broker import EmbeddedBroker

async def serve():
    await EmbeddedBroker(int(sys.argv[1])).start()
    await asyncio.Event().wait()

asyncio.run(serve())
"""
"""In a process of its own, as amqtt leaves sockets to the garbage collector when it stops."""


async def test_clients_that_subscribe_all_at_once_are_all_served() -> None:
    port = free_port()
    broker = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, str(port))
    got: dict[int, int] = {}

    def hear(n: int, _: Message) -> None:
        got[n] = got.get(n, 0) + 1

    try:
        async with contextlib.AsyncExitStack() as stack:
            buses = []
            for n in range(8):
                bus = Bus(
                    Broker(port=port, protocol="v3.1.1"),
                    f"client-{n}",
                    on_message=lambda m, n=n: hear(n, m),  # type: ignore[misc]
                )
                for topic in range(20):
                    bus.subscribe(f"{n}/{topic}")
                bus.subscribe("all")
                buses.append(bus)
                task = asyncio.create_task(bus.run())
                stack.push_async_callback(asyncio.wait, [task])
                stack.callback(task.cancel)
            await until(lambda: all(b.connected for b in buses), 20)

            def everyone() -> bool:
                buses[0].publish("all", b"x")
                return len(got) == len(buses)

            await until(everyone)
    finally:
        broker.terminate()
        await broker.wait()
