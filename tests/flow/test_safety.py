"""What must never happen, on real parts: Mosquitto, the real driver, boards on ptys."""

import asyncio
import contextlib
import sys
import time

import msgspec
import pytest

from gateway.app import Gateway
from gateway.drivers.arduino.driver import ArduinoDriver
from gateway.intake import MAX_STRANGERS
from gateway.messages import (
    AccountStats,
    Comment,
    CommentEvent,
    EstopProof,
    EstopTrip,
    GatewayState,
    ModeOrder,
    Order,
    decode,
    encode,
    stamp,
)
from gateway.settings.load import Config
from gateway.settings.models import RuleBook
from tests.flow.slow_link import SlowLink
from tests.flow.stage import BUDI, Client, GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")


def ring(client: Client, *names: str, ms: int = 250, within: float = 20.0) -> None:
    for name in names:
        order = Order(id=name, action="ring", params={"ms": ms}, expires_at=stamp(time.time() + within))
        assert client.bus.publish(client.topics.station_command("bell"), encode(order))


def mode(client: Client, name: str) -> None:
    assert client.bus.publish(client.topics.mode, encode(ModeOrder(mode=name)), retain=True)  # type: ignore[arg-type]


def state(client: Client) -> GatewayState:
    return client.get(client.topics.gateway_state("gateway"), GatewayState) or GatewayState(gateway="none yet")


def replaced(config: Config, **changes: object) -> Config:
    settings = msgspec.structs.replace(config.settings, **changes)
    return msgspec.structs.replace(config, settings=settings)


@pytest.mark.parametrize("name", ["paused", "rehearsal"])
async def test_a_pause_switches_off_what_runs_and_nothing_of_the_queue_moves_any_more(
    house: House, name: str
) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        ring(c, "o-1", "o-2", "o-3")
        await until(lambda: house.edges.on("bell"))
        mode(c, name)
        await until(lambda: not house.edges.on("bell"))
        await until(lambda: all(c.of(o)[-1:] == ["cancelled"] for o in ("o-1", "o-2", "o-3")))
        mode(c, "live")
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
    assert house.edges.rises("bell") == 1


