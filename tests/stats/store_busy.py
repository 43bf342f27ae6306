"""A writer that flushes as fast as it can, or a reader that reads so, for some seconds.

``python -m tests.stats.store_busy write|read FOLDER SECONDS`` says how many flushes, or how many reads and how
many different states they saw; a reader ends with 1 when something did not agree.
"""

import asyncio
import sys
import time
from pathlib import Path

from gateway.stats.writer import StatsStore
from tests.stats.evenings import Evening, check_kept


async def write(folder: Path, seconds: float) -> int:
    evening = Evening()
    store = StatsStore(folder, evening.snapshot, debounce=0.0)
    await store.open()
    flushes, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        flushes += 1
        evening.gifts += 1
        evening.practice += 1
        if flushes % 10:
            store.touch()
        else:
            store.archive(*evening.session())
        assert await store.flush()
    await store.close()
    return flushes


def read(folder: Path, seconds: float) -> tuple[int, int]:
    seen, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        seen.append(check_kept(folder).mark)
    assert seen == sorted(seen), "an older state was seen after a newer one"
    return len(seen), len(set(seen))


if __name__ == "__main__":
    what, where, how_long = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    if what == "write":
        print(asyncio.run(write(where, how_long)))
    else:
        print(*read(where, how_long))
