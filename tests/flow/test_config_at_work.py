"""Settings changed over MQTT, and the restart that brings them into force: the gateway as a process of its own."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gateway.messages import GatewayInfo, Response
from tests.flow.stage import GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")
COMMENT = "# The hall's settings, by hand.\n"


def commented(house: House) -> Path:
    path = house.config.base_dir / "stagewire.yaml"
    path.write_text(COMMENT + path.read_text())
    return path


async def lent(house: House, text: str, **more: str) -> Response:
    got = await house.client.ask("config", do="get")
    return await house.client.ask("config", text, do="apply", fingerprint=got.result["fingerprint"], **more)


async def started(house: House, before: str) -> str:
    """When the gateway started, once that is not ``before``."""
    c = house.client

    def info() -> GatewayInfo | None:
        found = c.get(c.topics.gateway_info("gateway"), GatewayInfo)
        return found if found and found.started != before else None

    await until(info, 20)
    found = info()
    assert found is not None
    return found.started


async def test_settings_are_read_checked_applied_and_rolled_back_and_nobody_overwrites_another(
    house: House,
) -> None:
    path, c = commented(house), house.client
    async with gateway_running(house.config):
        await house.ready()
        got = await c.ask("config", do="get")
        old, mark = got.result["text"], got.result["fingerprint"]
        assert (old, got.result["mistakes"], got.result["restart"]) == (path.read_text(), [], [])

        wrong = old.replace("pin: 6", "pin: 99").replace("venue: demo", "venue: Demo")
        mistakes = (await c.ask("config", wrong, do="check")).result["mistakes"]
        assert [m["path"] for m in mistakes] == [["stations", "lamp", "channels", "light", "pin"], ["venue"]]
        for mistake in mistakes:
            assert f":{mistake['line']}: " in mistake["text"]
            assert f"{mistake['path'][-1]}:" in wrong.splitlines()[mistake["line"] - 1]
        refused = await c.ask("config", wrong, do="apply", fingerprint=mark)
        assert (refused.ok, refused.result["mistakes"]) == (False, mistakes)
        assert path.read_text() == old

        new = old.replace("pin: 6", "pin: 8")
        done = await c.ask("config", new, do="apply", fingerprint=mark)
        assert (done.ok, done.result["restart"]) == (True, ["gateway"])
        assert path.read_text() == new
        late = await c.ask("config", old, do="apply", fingerprint=mark)
        assert "was changed since you read it" in late.error
        assert path.read_text() == new

        lost = await lent(house, new.replace("blink:", "flash:"))
        assert "station 'lamp' has no action 'blink'" in " ".join(lost.result["rules"])
        assert (await c.ask("config", do="rollback")).ok
        assert (await c.ask("config", do="rollback")).result["restart"] == []
        assert path.read_text() == old
        assert (await c.ask("config", do="rollback")).error.startswith("there is no version")
        kept = (await c.ask("config", do="history")).result["versions"]
        assert (await c.ask("config", do="get", version=kept[-1]["name"])).result["text"] == old
        assert len(kept) == 3


async def test_a_file_with_a_secret_in_it_is_not_shown_and_one_that_would_not_start_is_not_restarted(
    house: House,
) -> None:
    path, c = commented(house), house.client
    good = path.read_text()
    async with gateway_running(house.config):
        await house.ready()
        path.write_text(good.replace("venue: demo", "venue: demo\n# password: nobody-may-see-this\n"))
        hidden = await c.ask("config", do="get")
        assert "looks like a secret" in hidden.error
        assert "nobody-may-see-this" not in str(hidden)
        path.write_text(good.replace("kind: level", "kind: lever"))
        no = await c.ask("restart", do="now")
        assert "it would not start again" in no.error
        assert "did you mean 'level'?" in no.error
        await asyncio.sleep(0)
        assert (await c.ask("restart", do="check")).error == no.error
        assert (await c.ask("config", do="rollback")).ok
        assert path.read_text() == good
        assert (await c.ask("restart", do="check")).result == {"restart": []}


async def test_a_command_line_comes_from_nobody_far_away(house: House) -> None:
    """It would run with the gateway's rights, for whoever may publish a request."""
    path = commented(house)
    good = path.read_text()
    async with gateway_running(house.config):
        await house.ready()
        evil = await lent(house, good + "sound_player: sh -c 'reboot' {file}\n")
        assert "sound_player: a command line is changed in the file itself" in evil.error
        assert path.read_text() == good
        path.write_text(good + "sound_player: mpv {file}\n")  # by somebody at the machine
        assert (await lent(house, path.read_text().replace("pin: 6", "pin: 8"))).ok
        assert (await lent(house, good)).ok, "the usual players"


async def test_a_restart_comes_back_disarmed_as_the_same_process_with_the_new_settings_and_every_gift_once(
    house: House,
) -> None:
    house.settings(gateway={"arm": "manual"})
    path, c = commented(house), house.client
    with GatewayProcess(house.config) as process:
        await until(lambda: all(c.station(s).online for s in house.boards))
        c.arm()
        await house.ready()
        c.gift("g-1")
        await until(lambda: "done" in c.of("g-1"))
        began = await started(house, "")
        moved = house.edges.rises("lamp")

        new = path.read_text().replace("pin: 6", "pin: 8")
        assert (await lent(house, new)).result["restart"] == ["gateway"]
        assert (await c.ask("restart", do="now")).ok
        await until(lambda: c.latest[c.topics.gateway_availability("gateway")] == b"offline")
        c.gift("g-2")  # the broker keeps it
        assert await started(house, began) > began
        await until(lambda: all(c.station(s).online for s in house.boards), 20)
        os.kill(process.pid, 0)
        assert not any(c.station(s).armed for s in house.boards)
        assert house.edges.rises("lamp") == moved
        assert (await c.ask("config", do="get")).result["restart"] == []

        c.arm()
        await house.ready()
        c.gift("g-1")  # heard before the restart
        c.gift("g-3")
        await until(lambda: "done" in c.of("g-3"))
        pins = [pin for name, pin, level, _ in house.edges.all if name == "lamp" and level]
        assert (pins[0], pins[-1]) == (6, 8)
        assert c.of("g-1").count("done") == c.of("g-3").count("done") == 1
        await until(lambda: (c.ledger.total.received, c.ledger.total.done, c.ledger.total.owed) == (3, 2, 1))
        os.kill(process.pid, signal.SIGTERM)


async def test_a_service_that_is_stopped_while_it_restarts_stays_ended(house: House) -> None:
    commented(house)
    c = house.client
    availability = c.topics.gateway_availability("gateway")
    with GatewayProcess(house.config) as process:
        await until(lambda: c.latest.get(availability) == b"online", 20)
        await until(lambda: all(c.station(s).online for s in house.boards))
        assert (await c.ask("restart", do="now")).ok
        await until(lambda: c.latest[availability] == b"offline")
        await asyncio.to_thread(process.end)
        assert c.latest[availability] == b"offline"
