"""Requests of every kind: each is answered in words, and none holds up a stop."""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

import pytest

from tests.flow.stage import GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
counters: {gifts: {}, credit: {per: viewer}}
timers: [party]
stages:
  mood: {counter: gifts, levels: {calm: {}, wild: {minimum: 2}}}
rules:
  ring:
    when: {button: {name: bell}}
    then: [{station: bell, action: ring}]
"""

HUGE = 10**400
NONSENSE: list[tuple[str, dict[str, Any], str]] = [
    ("press", {}, "expected params: {button: its name}"),
    ("press", {"button": True}, "expected params: {button: its name}"),
    ("press", {"button": "belly"}, "did you mean 'bell'"),
    ("counter", {"name": "gifts"}, "expected params: {name, value: a number}"),
    ("counter", {"name": "gifts", "value": HUGE}, "expected params: {name, value: a number}"),
    ("counter", {"name": "gifts", "value": True}, "expected params: {name, value: a number}"),
    ("counter", {"name": "gift", "value": 1}, "there is no counter 'gift'"),
    ("counter", {"name": "credit", "value": 1}, "each viewer has a counter 'credit' of their own"),
    ("timer", {"name": "party", "seconds": -1}, "expected 0 to "),
    ("timer", {"name": "party", "seconds": HUGE}, "expected params"),
    ("timer", {"name": "part", "seconds": 1}, "there is no timer 'part'"),
    ("stage", {"lock": "wild"}, "expected params"),
    ("stage", {"name": "mood", "lock": "mad"}, "mad"),
    ("stage", {"name": "moody", "lock": "wild"}, "moody"),
    ("ledger", {"do": "pay", "run": 7}, "expected params"),
    ("ledger", {"do": "pay", "run": "x" * 900}, "is not owed anything"),
    ("trace", {"event": ""}, "expected params"),
    ("queue", {}, "expected params: {station, do: "),
    ("queue", {"station": "bell", "do": "dance"}, "expected params: {station, do: "),
    ("queue", {"station": "drum", "do": "pause"}, "there is no station 'drum' here"),
    (
        "queue",
        {"station": "bell", "do": "skip"},
        "say which command to skip: station/bell/queue lists those that wait",
    ),
    ("queue", {"station": "bell", "do": "skip", "command": "c9"}, "command 'c9' does not wait for bell"),
    ("rules", {"do": "burn"}, "expected params"),
    ("rules", {"do": "remove", "rule": "no-such"}, "no-such"),
    ("rules", {"do": "put", "rule": "../../etc"}, "../../etc"),
    ("rules", {"do": "get", "version": "../stagewire"}, "there is no version"),
    ("session", {"account": "ayu", "do": "dance"}, "expected params: {account: its name, do: start or end}"),
    ("session", {"account": "ayu", "do": "end"}, "no session of 'ayu' runs"),
    ("session", {"account": "ay", "do": "start"}, "did you mean 'ayu'"),
    ("statistics", {}, "expected params: {account: NAME} or {session: ID}"),
    ("statistics", {"account": "ayu", "part": "everything"}, "everything"),
    ("statistics", {"session": "../stats"}, "there is no session"),
    ("erase", {"viewer": ""}, "expected params: {viewer: "),
    ("erase", {"viewer": "nobody.at.all", "do": "erase"}, "nobody.at.all"),
    ("arm", {"armed": "yes"}, "expected params: {armed: true or false}"),
    ("reboot", {}, "unknown request 'reboot'; known here: arm, backup, "),
]


async def test_whatever_is_asked_the_answer_is_in_words_and_the_gateway_goes_on(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config) as gateway:
        await house.ready()
        for verb, params, words in NONSENSE:
            answer = await c.ask(verb, **params)
            assert not answer.ok, (verb, params)
            assert words in answer.error, (verb, params)
            assert len(answer.error) < 1200

        def topic(verb: str) -> str:
            return c.topics.gateway_request("gateway", verb)

        c.bus.publish(topic("counter"), b'{"transaction":"t-list","params":{"name":["gifts"]}}')
        await until(lambda: "t-list" in c.answers)
        assert c.answers["t-list"].error.startswith("not a request: ")
        for junk in (b"", b"{", b"\xff", b"[]", b'{"transaction":7}', b"[" * 10_000):
            c.bus.publish(topic("press"), junk)
        await until(lambda: gateway._states.counts.garbage == 6)

        assert (await c.ask("counter", name="gifts", value=3)).ok
        assert (await c.ask("timer", name="party", seconds=60)).ok
        await until(lambda: c.rules.counters == {"gifts": 3} and "party" in c.rules.timers)
        await until(lambda: [s.level for s in c.rules.stages] == ["wild"])
        assert (await c.ask("stage", name="mood", lock="calm")).ok
        await until(lambda: [(s.level, s.locked) for s in c.rules.stages] == [("calm", True)])
        assert (await c.ask("timer", name="party", seconds=0)).ok
        await until(lambda: not c.rules.timers)
        assert (await c.ask("press", button="bell")).ok
        await until(lambda: house.edges.rises("bell") == 1)


FLOODS: list[tuple[str, dict[str, Any]]] = [
    ("ledger", {"do": "list"}),
    ("trace", {"event": "g-1"}),
    ("rules", {"do": "history"}),
    ("press", {"button": "bell"}),
    ("session", {"account": "ayu", "do": "start"}),
    ("statistics", {"account": "ayu"}),
    ("retention", {}),
    ("queue", {"station": "bell", "do": "pause"}),
]


@pytest.mark.parametrize(("verb", "params"), FLOODS, ids=[verb for verb, _ in FLOODS])
async def test_a_flood_of_requests_does_not_hold_up_a_stop_and_its_proof(
    house: House, verb: str, params: dict[str, Any]
) -> None:
    house.rules(RULES)
    c = house.client
    with GatewayProcess(house.config):
        await house.ready()
        c.bus._client.unsubscribe("stagewire/1/#")  # else it is this client that cannot keep up
        c.bus.subscribe(c.topics.gateway_estop("+"))
        flood = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.flow.flood", str(house.broker.port), "20", verb, json.dumps(params))
        )
        dropped = "are being dropped for client stagewire-demo-gateway-orders."
        await until(lambda: dropped in house.broker.log())
        began = time.monotonic()
        c.trip("t-1")
        await until(lambda: (p := c.proof()) and p.confirmed, 4)
        took = time.monotonic() - began
        flood.kill()
        await flood.wait()
        c.bus.subscribe(c.topics.gateway_response("gateway", "press"))
        for n in range(100):  # it still listens, once the broker has room for it again
            c.request("press", "", f"after-{n}", button="belly")
            with contextlib.suppress(TimeoutError):
                await until(lambda n=n: f"after-{n}" in c.answers, 0.3)  # type: ignore[misc]  # no types in a lambda
                break
        assert any(name.startswith("after-") for name in c.answers)
    print(f"{verb}: proof of the stop after {took * 1000:.0f} ms")
    assert "are being dropped for client stagewire-demo-gateway." not in house.broker.log()


async def test_all_stations_are_paused_with_one_request_and_a_press_says_why_nothing_moves(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        answer = await c.ask("queue", do="pause")
        assert set(answer.result["stations"]) >= {"bell", "lamp", "cannon"}
        press = await c.ask("press", button="bell")
        assert press.result["fired"] == ["ring"]
        await until(lambda: c.station("bell").queue == 1)
        await c.ask("queue", do="resume")
        await until(lambda: "done" in c.of(press.result["event"]))
        assert "but" not in press.result
        await c.ask("arm", armed=False)
        assert (await c.ask("press", button="bell")).result["but"] == "not armed: arm first"
