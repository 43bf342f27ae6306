"""A recorded session is played again as it was, at any speed, and as often as one likes."""

import asyncio
import gc
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import messages as m
from gateway.connector.account.account import Account
from gateway.connector.recording import session_file
from gateway.connector.recording.record import Recorder
from gateway.connector.recording.session_file import StateLine
from gateway.connector.sources.base import PACE, Finished, Refused
from gateway.connector.sources.make import Sources
from gateway.connector.sources.replay import MAX_ID, ReplaySource
from gateway.errors import SettingsError, SourceError
from gateway.messages import stamp
from gateway.settings import models
from gateway.settings.load import load
from gateway.virtual_time import VirtualLoop
from tests.connector.conftest import HURRIED, PATIENCE
from tests.connector.playing import (
    ADA,
    NOW,
    STREAM,
    Ear,
    as_recorded,
    comment,
    context,
    in_virtual_time,
    kinds,
    live,
    tape,
)


@given(
    events=st.lists(
        kinds(st.integers(0, 36_000_000).map(lambda ms: NOW + ms / 1000)),
        min_size=1,
        max_size=12,
        unique_by=lambda e: e.id,
    ),
    speed=st.floats(1, 1000),
)
@settings(max_examples=40, deadline=None)
def test_what_was_recorded_is_played_with_its_times_at_any_speed(events: list[m.Event], speed: float) -> None:
    events = sorted(events, key=lambda e: e.received)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bob.session.gz"
        with session_file.create(path, "bob", "tiktok/@bob.live", stamp(NOW), pseudonymous=False) as writer:
            recorder = Recorder(writer, lambda event: event)
            for event in (live("started", NOW - 1), *events):
                recorder.take(event)
        ear = Ear()
        source = ReplaySource(STREAM, path, speed)
        began = time.time()

        async def play() -> None:
            with pytest.raises(Finished):
                await source.run(ear)

        in_virtual_time(play)
    (room,) = ear.rooms
    run = room.removesuffix("-7400")
    assert [as_recorded(e, run) for e in ear.events] == [replace(e, received=stamp(0)) for e in events]
    for event, heard, was in zip(ear.events, ear.heard, events, strict=True):
        assert heard == pytest.approx((m.seconds(was.received) - (NOW - 1)) / speed, abs=1e-6)
        assert began - 0.001 <= m.seconds(event.received) <= time.time() + 0.001
        assert m.decode_event(m.encode(event)) == event


def test_an_hour_drifts_by_nothing_whatever_the_listener_costs(tmp_path: Path) -> None:
    path = tape(tmp_path, [comment(n, NOW + n) for n in range(3600)])

    async def play() -> Ear:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        ear = Ear(lambda: setattr(loop._leap, "now", loop._leap.now + 0.003))  # each event takes 3 ms
        with pytest.raises(Finished):
            await ReplaySource(STREAM, path, 60).run(ear)
        return ear

    ear = in_virtual_time(play)
    assert len(ear.heard) == 3600
    assert ear.heard[-1] == pytest.approx(3599 / 60, abs=1e-6)


def test_a_second_run_is_nobodys_duplicate_and_an_interrupted_one_goes_on(tmp_path: Path) -> None:
    path = tape(
        tmp_path, [live("started", NOW), *(comment(n, NOW + n) for n in range(1, 7)), live("ended", NOW + 7)]
    )
    source = ReplaySource(STREAM, path, 1.0)

    async def play() -> tuple[Ear, Ear, Ear]:
        first, rest, second = Ear(), Ear(), Ear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.5):
                await source.run(first)
        with pytest.raises(Finished, match=r"bob\.session\.gz has been played; disconnect and connect"):
            await source.run(rest, first.rooms[0])
        with pytest.raises(Finished):
            await source.run(second)
        return first, rest, second

    first, rest, second = in_virtual_time(play)
    assert first.rooms == rest.rooms != second.rooms
    assert (len(first.events), len(rest.events), len(second.events)) == (3, 4, 7)
    assert rest.heard[0] == 0.0
    played, again = [e.id for e in first.events + rest.events], [e.id for e in second.events]
    assert len({*played, *again}) == 14
    assert isinstance(second.events[-1], m.LiveEvent)


def test_each_live_of_a_file_is_a_connection_of_its_own(tmp_path: Path) -> None:
    state = StateLine(
        at=stamp(NOW),
        state=m.AccountState(account="bob", username="bob.live", phase="live", since=stamp(NOW)),
    )
    path = tape(
        tmp_path,
        [
            comment(1, NOW, "a"),  # recorded from the middle of a LIVE
            state,
            live("ended", NOW + 1, "a"),
            live("started", NOW + 7200, "b"),
            comment(2, NOW + 7201, "b"),  # whose end was not recorded
            comment(3, NOW + 9000, ""),  # a source that names no room
        ],
    )
    source = ReplaySource(STREAM, path, 1.0)

    async def play() -> Ear:
        ear = Ear()
        await source.run(ear)
        await source.run(ear)
        with pytest.raises(Finished):
            await source.run(ear)
        return ear

    ear = in_virtual_time(play)
    a, b, unnamed = ear.rooms
    assert (a, b) == (f"{unnamed}-a", f"{unnamed}-b")
    assert [e.room for e in ear.events] == [a, a, b, unnamed]
    assert ear.heard == [0.0, 1.0, 1.0, 0.0]


