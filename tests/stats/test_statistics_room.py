"""The statistics' room on a real journal and its own files: kills, orders that come twice, clocks that are set."""

import asyncio
import contextlib
import os
import shutil
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway import statistics
from gateway.heard import Heard
from gateway.journal import Journal
from gateway.keeping.inventory import venue_of
from gateway.messages import Board, Event, Leaderboard, Request, decode
from gateway.recounting import counted_anew
from gateway.retained import RetainedStates
from gateway.review.library import Library
from gateway.service import own_folder
from gateway.standings import Standings
from gateway.statistics import Statistics
from gateway.stats.contributions import Table
from gateway.stats.reader import StatsReader
from gateway.stats.totals import Totals
from tests.disk import until
from tests.records import NOON, event, gift

SETTINGS = "venue: hall\naccounts: {mara: {username: mara.practice}}\n"


class Room:
    """On ``folder``'s data, with a clock that is set by hand. ``boards``: as they were published last."""

    def __init__(self, folder: Path, journal: Journal | None = None) -> None:
        (folder / "stagewire.yaml").write_text(SETTINGS)
        config = venue_of(folder / "stagewire.yaml")
        self.settings, self.data, self.now = config.settings, folder / "data", NOON
        self.journal = journal or Journal(self.data, clock=lambda: self.now)
        self.sent: dict[str, bytes] = {}
        self.retained = RetainedStates(self._send)
        self.statistics = Statistics(config, self.journal, Heard(), self.retained, lambda: dict, lambda: self.now)
        self.kept = StatsReader(self.data)

    def _send(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        self.sent[topic] = payload
        return True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Room"]:
        await self.journal.open()
        await self.statistics.open()
        async with self.statistics.running():
            yield self
        await self.journal.close()

    def happens(self, some: Event) -> None:
        self.statistics.recorder.append(some)

    async def on_disk(self, gifts: int) -> None:
        """Until so many gifts are."""

        async def gifts_on_disk() -> int:
            await self.statistics.store.flush()
            return sum(account.gifts for account in self.kept.kept().accounts)

        async with asyncio.timeout(10):
            while await gifts_on_disk() != gifts:
                await asyncio.sleep(0.01)

    def board(self, board: Board, account: str = "mara") -> Leaderboard | None:
        self.retained.flush()
        payload = self.sent.get(f"stagewire/1/hall/account/{account}/leaderboard/{board}")
        return None if payload is None else decode(payload, Leaderboard)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "TICK_S", 0.01)


def live(event_id: str, room: str, at: float) -> Event:
    return event("live", event_id, at, room=room, phase="started")


async def test_what_is_counted_after_the_clock_was_set_back_is_kept_as_soon(tmp_path: Path) -> None:
    async with Room(tmp_path).running() as room:
        room.now = NOON + 3600
        room.happens(gift("g-1", NOON + 3600))
        await room.on_disk(1)
        room.happens(gift("g-2", NOON + 3601))
        await room.on_disk(2)
        room.now = NOON  # an hour back
        room.happens(gift("g-3", NOON + 3602))
        await room.on_disk(3)


async def test_leaderboards_go_on_after_the_clock_was_set_back(tmp_path: Path) -> None:
    async with Room(tmp_path).running() as room:
        room.now = NOON + 3600
        room.happens(gift("g-1", NOON + 3600))
        await until(lambda: room.board("all"))
        room.now = NOON
        room.happens(gift("g-2", NOON + 3601))
        await until(lambda: (b := room.board("all")) and b.places[0].score == 2)


class BusyJournal(Journal):
    """While it flushes, something happens."""

    meanwhile: Any = None

    async def flush(self) -> bool:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return await super().flush()


async def test_a_session_that_ended_before_a_kill_is_in_the_archive_whatever_was_kept_by_then(
    tmp_path: Path,
) -> None:
    (tmp_path / "after").mkdir()
    journal = BusyJournal(tmp_path / "data", clock=lambda: NOON)
    async with Room(tmp_path, journal).running() as room:
        room.happens(live("l-1", "room-1", NOON))
        room.happens(gift("g-1", NOON + 1))
        await room.on_disk(1)
        # Another LIVE begins, and nobody told that the first one is over: just while it is settled what is kept.
        journal.meanwhile = lambda: room.happens(live("l-2", "room-2", NOON + 20))
        room.now = NOON + 10
        room.happens(gift("g-2", NOON + 2))
        await room.on_disk(2)
        shutil.copytree(room.data, tmp_path / "after" / "data")  # as a kill leaves it
    async with Room(tmp_path / "after").running() as again:
        again.now = NOON + 30
        again.happens(gift("g-3", NOON + 30, room="room-2"))
        await again.on_disk(3)
        (first,) = [s for s in again.kept.summaries(account="mara") if s.room == "room-1"]
        assert (first.gifts, first.ended) == (2, first.last)
        assert again.kept.leaders("mara").contributions[0].gifts == 2


