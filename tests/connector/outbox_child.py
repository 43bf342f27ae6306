"""A program to be killed: commits rows from number N on, and says each batch that is on disk.

python -m tests.connector.outbox_child FOLDER N
"""

import os
import sys
from pathlib import Path

from gateway.connector.delivery.outbox import Outbox, Row


def main(folder: Path, number: int) -> None:
    outbox = Outbox(folder, "child", 50_000_000)
    outbox.open()
    while True:
        rows = [Row(n, "t/gift", b"x" * (n % 900), 0.0, True) for n in range(number, number + 1 + number % 7)]
        outbox.commit(rows, [])
        number = rows[-1].seq + 1
        os.write(1, f"{rows[-1].seq}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
