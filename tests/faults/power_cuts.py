"""Cuts the power of a gateway's storage at random moments and looks at what is left. See ``tests.faults.power``.

python -m tests.faults.power_cuts FOLDER CUTS SEED [HASTY] (within ``power.in_private``)

After some cuts the power comes back: the storage goes on from what the last one left, and the broker delivers
again what was not acknowledged. HASTY as in ``power_load``.
"""

import asyncio
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gateway.heard import REMEMBERED_EVENTS, Heard
from gateway.journal import Journal, JournalReader
from gateway.messages import Ack, Command, Decided
from gateway.stats.reader import StatsReader
from gateway.stats.totals import Totals
from tests.faults.power import Disk
from tests.faults.power_load import ACCOUNTS, DEBOUNCE_S, happening, rows_of, totals_of

CUTS_A_LIFE = 8
LIVES_A_DISK = 3
"""Then a new disk: what is looked at stays small."""
FLIGHT_S = 10.0
"""Seconds that writing the statistics may take on a machine that is busy with much else."""
WINDOW_S = FLIGHT_S + DEBOUNCE_S + FLIGHT_S
"""What is counted just after a flush has begun waits for it, for the debounce, and for its own."""
PATIENCE_S = 30.0


class Load:
    """A life of ``power_load``, and what it has said so far. Numbers ``again`` are delivered first."""

    def __init__(self, folder: Path, first: int, again: list[int], *args: str) -> None:
        self.durable: set[int] = set()
        self.counted: list[tuple[int, float]] = []
        self.kept, self.archived = -1, frozenset[str]()
        self._ended: list[str] = []
        self._ending = frozenset[str]()
        self.newest = first - 1
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.power_load", str(folder), str(first), *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdin is not None
        with self._child.stdin as stdin:
            stdin.writelines(f"{number}\n" for number in again)
        self._ears = threading.Thread(target=self._listen)
        self._ears.start()

    def works(self) -> None:
        """Waits for the first event that is new."""
        first, until = self.newest, time.monotonic() + PATIENCE_S
        while self.newest == first:
            assert self._child.poll() is None, "the load ended by itself"
            assert time.monotonic() < until, "the load does nothing"
            time.sleep(0.005)

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._ears.join()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as said:
            for line in said:
                if not line.endswith("\n"):
                    return  # killed in the middle of a word
                match line.split():
                    case ["taken", number]:
                        self.newest = max(self.newest, int(number))
                    case ["durable", number]:
                        self.durable.add(int(number))
                    case ["keeping"]:
                        self._ending = frozenset(self._ended)
                    case ["kept", number]:
                        self.kept, self.archived = int(number), self._ending
                    case ["counted", number, when]:
                        self.counted.append((int(number), float(when)))
                    case ["ended", session]:
                        self._ended.append(session)
                    case other:
                        raise AssertionError(other)


@contextmanager
def life(folder: Path, first: int, again: list[int], *args: str) -> Iterator[Load]:
    load = Load(folder, first, again, *args)
    try:
        load.works()
        yield load
    finally:
        load.kill()


