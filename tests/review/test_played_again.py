"""An evening at a real gateway, played again: the same events, and the same rules fire the same."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from gateway import messages as m
from gateway.cli import main
from gateway.connector.recording.session_file import SessionReader
from gateway.connector.sources.base import Finished
from gateway.connector.sources.replay import ReplaySource
from gateway.review.library import Library
from gateway.review.recording import record
from tests.connector.playing import STREAM, Ear, as_recorded, in_virtual_time
from tests.flow.conftest import house
from tests.flow.stage import BUDI, Client, House, gateway_running, until

__all__ = ["house"]  # a fixture of the flow tests

pytestmark = pytest.mark.needs("mosquitto")

RULES = """
rules:
  ring:
    when: {gift: {name: Rose}}
    cooldown: 1m
    then: [{station: bell, action: ring}]
  dear:
    when: {gift: {min_coins: 100}}
    then: [{station: lamp, action: blink}]
  called:
    when: {comment: {exact: halo}}
    then: [{station: lamp, action: blink}]
"""
ROOM = "room-of-tonight"


def heard(kind: type[m.Event], number: int, data: Any) -> m.Event:
    now = m.stamp(time.time())
    return kind(id=f"e-{number}", source="/test", time=now, received=now, account="ayu", room=ROOM, data=data)


async def evening(c: Client) -> list[m.Event]:
    """Published one by one; returned as they were."""

    def gift(coins: int, name: str) -> m.Gift:
        return m.Gift(user=BUDI, gift_id=name, name=name, count=1, total=1, coins=coins)

    happenings: list[tuple[type[m.Event], Any]] = [
        (m.LiveEvent, m.Live(phase="started", title="Tonight")),
        (m.GiftEvent, gift(1, "Rose")),
        (m.CommentEvent, m.Comment(user=BUDI, text="halo", plain="halo")),
        (m.GiftEvent, gift(500, "Lion")),
        (m.ViewersEvent, m.Viewers(count=42)),
        (m.GiftEvent, gift(1, "Rose")),
        (m.GiftEvent, gift(200, "Rose")),
        (m.CommentEvent, m.Comment(user=BUDI, text="bye", plain="bye")),
        (m.LiveEvent, m.Live(phase="ended")),
    ]
    events = []
    for number, (kind, data) in enumerate(happenings):
        event = heard(kind, number, data)
        events.append(event)
        topic, payload = c.topics.account_event("ayu", m.KINDS[type(event)]), m.encode(event)
        assert c.bus.publish(topic, payload)
        await until(lambda topic=topic, payload=payload: c.latest.get(topic) == payload)  # type: ignore[misc]  # a lambda
    return events


async def played(house: House) -> list[m.Event]:
    house.rules(RULES)
    async with gateway_running(house.config):
        await house.ready()
        events = await evening(house.client)
        await until(lambda: house.client.ledger.total.received == 6 and not house.client.ledger.total.waiting)
    return events


def library(house: House) -> Library:
    settings = house.config.settings
    return Library(settings, house.config.base_dir / settings.gateway.data)


async def test_a_session_from_the_journal_is_played_again_event_by_event(house: House, tmp_path: Path) -> None:
    events = await played(house)
    known, path = library(house), tmp_path / "again.gz"
    recorded = record(known.journal, known.find("last"), path, names=True)
    assert (recorded.events, recorded.unreadable) == (len(events), 0)
    assert list(SessionReader(path).events()) == events

    ear = Ear()

    async def play() -> None:
        with pytest.raises(Finished):
            await ReplaySource(STREAM, path, 1).run(ear)

    await asyncio.to_thread(in_virtual_time, play)
    (room,) = ear.rooms
    run = room.removesuffix(f"-{ROOM}")
    assert [as_recorded(e, run) for e in ear.events] == [
        replace(e, received=m.stamp(0), account="bob", source="tiktok/@bob.live") for e in events[1:]
    ]
    assert all(event.simulated for event in ear.events)


async def test_the_same_rules_fire_the_same_on_the_session_and_on_its_file(house: House, tmp_path: Path) -> None:
    await played(house)
    folder, total = house.config.base_dir, house.client.ledger.total
    known = library(house)
    record(known.journal, known.find("last"), tmp_path / "again.gz")
    today = time.strftime("%Y-%m-%d", time.gmtime())
    for way in (["--session", "last"], [str(tmp_path / "again.gz")], ["--from", today], [str(folder / "data")]):
        args = ["backtest", *way, "--rules", str(folder), "--json", str(tmp_path / "report.json")]
        result = await asyncio.to_thread(CliRunner().invoke, main, args)
        assert result.exit_code == 0, result.output
        report = json.loads((tmp_path / "report.json").read_text())
        fired = {name: rule["fired"] for name, rule in report["rules"].items()}
        assert fired == {"ring": 1, "dear": 2, "called": 1}, way
        endings = [rule["ledger"] for rule in report["rules"].values()]
        for ending in ("done", "blocked", "received"):
            assert sum(one[ending] for one in endings) == getattr(total, ending), (way, ending)


async def test_what_cannot_be_played_is_told_in_words(house: House, tmp_path: Path) -> None:
    folder = str(house.config.base_dir)
    (tmp_path / "x.gz").write_bytes(b"")
    for args, words in (
        ([], "what shall be played? Name a file"),
        (["--session", "last"], "there is no session in"),
        (
            ["--from", "2020-01-01", "--to", "2020-01-01"],
            "the journal holds no events of 2020-01-01 to 2020-01-01",
        ),
        (["--session", "last", "--from", "today"], "--session says what is meant already"),
        ([str(tmp_path / "x.gz"), "--session", "last"], "is a file; --session, --from and --to are of"),
    ):
        result = await asyncio.to_thread(CliRunner().invoke, main, ["backtest", *args, "--rules", folder])
        assert result.exit_code == 1
        assert words in result.output
