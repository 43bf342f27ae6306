"""A program to be killed: appends events from number N on, and says each one that is on disk.

python -m tests.journal.writer_child FOLDER N
"""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

from gateway.journal import Journal
from tests.records import gift


async def main(folder: Path, number: int) -> None:
    journal = Journal(folder, batch_max=7)
    await journal.open()
    while True:
        for _ in range(5):
            said = partial(os.write, 1, f"{number}\n".encode())
            journal.append(gift(f"gift-{number}"), urgent=number % 3 == 0, on_durable=said)  # type: ignore[arg-type]  # the count of bytes is of no use
            number += 1
        await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
