"""Statistics asked of a real gateway: while the session runs, and when it is over."""

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner

from gateway import messages as m
from gateway.cli import main
from tests.flow.conftest import house
from tests.flow.stage import BUDI, Client, House, gateway_running, until
from tests.review.test_played_again import heard

__all__ = ["house"]  # a fixture of the flow tests

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
rules:
  ring:
    when: {gift: {name: Rose}}
    then: [{station: bell, action: ring}]
"""


def tell(c: Client, number: int, kind: type[m.Event], data: Any) -> None:
    event = heard(kind, number, data)
    assert c.bus.publish(c.topics.account_event("ayu", m.KINDS[type(event)]), m.encode(event))


async def asked(c: Client, **params: m.Param) -> dict[str, Any]:
    answer = await c.ask("statistics", "", **params)
    assert answer.error == ""
    return answer.result


async def typed(house: House, *args: str) -> str:
    """A command, in another thread as in another process, while the gateway runs."""
    settings = str(house.config.base_dir / "stagewire.yaml")
    result = await asyncio.to_thread(CliRunner().invoke, main, [*args, "--config", settings])
    assert result.exit_code == 0, result.output
    return result.output


async def test_a_session_says_the_same_while_it_runs_and_when_it_is_over(house: House) -> None:
    house.rules(RULES)
    c = house.client
    async with gateway_running(house.config):
        await house.ready()
        tell(c, 0, m.LiveEvent, m.Live(phase="started"))
        for n in range(1, 4):
            rose = m.Gift(user=BUDI, gift_id="Rose", name="Rose", count=1, total=1, coins=n)
            tell(c, n, m.GiftEvent, rose)
        tell(c, 4, m.CommentEvent, m.Comment(user=BUDI, text="halo", plain="halo"))
        await until(lambda: c.ledger.total.done == 3)
        runs = await asked(c, account="ayu")
        by_id = await asked(c, session=runs["session"])  # which may not be on disk yet
        assert (by_id["id"], by_id["origin"]) == (runs["id"], "running")
        assert (runs["origin"], runs["gifts"], runs["coins"], runs["comments"]) == ("running", 3, 6, 1)
        parts = ("gifts", "leaderboard", "buckets", "stations", "correlation")
        before = {part: await asked(c, account="ayu", part=part) for part in parts}

        tell(c, 5, m.LiveEvent, m.Live(phase="ended"))
        async with asyncio.timeout(10):
            while (over := await asked(c, session=runs["session"]))["origin"] != "archive":
                await asyncio.sleep(0.05)
        assert {name: over[name] for name in ("id", "since", "gifts", "coins", "comments", "actions_done")} == {
            name: runs[name] for name in ("id", "since", "gifts", "coins", "comments", "actions_done")
        }
        for part in ("gifts", "leaderboard"):
            assert await asked(c, session="last", part=part) == {**before[part], "origin": "archive"}
        for part in parts:
            assert set(await asked(c, session="last", part=part)) == set(before[part])
        ledger = await asked(c, session="last", part="ledger")
        assert (ledger["gifts"], ledger["endings"], ledger["actions"]) == (3, {"done": 3}, {"done": 3})
        data = house.config.base_dir / house.config.settings.gateway.data
        await until(lambda: list(data.glob("sessions/*.json")) and list(data.glob("sessions-*.json")))
        shown = await typed(house, "sessions", "show", "last")
        assert f"session {runs['session']} of ayu" in shown
        assert "3 gift messages: 3 done" in shown
        for path in data.glob("sessions/*.json*"):
            path.unlink()
        again = await typed(house, "sessions", "show", "last")
        assert "its details were counted again from the journal" in again
        assert [line for line in again.splitlines() if "counted again" not in line] == shown.splitlines()
        assert "sessions 1, " in await typed(house, "export", "--out", str(house.config.base_dir / "all"))


async def test_what_cannot_be_answered_is_told_over_mqtt_in_words(house: House) -> None:
    async with gateway_running(house.config):
        await house.ready()
        wrong = await house.client.ask("statistics", part="weather", account="ayu")
        assert not wrong.ok
        assert "Invalid enum value 'weather'" in wrong.error
        assert "no session of 'ayu' is known" in (await house.client.ask("statistics", account="ayu")).error
