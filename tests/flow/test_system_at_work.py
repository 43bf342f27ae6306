"""A gateway asked about itself over the broker: errors, a profile, diagnostics; and what they never tell."""

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from gateway.journal import JournalReader
from gateway.messages import GatewayHealth, User
from gateway.scrub import Scrub
from tests.flow.stage import Client, GatewayProcess, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

MAYA = User(id="7012345678901234567", name="maya.viewer", nickname="Maya Løvgren")
SECRETS = {
    "mqtt.password": "lantern-ostrich-91",
    "sign.key": "sk-5f2e8c77a1d94b60",
    "hook.url": "https://hooks.example/T0/B7/zebra-quartz",
    "hook.header": "Authorization: Bearer walrus-violet-33",
}
RULES = """
rules:
  rose:
    when: {gift: {name: Rose}}
    if: {users: [maya.viewer, rafi.friend]}
    then: [{announce: "the house of Rafi says hello"}, {station: bell, action: ring}]
  boom:
    when: {comment: {contains: open-sesame-77}}
    then: [{webhook: {name: door, body: "pin 4711-9921"}}]
"""
NEVER = [
    *SECRETS.values(),
    "zebra-quartz",
    "walrus-violet-33",
    "env-marmot-08",
    *("maya.viewer", "Maya", "Løvgren", "7012345678901234567", "rafi.friend", "Rafi"),
    *("ayu.practice", "Noor", "open-sesame-77", "4711-9921", "hall.broker.user"),
]


async def whole(client: Client, part: str) -> str:
    """A part of the diagnostics, piece by piece."""
    text, offset = "", 0
    while True:
        answer = await client.ask("diagnostics", part=part, offset=offset)
        assert answer.ok, answer.error
        text += answer.result["text"]
        if "next" not in answer.result:
            return str(text)
        assert answer.result["next"] > offset
        offset = answer.result["next"]