class Evening:
    """One disk and its lives. ``acknowledged``: what the broker will not deliver again. ``behind`` is the oldest
    event that the statistics of a cut lacked, in seconds; ``late`` are events that had not been on disk."""

    def __init__(self, disk: Disk, rng: random.Random, *hasty: str) -> None:
        self.behind = 0.0
        self.events = self.late = 0
        self._disk, self._rng, self._hasty = disk, rng, hasty
        self._acknowledged: set[int] = set()
        self._newest = -1
        self._archived = frozenset[str]()

    def life(self, cuts: int) -> None:
        """Begins with what the last one left, and ends with so many cuts."""
        seed = str(self._rng.random())
        again = [n for n in range(self._newest + 1) if n not in self._acknowledged]
        before, archived = self._acknowledged, self._archived
        with life(self._disk.path, self._newest + 1, again, seed, *self._hasty) as load:
            for _ in range(cuts):
                time.sleep(self._rng.uniform(0, 0.5))
                # First what is said to be on disk, then what it is of.
                self._acknowledged, counted = before | load.durable.copy(), list(load.counted)
                kept, self._archived = load.kept, archived | load.archived
                self._newest, when = load.newest, time.monotonic()
                with self._disk.cut() as left:
                    self._journal(left)
                    self._fires_once(left)
                    self._statistics(left, kept, counted, when)
        self._disk.go_on_from_the_cut()

    def _journal(self, left: Path) -> None:
        """It opens, is whole, has all that was acknowledged, and the rules' state is that after its last event."""
        asyncio.run(_opens(left))
        for path in left.glob("journal-*.db"):
            with closing(sqlite3.connect(path)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
        reader = JournalReader(left)
        kept = reader.recent_event_ids(1_000_000)
        lost = {f"event-{n}" for n in self._acknowledged} - set(kept)
        assert not lost, f"acknowledged and lost: {sorted(lost)}"
        assert len(kept) == len(set(kept))
        state = reader.state()
        assert (int(state.get("count", b"0")), state.get("last", b"").decode()) == (len(kept), (kept or [""])[-1])
        assert not reader.damaged
        self.events = len(kept)

    def _fires_once(self, left: Path) -> None:
        """What is on disk was decided once and has its command; what comes again is decided if it is not there."""
        reader = JournalReader(left)
        rows = list(rows_of(reader))
        decided = Counter(entry.cause for entry in rows if entry.kind == "decision")
        commanded = Counter(entry.id for entry in rows if entry.kind == "command")
        ended = Counter(entry.id for entry in rows if entry.kind == "ack")
        heard = Heard()
        heard.remember(reader.recent_event_ids(REMEMBERED_EVENTS), reader.recent_gifts(1000, 0))
        for number in range(self._newest + 1):
            event = happening(number)
            if number not in self._acknowledged and event not in heard:
                heard.add(event)
                self.late += 1
                decided[event.id] += 1
                commanded[f"{event.id}/ring/0"] += 1
        assert set(decided) >= {f"event-{n}" for n in range(self._newest + 1)}
        assert set(decided.values()) <= {1}
        assert set(commanded) == {f"{event_id}/ring/0" for event_id in decided}
        assert set(commanded.values()) <= {1}
        assert set(ended.values()) <= {1}

    def _statistics(self, left: Path, promised: int, counted: list[tuple[int, float]], when: float) -> None:
        """Files are whole, have what was promised, are at most the window behind, and with the journal they say
        what it says: nothing is lost and nothing doubled."""
        stats, journal = StatsReader(left), JournalReader(left)
        kept = stats.kept()
        last = {account.account: _number(account.counted) for account in kept.accounts}
        assert max(last.values(), default=-1) >= promised, "statistics were called kept and are not"
        missing = [at for number, at in counted if number > last.get(ACCOUNTS[number % 2], -1)]
        self.behind = max([self.behind, *(when - at for at in missing)])
        assert self.behind < WINDOW_S, f"statistics are {self.behind:.2f} s behind"
        summaries = {summary.id: summary for summary in stats.summaries()}
        assert self._archived <= set(summaries), f"not in the archive: {self._archived - set(summaries)}"
        for session, summary in summaries.items():
            record = stats.record(session)
            assert record is not None, f"session {session} has no details: {stats.damaged}"
            assert record.summary == summary
        assert not stats.damaged
        afresh = Totals()
        for entry in rows_of(journal):
            message = entry.message()
            if isinstance(message, Ack):
                afresh.ack(message)
            elif not isinstance(message, Command | Decided):
                afresh.event(message)
        caught_up = totals_of(kept, journal).totals()
        assert caught_up.kept(0) == afresh.kept(0), "statistics and journal differ"


def _number(event_id: str) -> int:
    return int(event_id.removeprefix("event-"))


async def _opens(folder: Path) -> None:
    journal = Journal(folder)
    await journal.open()
    assert journal.fault == ""
    await journal.close()
    assert not list(folder.glob("*damaged*"))


def main(folder: Path, cuts: int, seed: str, *hasty: str) -> None:
    rng = random.Random(seed)
    began = time.monotonic()
    done = events = late = 0
    behind = 0.0
    while done < cuts:
        with Disk(folder) as disk:
            evening = Evening(disk, rng, *hasty)
            for _ in range(LIVES_A_DISK):
                this_life = min(CUTS_A_LIFE, cuts - done)
                if this_life:
                    evening.life(this_life)
                done += this_life
        events, late, behind = events + evening.events, late + evening.late, max(behind, evening.behind)
    print(
        f"{done} power cuts in {time.monotonic() - began:.0f} s over {events} events: nothing acknowledged lost, "
        f"nothing decided twice; {late} events came again after a cut, statistics at most {behind:.2f} s behind"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
