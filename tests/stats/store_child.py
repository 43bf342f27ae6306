"""A program to be killed: saves growing totals in a loop, and says each count that is on disk.

python -m tests.stats.store_child FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

from gateway.stats.store import StatsStore
from tests.records import NOON, gift


async def main(folder: Path) -> None:
    store = StatsStore(folder, debounce=0.0)
    totals = (await store.open()).of("mara")
    while True:
        n = totals.gifts
        name = f"Gift {n % 7} {'x' * (n % 2000)}"  # the file grows and shrinks
        ended = totals.event(gift(f"g{n}", NOON + n, name=name, room=f"room-{n // 20}"))
        store.save(totals, ended)
        await store.flush()
        os.write(1, f"{totals.gifts}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
