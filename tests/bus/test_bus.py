"""The bus against a real Mosquitto: reconnects, says what is wrong, loses nothing it took."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from gateway.bus import Bus, Message
from gateway.errors import SettingsError
from gateway.settings.models import Broker
from tests.broker import Mosquitto, free_port

pytestmark = pytest.mark.needs("mosquitto")


@contextlib.asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[None]:
    task = asyncio.create_task(bus.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], object], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_message_arrives_with_its_retain_flag_and_availability_follows_the_connection(
    tmp_path: Path,
) -> None:
    got: list[Message] = []
    with Mosquitto(tmp_path) as broker:
        listener = Bus(broker.settings, "listener", on_message=got.append)
        listener.subscribe("a/#")
        async with running(listener):
            await until(lambda: listener.connected)
            speaker = Bus(broker.settings, "speaker", availability="a/availability")
            async with running(speaker):
                await until(lambda: speaker.connected)
                assert speaker.publish("a/x", b"1")
                await until(lambda: len(got) == 2)
            await until(lambda: len(got) == 3)
    assert [(m.topic, m.payload) for m in got] == [
        ("a/availability", b"online"),
        ("a/x", b"1"),
        ("a/availability", b"offline"),
    ]


async def test_the_broker_away_at_start_is_waited_for_and_said_once(tmp_path: Path) -> None:
    said: list[tuple[bool, str]] = []
    broker = Mosquitto(tmp_path)
    bus = Bus(broker.settings, "early", on_state=lambda up, words: said.append((up, words)))
    async with running(bus):
        await until(lambda: said)
        assert not bus.publish("x", b"")
        assert "nothing listens" in said[0][1]
        assert str(broker.port) in said[0][1]
        with broker:
            await until(lambda: bus.connected)
            assert [up for up, _ in said] == [False, True]


async def test_a_killed_broker_is_noticed_and_subscriptions_are_made_again(tmp_path: Path) -> None:
    got: list[Message] = []
    with Mosquitto(tmp_path) as broker:
        bus = Bus(broker.settings, "steady", on_message=got.append)
        bus.subscribe("again")
        async with running(bus):
            await until(lambda: bus.connected)
            broker.stop(signal.SIGKILL)
            await until(lambda: not bus.connected)
            broker.start()
            await until(lambda: bus.connected)
            bus.publish("again", b"back")
            await until(lambda: got)
    assert got[0].payload == b"back"


async def test_a_wrong_password_is_named_and_tried_again_without_a_busy_loop(tmp_path: Path) -> None:
    said: list[str] = []
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    config = tmp_path / "strict.conf"
    port = free_port()
    (tmp_path / "users").write_text("")
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous false\n"
        f"password_file {tmp_path / 'users'}\npersistence false\n"
    )
    broker = Mosquitto(tmp_path)
    broker.port, broker._config = port, config
    with broker:
        settings = Broker(port=port, username="gateway", password_file="password")
        bus = Bus(settings, "gw", on_state=lambda _, words: said.append(words), base_dir=tmp_path)
        async with running(bus):
            await until(lambda: said)
            await asyncio.sleep(0.5)  # long enough for a busy loop to say it hundreds of times
            assert not bus.connected
    assert len(said) == 1
    assert "'gateway'" in said[0]
    assert "password_file" in said[0]


async def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("x")
    secret.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        Bus(Broker(username="u", password_file="password"), "c", base_dir=tmp_path)


async def test_an_unacknowledged_message_comes_again_after_a_restart_and_an_acknowledged_one_does_not(
    tmp_path: Path,
) -> None:
    with Mosquitto(tmp_path) as broker:

        async def session(handle: Callable[[Message], None]) -> tuple[Bus, Callable[[], Awaitable[None]]]:
            bus = Bus(broker.settings, "keeper", on_message=handle, keep_session=True, manual_ack=True)
            bus.subscribe("gift")
            task = asyncio.create_task(bus.run())
            await until(lambda: bus.connected)

            async def crash() -> None:
                task.cancel()
                await asyncio.wait([task])

            return bus, crash

        first: list[Message] = []
        bus, crash = await session(first.append)
        for n in range(2):
            bus.publish("gift", str(n).encode())
        await until(lambda: len(first) == 2)
        first[0].ack()
        await asyncio.sleep(0.1)
        await crash()
        second: list[Message] = []
        bus, crash = await session(second.append)
        await until(lambda: second)
        second[0].ack()
        await crash()
    assert [m.payload for m in second] == [b"1"]


async def test_a_message_that_its_receiver_fails_on_is_given_up_and_does_not_come_again(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def stumble(message: Message) -> None:
        heard.append(message.payload)
        if message.payload == b"poison":
            raise RuntimeError("a bug")
        message.ack()
        message.ack()  # once too often: must not acknowledge what comes next under the same number

    with Mosquitto(tmp_path) as broker:
        for _ in range(2):
            bus = Bus(broker.settings, "keeper", on_message=stumble, keep_session=True, manual_ack=True)
            bus.subscribe("gift")
            async with running(bus):
                await until(partial(getattr, bus, "connected"))
                bus.publish("gift", b"poison")
                bus.publish("gift", b"good")
                await until(lambda: heard[-1:] == [b"good"])
                assert not bus.crowded
            heard.append(b"restart")
    assert heard == [b"poison", b"good", b"restart"] * 2


async def test_both_ends_send_without_nagle(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        bus = Bus(broker.settings, "quick")
        async with running(bus):
            await until(lambda: bus.connected)
            sock = bus._client.socket()
            assert isinstance(sock, socket.socket)
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


async def test_two_clients_of_one_name_are_told_so(tmp_path: Path) -> None:
    said: list[str] = []
    with Mosquitto(tmp_path) as broker:
        first = Bus(broker.settings, "same-name", on_state=lambda _, words: said.append(words))
        async with running(first):
            await until(lambda: first.connected)
            second = Bus(broker.settings, "same-name")
            async with running(second):
                await until(lambda: any("same-name" in words for words in said))
    assert any("gateway.id or connector.id" in words for words in said)


@pytest.mark.parametrize("protocol", ["v5", "v3.1.1"])
async def test_the_broker_answers_for_each_message_and_says_when_nobody_subscribes(
    tmp_path: Path, protocol: str
) -> None:
    answers: list[tuple[str, bool]] = []
    with Mosquitto(tmp_path) as broker:
        settings = msgspec.structs.replace(broker.settings, protocol=protocol)
        bus = Bus(settings, "asker")
        bus.subscribe("known")
        async with running(bus):
            await until(lambda: bus.connected)
            for topic in ("known", "unknown", "known"):
                assert bus.publish(topic, b"", on_ack=lambda heard, topic=topic: answers.append((topic, heard)))  # type: ignore[misc]  # a default binds it now
            assert bus.publish("known", b"")  # nobody asks about this one
            await until(lambda: len(answers) == 3)
    unknown = protocol == "v3.1.1"  # it has no way to tell
    assert answers == [("known", True), ("unknown", unknown), ("known", True)]


async def test_a_break_leaves_messages_with_an_answer_to_their_sender_and_repeats_the_others(
    tmp_path: Path,
) -> None:
    answers: list[bool] = []
    got: list[bytes] = []
    with Mosquitto(tmp_path) as broker:
        listener = Bus(broker.settings, "listener", on_message=lambda m: got.append(m.payload))
        listener.subscribe("t")
        listener.subscribe("kept")
        bus = Bus(broker.settings, "speaker")
        async with running(listener), running(bus):
            await until(lambda: bus.connected and listener.connected)
            assert broker._process is not None
            broker._process.send_signal(signal.SIGSTOP)  # takes bytes, and answers nothing
            bus.publish("t", b"asked", on_ack=answers.append)
            bus.publish("kept", b"repeated", retain=True)
            await asyncio.sleep(0.05)
            broker.stop(signal.SIGKILL)
            await until(lambda: not bus.connected and not listener.connected)
            broker.start()
            await until(lambda: bus.connected and listener.connected)
            await until(lambda: b"repeated" in got)
            bus.publish("t", b"last", on_ack=answers.append)
            await until(lambda: b"last" in got and answers)
    assert answers == [True]
    assert b"asked" not in got


async def test_a_sender_that_fails_on_an_answer_does_not_break_the_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_heard: bool) -> None:
        raise RuntimeError("a bug")

    answers: list[bool] = []
    with Mosquitto(tmp_path) as broker:
        bus = Bus(broker.settings, "asker")
        async with running(bus):
            await until(lambda: bus.connected)
            bus.publish("t", b"", on_ack=stumble)
            bus.publish("t", b"", on_ack=answers.append)
            await until(lambda: answers)
            assert bus.connected
    assert "a sender failed on the broker's answer" in caplog.text
