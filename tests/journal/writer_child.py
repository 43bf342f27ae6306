"""A program to be killed: appends events from number N on, each with state, and says each one that is on disk.

python -m tests.journal.writer_child FOLDER N [EVENTS]

With EVENTS, a month passes every so many events, and the state is large enough for its move to take a while.
"""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

from gateway.journal import Journal
from tests.records import NOON, gift

MONTH = 31 * 86400.0
BALLAST = {f"ballast/{n}": bytes(200) for n in range(5000)}


async def main(folder: Path, number: int, month: int) -> None:
    journal = Journal(folder, batch_max=7, clock=lambda: NOON + (MONTH * (number // month) if month else 0))
    await journal.open()
    if month:
        journal.keep(BALLAST)
    while True:
        for _ in range(5):
            said = partial(os.write, 1, f"{number}\n".encode())
            event = gift(f"gift-{number}")
            state = {"n": str(number).encode(), f"old/{number}": b"", f"old/{number - 1}": None}
            journal.append(event, urgent=number % 3 == 0, state=state, on_durable=said)  # type: ignore[arg-type]  # the count of bytes is of no use
            number += 1
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
