"""Evenings at random, killed at random: what a start makes of it is what the journal says, no more and no less."""

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway import statistics
from gateway.journal import JournalReader, writer
from gateway.messages import Ack, Command, Decided, Event, SessionSummary
from gateway.stats.session import SessionFold
from gateway.stats.totals import Totals
from tests.disk import until
from tests.records import NOON, ack, event, gift
from tests.stats.test_statistics_room import Room


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that waits waits for a moment, so that every order of things happens."""
    monkeypatch.setattr(statistics, "TICK_S", 0.002)
    monkeypatch.setattr(statistics, "SETTLE_S", 0.0)
    for name in ("URGENT_S", "SOON_S", "LAZY_S"):
        monkeypatch.setattr(writer, name, 0.003)


def evening(dice: random.Random) -> list[Event | Ack]:
    """Of two accounts, real and practice: LIVEs that begin, end, break off and follow each other."""
    at, rooms, found = NOON, {"mara": 0, "zoe": 0}, list[Event | Ack]()
    for n in range(dice.randrange(40, 120)):
        at += dice.choice((1, 1, 1, 5, 60, 400, 2000))
        account, simulated = dice.choice(("mara", "zoe")), dice.random() < 0.1
        kind = dice.choices(("gift", "comment", "started", "ended", "session", "ack"), (45, 20, 10, 8, 5, 12))[0]
        rooms[account] += kind == "started"
        frame: dict[str, Any] = {"account": account, "room": f"{account}-{rooms[account]}", "simulated": simulated}
        match kind:
            case "gift":
                found.append(gift(f"e{n}", at, count=dice.randrange(1, 5), **frame))
            case "comment":
                found.append(event("comment", f"e{n}", at, user={"id": str(n % 5)}, text="hi", **frame))
            case "started" | "ended":
                found.append(event("live", f"e{n}", at, phase=kind, **frame))
            case "session":
                frame["room"] = ""
                found.append(event("session", f"e{n}", at, phase=dice.choice(("started", "ended")), **frame))
            case _:
                found.append(ack(f"e{n}/bell/0", f"e{n}"))
    return found


def by_the_journal(data: Path) -> tuple[Totals, dict[str, SessionFold]]:
    """All of it counted in one go, and the sessions that are over for good."""
    totals, over, reader, seq = Totals(), dict[str, SessionFold](), JournalReader(data), 0
    while entries := reader.since(seq):
        for entry in entries:
            message = entry.message()
            assert not isinstance(message, Command | Decided)
            before = totals.session(message.account, simulated=message.simulated)
            if isinstance(message, Ack):
                totals.ack(message)
            else:
                totals.event(message)
            if before is not None and before is not totals.session(message.account, simulated=message.simulated):
                over[before.id] = before
        seq = entries[-1].seq
    return totals, over


def told(s: SessionSummary) -> tuple[object, ...]:
    return s.id, s.gifts, s.coins, s.comments, s.actions_done, s.unique_viewers


async def started(room: Room) -> None:
    await until(lambda: room.statistics._late is None)


async def killed(room: Room, to: Path) -> None:
    """What a kill leaves behind, between two writes: whatever waits in memory is not there."""
    await until(lambda: room.journal._job is None and room.statistics.store._flight is None)
    shutil.copytree(room.data, to)


@pytest.mark.parametrize("seed", range(4))
async def test_after_a_kill_at_any_moment_everything_is_counted_once(tmp_path: Path, seed: int) -> None:
    dice, kills = random.Random(seed), list[Path]()
    room = Room(tmp_path)
    room.statistics.store._debounce = 0.004
    async with room.running():
        for happened in evening(dice):
            room.statistics.recorder.append(happened)
            await asyncio.sleep(dice.choice((0, 0, 0.002, 0.006)))
            if dice.random() < 0.1:
                kills.append(tmp_path / f"kill-{len(kills)}")
                await killed(room, kills[-1] / "data")
    assert kills
    for folder in kills:
        totals, over = by_the_journal(folder / "data")
        again = Room(folder)
        async with again.running():
            await started(again)
        for simulated in (False, True):
            kept = {k.account: k for k in again.kept.kept(simulated).accounts}
            archived = {s.id: told(s) for s in again.kept.summaries(simulated)}
            for fold in (fold for fold in totals if fold.simulated == simulated):
                want = fold.kept()
                have = kept[fold.account]
                assert (have.gifts, have.coins, have.sessions) == (want.gifts, want.coins, want.sessions)
                assert (have.session and told(have.session)) == (want.session and told(want.session))
                gave: Counter[str] = Counter()
                for session in (s for s in over.values() if (s.account, s.simulated) == (fold.account, simulated)):
                    assert archived[session.id] == told(session.summary(session.last))
                    gave.update({c.viewer: c.coins for c in session.contributions.contributions()})
                leaders = again.kept.leaders(fold.account, simulated).contributions
                assert +Counter({c.viewer: c.coins for c in leaders}) == +gave
