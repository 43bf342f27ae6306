"""Announcements, MQTT, webhooks and sounds as rules send them, by viewers who call themselves what they like."""

import asyncio
import contextlib
import json
import shlex
import sys
import wave
from collections.abc import AsyncIterator

import pytest

from gateway.messages import User
from tests.flow.stage import House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

HOSTILE = 'x","admin":true,"'
NAMES = [
    HOSTILE,
    "<img src=x onerror=alert(1)>",
    "{coins}{user}",
    "\u202egnp.exe\u0007",
    "$(reboot); `id` ${HOME}",
    "%s%n\\",
]


def viewer(nickname: str) -> User:
    return User(id=f"u-{NAMES.index(nickname)}", name="viewer.practice", nickname=nickname)


async def test_what_viewers_call_themselves_is_announced_as_text_and_nothing_of_it_is_carried_out(
    house: House,
) -> None:
    house.rules("""
rules:
  thanks:
    when: {gift: {name: Rose}}
    then: [{announce: "{user} gave {gift} ({coins})"}]
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        for n, name in enumerate(NAMES):
            c.gift(f"g-{n}", user=viewer(name), coins=7)
        await until(lambda: len(c.said) == len(NAMES))
    assert {s.cause: s.text for s in c.said} == {f"g-{n}": f"{name} gave Rose (7)" for n, name in enumerate(NAMES)}
    assert {s.cause: s.user for s in c.said} == {f"g-{n}": name for n, name in enumerate(NAMES)}
    assert {s.rule for s in c.said} == {"thanks"}


class Listener:
    """A web server that keeps what it was sent."""

    def __init__(self) -> None:
        self.port = 0
        self.bodies: list[bytes] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        self.bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


async def test_json_for_others_stays_json_whatever_a_viewer_is_called(house: House) -> None:
    listener = Listener()
    async with listener.running():
        url = f"http://127.0.0.1:{listener.port}/hook"
        house.settings(webhooks={"lights": {"url": url}, "own": {"url": url, "body": '{{"who": "{user}"}}'}})
        house.rules("""
rules:
  tell:
    when: {gift: {name: Rose}}
    then:
      - {publish: {topic: home/hall/gift, payload: '{{"user": "{user}", "coins": {coins}}}'}}
      - {webhook: {name: lights}}
      - {webhook: {name: own}}
      - {webhook: {name: own, body: '{{"by": "{user}"}}'}}
""")
        c = house.client
        c.bus.subscribe("home/#")
        async with gateway_running(house.config):
            await house.ready()
            c.gift("g-1", user=viewer(HOSTILE), coins=7)
            await until(lambda: c.of("g-1").count("done") == 4)
    ((topic, payload),) = c.others
    assert (topic, json.loads(payload)) == ("home/hall/gift", {"user": HOSTILE, "coins": 7})
    usual, own, given = map(json.loads, listener.bodies)
    assert (usual["user"], usual["webhook"], usual["rule"], usual["cause"]) == (HOSTILE, "lights", "tell", "g-1")
    assert "admin" not in usual
    assert own == {"who": HOSTILE}
    assert given == {"by": HOSTILE}
    await until(lambda: c.ledger.total.done == 1)


async def test_a_sound_is_played_by_the_program_that_the_settings_name(house: House) -> None:
    folder = house.config.base_dir
    player = folder / "player.py"
    player.write_text("import sys, json\nprint(json.dumps(sys.argv[2:]), file=open(sys.argv[1], 'a'))\n")
    with wave.open(str(folder / "a horn's.wav"), "wb") as horn:
        horn.setparams((1, 2, 8000, 0, "NONE", ""))
        horn.writeframes(b"\0" * 800)
    words = shlex.join([sys.executable, str(player), str(folder / "played.txt")])
    house.settings(
        sounds={"horn": {"file": "a horn's.wav", "volume": 60}},
        sound_player=words + " --volume={volume} {file}",
    )
    house.rules("""
rules:
  horn:
    when: {gift: {name: Rose}}
    then: [{sound: horn}, {wait: done}, {station: bell, action: ring}]
""")
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: c.of("g-1").count("done") == 2)
    played = [json.loads(line) for line in (folder / "played.txt").read_text().splitlines()]
    assert played == [["--volume=60", str(folder / "a horn's.wav")]]
    assert house.edges.rises("bell") == 1
