"""A gateway's storage at work, with the real journal and the real statistics: every event is written with its
decision, command, ending and what the rules remember, is acknowledged once it is on disk, and is counted.

python -m tests.faults.power_load FOLDER FIRST SEED [HASTY] < numbers of the events that are delivered again

Then the events from number FIRST on come, in bursts, until it is killed. Lines on its standard output say
``taken N``, ``durable N`` (it is acknowledged), ``counted N TIME`` (it is in the totals; monotonic seconds),
``ended ID`` (this session was given to the archive), and ``kept N`` (events up to N and the sessions that had
ended by the line ``keeping`` before are in the statistics on disk).

HASTY names what does not wait for the disk, to see that this is noticed: ``journal``, ``statistics``, or
``totals`` (the statistics are kept before the journal has what they count).
"""

import asyncio
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from gateway.heard import REMEMBERED_EVENTS, Heard
from gateway.journal import Entry, Journal, JournalReader
from gateway.messages import Ack, Command, Decided, Event, GiftEvent, Outcome, Reason, Status, Times, stamp
from gateway.messages import seconds as seconds_of
from gateway.stats.catch_up import CatchUp
from gateway.stats.contributions import merged
from gateway.stats.kept import Kept, Leaders
from gateway.stats.session import SessionFold
from gateway.stats.totals import Totals
from gateway.stats.writer import StatsStore
from tests.records import event, gift

DEBOUNCE_S = 0.3
"""Of the statistics here; 5 s would make every evening a long one."""
NEW_MONTH = 1_796_083_200.0
"""2026-12-01T00:00:00Z"""
MONTH_AFTER = 400
"""Events, a minute each, after which the month changes."""
ROOM = 50
"""Events of both accounts after which each has a new LIVE."""
ACCOUNTS = ("mara", "luka")
_NOTHING: Mapping[str, bytes] = {}


def at(number: int) -> float:
    return NEW_MONTH + 60.0 * (number - MONTH_AFTER)


def happening(number: int) -> Event:
    """Event ``number`` of the evening, the same whenever it is delivered."""
    account = ACCOUNTS[number % 2]
    room = f"{account}-{number // ROOM}"
    event_id, when = f"event-{number}", at(number)
    if number % 5 < 3:
        return gift(event_id, when, coins=1 + number % 7, account=account, room=room)
    user = {"id": str(number % 40), "name": f"viewer.{number % 40}"}
    return event("comment", event_id, when, account=account, room=room, user=user, text="hello " * (number % 9))


def totals_of(kept: Kept, reader: JournalReader) -> CatchUp:
    """What was kept, and what the journal has beyond it."""
    rows = list(rows_of(reader))
    beyond = next((entry.time / 1000 for entry in rows if entry.seq > kept.mark), at(0))
    catch_up = CatchUp(kept, beyond)
    for entry in rows:
        if entry.kind in ("event", "ack"):
            message = entry.message()
            assert not isinstance(message, Command | Decided)
            catch_up.feed(entry.seq, message)
    return catch_up


def rows_of(reader: JournalReader) -> Iterator[Entry]:
    seq = 0
    while rows := reader.since(seq):
        yield from rows
        seq = rows[-1].seq


