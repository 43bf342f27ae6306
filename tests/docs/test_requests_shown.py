"""Every request that docs/mqtt.md shows is answered by a gateway, on a real broker, as the page says."""

import re
import time
from pathlib import Path

import msgspec
import pytest

from gateway import messages as m
from gateway.settings.load import load
from tests.broker import Mosquitto
from tests.docs.crowd import gift
from tests.docs.evening import furnish
from tests.docs.test_docs import ROOT
from tests.docs.test_rules_page import SETTINGS
from tests.flow.stage import client_running, gateway_running, until

PAGE = (ROOT / "docs" / "mqtt.md").read_text()
SHOWN = re.findall(r"-t \$gateway/request/(\w+)\s(?:\\\n)?\s*-m '(.*)'", PAGE)
TABLE = re.search(r"\| verb \| `params` \|.*?\n\n", PAGE, re.DOTALL)
ACCOUNT = "stagewire/1/my-hall/account/main"
GATEWAY = "stagewire/1/my-hall/gateway/gateway"
RULES = """\
counters:
  goal: {max: 500}
timers: [round]
stages:
  crowd: {metric: viewers, levels: {empty: {}, full: {minimum: 30}}}
rules:
  confetti:
    when: {button: {name: confetti}}
    then: [{announce: confetti}]
"""


@pytest.mark.needs("mosquitto")
async def test_requests_that_are_shown_are_answered_and_there_are_no_others(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    with Mosquitto(tmp_path) as broker:
        config = load(furnish(tmp_path, f"{SETTINGS}broker: {{port: {broker.port}}}\n"))
        async with client_running(broker) as client, gateway_running(config):

            async def ask(verb: str, payload: str) -> m.Response:
                answer = f"{GATEWAY}/response/{verb}"
                client.latest.pop(answer, None)
                client.bus.publish(f"{GATEWAY}/request/{verb}", payload.encode())
                await until(lambda: answer in client.latest)
                return m.decode(client.latest[answer], m.Response)

            await until(lambda: client.latest.get(f"{GATEWAY}/availability") == b"online")
            now = m.stamp(time.time())
            event = msgspec.structs.replace(gift(), id="g-77", account="main", time=now, received=now)
            client.bus.publish(f"{ACCOUNT}/event/gift", m.encode(event))
            await until(lambda: f"{ACCOUNT}/stats" in client.latest)
            for verb, payload in SHOWN:
                asked: m.Request = m.decode(payload.encode(), m.Request)
                answer = await ask(verb, payload)
                assert (answer.transaction, answer.ok, answer.error) == (asked.transaction, True, "")
            await until(lambda: b'"goal":250' in client.latest[f"{GATEWAY}/rules"])
            known = (await ask("dance", '{"transaction": "x"}')).error.partition("known here: ")[2].split(", ")
            edits = (await ask("rules", '{"transaction": "y"}')).error.partition("{do: ")[2].partition("}")[0]
    assert TABLE is not None
    assert set(re.findall(r"^\| `(\w+)` \|", TABLE[0], re.MULTILINE)) == set(known) == {v for v, _ in SHOWN}
    listed = set(re.findall(r"`(\w+)`", PAGE.partition("| `do` | |")[2].partition("\n\n")[0]))
    assert {"get", "rollback"} < set(re.findall(r"\w+", edits)) - {"or"} <= listed