async def test_what_waited_for_a_board_at_a_disarm_does_not_move_it_at_the_next_arming(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        house.boards["bell"].freeze()
        await until(lambda: not c.station("bell").online)
        ring(c, "o-1", "o-2")
        await until(lambda: c.of("o-2") == ["queued"])
        c.arm(False)
        await until(lambda: c.of("o-1")[-1:] == c.of("o-2")[-1:] == ["cancelled"])
        ring(c, "o-3")
        await until(lambda: c.of("o-3") == ["blocked"])
        house.boards["bell"].thaw()
        await until(lambda: c.station("bell").online)
        c.arm()
        await house.ready()
        ring(c, "o-4")
        await until(lambda: "done" in c.of("o-4"))
    assert house.edges.rises("bell") == 1


async def test_while_no_stop_could_be_heard_nothing_of_the_queue_starts(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await house.ready()
        ring(c, "o-1", "o-2")
        await until(lambda: house.edges.on("bell"))
        house.broker.stop()
        await until(lambda: not gateway._dispatcher.running("bell"))
        await asyncio.sleep(0.3)  # longer than the next one would need to start
        assert house.edges.rises("bell") == 1
        house.broker.start()
        await until(lambda: "done" in c.of("o-2"))
    assert house.edges.rises("bell") == 2


async def test_what_came_during_a_stop_and_waits_for_its_time_does_not_move_after_the_next_arming(
    house: House,
) -> None:
    c = house.client
    house.rules(
        "rules:\n  later:\n    when: {gift: {name: Rose}}\n"
        "    then: [{wait: 2s}, {station: lamp, action: blink}, {wait: 100ms}, {announce: over}]\n"
    )
    async with gateway_running(house.config):
        await house.ready()
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and p.confirmed)
        c.gift("g-1")
        await until(lambda: c.ledger.total.waiting == 1)
        c.reset("t-1")
        await until(lambda: not c.station("lamp").stopped)
        c.arm()
        await house.ready()
        c.gift("g-2")  # from here on all is as usual
        await until(lambda: c.said)
        assert c.of("g-1") == []
        assert (await c.ask("ledger", do="list")).result["owed"][0]["event"] == "g-1"
    assert house.edges.rises("lamp") == 1


async def test_a_stop_that_was_pressed_while_the_gateway_was_away_comes_before_anything_starts(
    house: House,
) -> None:
    c, link = house.client, SlowLink(house.broker.port, delay=0.05)
    async with link.running():
        house.settings(broker={"port": link.port})
        async with gateway_running(house.config) as gateway:
            await house.ready()
            ring(c, "o-1", "o-2")
            await until(lambda: house.edges.on("bell"))
            link.cut()
            await until(lambda: not gateway._dispatcher.running("bell"))
            c.trip("t-1")
            await until(lambda: c.latest.get(c.topics.estop_trip))
            link.mend()
            await until(lambda: (p := c.proof()) and p.trip and p.confirmed)
            await until(lambda: not gateway._dispatcher.waiting("bell"))
    assert house.edges.rises("bell") == 1


async def test_a_flood_of_orders_neither_loses_nor_holds_up_the_stop_and_its_proof(house: House) -> None:
    c = house.client
    with GatewayProcess(house.config):
        await house.ready()
        c.bus._client.unsubscribe("stagewire/1/#")  # else it is this client that cannot keep up
        c.bus.subscribe(c.topics.gateway_estop("+"))
        flood = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.flow.flood", str(house.broker.port), "8"
        )
        dropped = "are being dropped for client stagewire-demo-gateway"
        await until(lambda: dropped in house.broker.log())
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and p.confirmed, 4)
        flood.kill()
        await flood.wait()
    assert f"{dropped}-orders." in house.broker.log()
    assert f"{dropped}." not in house.broker.log()


async def test_a_stop_stays_retained_until_its_reset_whoever_clears_it(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.bus.publish(c.topics.estop_trip, b"STOP!", retain=True)
        await until(lambda: (p := c.proof()) and p.confirmed)
        before = c.proof()
        c.bus.publish(c.topics.estop_trip, b"", retain=True)
        await until(lambda: c.latest[c.topics.estop_trip] not in (b"", b"STOP!"))
        standing: EstopTrip = decode(c.latest[c.topics.estop_trip], EstopTrip)
        assert before is not None
        assert before.trip == standing
        c.reset(standing.id)
        await until(lambda: (p := c.proof()) and not p.tripped)
        await until(lambda: c.latest[c.topics.estop_trip] == b"")


async def test_one_driver_that_fails_does_not_keep_the_stop_from_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = house.client

    def fail(_trip: int) -> None:
        raise RuntimeError("a bug in one driver")

    async with gateway_running(house.config) as gateway:
        await house.ready()
        monkeypatch.setattr(gateway._drivers["cannon"], "estop", fail)
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and {b.station for b in p.boards if b.confirmed} == {"lamp", "bell"})
        c.gift("g-1", name="Lion", coins=500)
        await until(lambda: "blocked" in c.of("g-1"))
        assert not state(c).armed
        proof = c.proof()
        assert proof is not None
        assert not proof.confirmed


async def test_a_gateway_without_a_station_proves_no_stop(house: House) -> None:
    c = house.client
    config = msgspec.structs.replace(replaced(house.config, stations={}), rules=RuleBook())
    async with gateway_running(config):
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and p.tripped)
        assert c.proof() == EstopProof(gateway="gateway", tripped=True, trip=EstopTrip(id="t-1", by="test"))


