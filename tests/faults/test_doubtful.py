"""A gift that an earlier run may have carried out before it was on disk: its board is asked before it moves."""

import asyncio
import time
from pathlib import Path

import pytest

from gateway.deciding import DOUBT_S, Deciding
from gateway.dispatch.dispatcher import Dispatcher
from gateway.journal import Journal
from gateway.rules.engine import compile_rules
from gateway.settings.models import Action, Board, Channel, Rule, RuleBook, Settings, Station, Then
from gateway.settings.triggers import OnGift, When
from gateway.trace import TraceBook
from tests.dispatch.stage import Gate
from tests.faults.mortal import until
from tests.records import gift

LAMP = Station(
    board=Board(id="VB-1"),
    channels={"out": Channel(kind="pulse", pin=6)},
    actions={"go": Action(channel="out")},
)
BOOK = RuleBook(rules={"rose": Rule(when=When(gift=OnGift()), then=[Then(station="lamp", action="go")])})


@pytest.mark.parametrize(
    ("received", "asked"),
    [(-10.0, True), (DOUBT_S / 2, True), (DOUBT_S * 2, False)],
    ids=["before", "soon", "later"],
)
async def test_what_was_received_before_the_start_or_soon_after_it_is_asked_about(
    tmp_path: Path, received: float, asked: bool
) -> None:
    now = time.time()
    gate = Gate()
    gate.open.set()
    journal = Journal(tmp_path)
    await journal.open()
    dispatcher = Dispatcher({"lamp": gate}, lambda ack: None, lambda _: None, lambda: now)
    dispatcher.arm(True)
    settings = Settings(venue="hall", stations={"lamp": LAMP})
    deciding = Deciding(compile_rules(BOOK, settings), dispatcher, journal, TraceBook(journal.reader), lambda: now)
    work = asyncio.create_task(dispatcher.run())
    try:
        now += max(received, 0.0)
        deciding.happened(gift("g-1", now if received > 0 else now + received))
        await until(lambda: gate.started)
        assert gate.asked == (gate.started if asked else [])
    finally:
        work.cancel()
        await asyncio.wait([work])
        deciding.close()
        await journal.close()