@pytest.mark.parametrize("kept", [1, 2], ids=["while it ran", "when it had ended"])
async def test_leaders_have_every_session_that_ended_before_a_kill_or_while_the_past_is_counted(
    tmp_path: Path, kept: int
) -> None:
    """What was kept is older than the journal: sessions begin and end in what is counted again."""
    after = tmp_path / "after" / "data"
    evening = [
        gift("g-1", NOON + 1),
        event("live", "l-1", NOON + 2, phase="ended"),
        gift("g-2", NOON + 3, room="room-2"),
        event("live", "l-2", NOON + 4, room="room-2", phase="ended"),
        gift("g-3", NOON + 5, room="room-3"),
    ]
    async with Room(tmp_path).running() as room:
        for n, happened in enumerate(evening, 1):
            room.happens(happened)
            if n == kept:
                await room.on_disk(1)
                if kept == 2:
                    await until(room.kept.summaries)
                shutil.copytree(room.data, after, ignore=shutil.ignore_patterns("journal*"))
        await room.on_disk(3)
        assert await room.journal.flush()
        for path in room.data.glob("journal*"):
            shutil.copy(path, after)
    async with Room(tmp_path / "after").running() as again:
        again.now = NOON + 6
        await again.on_disk(3)
        await until(lambda: len(again.kept.summaries()) == 2)
        assert [c.gifts for c in again.kept.leaders("mara").contributions] == [2]


async def test_what_happens_while_the_past_is_counted_is_counted_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slowly(*args: Any) -> object:
        assert go_on.wait(10)
        return counted_anew(*args)

    monkeypatch.setattr(statistics, "counted_anew", slowly)
    async with Room(tmp_path).running() as room:
        many = 3 * statistics.AT_ONCE + 1
        for n in range(many):
            room.happens(gift(f"g-{n}", NOON + n))
        assert room.statistics.look("mara") is None
        order = Request(transaction="t-1", by="desk", params={"account": "mara", "do": "end"})
        assert "is still being counted" in str(room.statistics.handlers["session"](order))
        go_on.set()
        await room.on_disk(many)
    async with Room(tmp_path).running() as again:
        again.happens(gift("g", NOON + many))
        await again.on_disk(many + 1)


async def test_a_viewer_who_is_forgotten_while_the_past_is_counted_stays_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slowly(*args: Any) -> object:
        found = counted_anew(*args)
        assert go_on.wait(10)
        return found

    async with Room(tmp_path).running() as room:
        room.happens(gift("g-1", NOON))
        await room.on_disk(1)
    monkeypatch.setattr(statistics, "counted_anew", slowly)
    async with Room(tmp_path).running() as again:
        again.happens(gift("g-2", NOON + 1))
        again.statistics.forget("7")
        go_on.set()
        await again.on_disk(2)
        look = again.statistics.look("mara")
        assert look is not None
        record = look()
        assert (record.contributions, record.others.gifts) == ([], 2)


async def test_many_accounts_have_their_boards_in_turn(tmp_path: Path) -> None:
    room, totals, accounts = Room(tmp_path), Totals(), [f"a{n}" for n in range(20)]
    standings = Standings(
        room.settings, Library(room.settings, room.data), room.retained, lambda _: False, lambda: dict
    )
    for second in range(25):  # the first ones are due again after ten of them
        for account in accounts:
            totals.event(gift(f"{account}-{second}", NOON + second, account=account))
        await standings.show_boards(totals, NOON + second)
    assert [a for a in accounts if room.board("all", a) is None] == []


async def test_a_viewer_who_is_forgotten_while_boards_are_worked_out_is_not_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on, past = threading.Event(), threading.Event(), Library.past

    def slowly(self: Library, account: str, board: Board, now: float, *, simulated: bool, until: str) -> Table:
        found = past(self, account, board, now, simulated=simulated, until=until)
        began.set()
        assert go_on.wait(10)
        return found

    async with Room(tmp_path).running() as room:
        monkeypatch.setattr(Library, "past", slowly)
        room.happens(gift("g-1", NOON))
        await until(began.is_set)
        room.statistics.forget("7")  # who gave it
        go_on.set()
        await until(lambda: room.board("session"))
        assert (board := room.board("session"))
        assert board.places == []


async def test_an_order_that_comes_twice_begins_one_session(tmp_path: Path) -> None:
    async with Room(tmp_path).running() as room:
        room.happens(gift("g-0", NOON))
        await room.on_disk(1)
        order = Request(transaction="t-1", by="desk", params={"account": "mara", "do": "start"})
        first = room.statistics.handlers["session"](order)
        assert isinstance(first, tuple)
        assert not first[0]
        room.happens(gift("g-1", NOON + 59))
        room.now = NOON + 60
        assert room.statistics.handlers["session"](order) == first
        await room.on_disk(2)
        (account,) = room.kept.kept().accounts
        assert account.sessions == 2


async def test_what_names_viewers_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    usual = os.umask(0o022)
    try:
        room = Room(tmp_path)
        with own_folder(room.data):
            async with room.running():
                room.happens(gift("g-1", NOON))
                room.happens(event("live", "l-1", NOON + 1, phase="ended"))
                await until(lambda: list(room.data.glob("sessions/*.json")))
                await room.on_disk(1)
                modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in room.data.rglob("*") if p.is_file()}
    finally:
        os.umask(usual)
    assert stat.S_IMODE(room.data.stat().st_mode) == 0o700
    del modes[".lock"]  # which is empty
    assert {"stats.json", "journal-2026-11.db", "journal-2026-11.db-wal"} <= modes.keys()
    assert set(modes.values()) == {0o600}
