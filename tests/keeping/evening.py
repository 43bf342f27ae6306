"""An evening in a data folder, with one viewer who shall be forgotten and others who stay. All are invented."""

import asyncio
from pathlib import Path
from typing import Any

from gateway import messages as m
from gateway.journal import Journal
from gateway.rules.runs import Act, Cause, Count, Debt, Kept, Note, Run, Todo
from gateway.rules.state import State
from gateway.stats import archive
from gateway.stats.kept import Leaders
from tests.records import NOON, event

NADIA = m.User(id="7012345678901234567", name="nadia.quill", nickname="Nadia Quill")
OTTO = m.User(id="7098765432109876543", name="otto.quist", nickname="Otto")
OCTOBER = NOON - 40 * 86400.0
STREAK = f"{NADIA.id}-5655-99"
LIVE_ID = "20261122t120000-mara"


def by(user: m.User, kind: str, event_id: str, at: float = NOON, **data: Any) -> m.Event:
    return event(kind, event_id, at, user={"id": user.id, "name": user.name, "nickname": user.nickname}, **data)


def gift_of(user: m.User, event_id: str, at: float = NOON, streak: str = "", coins: int = 5) -> m.Event:
    data = {"gift_id": "5655", "name": "Rose", "count": 2, "total": 2, "coins": coins, "streak": streak}
    return by(user, "gift", event_id, at, **data)


def command_of(user: m.User, cause: str, trigger: str, **params: m.Param) -> m.Command:
    return m.Command(
        id=f"{cause}/hello/0/0",
        station="panel",
        action="say",
        params=params,
        cause=cause,
        trigger=trigger,
        rule="hello",
        account="mara",
        user=user.nickname,
        viewer=user.id,
        run=f"{cause}/hello/0",
        value=10,
        expires_at=m.stamp(NOON + 30),
    )


def ack_of(command: m.Command) -> m.Ack:
    return m.Ack(
        id=command.id,
        station=command.station,
        action=command.action,
        status=m.Status.DONE,
        cause=command.cause,
        trigger=command.trigger,
        rule=command.rule,
        account="mara",
        user=command.user,
    )


def records() -> list[m.Event | m.Command | m.Ack | m.Decided]:
    """Of November: what she did, and where others speak of her."""
    praise = command_of(NADIA, "room-1-2", "gift", text="Thanks, Nadia Quill!", times=3)
    echo = command_of(NADIA, "room-1-3", "comment", text="my street is Elm 5", colour="red")
    odd = f"room-1-{NADIA.id}"
    return [
        by(NADIA, "follow", "room-1-1"),
        gift_of(NADIA, "room-1-2", streak=STREAK),
        m.Decided(event="room-1-2", account="mara", time=m.stamp(NOON), reasons=[
            m.Reason(rule="hello", outcome=m.Outcome.FIRED, words="for @nadia.quill", times=1)]),
        praise,
        ack_of(praise),
        by(NADIA, "comment", "room-1-3", text="My street is Elm 5", plain="my stret is elm 5"),
        echo,
        ack_of(echo),
        by(OTTO, "comment", "room-1-4", text="hi @Nadia.Quill and Nadia Quill.", plain="hi @nadia.quil"),
        by(OTTO, "comment", "room-1-5", text="nice Rose", plain="nice rose"),
        gift_of(OTTO, "room-1-6", coins=3),
        by(NADIA, "question", "room-1-7", text="who is at Elm 5?"),
        by(NADIA, "like", "room-1-8", count=15, total=30),
        event("gift", odd, user={"id": OTTO.id}, gift_id="1", name="Kite", count=1, total=1, coins=1),
        m.Command(id=f"{odd}/hello/0", station="bell", action="ring", cause=odd, expires_at=m.stamp(NOON + 30)),
    ]  # fmt: skip


def remembered() -> State:
    """What rules know of both, in every table that can know a viewer."""
    state = State()
    for user in (NADIA, OTTO):
        state.fired_for[f"hello/{user.id}"] = NOON
        state.budgets[f"/{user.id}"] = (NOON,)
        state.sequences[f"chain/mara/{user.id}"] = (NOON, 0.0)
        state.seen[f"mara/{user.id}"] = True
        state.give("mara", user.id, 10)
        state.credits[f"lives/{user.id}"] = 3.0
    state.sequences["chain/mara"] = (NOON, 0.0)
    state.combos["storm/mara"] = ((NOON, NADIA.id), (NOON + 1, OTTO.id))
    state.notes["last"] = "Somebody said: My street is Elm 5"
    state.notes["king"] = "Nadia Quill leads"
    state.notes["goal"] = "a thousand roses"
    state.counters["roses"] = 12.0
    cause = Cause("room-1-2", "gift", m.stamp(NOON), "mara", NADIA.nickname, NADIA.id, 10, paid=True)
    said = Cause("room-1-3", "comment", m.stamp(NOON), "mara", NADIA.nickname, NADIA.id)
    act = Act("cannon", "fire", {"label": "for Nadia Quill", "times": 2})
    state.owed["room-1-2/shoot/0"] = Debt(
        Run("room-1-2/shoot/0", "shoot", cause, NOON, 30.0, kept=(Kept(act, "room-1-2/shoot/0/0"),), order=1), 1
    )
    todo = (Todo(1.0, act), Todo(2.0, Count("lives", f"lives/{NADIA.id}", -1.0)), Todo(3.0, Note("last", "Elm 5")))
    state.keep(Run("room-1-3/wait/0", "wait", said, NOON, 30.0, order=2, base=NOON, todo=todo))
    return state


def session() -> m.SessionRecord:
    summary = m.SessionSummary(
        id=LIVE_ID,
        account="mara",
        since=m.stamp(NOON),
        last=m.stamp(NOON + 60),
        gifts=4,
        coins=17,
        unique_viewers=2,
    )
    return m.SessionRecord(
        summary=summary, contributions=contributions(), others=m.Contribution(viewer="", coins=1)
    )


def contributions() -> list[m.Contribution]:
    return [
        m.Contribution(viewer=NADIA.id, name=NADIA.name, nickname=NADIA.nickname, coins=10, gifts=2, comments=1),
        m.Contribution(viewer=OTTO.id, name=OTTO.name, nickname=OTTO.nickname, coins=6, gifts=2),
    ]


async def happen(data: Path) -> None:
    """Write it all down, with the real writers."""
    now = OCTOBER
    journal = Journal(data, clock=lambda: now)
    await journal.open()
    journal.append(gift_of(NADIA, "old-1", OCTOBER))
    journal.append(by(OTTO, "comment", "old-2", OCTOBER, text="first"))
    await journal.flush()
    now = NOON
    for record in records():
        journal.append(record)
    journal.keep(remembered().changes())
    await journal.close()
    archive.put(data, session(), Leaders(account="mara", through=LIVE_ID, contributions=contributions()))
    archive.put(data, session(), Leaders(account="mara", through=LIVE_ID, contributions=contributions()))
    exports = data / "exports"
    exports.mkdir()
    (exports / "all.csv").write_text(f"viewer,coins\n{NADIA.nickname},10\n")
    (exports / "otto.csv").write_text(f"viewer,coins\n{OTTO.nickname},6\n")
    (data / "journal-2026-09.db.damaged-20260930T000000Z").write_bytes(b"what nobody can read")


def made(data: Path) -> Path:
    asyncio.run(happen(data))
    return data
