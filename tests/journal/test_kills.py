"""A program that writes the journal, killed at any point."""

import asyncio
import random
import signal
import sqlite3
import sys
from pathlib import Path

from gateway.journal import JournalReader


async def test_kill_9_at_random_points_loses_nothing_that_was_called_durable_and_counts_each_event_once(
    tmp_path: Path,
) -> None:
    rng = random.Random(20261122)
    said: set[str] = set()
    number = 0
    for _ in range(20):
        said |= await _run_and_kill(rng.uniform(0, 0.06), tmp_path, number)
        reader = JournalReader(tmp_path)
        kept = reader.recent_event_ids(1_000_000)
        assert said <= set(kept)
        assert len(kept) == len(set(kept))
        number = _counted(reader) + 1
    assert len(said) > 100
    (path,) = tmp_path.glob("journal-*.db")
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    assert not list(tmp_path.glob("*damaged*"))


async def test_kill_9_while_a_month_begins_leaves_one_state_that_is_whole(tmp_path: Path) -> None:
    rng = random.Random(20261123)
    number = 0
    for _ in range(8):
        await _run_and_kill(rng.uniform(0, 0.1), tmp_path, number, 20)
        reader = JournalReader(tmp_path)
        number = _counted(reader) + 1
        assert sum(key.startswith("ballast/") for key in reader.state()) == 5000
    assert len(list(tmp_path.glob("journal-*.db"))) > 8


async def _run_and_kill(after: float, folder: Path, *args: int) -> set[str]:
    """Ids of the events that the child called durable before it was killed, ``after`` the first one (seconds)."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.journal.writer_child", str(folder), *map(str, args)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    async with asyncio.timeout(20):
        first = await child.stdout.readline()
    await asyncio.sleep(after)
    child.send_signal(signal.SIGKILL)
    rest = await child.stdout.read()
    await child.wait()
    return {f"gift-{int(line)}" for line in (first + rest).splitlines()}


def _counted(reader: JournalReader) -> int:
    """The number that stands in the state, which is exactly that of the last event on disk."""
    state = reader.state()
    number = int(state["n"])
    assert [entry.id for entry in reader.last(1, kind="event")] == [f"gift-{number}"]
    assert [key for key in state if key.startswith("old/")] == [f"old/{number}"]
    assert reader.damaged == {}
    return number
