"""TikFinity's desktop program as a source."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from gateway import messages as m
from gateway.connector.sources.base import PACE
from gateway.connector.sources.make import Sources
from gateway.practice.relays.tikfinity import PracticeTikFinity
from gateway.practice.tiktok.room import Room
from gateway.settings.models import Account, Connector, TikFinity
from tests.connector.conftest import viewer
from tests.connector.relaying import COMET, ROSE, Direct, Listener, complete, direct, play, played

__all__ = ["direct"]

Start = Callable[..., Awaitable[Listener]]


@pytest.fixture
async def tikfinity() -> AsyncIterator[PracticeTikFinity]:
    program = PracticeTikFinity(Room("ada.live"))
    await program.start()
    yield program
    await program.stop()


@pytest.fixture
async def listen(tmp_path: Path) -> AsyncIterator[Start]:
    listeners = []

    async def start(program: PracticeTikFinity | None, url: str = "") -> Listener:
        settings = Connector(tikfinity=TikFinity(url=url or (program.url if program else "")))
        listener = Listener("tikfinity", tmp_path, settings)
        listeners.append(listener)
        listener.start()
        if program is not None:
            await program.room.until(watchers=1)
        return listener

    yield start
    for listener in listeners:
        await listener.stop()


@pytest.mark.needs("tiktoklive")
async def test_a_live_heard_through_it_is_the_same_as_heard_from_tiktok(listen: Start, direct: Direct) -> None:
    ours, room = direct
    program = PracticeTikFinity(room)
    await program.start()
    theirs = await listen(program)
    await room.until(watchers=2)
    try:
        play(room)
        await theirs.until(lambda: complete(theirs.events))
        await ours.until(lambda: complete(ours.events))
    finally:
        await program.stop()
    assert played(theirs.events) == played(ours.events)


async def test_the_first_event_begins_the_live_and_its_end_ends_it(
    tikfinity: PracticeTikFinity, listen: Start
) -> None:
    listener = await listen(tikfinity)
    await listener.until_said("TikFinity is running; the LIVE begins")
    assert listener.phases() == ["waiting"]
    tikfinity.room.comment(viewer(1), "hi")
    await listener.until_live()
    tikfinity.room.end()
    await listener.until(lambda: listener.phases()[-1] == "ended")
    assert [type(e) for e in listener.events] == [m.LiveEvent, m.CommentEvent, m.LiveEvent]
    tikfinity.room.go_live()
    await tikfinity.room.until(watchers=0)
    await tikfinity.room.until(watchers=1)
    tikfinity.room.comment(viewer(1), "again")
    await listener.until(lambda: len(listener.of(m.LiveEvent)) == 3)
    assert len({e.id for e in listener.of(m.LiveEvent)}) == len(listener.of(m.LiveEvent))


async def test_closed_in_the_middle_it_is_waited_for_and_the_live_goes_on(
    tikfinity: PracticeTikFinity, listen: Start
) -> None:
    listener = await listen(tikfinity)
    tikfinity.room.gift(viewer(1), COMET)
    await listener.until_live()
    tikfinity.close_with(1001)
    await listener.until_said("TikFinity was closed")
    await tikfinity.room.until(watchers=0)
    await tikfinity.room.until(watchers=1)
    tikfinity.room.gift(viewer(2), COMET)
    await listener.until(lambda: len(listener.of(m.GiftEvent)) == 2)
    assert [type(e) for e in listener.events] == [m.LiveEvent, m.GiftEvent, m.GapEvent, m.GiftEvent]
    assert len({e.room for e in listener.events}) == 1


async def test_its_losing_tiktok_is_a_gap_too(tikfinity: PracticeTikFinity, listen: Start) -> None:
    listener = await listen(tikfinity)
    tikfinity.room.comment(viewer(1), "before")
    await listener.until_live()
    tikfinity.say("disconnected")
    await listener.until_said("lost its connection to TikTok")
    await tikfinity.room.until(watchers=1)
    tikfinity.room.comment(viewer(1), "after")
    await listener.until(lambda: len(listener.of(m.CommentEvent)) == 2)
    assert len(listener.of(m.GapEvent)) == 1


async def test_not_running_is_said_so_and_found_as_soon_as_it_runs(tmp_path: Path, listen: Start) -> None:
    program = PracticeTikFinity(Room("ada.live"))
    await program.start()
    url, port = program.url, int(program.url.rpartition(":")[2])
    await program.stop()
    listener = await listen(None, url)
    await listener.until_said("TikFinity is not running on this PC, or its event API is off")
    program = PracticeTikFinity(program.room)
    await program.start(port)
    try:
        await program.room.until(watchers=1)
        await listener.until(lambda: "TikFinity is running" in listener.states[-1].detail)
        program.room.comment(viewer(1), "hi")
        await listener.until_live()
    finally:
        await program.stop()


async def test_the_live_of_somebody_else_is_refused_with_what_to_do(
    tikfinity: PracticeTikFinity, listen: Start
) -> None:
    tikfinity.whose = "bo.bear"
    listener = await listen(tikfinity)
    tikfinity.room.gift(viewer(1), COMET)
    await listener.until_said("hears the LIVE of @bo.bear, not of @ada.live: sign in there as @ada.live, or set")
    assert not listener.events
    tikfinity.whose = "Ada.Live"
    await tikfinity.room.until(watchers=0)
    await tikfinity.room.until(watchers=1)
    tikfinity.room.gift(viewer(1), COMET)
    await listener.until_live()


async def test_nonsense_is_counted_and_disturbs_nothing(
    tikfinity: PracticeTikFinity, listen: Start, caplog: pytest.LogCaptureFixture
) -> None:
    listener = await listen(tikfinity)
    nonsense: list[str | bytes] = [
        "{",
        "[]",
        "17",
        '{"event": 5}',
        b"\xff",
        '{"event": "gift", "data": {"giftId": "x"}}',
    ]
    for message in nonsense:
        tikfinity.say_raw(message)
    tikfinity.say_raw('{"event": "chat"}')
    tikfinity.say_raw('{"event": "gift", "data": [1]}')
    tikfinity.say("rankUpdate", rank=3)
    tikfinity.say("member", actionId=26)
    tikfinity.room.comment(viewer(1), "fine")
    await listener.until(lambda: listener.of(m.CommentEvent))
    assert listener.source.decoder.unreadable == len(nonsense)
    assert listener.source.decoder.skipped == {"rankUpdate": 1}
    assert caplog.text.count("it is skipped") == 1


async def test_streaks_pay_what_was_given(tikfinity: PracticeTikFinity, listen: Start) -> None:
    listener = await listen(tikfinity)
    streaks = [tikfinity.room.streak(viewer(n), ROSE) for n in range(5)]
    for n, streak in enumerate(streaks):
        for _ in range(n + 1):
            streak.tap()
    for streak in streaks:
        streak.end()
    await listener.until(lambda: sum(g.data.ended for g in listener.of(m.GiftEvent)) == 5)
    paid: dict[str, int] = {}
    for gift in listener.of(m.GiftEvent):
        paid[gift.data.user.name] = paid.get(gift.data.user.name, 0) + gift.data.count
    assert list(paid.values()) == [1, 2, 3, 4, 5]


def test_a_program_on_this_pc_may_be_asked_often_and_tiktok_may_not(tmp_path: Path) -> None:
    sources = Sources(Connector(), tmp_path, PACE)
    assert sources.pace(Account(username="ada", source="tikfinity")).poll == 5.0
    assert sources.pace(Account(username="ada", source="tiktok")).poll == 60.0
