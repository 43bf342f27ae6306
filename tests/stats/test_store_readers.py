"""Readers beside the writer, in other processes and threads."""

import subprocess
import sys
import threading
from pathlib import Path

from gateway.errors import StorageError
from gateway.stats.kept import Kept
from gateway.stats.tables import Database, kept_of, stats_path, write_kept
from gateway.stats.writer import StatsStore
from tests.stats.evenings import Evening, check_kept, kept

SECONDS = 3.0


def test_a_file_that_begins_while_it_is_read_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    seen = Database(stats_path(tmp_path, False), read_only=True)
    write_kept(tmp_path, kept(5))
    assert kept_of(seen) == Kept()
    assert check_kept(tmp_path) == kept(5)


def test_readers_in_other_processes_see_whole_documents_only_while_the_writer_flushes_as_fast_as_it_can(
    tmp_path: Path,
) -> None:
    def child(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.stats.store_busy", what, str(tmp_path), str(SECONDS)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    children = [child("write"), child("read"), child("read")]
    said = []
    for process in children:
        out, err = process.communicate(timeout=40)
        assert process.returncode == 0, err
        assert err == ""  # nothing was damaged, nothing logged
        said.append([int(word) for word in out.split()])
    (flushes,), *readers = said
    assert flushes > 20
    for reads, states in readers:
        assert reads > 20
        assert states > 10


async def test_tinydb_467_threads_that_read_while_others_write_damage_nothing(tmp_path: Path) -> None:
    evening = Evening()
    store = StatsStore(tmp_path, evening.snapshot, debounce=0.0)
    await store.open()
    stop, troubles, seen = threading.Event(), [], set()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.add(check_kept(tmp_path).mark)
            except (AssertionError, StorageError) as e:
                troubles.append(e)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for n in range(60):
            evening.gifts += 1
            store.touch() if n % 10 else store.archive(*evening.session())
            assert await store.flush()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    await store.close()
    assert troubles == []
    assert len(seen) > 3
    assert check_kept(tmp_path).mark == evening.gifts
