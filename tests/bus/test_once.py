"""What is published once reaches the broker whole and is answered; what the connection loses is not repeated."""

import asyncio
import contextlib
import getpass
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest

from gateway.bus import Bus, Message
from gateway.settings.models import Broker
from tests.broker import Mosquitto

pytestmark = pytest.mark.needs("mosquitto")

ACL = "topic read #\ntopic write free/#\n"


class Heard:
    """A subscriber of everything."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.changed = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.payloads.append(message.payload)
        self.changed.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.payloads) < count:
                self.changed.clear()
                await self.changed.wait()


@contextlib.asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[Bus]:
    task = asyncio.create_task(bus.run())
    try:
        yield bus
    finally:
        task.cancel()
        await asyncio.wait([task])


async def connected(bus: Bus) -> None:
    async with asyncio.timeout(10):
        while not bus.connected:
            await asyncio.sleep(0.005)


@pytest.fixture
def broker(tmp_path: Path) -> Mosquitto:
    return Mosquitto(tmp_path)


@pytest.mark.parametrize("protocol", ["v5", "v3.1.1"])
async def test_every_size_arrives_whole_and_in_order_and_each_is_answered(
    broker: Mosquitto, protocol: Literal["v5", "v3.1.1"]
) -> None:
    settings = Broker(port=broker.settings.port, protocol=protocol)
    sizes = [0, 1, 100, 127, 128, 16_000, 16_384, 300_000, 3_000_000, 5]  # around each length of the length
    payloads = [bytes([n]) * size for n, size in enumerate(sizes, 65)]
    answers: list[bool] = []
    heard = Heard()
    with broker:
        listener, sender = Bus(settings, "ear", on_message=heard), Bus(settings, "mouth")
        listener.subscribe("free/#")
        async with running(listener), running(sender):
            await connected(listener)
            await connected(sender)
            for payload in payloads:  # in one turn of the loop, so in one batch, far more than a socket takes
                assert sender.publish("free/a", payload, on_ack=answers.append)
            await heard.until(len(payloads))
            async with asyncio.timeout(10):
                while len(answers) < len(payloads):
                    await asyncio.sleep(0.005)
    assert heard.payloads == payloads
    assert answers == [True] * len(payloads)


async def test_each_quality_of_service_and_paho_s_own_messages_keep_their_order(broker: Mosquitto) -> None:
    heard = Heard()
    with broker:
        listener, sender = Bus(broker.settings, "ear", on_message=heard), Bus(broker.settings, "mouth")
        listener.subscribe("free/#")
        async with running(listener), running(sender):
            await connected(listener)
            await connected(sender)
            for n in range(90):
                payload = b"%d" % n
                match n % 3:
                    case 0:
                        sender.publish("free/a", payload, on_ack=lambda _: None)
                    case 1:
                        sender.publish("free/a", payload, qos=0)
                    case _:
                        sender.publish("free/a", payload, qos=1)
            await heard.until(90)
    assert [[payload for payload in heard.payloads if int(payload) % 3 == kind] for kind in range(3)] == [
        [b"%d" % n for n in range(kind, 90, 3)] for kind in range(3)
    ]


async def test_nobody_listening_and_a_refusal_are_told_apart_from_success(
    broker: Mosquitto, tmp_path: Path
) -> None:
    (tmp_path / "acl").write_text(ACL)
    with broker._config.open("a") as config:
        config.write(f"user {getpass.getuser()}\nacl_file {tmp_path / 'acl'}\n")  # else it cannot read the file
    answers: list[tuple[str, bool]] = []
    heard = Heard()
    with broker:
        listener, sender = Bus(broker.settings, "ear", on_message=heard), Bus(broker.settings, "mouth")
        listener.subscribe("free/heard")
        async with running(listener), running(sender):
            await connected(listener)
            await connected(sender)
            for topic in ("free/heard", "free/unheard", "forbidden"):
                sender.publish(topic, b"x", on_ack=lambda ok, topic=topic: answers.append((topic, ok)))  # type: ignore[misc]  # a default binds it
            async with asyncio.timeout(10):
                while len(answers) < 3:
                    await asyncio.sleep(0.005)
    assert dict(answers) == {"free/heard": True, "free/unheard": False, "forbidden": False}


async def test_what_the_broker_took_with_it_is_neither_answered_nor_repeated(broker: Mosquitto) -> None:
    answers: list[bool] = []
    heard = Heard()
    broker.start()
    try:
        listener, sender = Bus(broker.settings, "ear", on_message=heard), Bus(broker.settings, "mouth")
        listener.subscribe("free/#")
        async with running(listener), running(sender):
            await connected(sender)
            assert broker._process is not None
            broker._process.send_signal(signal.SIGSTOP)  # it takes bytes, and says nothing
            sender.publish("free/a", b"lost", on_ack=answers.append)
            await asyncio.sleep(0)
            broker.stop(signal.SIGKILL)
            async with asyncio.timeout(10):
                while sender.connected:
                    await asyncio.sleep(0.005)
            assert not sender.publish("free/a", b"away", on_ack=answers.append)
            broker.start()
            await connected(sender)
            await connected(listener)
            assert sender.publish("free/a", b"new", on_ack=answers.append)
            await heard.until(1)
            async with asyncio.timeout(10):
                while not answers:
                    await asyncio.sleep(0.005)
    finally:
        broker.stop()
    assert heard.payloads == [b"new"]
    assert answers == [True]


@contextlib.asynccontextmanager
async def dripping(port: int) -> AsyncIterator[int]:
    """A line to the broker, by its port, on which the broker's words come byte by byte."""
    lines: set[asyncio.Task[None]] = set()

    async def drip(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while words := await source.read(4096):
            for byte in words:
                sink.write(bytes((byte,)))
                await asyncio.sleep(0)  # so that it leaves, and the other side reads it
                await asyncio.sleep(0)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = asyncio.create_task(drip(from_broker, writer))
        try:
            while words := await reader.read(65536):
                to_broker.write(words)
        finally:  # however the other side went
            back.cancel()
            for end in (writer, to_broker):
                end.transport.abort()

    server = await asyncio.start_server(lambda r, w: lines.add(asyncio.create_task(connect(r, w))), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.wait(lines, timeout=5)


@pytest.mark.parametrize("protocol", ["v5", "v3.1.1"])
async def test_answers_that_come_byte_by_byte_are_heard_once_each_and_beside_messages(
    broker: Mosquitto, protocol: Literal["v5", "v3.1.1"]
) -> None:
    answers: list[bool] = []
    heard = Heard()
    with broker:
        async with dripping(broker.port) as port:
            bus = Bus(Broker(port=port, protocol=protocol), "mouth", on_message=heard)
            bus.subscribe("free/#")
            async with running(bus):
                await connected(bus)
                for n in range(40):
                    assert bus.publish("free/a", b"%d" % n, on_ack=answers.append)
                async with asyncio.timeout(20):
                    while len(answers) < 40:
                        await asyncio.sleep(0.005)
                await heard.until(40)
                assert bus.connected
    assert answers == [True] * 40
    assert heard.payloads == [b"%d" % n for n in range(40)]
