"""The gateway as others see it: real Mosquitto, real driver, boards on ptys; orders in, pins and states out."""

import time

import msgspec
import pytest

from gateway.errors import ServiceError
from gateway.journal import Journal, JournalReader
from gateway.messages import (
    Ack,
    Command,
    GatewayState,
    Order,
    QueueState,
    Request,
    Response,
    Status,
    encode,
    stamp,
)
from tests.flow.stage import House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")


async def test_a_gift_moves_the_pin_and_every_hop_names_its_cause(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
        house.client.gift("g-1")
        await until(lambda: "done" in house.client.of("g-1"))
    assert house.client.of("g-1") == ["queued", "running", "done"]
    assert house.edges.rises("lamp") == 1
    assert not house.edges.on("lamp")
    done = house.client.results[-1]
    assert (done.station, done.rule, done.user) == ("lamp", "rose-blinks-the-lamp", "Budi")
    assert done.latency_ms is not None
    assert 0 < done.latency_ms < 2000
    trace = JournalReader(house.config.base_dir / "data").trace("g-1")
    assert [e.kind for e in trace] == ["event", "decision", "command", "ack"]


async def test_the_same_gift_delivered_twice_moves_once_also_over_a_restart(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
        house.client.gift("g-1")
        house.client.gift("g-1")
        await until(lambda: "done" in house.client.of("g-1"))
    async with gateway_running(house.config):
        await house.ready()
        house.client.gift("g-1")
        house.client.gift("g-2")
        await until(lambda: "done" in house.client.of("g-2"))
    assert house.edges.rises("lamp") == 2


async def test_the_stop_is_green_only_when_every_board_said_so_and_reset_names_it_and_arms_nothing(
    house: House,
) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        house.boards["bell"].freeze()
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and [b.confirmed for b in p.boards].count(True) == 2)
        proof = c.proof()
        assert proof is not None
        assert not proof.confirmed
        assert [b.station for b in proof.boards if not b.confirmed] == ["bell"]
        house.boards["bell"].thaw()
        await until(lambda: (p := c.proof()) and p.confirmed)

        c.gift("g-stopped")
        await until(lambda: "blocked" in c.of("g-stopped"))
        c.reset("t-other")
        c.arm()
        c.gift("g-still")
        await until(lambda: "blocked" in c.of("g-still"))
        assert c.station("lamp").stopped

        c.reset("t-1")
        await until(lambda: not any(c.station(s).stopped for s in house.boards))
        assert not any(c.station(s).armed for s in house.boards)
        c.gift("g-disarmed")
        await until(lambda: "blocked" in c.of("g-disarmed"))
        c.arm()
        await house.ready()
        c.gift("g-again")
        await until(lambda: "done" in c.of("g-again"))
    assert house.edges.rises("lamp") == 1


async def test_a_gateway_that_starts_while_the_stop_stands_is_stopped_again(house: House) -> None:
    house.client.trip("t-before")
    async with gateway_running(house.config):
        await until(lambda: (p := house.client.proof()) and p.confirmed)
        house.client.gift("g-1")
        await until(lambda: "blocked" in house.client.of("g-1"))
    assert house.edges.rises("lamp") == 0


async def test_any_words_on_the_trip_topic_stop(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
        house.client.bus.publish(house.client.topics.estop_trip, b"STOP!!", retain=True)
        await until(lambda: (p := house.client.proof()) and p.confirmed)


async def test_garbage_is_counted_and_ignored_and_the_next_gift_still_moves(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        topic = c.topics.account_event("ayu", "gift")
        for junk in (b"", b"{", b"\xff\xfe", b'{"type":"stagewire.gift"}', b"[" * 1000, b"x" * 100_000):
            c.bus.publish(topic, junk)
        c.bus.publish(c.topics.account_event("rio", "gift"), encode(c.make_gift("g-wrong-topic")))
        c.bus.publish(topic, c.latest.get("nothing", b"retained"), retain=True)
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
        await until(lambda: (s := c.get(c.topics.gateway_state("gateway"), GatewayState)) and s.garbage == 8, 5)


async def test_an_integrators_order_runs_once_and_a_retained_one_never(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        order = Order(id="o-1", action="ring", params={"ms": 50}, by="node-red", expires_at=stamp(time.time() + 5))
        c.bus.publish(c.topics.station_command("bell"), encode(order))
        c.bus.publish(c.topics.station_command("bell"), encode(order))
        await until(lambda: "done" in c.of("o-1"))
        kept = Order(id="o-2", action="ring", expires_at=stamp(time.time() + 5))
        c.bus.publish(c.topics.station_command("bell"), encode(kept), retain=True)
        await until(lambda: "done" in c.of("o-2"))
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
    c.bus.publish(c.topics.station_command("bell"), b"", retain=True)
    assert house.edges.rises("bell") == 2  # the first delivery of a retained message carries no flag
    assert c.of("o-1").count("done") == 1


async def test_a_missing_board_leaves_the_others_at_work(house: House) -> None:
    house.boards["cannon"].unplug()
    c = house.client
    async with gateway_running(house.config):
        await until(lambda: c.station("lamp").armed and c.station("bell").armed)
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
        assert not c.station("cannon").online
        assert c.station("cannon").fault
        assert c.latest[c.topics.station_availability("cannon")] == b"offline"


async def test_the_broker_away_is_survived_and_states_are_told_anew(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await house.ready()
        house.broker.stop()
        await until(lambda: not c.bus.connected)
        c.latest.clear()
        house.broker.start()
        await until(lambda: c.bus.connected)
        await house.ready()
        # This broker forgot every session; a gift is heard once events are subscribed to again.
        await until(lambda: gateway._events.connected)
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))


async def test_at_a_clean_stop_every_board_is_disarmed_and_the_gateway_says_offline(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
    await until(lambda: house.client.latest[house.client.topics.gateway_availability("gateway")] == b"offline")
    assert not house.edges.on("lamp")


async def test_a_second_gateway_on_the_same_data_folder_is_refused(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
        with pytest.raises(ServiceError, match="another gateway runs"):
            async with gateway_running(house.config):
                pass


async def test_a_gift_with_a_date_that_does_not_exist_moves_nothing(house: House) -> None:
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        impossible = msgspec.structs.replace(c.make_gift("g-bad"), received="2026-02-30T00:00:00.000Z")
        c.bus.publish(c.topics.account_event("ayu", "gift"), encode(impossible))
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
    assert c.of("g-bad") == []
    assert house.edges.rises("lamp") == 1


async def test_what_waits_is_seen_and_held_skipped_or_put_first_from_outside(house: House) -> None:
    c = house.client

    def queued() -> list[str]:
        state = c.get(c.topics.station_queue("lamp"), QueueState)
        return [item.id.partition("/")[0] for item in state.waiting] if state else []

    def order(do: str, **more: str) -> None:
        request = Request(transaction=do, by="Noor", params={"station": "lamp", "do": do, **more})
        c.bus.publish(c.topics.gateway_request("gateway", "queue"), encode(request))

    async def answered(do: str) -> Response:
        def answer() -> Response | None:
            found = c.get(c.topics.gateway_response("gateway", "queue"), Response)
            return found if found is not None and found.transaction == do else None

        await until(answer)
        found = answer()
        assert found is not None
        return found

    async with gateway_running(house.config):
        await house.ready()
        order("pause")
        assert (await answered("pause")).ok
        for name in ("g-1", "g-2", "g-3"):
            c.gift(name)
        await until(lambda: queued() == ["g-1", "g-2", "g-3"])
        state = c.get(c.topics.station_queue("lamp"), QueueState)
        assert state is not None
        assert state.paused
        waiting = {item.id.partition("/")[0]: item.id for item in state.waiting}
        assert state.waiting[0].user == "Budi"
        order("skip", command=waiting["g-1"])
        assert (await answered("skip")).ok
        order("first", command=waiting["g-3"])
        await until(lambda: queued() == ["g-3", "g-2"])
        order("skip", command=waiting["g-1"])
        await until(lambda: (r := c.get(c.topics.gateway_response("gateway", "queue"), Response)) and r.error)
        order("dance")
        assert "expected params" in (await answered("dance")).error
        order("resume")
        await until(lambda: "done" in c.of("g-2") and "done" in c.of("g-3"))
        await until(lambda: queued() == [])
    assert c.of("g-1") == ["queued", "cancelled"]
    ran = [a.cause for a in c.results if a.status is Status.RUNNING]
    assert ran == ["g-3", "g-2"]


async def test_what_a_killed_gateway_left_behind_gets_its_one_ending_and_never_moves(house: House) -> None:
    data = house.config.base_dir / "data"
    soon = stamp(time.time() + 30)
    left = Command(id="o-1", station="lamp", action="blink", cause="g-0", rule="r", account="ayu", expires_at=soon)
    journal = Journal(data)  # as a gateway leaves it that is killed between a command and its ending
    await journal.open()
    journal.append(left, urgent=True)
    await journal.close()
    async with gateway_running(house.config):
        await house.ready()
        house.client.gift("g-1")
        await until(lambda: "done" in house.client.of("g-1"))
    assert house.edges.rises("lamp") == 1
    reader = JournalReader(data)
    assert [e.kind for e in reader.trace("o-1")] == ["command", "ack"]
    (ending,) = [e.message() for e in reader.trace("o-1") if e.kind == "ack"]
    assert isinstance(ending, Ack)
    assert ending.status is Status.FAILED
    assert "has not moved" in ending.reason
    assert reader.unfinished(1000) == []
