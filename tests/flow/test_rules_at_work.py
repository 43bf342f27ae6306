"""Rules on real parts: what happens in a venue moves pins in the order and at the times that the rules say."""

import itertools
import json
import time

import pytest

from gateway.messages import InputEvent, Status, decode_event, seconds
from tests.flow.stage import Client, GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

CANNON, LAMP, BELL = ("cannon", True), ("lamp", True), ("bell", True)
BUTTON = 2
"""The cannon's pin with a button, pressed when it is high."""


def moved(c: Client, station: str) -> list[float]:
    """When it did, seconds since 1970, by the board."""
    running = [a for a in c.results if a.status is Status.RUNNING and a.station == station]
    return [seconds(a.times.moved) for a in running if a.times.moved]


async def test_waits_and_done_move_two_stations_in_that_order(house: House) -> None:
    house.rules("""
rules:
  show:
    when: {gift: {name: Rose}}
    then:
      - {station: cannon, action: fire}
      - {wait: done}
      - {station: lamp, action: blink}
      - {wait: 400ms}
      - {station: bell, action: ring}
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: c.of("g-1").count("done") == 3)
    await until(lambda: c.ledger.total.done == 1)  # the last word of a gateway that ends
    assert house.edges.order()[:4] == [CANNON, ("cannon", False), LAMP, ("lamp", False)]
    assert house.edges.order()[4:] == [BELL, ("bell", False)]
    gap = moved(c, "bell")[0] - moved(c, "lamp")[0]
    assert 0.35 < gap < 0.8


async def test_two_stations_move_at_once_and_a_repeat_comes_at_its_beat(house: House) -> None:
    house.rules("""
rules:
  both:
    when: {gift: {name: Rose}}
    then:
      - {station: cannon, action: fire}
      - {station: lamp, action: blink}
  beat:
    when: {gift: {name: Drum}}
    then: [{repeat: {times: 3, every: 300ms, steps: [{station: bell, action: ring}]}}]
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: c.of("g-1").count("done") == 2)
        assert set(house.edges.order()[:2]) == {CANNON, LAMP}
        c.gift("g-2", "Drum")
        await until(lambda: c.of("g-2").count("done") == 3)
    first, second, third = moved(c, "bell")
    assert 0.2 < second - first < 0.5
    assert 0.2 < third - second < 0.5


