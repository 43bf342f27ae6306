"""What a webhook says, to whom, and what is told of the answer; the other side is a real HTTP server."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.drivers.base import Ending
from gateway.messages import Param
from tests.drivers.house import Desk, House, fine, open_house, secret
from tests.drivers.off_board import NONE, command, nothing


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as it:
        yield it


async def test_a_call_says_which_rule_fired_for_whom_and_any_2xx_is_done(house: House, tmp_path: Path) -> None:
    desk = Desk(tmp_path, f"{house.url}/on?room=1")
    outcome = await desk.call()
    assert (outcome.ending, outcome.reason) == (Ending.DONE, "")
    ((method, path, body),) = house.asked
    assert (method, path) == ("POST", "/on")
    said = json.loads(body)
    assert (said["id"], said["webhook"], said["rule"], said["user"]) == ("e1/r/0", "lamp", "rose", 'Bu "Di" 🌹')
    assert said["value"] == 5
    assert house.headers["Content-Type"] == "application/json"
    assert house.headers["Idempotency-Key"] == "e1/r/0"
    assert desk.moved == [outcome.moved]
    assert outcome.sent is not None
    assert outcome.moved is not None
    assert outcome.sent <= outcome.moved


async def test_a_text_of_the_rule_goes_as_it_is_with_the_headers_of_a_file(house: House, tmp_path: Path) -> None:
    headers = secret(tmp_path, "lamp.headers", "Authorization: Bearer sesame-17\n\nX-Room: 1\n")
    desk = Desk(tmp_path, house.url, method="PUT", content_type="text/plain", header_file=headers)
    assert (await desk.call({"body": "für Ayu 🌹"})).ending is Ending.DONE
    assert house.asked == [("PUT", "/", "für Ayu 🌹")]
    assert house.headers["Authorization"] == "Bearer sesame-17"
    assert house.headers["X-Room"] == "1"
    assert house.headers["Content-Type"] == "text/plain"


async def test_get_asks_without_a_body(house: House, tmp_path: Path) -> None:
    desk = Desk(tmp_path, f"{house.url}/on", method="GET")
    assert (await desk.call()).ending is Ending.DONE
    assert house.asked == [("GET", "/on", "")]
    assert (await desk.call({"body": "x"})).ending is Ending.REJECTED


async def test_an_address_that_is_a_secret_stands_in_a_file(house: House, tmp_path: Path) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text=f"no such thing: {request.path}")

    desk = Desk(tmp_path, None, url_file=secret(tmp_path, "lamp.url", f"{house.url}/t0ken-99\n"))
    assert (await desk.call()).ending is Ending.DONE
    assert house.asked[0][1] == "/t0ken-99"
    house.answer = refuse
    assert (await desk.call()).reason.endswith("answers 404: no such thing: ***")


async def test_a_refusal_is_told_with_its_beginning_and_without_our_secrets(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500, text=f"bad\n\x1b[2Jkey {request.headers['Authorization']}" + "!" * 9000)

    caplog.set_level(logging.DEBUG)
    house.answer = refuse
    headers = secret(tmp_path, "lamp.headers", "Authorization: Bearer sesame-17")
    desk = Desk(tmp_path, house.url, header_file=headers)
    outcome = await desk.call()
    assert outcome.ending is Ending.FAILED
    assert outcome.kept_by == "fault"
    assert "answers 500: bad [2Jkey ***!!!" in outcome.reason
    assert len(outcome.reason) < 260
    assert "sesame" not in caplog.text + outcome.reason + desk.driver.health.fault
    assert "answers 500" in desk.driver.health.fault
    house.answer = fine
    await desk.call()
    assert desk.driver.health.fault == ""


async def test_a_header_file_that_others_can_read_is_not_used(house: House, tmp_path: Path) -> None:
    headers = secret(tmp_path, "lamp.headers", "Authorization: Bearer sesame-17")
    (tmp_path / headers).chmod(0o644)
    outcome = await Desk(tmp_path, house.url, header_file=headers).call()
    assert outcome.ending is Ending.FAILED
    assert "chmod 600" in outcome.reason
    assert not house.asked


@pytest.mark.parametrize(("action", "params"), [("lmap", NONE), ("lamp", {"url": "http://127.0.0.1/"})])
async def test_what_is_not_in_the_settings_is_refused(
    house: House, tmp_path: Path, action: str, params: dict[str, Param]
) -> None:
    desk = Desk(tmp_path, house.url)
    outcome = await desk.driver.perform(command("webhook", action, params), nothing)
    assert outcome.ending is Ending.REJECTED
    assert not house.asked


async def test_an_id_of_any_letters_makes_a_good_header(house: House, tmp_path: Path) -> None:
    desk = Desk(tmp_path, house.url)
    wild = command("webhook", "lamp", name="a\r\nX-Evil: 1 🌹")
    assert (await desk.driver.perform(wild, nothing)).ending is Ending.DONE
    assert house.headers["Idempotency-Key"] == "a%0D%0AX-Evil:%201%20%F0%9F%8C%B9"
    assert "X-Evil" not in house.headers


async def test_a_text_of_the_settings_knows_the_command_and_stays_json_whatever_a_viewer_is_called(
    house: House, tmp_path: Path
) -> None:
    body = '{{"content": "{user} gave {value} coins for {rule}", "test": {simulated}}}'
    desk = Desk(tmp_path, house.url, body=body)
    assert (await desk.call()).ending is Ending.DONE
    assert json.loads(house.asked[0][2]) == {"content": 'Bu "Di" 🌹 gave 5 coins for rose', "test": False}
    desk = Desk(tmp_path, house.url, body="{user}!", content_type="text/plain")
    assert (await desk.call()).ending is Ending.DONE
    assert house.asked[1][2] == 'Bu "Di" 🌹!'