class Storage:
    """``ahead``: what happens counts before it is on disk, and nothing is urgent there."""

    def __init__(self, folder: Path, *, ahead: bool = False) -> None:
        self.number = 0
        self._ahead = ahead
        self._journal = Journal(folder, clock=lambda: at(self.number))
        self._store = StatsStore(folder, self._snapshot, debounce=DEBOUNCE_S)
        self._totals = Totals()
        self._heard = Heard()
        self._seq = self._mark = self._count = 0  # given to the journal, and counted
        self._last = -1
        self._unfinished: list[Command] = []

    async def open(self) -> None:
        await self._journal.open()
        reader = self._journal.reader
        self._seq = self._mark = reader.last_seq()
        self._heard.remember(reader.recent_event_ids(REMEMBERED_EVENTS), reader.recent_gifts(1000, 0))
        self._count = int(reader.state().get("count", b"0"))
        self._unfinished = reader.unfinished(REMEMBERED_EVENTS)
        catch_up = totals_of(await self._store.open(), reader)
        self._totals = catch_up.totals()
        for session in catch_up.ended():
            self._archive(session)

    def take(self, number: int) -> None:
        self.number = max(self.number, number)
        say(f"taken {number}")
        event = happening(number)
        if event in self._heard:
            say(f"durable {number}")
            return
        event = self._heard.add(event)
        self._count += 1
        state = {"count": str(self._count).encode(), "last": event.id.encode()}
        self._append(event, partial(self._event, event, number), partial(say, f"durable {number}"), state)
        command = Command(
            id=f"{event.id}/ring/0",
            station="bell",
            action="ring",
            cause=event.id,
            account=event.account,
            expires_at=stamp(at(number) + 30),
        )
        fired = [Reason(rule="ring", outcome=Outcome.FIRED)]
        self._journal.append(Decided(event=event.id, account=event.account, time=event.received, reasons=fired))
        self._journal.append(command)
        self._seq += 2
        self._unfinished.append(command)

    def end_commands(self) -> None:
        """The boards have done what they were told, those before a power cut too."""
        for command in self._unfinished:
            received = seconds_of(command.expires_at) - 30
            ack = Ack(
                id=command.id,
                station=command.station,
                action=command.action,
                status=Status.DONE,
                cause=command.cause,
                account=command.account,
                times=Times(received=stamp(received), moved=stamp(received + 0.01), ended=stamp(received + 1)),
                latency_ms=10.0,
            )
            self._append(ack, partial(self._ack, ack), lambda: None)
        self._unfinished = []

    def _snapshot(self) -> Kept:
        return self._totals.kept(min(self._mark, self._journal.durable))

    async def keep(self) -> None:
        """Everything that is counted is on disk."""
        say("keeping")
        last = self._last
        if await self._store.flush():
            say(f"kept {last}")

    def _append(
        self,
        record: Event | Ack,
        count: Callable[[int], None],
        on_disk: Callable[[], None],
        state: Mapping[str, bytes] = _NOTHING,
    ) -> None:
        """It counts when it is on disk: totals ahead of the journal would count it twice after a power cut."""
        self._seq += 1
        counting = partial(count, self._seq)
        if self._ahead:
            counting()

        def durable() -> None:
            on_disk()
            if not self._ahead:
                counting()

        urgent = isinstance(record, Ack | GiftEvent) and not self._ahead
        self._journal.append(record, urgent=urgent, state=state, on_durable=durable)

    def _event(self, event: Event, number: int, seq: int) -> None:
        self._last = number
        self._counted(self._totals.event(event), seq)
        say(f"counted {number} {time.monotonic()}")

    def _ack(self, ack: Ack, seq: int) -> None:
        self._counted(self._totals.ack(ack), seq)

    def _counted(self, ended: SessionFold | None, seq: int) -> None:
        self._mark = seq
        self._store.touch()
        if ended is not None:
            self._archive(ended)

    def _archive(self, session: SessionFold) -> None:
        record = session.record(at(self.number))
        before = self._store.leaders(record.summary.account)
        if record.summary.id > before.through:
            table = merged([before, record])
            before = Leaders(
                account=record.summary.account,
                through=record.summary.id,
                contributions=table.contributions,
                others=table.others,
                exact=table.exact,
                missing_at_most=table.missing_at_most,
            )
        self._store.archive(record, before)
        say(f"ended {record.summary.id}")


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


class _Hasty(sqlite3.Connection):
    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous = FULL", "synchronous = OFF"), parameters)


def hurry(what: str) -> None:
    match what:
        case "journal":
            sqlite3.connect = partial(sqlite3.connect, factory=_Hasty)  # type: ignore[assignment]  # as it is called
        case "statistics":
            os.fsync = lambda fd: None  # SQLite has its own
        case _:
            assert what == "totals", what


async def main(folder: Path, first: int, seed: str, *hasty: str) -> None:
    for what in hasty:
        hurry(what)
    rng = random.Random(seed)
    storage = Storage(folder, ahead="totals" in hasty)
    storage.number = first
    again = [int(line) for line in sys.stdin]
    await storage.open()
    for number in chain(again, count(first)):
        storage.take(number)
        if rng.random() < 0.2:
            await asyncio.sleep(rng.uniform(0, 0.05))
            storage.end_commands()
        if rng.random() < 0.01:
            await storage.keep()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
