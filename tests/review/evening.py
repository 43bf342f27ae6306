"""Evenings in a data folder, as a gateway leaves them. The viewers are invented."""

from pathlib import Path
from typing import Any

import msgspec

from gateway.journal import Journal
from gateway.messages import (
    Ack,
    Command,
    Decided,
    Event,
    Outcome,
    SessionRecord,
    SessionSummary,
    Status,
    Times,
    seconds,
    stamp,
)
from gateway.stats import archive
from gateway.stats.contributions import merged
from gateway.stats.kept import Kept, KeptAccount, Leaders
from gateway.stats.session import SessionFold
from gateway.stats.tables import write_kept, write_practice
from tests.records import NOON, command, decided, event

VENUE = """
venue: hall
timezone: Asia/Jakarta
accounts:
  mara: {username: mara.live}
  ayu: {username: ayu.live}
stations:
  bell:
    board: {id: VB-bell, simulated: true}
    channels:
      output: {kind: pulse, pin: 7, max_on: 1s}
    actions:
      ring: {channel: output, on_for: 200ms}
"""
HOSTILE = '=HYPERLINK("http://venue.example/","click")\x1b[31m\u202e'


class Evening:
    """Events and what came of them, one after the other from ``since`` on."""

    def __init__(self, account: str = "mara", since: float = NOON, *, simulated: bool = False) -> None:
        self.records: list[tuple[Any, bool]] = []
        self.account, self.since, self.simulated = account, since, simulated
        self._number = 0
        self._fold: SessionFold | None = None

    def happens(self, kind: str, after: float, **data: Any) -> Event:
        """``after`` so many seconds from the beginning."""
        self._number += 1
        event_id = f"{self.account}-{int(self.since)}-{self._number}"
        room = f"room-{self.account}-{int(self.since)}"
        heard = event(
            kind, event_id, self.since + after, account=self.account, room=room, simulated=self.simulated, **data
        )
        if self._fold is None:
            self._fold = SessionFold.begun(heard)
        self._fold.event(heard)
        self.records.append((heard, self.simulated))
        return heard

    def gift(self, after: float, who: str = "Budi", *, coins: int = 1, count: int = 1) -> Event:
        name = "Rose"
        user = {"id": f"id-{who}", "name": f"{who.lower()[:20]}.practice", "nickname": who}
        data = {"user": user, "gift_id": name, "name": name, "count": count, "total": count, "coins": coins}
        return self.happens("gift", after, **data)

    def comment(self, after: float, text: str, who: str = "Sari") -> Event:
        user = {"id": f"id-{who}", "name": f"{who.lower()[:20]}.practice", "nickname": who}
        return self.happens("comment", after, user=user, text=text)

    def viewers(self, after: float, count: int) -> Event:
        return self.happens("viewers", after, count=count)

    def answered(self, cause: Event, *statuses: Status, outcome: Outcome = Outcome.FIRED) -> None:
        """A rule's word on it, and commands that end so."""
        said = decided(cause.id, ("ring", outcome), at=seconds(cause.received))
        self.records.append((msgspec.structs.replace(said, account=self.account), self.simulated))
        for n, status in enumerate(statuses):
            order = msgspec.structs.replace(
                command(f"{cause.id}/ring/0/{n}", cause.id),
                account=self.account,
                simulated=self.simulated,
                received=cause.received,
            )
            self.records.append((order, self.simulated))
            began = seconds(cause.received)
            times = Times(received=cause.received, moved=stamp(began + 0.02), ended=stamp(began + 0.3))
            ack = Ack(
                id=order.id,
                station="bell",
                action="ring",
                status=status,
                cause=cause.id,
                trigger="gift",
                rule="ring",
                account=self.account,
                times=times,
                latency_ms=20.0,
                simulated=self.simulated,
            )
            self.records.append((ack, self.simulated))
            assert self._fold is not None
            self._fold.ack(ack)

    def ends(self, after: float) -> None:
        self.happens("live", after, phase="ended")

    @property
    def record(self) -> SessionRecord:
        assert self._fold is not None
        return self._fold.record(self._fold.last)

    @property
    def summary(self) -> SessionSummary:
        return self.record.summary


def busy(account: str = "mara", since: float = NOON, *, simulated: bool = False, minutes: int = 48) -> Evening:
    """An evening with something of everything."""
    e = Evening(account, since, simulated=simulated)
    e.happens("live", 0, phase="started", title="Evening")
    for minute in range(minutes):
        e.viewers(minute * 60 + 5, 40 + (minute * 7) % 13)
        e.happens("like", minute * 60 + 10, count=10 + (minute * 5) % 11)
        e.comment(minute * 60 + 20, f"{HOSTILE} {minute}" if minute % 10 == 3 else f"halo {minute}")
        gift = e.gift(minute * 60 + 30, ("Budi", "Tomo", HOSTILE)[minute % 3], coins=minute + 1)
        if minute % 4 == 0:
            e.answered(gift, Status.DONE)
        elif minute % 4 == 1:
            e.answered(gift, Status.DONE, Status.EXPIRED)
        elif minute % 4 == 2:
            e.answered(gift, outcome=Outcome.COOLDOWN)
    e.happens(
        "gap", minutes * 60, start=stamp(since + minutes * 60 - 20), end=stamp(since + minutes * 60), why="away"
    )
    e.ends(minutes * 60 + 1)
    return e


async def written(folder: Path, *evenings: Evening) -> None:
    """Into the journal, as a gateway does."""
    now = NOON
    journal = Journal(folder, clock=lambda: now)
    await journal.open()
    for evening in evenings:
        for record, simulated in evening.records:
            now = _time(record)
            journal.append(record, simulated=simulated)
    await journal.close()


def _time(record: Any) -> float:
    """When a gateway takes note of it."""
    match record:
        case Ack():
            return seconds(record.times.ended or stamp(NOON))
        case Decided():
            return seconds(record.time)
        case Command():
            return seconds(record.received or stamp(NOON))
    return seconds(record.received)


def kept(folder: Path, *evenings: Evening) -> None:
    """Into the archive, and as each account's latest session."""
    ended = [e for e in evenings if e.summary.ended is not None]
    for e in ended:
        same = [o.record for o in ended if (o.account, o.simulated) == (e.account, e.simulated)]
        leaders = Leaders(
            account=e.account,
            simulated=e.simulated,
            through=max(record.summary.id for record in same),
            contributions=merged(same).contributions,
        )
        archive.put(folder, e.record, leaders)
    accounts = {
        (e.account, e.simulated): KeptAccount(account=e.account, simulated=e.simulated, session=e.summary)
        for e in evenings
    }
    write_kept(folder, Kept(accounts=[a for a in accounts.values() if not a.simulated]))
    write_practice(folder, [a for a in accounts.values() if a.simulated])


def venue(folder: Path, text: str = VENUE) -> Path:
    """The settings file of a venue in ``folder``, whose data folder is made."""
    path = folder / "stagewire.yaml"
    path.write_text(text)
    (folder / "rules.yaml").write_text("rules: {}\n")
    (folder / "data").mkdir()
    return path
