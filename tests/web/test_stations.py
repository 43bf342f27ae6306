"""The stations' screens and presses, with a peer in the gateway's place."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from gateway.messages import (
    ChannelInfo,
    InputState,
    Order,
    StationBoard,
    StationInfo,
    decode,
    seconds,
    stamp,
)
from tests.web import scene
from tests.web.past import live, words
from tests.web.peer import Peer, T, rows, until
from tests.web.people import Hand
from web.app import create_app
from web.people.roles import Role
from web.source import Source

pytestmark = pytest.mark.needs("mosquitto")
ORDER = {"id": "0123456789ab", "action": "fire", "params": {"ms": 150}}


@pytest.fixture
def app(source: Source, gateway: Peer, tmp_path: Path) -> Flask:
    scene.open_gateway(gateway)
    until(lambda: len(rows(source).get("station", {})) == 3, "three stations are heard")
    return create_app(live(source, tmp_path))


def test_both_screens_are_there_for_everybody_who_is_signed_in(app: Flask) -> None:
    viewer = Hand(app, Role.VIEWER)
    assert "Stations" in words(viewer.get("/stations").text)
    shown = viewer.get("/stations/cannon")
    assert shown.status_code == 200
    assert "Firmware" not in words(shown.text)
    assert "Does it answer?" not in shown.text
    assert "Wiring and limits" not in shown.text
    whole = words(Hand(app).get("/stations/cannon").text)
    assert all(part in whole for part in ("Wiring and limits", "Does it answer?", "Firmware"))


@pytest.mark.parametrize("name", ["Cannon", "a%20b", "x" * 33, "..%2f..%2fetc"])
def test_what_can_be_no_station_has_no_screen_and_no_topic(app: Flask, name: str) -> None:
    assert Hand(app).get(f"/stations/{name}").status_code == 404
    assert Hand(app).press(f"/api/stations/{name}/order", ORDER).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "least"),
    [
        ("order", ORDER, Role.OPERATOR),
        ("look", {"action": "fire"}, Role.OPERATOR),
        ("ping", {}, Role.OPERATOR),
        ("test", {"channel": "shot"}, Role.SUPERVISOR),
        ("flash", {"do": "cancel"}, Role.ADMIN),
    ],
)
def test_only_who_may_can_move_or_flash_a_machine(app: Flask, path: str, body: object, least: Role) -> None:
    below = Role(least - 1)
    assert Hand(app, below).press(f"/api/stations/cannon/{path}", body).status_code == 403


def test_an_action_goes_out_as_an_order_of_a_person_with_a_deadline(app: Flask, gateway: Peer) -> None:
    before = time.time()
    answer = Hand(app, Role.OPERATOR, "noor").press("/api/stations/cannon/order", ORDER)
    assert (answer.status_code, answer.json) == (202, {"command": "page-0123456789ab"})
    heard = until(lambda: gateway.of(T.station_command("cannon")), "the order")[0]
    assert not heard.retain
    order: Order = decode(heard.payload, Order)
    assert (order.id, order.action, order.params) == ("page-0123456789ab", "fire", {"ms": 150})
    assert order.by.startswith("noor at ")
    assert 0 < seconds(order.expires_at) - before < 12


ASKED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "look",
        {"action": "fire", "params": {"ms": 9}},
        "test",
        {"action": "fire", "ms": 9, "station": "cannon", "dry_run": True},
    ),
    ("look", {"channel": "shot"}, "test", {"channel": "shot", "station": "cannon", "dry_run": True}),
    (
        "test",
        {"channel": "shot", "params": {"ms": 9, "station": "lamp"}},
        "test",
        {"channel": "shot", "ms": 9, "station": "cannon"},
    ),
    ("ping", {}, "test", {"station": "cannon"}),
    (
        "flash",
        {"do": "begin", "board": "nano-old"},
        "flash",
        {"station": "cannon", "do": "begin", "board": "nano-old"},
    ),
]


@pytest.mark.parametrize(("path", "body", "verb", "params"), ASKED)
def test_what_is_asked_of_a_station_is_answered_in_the_gateways_words(
    app: Flask, gateway: Peer, path: str, body: object, verb: str, params: dict[str, Any]
) -> None:
    hand = Hand(app)
    with ThreadPoolExecutor(1) as phone:
        press = phone.submit(hand.press, f"/api/stations/cannon/{path}", body)
        asked = gateway.asked(verb)
        assert asked.params == params
        assert asked.by.startswith("admin at ")
        gateway.answer(verb, asked, would="shot on for 9 ms")
        assert (press.result().status_code, press.result().json) == (
            200,
            {"result": {"would": "shot on for 9 ms"}},
        )
        press = phone.submit(hand.press, f"/api/stations/cannon/{path}", body)
        gateway.answer(verb, gateway.asked(verb), error="not armed: press Arm on the page")
        assert (press.result().status_code, press.result().json) == (
            409,
            {"error": "not armed: press Arm on the page"},
        )


def test_how_flashing_goes_is_read_and_not_pressed(app: Flask, gateway: Peer) -> None:
    with ThreadPoolExecutor(1) as phone:
        read = phone.submit(Hand(app).get, "/api/stations/cannon/flash")
        asked = gateway.asked("flash")
        assert asked.params == {"station": "cannon", "do": "state"}
        gateway.answer("flash", asked, phase="running", doing="writing", percent=42)
        assert (read.result().json or {})["result"]["percent"] == 42


def test_a_board_is_told_apart_from_the_station_whose_row_all_phones_get(source: Source, gateway: Peer) -> None:
    channels = {"shot": ChannelInfo(kind="pulse", pin=5, max_on_ms=500, test={"type": "object"})}
    info = StationInfo(station="cannon", driver="arduino", actions={}, channels=channels)
    gateway.say(T.station_info("cannon"), info)
    row = until(lambda: rows(source).get("board", {}).get("cannon"), "its channels")
    assert row == {
        "channels": {"shot": {"kind": "pulse", "pin": 5, "max_on_ms": 500, "test": {"type": "object"}}},
        "board": None,
    }
    assert rows(source)["station"]["cannon"]["info"]["channels"] == {}
    button = InputState(level=True, count=3, since=stamp(0))
    gateway.say(
        T.station_board("cannon"), StationBoard(station="cannon", firmware="0.2.0", inputs={"button": button})
    )
    until(lambda: rows(source)["board"]["cannon"]["board"], "the board")
    assert rows(source)["board"]["cannon"]["board"] == {
        "station": "cannon",
        "firmware": "0.2.0",
        "inputs": {"button": {"level": True, "count": 3, "since": "1970-01-01T00:00:00.000Z"}},
    }
    assert "board" not in rows(source)["station"]["cannon"]
