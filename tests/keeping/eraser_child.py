"""Erases a viewer and is killed at the n-th thing that it does to a file, for every third n; each time the folder
is looked at, and erased on.

A program of its own, with one thread: so that it may fork.
"""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.journal import JournalReader
from gateway.journal.segments import segments
from gateway.keeping.erase import begin, erase, pending
from gateway.keeping.find import all_leaders, all_records, find

AUDITED = {"open", "os.remove", "os.rename", "os.link", "os.truncate", "sqlite3.connect"}
STEP = 2_000
"""Of SQLite's own instructions between two points at which a kill may come."""


class Killer:
    """Kills this process at the ``at``-th thing done to a file; 0: never, and counts them."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0
        sys.addaudithook(self._audit)
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect

        def watched(*args: Any, **more: Any) -> sqlite3.Connection:
            db = connect(*args, **more)
            db.set_trace_callback(lambda _statement: self.tick())
            db.set_progress_handler(self.tick, STEP)
            return db

        sqlite3.connect = watched  # type: ignore[assignment]  # its overloads

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in AUDITED and "/data/" in str(args[0]):
            self.tick()

    def tick(self) -> int:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0


def erased(data: Path, viewer: str) -> None:
    found = find(data, viewer)
    erase(data, begin(data, found, []))


def points(data: Path, viewer: str) -> int:
    """How many points there are, counted by a child that is not killed."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        killer = Killer(0)
        erased(data, viewer)
        os.write(write, str(killer.count).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(read, 100))


def killed_at(n: int, data: Path, viewer: str) -> bool:
    """Whether the kill came before the end."""
    if (child := os.fork()) == 0:
        Killer(n)
        erased(data, viewer)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def look(data: Path, records: int) -> list[str]:
    """What is wrong with a folder in which somebody was killed."""
    wrong = []
    for path in segments(data):
        with closing(sqlite3.connect(path)) as db:
            if db.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                wrong.append(f"{path.name} is damaged")
    entries = JournalReader(data).since(0, 10_000)
    if len([entry.message() for entry in entries]) != records:
        wrong.append(f"{len(entries)} records")
    if len(list(all_records(data))) != 1 or len(list(all_leaders(data))) != 1:
        wrong.append("statistics are missing")
    return wrong


def main(template: Path, room: Path, viewer: str, *needles: str) -> None:
    data = room / "data"
    records = len(JournalReader(template).since(0, 10_000))

    def fresh() -> None:
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(template, data)

    fresh()
    every, unfinished = points(data, viewer), 0
    for n in range(1, every + 1, 3):
        fresh()
        if not killed_at(n, data, viewer):
            continue
        wrong = look(data, records)
        intent = pending(data)
        unfinished += intent is not None
        proof = erase(data, intent) if intent is not None else None
        if proof is None and find(data, viewer).records:
            proof = erase(data, begin(data, find(data, viewer), []))
        wrong += look(data, records) + (proof.left if proof is not None else [])
        for path in data.rglob("*"):
            if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles):
                wrong.append(f"{path.name} names the viewer")
        if wrong:
            print(f"killed at {n} of {every}: {wrong}")
    print(f"{every} points, {unfinished} left unfinished")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