def test_ids_stay_within_the_contract_and_apart(tmp_path: Path) -> None:
    path = tape(tmp_path, [replace(comment(n, NOW), id="x" * (MAX_ID - 1) + str(n)) for n in range(3)])

    async def play() -> Ear:
        ear = Ear()
        with pytest.raises(Finished):
            await ReplaySource(STREAM, path, 1.0).run(ear)
        return ear

    ids = {m.decode_event(m.encode(e)).id for e in in_virtual_time(play).events}
    assert len(ids) == 3


def test_a_busy_replay_leaves_the_others_their_turn(tmp_path: Path) -> None:
    path = tape(tmp_path, [comment(n, NOW) for n in range(20_000)])

    async def play() -> float:
        longest = 0.0
        playing = asyncio.create_task(ReplaySource(STREAM, path, 1000.0).run(Ear()))
        while not playing.done():
            before = time.thread_time()  # what it took itself, not what the machine gave to others meanwhile
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)
        with pytest.raises(Finished):
            playing.result()
        return longest

    gc.disable()  # a collection of all that other tests have left behind is not the replay's cost
    try:
        assert asyncio.run(play()) < 0.05
    finally:
        gc.enable()


async def test_a_file_that_cannot_be_played_says_so_and_is_tried_again(tmp_path: Path) -> None:
    source = ReplaySource(STREAM, tmp_path / "bob.session.gz", 1.0)
    with pytest.raises(Refused, match=r"bob\.session\.gz cannot be read: No such file"):
        await source.run(Ear())
    tape(tmp_path, [comment(1, NOW)])
    with pytest.raises(Finished):
        await source.run(Ear())


def test_a_replay_without_a_file_is_refused_at_the_start() -> None:
    sources = Sources(models.Connector(), Path(), PACE)
    with pytest.raises(SourceError, match=r"account 'stage': source replay needs `file`.*stagewire record"):
        sources(STREAM, models.Account(username="ada.live", source="replay"))


def test_the_settings_want_a_file_and_let_a_listed_account_be_replayed(tmp_path: Path) -> None:
    path = tmp_path / "stagewire.yaml"
    live, replay = "  ada: {username: ada.live}\n", "  stage: {username: ada.live, source: replay%s}\n"
    path.write_text(f"venue: hall\naccounts:\n{live}{replay % ''}")
    with pytest.raises(SettingsError, match=r"yaml:4: accounts\.stage\.source: replay needs `file`"):
        load(path)
    path.write_text(f"venue: hall\naccounts:\n{live}{replay % ', file: ada.gz, speed: 60'}")
    assert load(path).settings.accounts["stage"].speed == 60


async def test_an_account_plays_a_session_once_and_then_says_that_it_has_ended(tmp_path: Path) -> None:
    gift = m.Gift(user=ADA, gift_id="1", name="Rose", coins=1, count=1, total=1, streak="s", ended=False)
    gifts: list[m.Event] = [
        m.GiftEvent(**context(n, NOW + n / 10), data=replace(gift, total=n, ended=n == 5)) for n in range(1, 6)
    ]
    path = tape(tmp_path, [live("started", NOW), *gifts, comment(9, NOW + 1), live("ended", NOW + 2)])
    events: list[m.Event] = []
    states: list[m.AccountState] = []
    over = asyncio.Event()

    def tell(state: m.AccountState) -> None:
        states.append(state)
        if state.phase == "ended":
            over.set()

    account = Account(STREAM, "ada.live", ReplaySource(STREAM, path, 20.0), events.append, tell, HURRIED)
    for _ in range(2):  # ended for good; connected anew it plays again
        events.clear()
        states.clear()
        over.clear()
        running = asyncio.create_task(account.run())
        async with asyncio.timeout(PATIENCE):
            await over.wait()
        last = states[-1]
        assert list(dict.fromkeys(s.phase for s in states)) == ["waiting", "connecting", "live", "ended"]
        assert last.detail.startswith("bob.session.gz has been played")
        assert (last.next_retry, last.simulated) == (None, True)
        started, *played, ended = events
        assert isinstance(started, m.LiveEvent)
        assert isinstance(ended, m.LiveEvent)
        run = started.room.removesuffix("-7400")
        assert [as_recorded(e, run) for e in played] == [
            replace(e, received=stamp(0)) for e in (*gifts, comment(9, NOW + 1))
        ]
        await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])
        account.switch_off("for a moment")
