"""MQTT messages to others and announcements, through a real broker."""

import asyncio
import getpass
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from jsonschema import Draft202012Validator

from gateway.bus import Bus, Message
from gateway.drivers import delivery
from gateway.drivers.announce import AnnounceDriver
from gateway.drivers.base import Driver, Ending, Outcome
from gateway.drivers.mqtt_out import MqttDriver
from gateway.drivers.outputs import infos, outputs
from gateway.estop import EmergencyStop
from gateway.messages import Announcement, EstopReset, EstopTrip, Param, decode
from gateway.settings.models import Broker, Settings, Sound, Webhook
from gateway.settings.outputs import OUTPUT_STATIONS
from tests.broker import Mosquitto
from tests.drivers.off_board import command
from tests.drivers.stage import stage, until

ACL = "topic read #\ntopic write hall/#\n"
TOPIC = "stagewire/1/hall/gateway/pi/announcement"


class Air:
    """A broker, the gateway's connection to it, an armed driver, and a listener of everything."""

    def __init__(self, broker: Mosquitto, protocol: Literal["v5", "v3.1.1"]) -> None:
        settings = Broker(port=broker.port, protocol=protocol)
        self.broker = broker
        self.heard: list[Message] = []
        self.bus = Bus(settings, "gateway")
        self.listener = Bus(settings, "ear", on_message=self.heard.append)
        self.mqtt = MqttDriver("mqtt", self.bus.publish)
        self.mqtt.arm(True)
        self.announce = AnnounceDriver("announce", TOPIC, self.bus.publish)
        self.moved: list[float] = []

    async def publish(self, **params: Param) -> Outcome:
        return await self.mqtt.perform(command("mqtt", "publish", params), self.moved.append)

    async def say(self, text: str) -> Outcome:
        return await self.announce.perform(command("announce", "say", {"text": text}), self.moved.append)

    async def listen(self, topic: str) -> None:
        """Subscribe, and wait until that holds."""
        self.listener.subscribe(topic)
        self.listener.subscribe("echo")
        async with asyncio.timeout(10):
            while not any(m.topic == "echo" for m in self.heard):
                self.listener.publish("echo", b"")
                await asyncio.sleep(0.005)
        self.heard.clear()

    @property
    def texts(self) -> list[tuple[str, bytes]]:
        return [(m.topic, m.payload) for m in self.heard if m.topic != "echo"]


@asynccontextmanager
async def on_air(broker: Mosquitto, protocol: Literal["v5", "v3.1.1"] = "v5") -> AsyncIterator[Air]:
    with broker:
        air = Air(broker, protocol)
        tasks = [asyncio.create_task(bus.run()) for bus in (air.bus, air.listener)]
        await until(lambda: air.bus.connected and air.listener.connected)
        try:
            yield air
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


@pytest.fixture
def broker(tmp_path: Path) -> Mosquitto:
    return Mosquitto(tmp_path)


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("protocol", ["v5", "v3.1.1"])
async def test_a_message_arrives_and_is_done_when_the_broker_has_it(
    broker: Mosquitto, protocol: Literal["v5", "v3.1.1"]
) -> None:
    async with on_air(broker, protocol) as air:
        await air.listen("hall/#")
        outcome = await air.publish(topic="hall/lamp", payload="an 🌹")
        assert (outcome.ending, outcome.reason) == (Ending.DONE, "")
        assert air.moved == [outcome.moved]
        assert (await air.publish(topic="hall/lamp", payload=12.5, qos=0)).ending is Ending.DONE
        assert (await air.publish(topic="hall/lamp", payload=True)).ending is Ending.DONE
        await until(lambda: len(air.texts) == 3)
        assert [payload for _, payload in air.texts] == ["an 🌹".encode(), b"12.5", b"true"]


@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("qos", [0, 1])
async def test_a_retained_message_is_kept_for_who_comes_later(broker: Mosquitto, qos: int) -> None:
    async with on_air(broker) as air:
        assert (await air.publish(topic="hall/goal", payload="50", retain=True, qos=qos)).ending is Ending.DONE
        air.listener.subscribe("hall/goal")
        await until(lambda: air.heard)
        assert air.heard[0].retain
        assert air.heard[0].payload == b"50"


