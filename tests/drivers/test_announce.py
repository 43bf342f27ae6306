"""Announcements: a line for page and overlays, heard by who listens, kept for nobody."""

from pathlib import Path

import pytest

from gateway.drivers.base import Ending
from gateway.messages import Announcement, Param, decode, seconds
from tests.broker import Mosquitto
from tests.drivers.off_board import command, nothing
from tests.drivers.stage import until
from tests.drivers.test_mqtt_out import TOPIC, on_air

pytestmark = pytest.mark.needs("mosquitto")


async def test_an_announcement_says_who_and_why_and_needs_no_arming(tmp_path: Path) -> None:
    async with on_air(Mosquitto(tmp_path)) as air:
        await air.listen("stagewire/#")
        outcome = await air.say("Thank you, Di! 🌹 <b>")
        assert (outcome.ending, outcome.reason) == (Ending.DONE, "")
        assert air.moved == [outcome.moved]
        await until(lambda: air.texts)
        topic, payload = air.texts[0]
        assert topic == TOPIC
        said: Announcement = decode(payload, Announcement)
        assert (said.text, said.user, said.rule, said.cause) == (
            "Thank you, Di! 🌹 <b>",
            'Bu "Di" 🌹',
            "rose",
            "e1",
        )
        assert outcome.sent is not None
        assert seconds(said.time) == pytest.approx(outcome.sent, abs=0.001)


async def test_an_announcement_that_nobody_hears_is_said_and_not_kept(tmp_path: Path) -> None:
    async with on_air(Mosquitto(tmp_path)) as air:
        assert (await air.say("first")).ending is Ending.DONE
        await air.listen("stagewire/#")
        assert (await air.say("second")).ending is Ending.DONE
        await until(lambda: air.texts)
        assert [decode(payload, Announcement).text for _, payload in air.texts] == ["second"]


async def test_nothing_is_said_in_an_emergency_stop(tmp_path: Path) -> None:
    async with on_air(Mosquitto(tmp_path)) as air:
        await air.listen("stagewire/#")
        air.announce.estop(7)
        outcome = await air.say("too late")
        assert (outcome.ending, outcome.kept_by) == (Ending.BLOCKED, "stop")
        air.announce.reset_estop(7)
        assert (await air.say("again")).ending is Ending.DONE
        await until(lambda: air.texts)
        assert [decode(payload, Announcement).text for _, payload in air.texts] == ["again"]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("shout", {"text": "a"}),
        ("say", {}),
        ("say", {"text": " "}),
        ("say", {"text": 5}),
        ("say", {"text": "a", "to": "b"}),
    ],
)
async def test_what_is_no_announcement_is_refused(tmp_path: Path, action: str, params: dict[str, Param]) -> None:
    async with on_air(Mosquitto(tmp_path)) as air:
        outcome = await air.announce.perform(command("announce", action, params), nothing)
        assert outcome.ending is Ending.REJECTED