async def test_after_a_clean_stop_no_station_is_shown_online_or_armed(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
    await until(lambda: c.latest[c.topics.gateway_availability("gateway")] == b"offline")
    assert not state(c).armed
    for name in house.boards:
        assert c.latest[c.topics.station_availability(name)] == b"offline"
        assert not c.station(name).online


async def test_a_gateway_that_breaks_off_disarms_its_boards_too(house: House) -> None:
    c = house.client
    broken = asyncio.Event()

    async def until_broken() -> None:
        await broken.wait()
        raise RuntimeError("broken off")

    drivers = {n: ArduinoDriver(n, s, _Fixed()) for n, s in house.config.settings.stations.items()}
    gateway = Gateway(house.config, drivers)
    task = asyncio.create_task(gateway.run(until_broken))
    await house.ready()
    ring(c, "o-1", ms=300)
    await until(lambda: house.edges.on("bell"))
    broken.set()
    with contextlib.suppress(RuntimeError):
        await task
    assert not state(c).armed
    await until(lambda: not house.edges.on("bell"), 0.4)


class _Fixed:
    """Every board hangs on the port its settings name."""

    async def find(self, board: object) -> list[str]:
        return [board.port]  # type: ignore[attr-defined]

    def saw(self, port: str, board_id: str) -> None: ...

    def lent(self, port: str) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


async def test_numbers_and_times_that_nothing_could_count_with_are_garbage_and_everything_goes_on(
    house: House,
) -> None:
    c = house.client
    topic = c.topics.account_event("ayu", "gift")
    good = encode(c.make_gift("g-huge")).decode()
    async with gateway_running(house.config):
        await house.ready()
        for field in ('"count":1', '"total":1', '"coins":1'):
            assert field in good
            c.bus.publish(topic, good.replace(field, field + "0" * 4000).encode())
        for time_of_it in ("9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.9999999Z"):
            event = msgspec.structs.replace(c.make_gift("g-when"), received=time_of_it)
            c.bus.publish(topic, encode(event))
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
        await until(lambda: state(c).garbage == 6)
        await until(lambda: (s := c.get(c.topics.account_stats("ayu"), AccountStats)) and s.gifts == 1)
    assert c.of("g-huge") == c.of("g-when") == []


async def test_a_gift_does_not_wait_for_comments_that_the_broker_may_not_send_past(house: House) -> None:
    """MQTT 3.1.1 has no receive maximum: Mosquitto stops at 20 messages that are not acknowledged."""
    c = house.client
    old = msgspec.structs.replace(house.config.settings.broker, protocol="v3.1.1")
    async with gateway_running(replaced(house.config, broker=old)):
        await house.ready()
        now = stamp(time.time())
        for n in range(60):
            talk = Comment(user=BUDI, text="hi")
            event = CommentEvent(id=f"c-{n}", source="/test", time=now, received=now, account="ayu", data=talk)
            c.bus.publish(c.topics.account_event("ayu", "comment"), encode(event))
        c.gift("g-1")
        await until(lambda: c.results)
        await until(lambda: "done" in c.of("g-1"))
    latency = next(a.latency_ms for a in c.results if a.latency_ms is not None)
    assert latency < 800  # a lazy commit alone waits 1000


async def test_accounts_that_nobody_configured_are_heard_but_not_without_end(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for n in range(MAX_STRANGERS + 5):
            event = msgspec.structs.replace(c.make_gift(f"g-{n}", name="Nothing"), account=f"stranger-{n}")
            c.bus.publish(c.topics.account_event(f"stranger-{n}", "gift"), encode(event))
        c.gift("g-mine")
        await until(lambda: "done" in c.of("g-mine"))
        await until(lambda: state(c).garbage == 5)
    assert state(c).events == MAX_STRANGERS + 1


async def test_an_order_for_the_next_century_does_not_wait_that_long(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await house.ready()
        order = Order(id="o-1", action="ring", expires_at="2999-01-01T00:00:00Z")
        c.bus.publish(c.topics.station_command("bell"), encode(order))
        await until(lambda: "done" in c.of("o-1"))
        entry = gateway._journal.reader.trace("o-1")[0]
        command = entry.message()
    assert command.expires_at < stamp(time.time() + 601)  # type: ignore[union-attr]