@pytest.mark.needs("mosquitto")
async def test_a_message_that_nobody_hears_has_failed(broker: Mosquitto) -> None:
    async with on_air(broker) as air:
        outcome = await air.publish(topic="hall/lmap", payload="on")
        assert outcome.ending is Ending.FAILED
        assert "nobody listens on hall/lmap" in outcome.reason
        assert "nobody listens" in air.mqtt.health.fault
        await air.listen("hall/#")
        await air.publish(topic="hall/lamp", payload="on")
        assert air.mqtt.health.fault == ""


@pytest.mark.needs("mosquitto")
async def test_what_the_broker_forbids_has_failed(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text(ACL)
    broker = Mosquitto(tmp_path, f"user {getpass.getuser()}\npersistence false\nacl_file {tmp_path}/acl\n")
    async with on_air(broker) as air:
        outcome = await air.publish(topic="elsewhere/lamp", payload="on")
        assert outcome.ending is Ending.FAILED
        assert "look at its ACL" in outcome.reason
        outcome = await air.say("hello")
        assert outcome.ending is Ending.FAILED
        assert "look at its ACL" in outcome.reason


@pytest.mark.needs("mosquitto")
async def test_a_broker_that_is_away_fails_at_once_and_nothing_comes_later(broker: Mosquitto) -> None:
    async with on_air(broker) as air:
        broker.stop()
        await until(lambda: not air.bus.connected)
        for qos in (0, 1):
            outcome = await air.publish(topic="hall/lamp", payload="late", qos=qos, retain=True)
            assert outcome.ending is Ending.FAILED
            assert "the broker is away" in outcome.reason
        broker.start()
        await until(lambda: air.bus.connected and air.listener.connected)
        await air.listen("hall/#")
        assert (await air.publish(topic="hall/lamp", payload="now")).ending is Ending.DONE
        await until(lambda: air.texts)
        assert air.texts == [("hall/lamp", b"now")]


@pytest.mark.needs("mosquitto")
async def test_a_broker_that_does_not_answer_leaves_it_open_whether_it_arrived(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ANSWER_S", 0.2)
    async with on_air(broker) as air:
        await air.listen("hall/#")
        assert broker._process is not None
        broker._process.send_signal(signal.SIGSTOP)
        try:
            outcome = await air.publish(topic="hall/lamp", payload="on")
        finally:
            broker._process.send_signal(signal.SIGCONT)
        assert outcome.ending is Ending.FAILED
        assert "whether it was delivered is not known" in outcome.reason


@pytest.mark.needs("mosquitto")
async def test_an_emergency_stop_ends_the_wait_and_nothing_is_sent_until_reset_and_armed(
    broker: Mosquitto,
) -> None:
    async with on_air(broker) as air:
        await air.listen("hall/#")
        assert broker._process is not None
        broker._process.send_signal(signal.SIGSTOP)
        try:
            waiting = asyncio.create_task(air.publish(topic="hall/lamp", payload="1"))
            await asyncio.sleep(0)  # it is sent now
            air.mqtt.estop(7)
            outcome = await waiting
        finally:
            broker._process.send_signal(signal.SIGCONT)
        assert (outcome.ending, outcome.kept_by) == (Ending.CANCELLED, "stop")
        assert "cannot be called back" in outcome.reason
        assert (await air.publish(topic="hall/lamp", payload="2")).kept_by == "stop"
        air.mqtt.reset_estop(7)
        assert (await air.publish(topic="hall/lamp", payload="3")).kept_by == "disarmed"
        air.mqtt.arm(True)
        assert (await air.publish(topic="hall/lamp", payload="4")).ending is Ending.DONE
        await until(lambda: len(air.texts) == 2)
        assert [payload for _, payload in air.texts] == [b"1", b"4"]


REFUSED: list[Mapping[str, Param]] = [
    {"topic": "stagewire/1/hall/control/estop/reset", "payload": "{}"},
    {"topic": "stagewire/1", "payload": ""},
    {"topic": "$SYS/x", "payload": ""},
    {"topic": "hall/+", "payload": ""},
    {"topic": "hall/#", "payload": ""},
    {"topic": "hall/\0", "payload": ""},
    {"topic": "", "payload": ""},
    {"topic": "x" * 201, "payload": ""},
    {"topic": "hall/lamp"},
    {"payload": "on"},
    {"topic": 5, "payload": "on"},
    {"topic": "hall/lamp", "payload": "on", "qos": 2},
    {"topic": "hall/lamp", "payload": "on", "qos": True},
    {"topic": "hall/lamp", "payload": "on", "retain": "yes"},
    {"topic": "hall/lamp", "payload": "on", "rtain": True},
]


@pytest.mark.parametrize("params", REFUSED, ids=lambda p: str(p)[:50])
async def test_no_order_in_our_own_name_and_no_wrong_topic_leaves(params: Mapping[str, Param]) -> None:
    sent = list[object]()

    def publish(*args: object, **more: object) -> bool:
        sent.append(args)
        return True

    driver = MqttDriver("mqtt", publish)
    driver.arm(True)
    outcome = await driver.perform(command("mqtt", "publish", params), lambda _: None)
    assert outcome.ending is Ending.REJECTED
    assert not sent


@pytest.mark.needs("mosquitto")
async def test_every_output_works_on_the_gateways_own_connection(broker: Mosquitto, tmp_path: Path) -> None:
    async with on_air(broker) as air:
        await air.listen("#")
        drivers = outputs(Settings(venue="hall"), tmp_path, air.bus.publish)
        assert tuple(drivers) == OUTPUT_STATIONS
        assert [name for name, driver in drivers.items() if driver.moves] == ["webhook", "mqtt"]
        said = await drivers["announce"].perform(command("announce", "say", {"text": "Hi"}), lambda _: None)
        assert said.ending is Ending.DONE
        await until(lambda: air.texts)
        topic, payload = air.texts[0]
        assert topic == "stagewire/1/hall/gateway/gateway/announcement"
        assert decode(payload, Announcement).text == "Hi"


async def test_outputs_stop_with_the_boards_and_prove_nothing(tmp_path: Path) -> None:
    async with stage() as s:
        others = outputs(Settings(venue="hall"), tmp_path, lambda *_, **__: False)
        drivers: dict[str, Driver] = {"s1": s.driver, **others}
        stop = EmergencyStop("g", drivers, lambda _: None)
        stop.trip(EstopTrip(id="t", by="a test"))
        assert all(driver.health.stopped for driver in others.values())
        assert [b.station for b in stop.proof.boards] == ["s1"]
        at_once = stop.proof
        assert not at_once.confirmed, "the board has not said so yet"
        await until(lambda: s.driver.health.stopped and not s.driver.health.outputs)
        stop.refresh()
        assert stop.proof.confirmed, stop.proof
        assert stop.reset(EstopReset(trip="t", by="a test")) == ""
        assert not any(driver.health.stopped for driver in others.values())
        assert not any(driver.health.armed for driver in others.values())


def test_each_output_says_what_it_takes() -> None:
    hooks = {"lamp": Webhook(url="http://a/"), "ask": Webhook(url="http://a/", method="GET", title="Ask it")}
    settings = Settings(venue="hall", sounds={"horn": Sound(file="horn.wav", volume=30)}, webhooks=hooks)
    told = {info.station: info.actions for info in infos(settings)}
    assert tuple(told) == OUTPUT_STATIONS
    schemas = {(station, name): action["params"] for station, own in told.items() for name, action in own.items()}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    good: dict[tuple[str, str], dict[str, Param]] = {
        ("sound", "horn"): {"volume": 12.5},
        ("webhook", "lamp"): {"body": "x"},
        ("webhook", "ask"): {},
        ("mqtt", "publish"): {"topic": "a/b", "payload": "on", "retain": True, "qos": 0},
        ("announce", "say"): {"text": "Hi"},
    }
    assert schemas.keys() == good.keys()
    for key, params in good.items():
        assert Draft202012Validator(schemas[key]).is_valid(params)
        assert not Draft202012Validator(schemas[key]).is_valid({**params, "more": 1})


async def test_a_venue_without_a_board_has_no_proof(tmp_path: Path) -> None:
    stop = EmergencyStop("g", outputs(Settings(venue="hall"), tmp_path, lambda *_, **__: False), lambda _: None)
    stop.trip(EstopTrip(id="t", by="a test"))
    assert (stop.proof.boards, stop.proof.confirmed) == ([], False)
