"""A technician at a station over MQTT: outputs tried one by one, its board asked, its inputs seen, flashed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway import flash
from gateway.app import Gateway
from gateway.messages import Command, Order, StationBoard, StationInfo, decode, encode, stamp
from tests.flash.test_flash import blank_uno
from tests.flow.stage import Client, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")
SHOT, BUTTON = 5, 2
BOTH = {"one-at-a-time": ["cannon/fire", "lamp"]}


def board(c: Client, station: str) -> StationBoard:
    return c.get(c.topics.station_board(station), StationBoard) or StationBoard(station=station)


async def ready(house: House, gateway: Gateway) -> None:
    """All is armed, and what a broker may have kept has been waited for."""
    await house.ready()
    await until(lambda: not gateway._dispatcher._permission.held)


async def steps(c: Client, command: str) -> list[str]:
    """Of a test, once it has ended."""
    await until(lambda: any(a.id == command and a.times.ended for a in c.results))
    return [a.status.value for a in c.results if a.id == command]


async def test_a_test_pulses_its_channel_once_for_so_long_and_stands_in_the_journal_by_name(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        info = c.get(c.topics.station_info("cannon"), StationInfo)
        assert info is not None
        assert info.channels["button"].test is None
        assert (info.channels["shot"].test or {})["properties"]["ms"]["maximum"] == 500
        answer = await c.ask("test", station="cannon", channel="shot", ms=40)
        assert answer.result["would"] == "shot on for 40 ms"
        assert await steps(c, answer.result["command"]) == ["queued", "running", "done"]
        assert [(name, pin, level) for name, pin, level, _ in house.edges.all] == [
            ("cannon", SHOT, True),
            ("cannon", SHOT, False),
        ]
        (on, off) = [at for *_, at in house.edges.all]
        assert 0.035 < off - on < 0.2
        done = c.results[-1]
        assert (done.action, done.channel, done.cause, done.user) == ("test", "shot", "test by Noor", "Noor")
        await until(lambda: (w := board(c, "cannon").wear.get("shot")) and w.cycles == 1)
        kept: list[Command] = [
            decode(e.body, Command)
            for e in gateway._journal.reader.trace(answer.result["command"])
            if e.kind == "command"
        ]
        assert [(k.channel, k.cause, k.params) for k in kept] == [("shot", "test by Noor", {"ms": 40})]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ms": 501}, "ms: expected a whole number from 1 to 500"),
    ({"dry_run": "true"}, "dry_run: expected true or false, without quotes; nothing moved"),
    ({"dry_run": 1}, "dry_run: expected true or false, without quotes; nothing moved"),
    ({"ms": 0}, "ms: expected a whole number from 1 to 500"),
    ({"ms": 20.5}, "ms: expected a whole number"),
    ({"level": 50}, "no parameter 'level'; this action takes: ms"),
    ({"channel": "button"}, "no output 'button'; this station has: shot"),
    ({"channel": "barrel"}, "no output 'barrel'; this station has: shot"),
    ({"channel": ""}, "expected params: {station}"),
    ({"station": "drum"}, "there is no station 'drum' here; there are bell, cannon, lamp"),
    ({"action": "fire"}, "expected params: {station}"),
]


async def test_a_test_that_makes_no_sense_is_refused_in_words_and_nothing_moves(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        for params, words in REFUSED:
            answer = await c.ask("test", **({"station": "cannon", "channel": "shot"} | params))
            assert not answer.ok, params
            assert words in answer.error
        fire = await c.ask("test", station="cannon", action="fire")
        assert fire.error.startswith("order an action on station/cannon/command")
        assert not house.edges.all


async def test_a_test_never_passes_arming_mode_stop_or_what_runs_and_waits(house: House) -> None:
    house.settings(interlocks=BOTH)
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)

        async def why_not(station: str = "cannon", channel: str = "shot") -> str:
            answer = await c.ask("test", station=station, channel=channel)
            looked = await c.ask("test", station=station, channel=channel, dry_run=True)
            assert looked.ok
            assert looked.result["but"] == answer.error
            return answer.error

        c.arm(False)
        await until(lambda: not c.station("cannon").armed)
        assert await why_not() == "not armed: press Arm on the page"
        c.arm()
        await house.ready()
        c.mode("rehearsal")
        await until(lambda: b'"mode":"rehearsal"' in c.latest[c.topics.gateway_state("gateway")])
        assert await why_not() == "rehearsal: decided, but nothing moves"
        c.mode("live")
        await until(lambda: b'"mode":"live"' in c.latest[c.topics.gateway_state("gateway")])

        shine = Order(id="shine", action="blink", params={"ms": 4000}, expires_at=stamp(4e9))
        c.bus.publish(c.topics.station_command("lamp"), encode(shine))
        await until(lambda: house.edges.on("lamp"))
        assert await why_not("lamp", "light") == "blink runs now: wait until it is done"
        assert await why_not() == "it would have to wait for lamp (interlock one-at-a-time)"
        c.trip("t-1")
        await until(lambda: not house.edges.on("lamp"))
        assert await why_not() == "emergency stop"
        assert house.edges.rises("cannon") == 0


async def test_a_dry_run_tells_what_would_happen(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        look = (await c.ask("test", station="cannon", channel="shot", ms=30, dry_run=True)).result
        assert look == {"would": "shot on for 30 ms", "but": ""}
        look = (await c.ask("test", station="lamp", action="blink", ms=70, dry_run=True)).result
        assert look == {"would": "light on for 70 ms", "but": ""}
        wrong = await c.ask("test", station="lamp", action="blink", ms=7000, dry_run=True)
        assert wrong.error.startswith("ms: expected a whole number from 1 to 5000")
        assert not house.edges.all


async def test_a_board_is_asked_how_it_is_and_its_inputs_are_told(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        assert (await c.ask("test", station="cannon")).result["round_trip_ms"] < 1000
        await until(lambda: board(c, "cannon").started)
        b = board(c, "cannon")
        assert (b.id, b.kind, b.port) == ("VB-cannon", "virtual", house.boards["cannon"].port)
        assert b.boot == "power-on"
        assert b.frames
        assert b.inputs == {}, "not heard yet"
        for level in (False, True, False):
            house.boards["cannon"].set_input(BUTTON, level)
            await until(lambda level=level: (i := board(c, "cannon").inputs.get("button")) and i.level == level)  # type: ignore[misc]
        assert board(c, "cannon").inputs["button"].count == 1
        house.boards["cannon"].unplug()
        await until(lambda: not c.station("cannon").online)
        assert "is gone (unplugged)" in (await c.ask("test", station="cannon")).error


async def test_what_is_no_board_to_flash_is_said_and_a_loan_comes_back(house: House) -> None:
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        refused = await c.ask("flash", station="bell", do="begin")
        assert refused.error == "station bell is on a simulated board: it has nothing to flash"
        assert (await c.ask("flash", station="bell", do="state")).result["phase"] == "idle"
        assert (await c.ask("flash", station="bell", do="cancel")).error == "station bell is not being flashed"
        assert (await c.ask("flash", station="bell", do="dance")).error.startswith("expected params: ")
        driver = gateway._bench._boards["bell"]
        async with driver.lent("a friend has it") as port:
            assert port == house.boards["bell"].port
            await until(lambda: c.station("bell").fault == "a friend has it" and not c.station("bell").online)
        await until(lambda: c.station("bell").online and c.station("bell").armed)
    assert not c.station("bell").online


async def test_a_test_that_could_not_start_at_once_never_moves_later(house: House) -> None:
    """Whoever pressed may have a hand in the machine by then."""
    c = house.client
    async with gateway_running(house.config) as gateway:
        await ready(house, gateway)
        gateway._dispatcher.obstacle = lambda command: ""  # type: ignore[method-assign]  # as if it came just then
        assert (await c.ask("queue", station="cannon", do="pause")).ok
        answer = await c.ask("test", station="cannon", channel="shot")
        assert await steps(c, answer.result["command"]) == ["queued", "expired"]
        assert (await c.ask("queue", station="cannon", do="resume")).ok
        assert (await c.ask("test", station="cannon")).ok
        assert not house.edges.all


def real(house: House, station: str, **board: Any) -> None:
    """A station on a board that the settings do not call simulated."""
    settings = YAML(typ="safe").load(house.config.base_dir / "stagewire.yaml")
    settings["stations"][station]["board"] = board
    house.settings(stations=settings["stations"], gateway={"arm": "manual"})


async def flashed(c: Client, station: str, patience: float) -> dict[str, Any]:
    """What became of it, and all that was heard of its progress on the way."""
    seen: set[tuple[str, int]] = set()
    async with asyncio.timeout(patience):
        while (now := (await c.ask("flash", station=station, do="state")).result)["phase"] == "running":
            seen.add((now["doing"], now["percent"] or 0))
            await asyncio.sleep(0.05)
    return now | {"seen": seen}


@pytest.mark.needs("avrdude")
async def test_a_board_that_cannot_be_flashed_says_why_and_its_station_comes_back(house: House) -> None:
    real(house, "bell", port=house.boards["bell"].port)
    c = house.client
    async with gateway_running(house.config) as gateway:
        await until(lambda: c.station("bell").online)
        c.arm()
        await until(lambda: c.station("bell").armed)
        assert (await c.ask("flash", station="bell", do="begin")).error.startswith(
            "machines are armed: press Disarm"
        )
        c.arm(False)
        await until(lambda: not c.station("bell").armed)
        unknown = await c.ask("flash", station="bell", do="begin", board="due")
        assert unknown.error == "unknown board 'due'; known: uno, nano, nano-old, mega"
        assert (await c.ask("flash", station="bell", do="begin")).result["phase"] == "running"
        assert (await c.ask("flash", station="bell", do="begin")).error.startswith("station bell is being flashed")
        await until(lambda: c.station("bell").fault == "it is being flashed, and comes back by itself")
        for verb, params in (("arm", {"armed": True}), ("restart", {"do": "now"})):
            refused = await c.ask(verb, **params)
            assert refused.error.startswith("station bell is being flashed: wait"), verb
        assert not gateway._dispatcher.armed
        ended = await flashed(c, "bell", 30)
        assert ended["phase"] == "failed"
        assert f"{house.boards['bell'].port} is held by" in ended["lines"][-1], (
            "by this test, which plays the board"
        )
        await until(lambda: c.station("bell").online)
        assert not c.station("bell").fault

        assert (await c.ask("flash", station="bell", do="begin")).ok
        assert (await c.ask("flash", station="bell", do="cancel")).ok
        ended = await flashed(c, "bell", 10)
        assert (ended["phase"], ended["lines"]) == ("cancelled", ["cancelled"])
        await until(lambda: c.station("bell").online)
        gateway._bench._flashing.begin("bell", "", "Noor")
        gateway._bench._flashing.cancel("bell")  # before it had begun
        assert (await flashed(c, "bell", 10))["phase"] == "cancelled"


@pytest.mark.slow
@pytest.mark.needs("avr-gcc", "simavr", "avrdude")
@pytest.mark.timeout(180)
async def test_a_new_uno_is_flashed_through_the_gateway_and_works(house: House, tmp_path: Path) -> None:
    c = house.client
    async with blank_uno(tmp_path) as port:
        real(house, "bell", port=port, kind="uno")
        async with gateway_running(house.config) as gateway:
            await until(lambda: "is it a Stagewire board?" in c.station("bell").fault, 20)
            assert (await c.ask("flash", station="bell", do="begin")).ok
            ended = await flashed(c, "bell", 120)
            assert ended["phase"] == "done", ended
            assert f"runs firmware {flash.version()}" in ended["lines"][-1]
            assert {doing for doing, _ in ended["seen"]} == {"preparing", "writing", "verifying"}
            assert len({percent for doing, percent in ended["seen"] if doing == "writing"}) > 3
            await until(lambda: c.station("bell").online, 20)
            assert c.station("bell").firmware == flash.version()
            await until(lambda: board(c, "bell").kind == "uno")
            c.arm()
            await until(lambda: c.station("bell").armed)
            await until(lambda: not gateway._dispatcher._permission.held)
            answer = await c.ask("test", station="bell", channel="hammer")
            assert await steps(c, answer.result["command"]) == ["queued", "running", "done"]