def furnish(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets wherever the settings want some."""
    for name, text in SECRETS.items():
        file = house.config.base_dir / name
        file.write_text(text)
        file.chmod(0o600)
    monkeypatch.setenv("STAGEWIRE_EULER_KEY", "env-marmot-08")
    house.rules(RULES)
    s = house.config.settings
    broker = {"port": house.broker.port, "username": "hall.broker.user", "password_file": "mqtt.password"}
    hooks = {"door": {"url_file": "hook.url", "header_file": "hook.header"}}
    tiktok = {"sign_key_file": "sign.key", "sign_url": "http://127.0.0.1:1/zebra-quartz"}
    house.settings(
        broker=broker,
        webhooks=hooks,
        connector={"id": s.connector.id, "tiktok": tiktok},
        accounts={"ayu": {"username": "ayu.practice", "title": "Rafi and friends"}},
    )


async def test_diagnostics_tell_much_and_no_secret_and_no_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(house, monkeypatch)
    client = house.client
    scrubbing: set[threading.Thread] = set()
    clean = Scrub.text

    def seen(self: Scrub, text: str) -> str:
        scrubbing.add(threading.current_thread())
        return clean(self, text)

    monkeypatch.setattr(Scrub, "text", seen)
    async with gateway_running(house.config):
        await house.ready()
        client.gift("g-1", user=MAYA)
        await until(lambda: "done" in client.of("g-1"))
        for secret in SECRETS.values():
            logging.getLogger("somebody.careless").error("cannot call with %s", secret)
        logging.getLogger("somebody.careless").warning(
            "%s (@%s, %s) of 10.1.2.3 in /home/rafi.friend/venue: refused by Noor",
            "Maya Løvgren",
            MAYA.name,
            MAYA.id,
        )
        told = {
            part: await whole(client, part)
            for part in ("about", "settings", "rules", "data", "traces", "errors", "log")
        }
    everything = "\n".join(told.values())
    assert [word for word in NEVER if word.casefold() in everything.casefold()] == []
    assert "10.1.2.3" not in everything
    assert '"loop_lag_ms"' in told["about"]
    assert '"max_on": "' in told["settings"], "limits stay"
    assert '"bell"' in told["settings"]
    assert '"announce": "(28 characters)"' in told["rules"]
    assert ".db" in told["data"]
    assert '"outcome": "fired"' in told["traces"]
    assert '"status": "done"' in told["traces"]
    assert "cannot call with (secret)" in told["errors"]
    assert "ARMED" in told["log"]
    assert scrubbing, "names are looked for"
    assert threading.main_thread() not in scrubbing, "the loop has machines to look after"


async def test_errors_are_grouped_and_cleared_and_health_is_told(house: House) -> None:
    client = house.client
    async with gateway_running(house.config):
        await house.ready()
        for n in range(3):
            logging.getLogger("gateway.drivers").warning("cable %d is loose", n)
        found = (await client.ask("errors")).result["errors"]
        loose = next(e for e in found if e["words"] == "cable 2 is loose")
        assert (loose["count"], loose["level"]) == (3, "WARNING")
        assert loose["where"].startswith("tests/flow/test_system_at_work.py:")
        assert (await client.ask("errors", do="clear")).ok
        assert (await client.ask("errors")).result == {"errors": [], "more": 0}
        topic = client.topics.gateway_health("gateway")
        await until(lambda: topic in client.latest)
        health = client.get(topic, GatewayHealth)
        assert health is not None
        assert health.disk_total_mb >= health.disk_free_mb > 0
        assert health.clock in ("synchronised", "not synchronised")


async def test_a_profile_names_the_functions_that_work_and_what_it_cost(house: House) -> None:
    client = house.client
    async with gateway_running(house.config):
        await house.ready()
        asked = client.request("profile", "", "", seconds=1)
        second = await client.ask("profile", seconds=1)
        assert (second.ok, second.error) == (False, "a profile is being taken already: wait for it")
        for n in range(50):
            client.gift(f"p-{n}")
        await until(lambda: asked in client.answers)
        told: dict[str, Any] = client.answers[asked].result
        assert 0.9 < told["seconds"] < 5
        assert 0 < told["cost_ms"] <= told["busy_ms"]
        names = [row["name"] for row in told["all"]]
        assert len(names) == len(told["own"]) == 40
        assert any(name.startswith("gateway/intake.py:") for name in names), names
        assert told["own"] == sorted(told["own"], key=lambda row: -row["own_ms"])
        assert str(Path.cwd()) not in str(told)
        assert os.sep + "lib" not in str(told)
        refused = await client.ask("profile", seconds=31)
        assert refused.error == "expected params: {seconds: 1 to 30}"


def on_disk(data: Path) -> str:
    """The counter ``goal``, without what stands behind its point."""
    kept = JournalReader(data).state()
    return next((value.decode().partition(".")[0] for key, value in kept.items() if "goal" in key), "")


async def test_a_backup_is_put_back_by_a_gateway_that_starts_again(house: House) -> None:
    client, base = house.client, house.config.base_dir
    house.rules("counters: {goal: {}}\nrules: {}\n")
    kept = {base / "keys" / "sign.key": "sk-this-machine", base / "data" / "page" / "people.json": "{}"}
    for file, text in kept.items():
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o600)
    house.settings(connector={"tiktok": {"sign_key_file": "keys/sign.key"}})
    with GatewayProcess(house.config) as process:
        await house.ready()
        assert (await client.ask("counter", name="goal", value=5)).ok
        await until(lambda: on_disk(base / "data") == "5")
        made = await client.ask("backup")
        assert made.ok, made.error
        name = Path(made.result["file"]).name
        assert (await client.ask("restore", do="list")).result == {"files": [name]}
        assert (await client.ask("counter", name="goal", value=9)).ok
        await until(lambda: client.rules.counters.get("goal") == 9)
        refused = await client.ask("restore", do="now", file="../stagewire.yaml")
        assert "there is no backup '../stagewire.yaml'" in refused.error
        pid = process.pid
        availability = client.topics.gateway_availability("gateway")
        answer = await client.ask("restore", do="now", file=name)
        assert answer.ok, answer.error
        await until(lambda: client.latest.get(availability) == b"offline")
        await until(lambda: client.latest.get(availability) == b"online", 20)
        await until(lambda: client.rules.counters.get("goal") == 5)
        assert process.pid == pid, "the same process, with another life"
        assert {file: file.read_text() for file in kept} == kept, "secrets and users of the page stay"
        (aside,) = (base / "data").glob("before-restore-*")
        assert any(aside.iterdir()), "nothing is deleted"


async def test_a_damaged_backup_is_refused_before_anything_stops(house: House) -> None:
    client, base = house.client, house.config.base_dir
    async with gateway_running(house.config):
        await house.ready()
        made = await client.ask("backup")
        file = Path(made.result["file"])
        body = bytearray(file.read_bytes())
        body[len(body) // 2] ^= 0xFF
        file.write_bytes(body)
        answer = await client.ask("restore", do="now", file=file.name)
        assert not answer.ok
        assert client.latest[client.topics.gateway_availability("gateway")] == b"online"
        assert not list(base.glob("before-restore-*"))


async def test_a_backup_with_which_nothing_would_start_is_refused_before_anything_stops(house: House) -> None:
    client, path = house.client, house.config.base_dir / "stagewire.yaml"
    async with gateway_running(house.config):
        await house.ready()
        path.write_text(path.read_text() + "speling: 1\n")  # somebody is at it by hand
        name = Path((await client.ask("backup")).result["file"]).name
        for do in ("check", "now"):
            answer = await client.ask("restore", do=do, file=name)
            assert answer.error.startswith("with its settings the gateway would not start again: stagewire.yaml:")
            assert "speling" in answer.error
        assert client.latest[client.topics.gateway_availability("gateway")] == b"online"
