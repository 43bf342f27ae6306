"""Why it did, or did not: traces over MQTT and on the gateway's machine."""

import pytest
from click.testing import CliRunner
from msgspec import convert

from gateway.cli_trace import trace as trace_command
from gateway.messages import GiftEvent, Outcome, Trace
from tests.flow.stage import Client, House, gateway_running, until

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
rules:
  ring:
    when: {gift: {name: Rose}}
    cooldown: 1m
    then: [{station: bell, action: ring}, {station: lamp, action: blink}]
  dear:
    when: {gift: {min_coins: 100}}
    then: [{station: cannon, action: fire}]
"""


async def asked(c: Client, event: str) -> Trace:
    return convert((await c.ask("trace", event=event)).result, Trace)


async def test_a_trace_says_what_fired_what_cooled_down_and_what_was_not_meant(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        c.gift("g-1")
        await until(lambda: c.of("g-1").count("done") == 2)
        fired = await asked(c, "g-1")
        assert isinstance(fired.event, GiftEvent)
        assert fired.decided is not None
        assert {r.rule: r.outcome for r in fired.decided.reasons} == {
            "ring": Outcome.FIRED,
            "dear": Outcome.NO_MATCH,
        }
        bell, lamp = fired.commands
        assert (bell.command.station, lamp.command.station) == ("bell", "lamp")
        for traced in fired.commands:
            assert [a.status for a in traced.steps] == ["queued", "running", "done"]
            times = traced.steps[-1].times
            hops = [times.received, times.decided, times.sent, times.ended]
            assert None not in hops
            assert hops == sorted(hop for hop in hops if hop)
            assert times.moved
        assert await asked(c, bell.command.id) == fired

        c.gift("g-2")
        c.gift("g-3", "Drum")
        await until(lambda: c.ledger.total.blocked == 1)
        cooled = await asked(c, "g-2")
        assert cooled.decided is not None
        words = {r.rule: (r.outcome, r.words) for r in cooled.decided.reasons}["ring"]
        assert words[0] is Outcome.COOLDOWN
        assert words[1].startswith("cooling down, ")
        assert cooled.commands == []
        nothing = await asked(c, "g-3")
        assert nothing.decided is not None
        assert {r.outcome for r in nothing.decided.reasons} == {Outcome.NO_MATCH}

        unknown = await c.ask("trace", event="g-99")
        assert unknown.error == "nothing is known of 'g-99': no event or command has this id"
        assert "expected params" in (await c.ask("trace", event=7)).error

    told = CliRunner().invoke(trace_command, ["g-1", "--data", str(house.config.base_dir / "data")])
    assert told.exit_code == 0, told.output
    assert "1 x Rose (1 coin) by Budi on ayu" in told.output
    assert "rule ring: fired" in told.output
    for station in ("bell", "lamp"):
        assert station in told.output
    assert "done" in told.output
    told = CliRunner().invoke(trace_command, ["g-2", "--data", str(house.config.base_dir / "data")])
    assert "rule ring: not now - cooling down, " in told.output
    async with gateway_running(house.config):  # out of memory, and on disk
        await house.again()
        old = await asked(c, "g-1")
        assert [t.command.id for t in old.commands] == [t.command.id for t in fired.commands]
        assert [t.steps[-1].status for t in old.commands] == ["done", "done"]
