"""Two stations of one interlock, and a person who ends what runs: real broker, real driver, boards on ptys."""

import time

import msgspec
import pytest

from gateway.messages import Order, Request, Response, encode, stamp
from tests.flow.stage import House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")


async def test_a_person_ends_what_runs_over_mqtt_and_only_then_its_interlocked_neighbour_moves(
    house: House,
) -> None:
    c, edges = house.client, house.edges
    settings = msgspec.structs.replace(house.config.settings, interlocks={"noise": ["lamp", "bell/ring"]})

    def order(name: str, station: str, action: str, **params: int) -> None:
        order = Order(id=name, action=action, params={**params}, by="Noor", expires_at=stamp(time.time() + 30))
        c.bus.publish(c.topics.station_command(station), encode(order))

    def cancel(transaction: str, command: str) -> None:
        params = {"station": "lamp", "do": "cancel", "command": command}
        request = Request(transaction=transaction, by="Noor", params={**params})
        c.bus.publish(c.topics.gateway_request("gateway", "queue"), encode(request))

    def answer(transaction: str) -> Response | None:
        found = c.get(c.topics.gateway_response("gateway", "queue"), Response)
        return found if found is not None and found.transaction == transaction else None

    async with gateway_running(msgspec.structs.replace(house.config, settings=settings)):
        await house.ready()
        order("light", "lamp", "blink", ms=5000)
        await until(lambda: edges.on("lamp"))
        order("sound", "bell", "ring")
        order("shot", "cannon", "fire")
        await until(lambda: c.of("shot")[-1:] == ["done"])  # it shares nothing
        assert c.of("sound") == ["queued"]
        cancel("t-1", "light")
        await until(lambda: c.of("sound")[-1:] == ["done"])
        await until(lambda: answer("t-1"))
        cancel("t-2", "light")
        await until(lambda: answer("t-2"))
    refused = answer("t-2")
    assert refused is not None
    assert "neither waits nor runs at lamp" in refused.error
    ended = next(a for a in c.results if a.id == "light" and a.kept_by)
    assert (ended.status.value, ended.reason, ended.kept_by) == ("cancelled", "ended by Noor", "person")
    off = next(t for station, _, level, t in edges.all if station == "lamp" and not level)
    on = next(t for station, _, level, t in edges.all if station == "bell" and level)
    assert off < on
