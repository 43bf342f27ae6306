"""What an append costs the loop, and a row the disk: ``python -m tests.journal.bench [FOLDER]``."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from gateway.journal import Journal
from tests.records import gift

ROWS, BATCH = 20_000, 100


async def measure(folder: Path, keys: int) -> tuple[float, float]:
    """Microseconds for an append, and rows a second with a commit for every ``BATCH``."""
    journal = Journal(folder, batch_max=ROWS)
    await journal.open()
    events = [gift(f"g{keys}-{n}") for n in range(ROWS)]
    changes = [{f"counter/{(n + k) % 50}": b"1234" for k in range(keys)} for n in range(ROWS)]
    appending = total = 0.0
    for first in range(0, ROWS, BATCH):
        began = time.perf_counter()
        for n in range(first, first + BATCH):
            journal.append(events[n], state=changes[n])
        appended = time.perf_counter()
        await journal.flush()
        appending += appended - began
        total += time.perf_counter() - began
    await journal.close()
    return appending / ROWS * 1e6, ROWS / total


async def main(parent: Path) -> None:
    for keys in (0, 3):
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            append, rows = await measure(Path(folder), keys)
        print(f"{keys} keys of state: {append:.1f} us an append, {rows:.0f} rows/s in commits of {BATCH}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