async def test_a_timer_that_gifts_extend_ends_once_with_its_action(house: House) -> None:
    house.rules("""
timers: [party]
rules:
  longer:
    when: {gift: {name: Rose}}
    then: [{timer: {name: party, extend: coins, most: 10s}}]
  over:
    when: {timer: {name: party}}
    then: [{station: bell, action: ring}]
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        began = time.time()
        c.gift("g-1", coins=1)
        c.gift("g-2", coins=1)
        await until(lambda: "party" in c.rules.timers)
        ends = seconds(c.rules.timers["party"])
        assert 1.9 < ends - began < 2.5
        await until(lambda: moved(c, "bell"))
        assert abs(moved(c, "bell")[0] - ends) < 0.3
        await until(lambda: not c.rules.timers)
    assert house.edges.rises("bell") == 1


async def test_a_clock_strikes_at_whole_seconds(house: House) -> None:
    house.rules("""
rules:
  tick:
    when: {time: {every: 1s}}
    then: [{station: bell, action: ring}]
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        await until(lambda: len(moved(c, "bell")) >= 3)
    times = moved(c, "bell")
    assert all(t % 1 < 0.3 for t in times)
    assert [round(b - a) for a, b in itertools.pairwise(times)][:2] == [1, 1]


PRESSED = """
counters: {presses: {}}
rules:
  confetti:
    when: {button: {name: confetti}}
    then: [{counter: {name: presses, add: 1}}, {station: bell, action: ring}]
"""


async def test_a_button_pressed_twice_with_one_transaction_is_pressed_once(house: House) -> None:
    house.rules(PRESSED)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.request("press", button="confetti", transaction="t-1")
        c.request("press", button="confetti", transaction="t-1")
        first = await c.ask("press", button="confetti")
        assert first.result["fired"] == ["confetti"]
        await until(lambda: house.edges.rises("bell") == 2 and not c.ledger.total.waiting)
        c.request("press", button="confetti", transaction="t-1")  # when it is long over, too
        again = await c.ask("press", button="confeti")
        assert "did you mean 'confetti'" in again.error
        await until(lambda: c.ledger.total.done == 2)
        assert c.rules.counters == {"presses": 2}
    async with gateway_running(house.config):
        await house.again()
        c.request("press", button="confetti", transaction="t-1")
        await c.ask("press", button="confetti")
        await until(lambda: house.edges.rises("bell") == 3 and c.ledger.total.done == 3)
    assert c.ledger.total.received == 3
    assert c.rules.counters == {"presses": 3}


async def test_long_names_of_presses_are_not_taken_for_one_another(house: House) -> None:
    house.rules(PRESSED)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for last in "ab":
            c.request("press", button="confetti", transaction="x" * 199 + last)
        await until(lambda: c.rules.counters == {"presses": 2})


async def test_a_boards_input_fires_a_rule_and_is_told_to_everybody(house: House) -> None:
    house.rules("""
rules:
  hit:
    when: {input: {station: cannon, channel: button}}
    then: [{station: bell, action: ring}]
""")
    c = house.client
    topic = c.topics.station_event("cannon", "input")
    async with gateway_running(house.config):
        await house.ready()
        house.boards["cannon"].set_input(BUTTON, False)
        await until(lambda: b'"level":false' in c.latest.get(topic, b""))
        house.boards["cannon"].set_input(BUTTON, True)
        await until(lambda: house.edges.rises("bell") == 1)
        await until(lambda: b'"level":true' in c.latest[topic])
        event = decode_event(c.latest[topic])
        assert isinstance(event, InputEvent)
        assert (event.data.station, event.data.channel, event.data.level) == ("cannon", "button", True)
        told = json.loads(c.latest[topic])
        assert (told["specversion"], told["type"], told["id"]) == ("1.0", "stagewire.input", event.id)
        await until(lambda: "done" in c.of(event.id))
        house.boards["cannon"].set_input(BUTTON, False)
        await until(lambda: b'"level":false' in c.latest[topic])
    assert house.edges.rises("bell") == 1


async def test_an_mqtt_topic_fires_a_rule_and_what_is_retained_there_does_not(house: House) -> None:
    house.rules("""
rules:
  door:
    when: {topic: {topic: home/hall/door, payload: open}}
    then: [{station: bell, action: ring}]
""")
    c = house.client
    c.bus.publish("home/hall/door", b"open", retain=True)
    async with gateway_running(house.config):
        await house.ready()
        c.bus.publish("home/hall/door", b"shut")
        c.bus.publish("home/hall/door", b"\xff\xfe" * 3000)
        c.bus.publish("home/hall/door", b"open")
        await until(lambda: c.ledger.total.done == 1)
    assert house.edges.rises("bell") == 1
    assert c.ledger.total.received == 1


LONG = """
counters: {gifts: {}}
timers: [party]
stages:
  mood:
    counter: gifts
    levels:
      calm: {}
      wild: {minimum: 2}
rules:
  count:
    when: {gift: {name: Rose}}
    then: [{counter: {name: gifts, add: 1}}]
  start:
    when: {gift: {name: Start}}
    then:
      - {timer: {name: party, start: 6s}}
      - {station: lamp, action: blink}
      - {wait: 5s}
      - {station: cannon, action: fire}
  over:
    when: {timer: {name: party}}
    then: [{station: bell, action: ring}]
"""


@pytest.mark.parametrize("killed", [False, True], ids=["a clean restart", "a kill"])
async def test_counters_stages_timers_and_waiting_runs_go_on_after(house: House, killed: bool) -> None:
    house.rules(LONG)
    c = house.client
    with GatewayProcess(house.config) as process:
        await house.ready()
        for name in ("g-1", "g-2"):
            c.gift(name)
        began = time.time()
        c.gift("g-3", "Start")
        await until(lambda: "done" in c.of("g-3") and c.rules.counters == {"gifts": 2})
        await until(lambda: [s.level for s in c.rules.stages] == ["wild"])
        assert c.rules.timers.keys() == {"party"}
        if killed:
            process.kill()
        else:
            process.end()
    with GatewayProcess(house.config):
        await house.again()
        await until(lambda: c.rules.counters == {"gifts": 2})
        assert [s.level for s in c.rules.stages] == ["wild"]
        assert c.rules.timers.keys() == {"party"}
        await until(lambda: moved(c, "cannon") and moved(c, "bell"))
        assert 4.5 < moved(c, "cannon")[0] - began < 5.8
        assert 5.5 < moved(c, "bell")[0] - began < 6.8
        await until(lambda: c.ledger.total.done == 4)
        assert c.ledger.balanced
    assert house.edges.order().count(CANNON) == 1


async def test_a_run_whose_time_came_while_nobody_was_there_goes_on_at_the_start(house: House) -> None:
    house.rules(LONG.replace("5s}", "1s}").replace("6s}", "1s}"))
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1", "Start")
        await until(lambda: "done" in c.of("g-1"))
    later = time.time() + 1.2
    await until(lambda: time.time() > later)
    async with gateway_running(house.config):
        await house.again()
        await until(lambda: c.ledger.total.done == 2)
    assert (house.edges.rises("cannon"), house.edges.rises("bell")) == (1, 1)
