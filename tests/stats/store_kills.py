"""Flushes that are killed before their n-th file operation, for every n until one runs through.

``python -m tests.stats.store_kills FOLDER SESSIONS`` leaves FOLDER/0, FOLDER/1, ... as each kill left them and
says the operation. SESSIONS have ended in FOLDER/base before; then another one ends.
"""

import asyncio
import os
import shutil
import signal
import sys
import traceback
from itertools import count
from pathlib import Path

from gateway.stats.writer import StatsStore
from tests.stats.evenings import Evening
from tests.stats.faulty_files import Operation, file_operations


async def keep(folder: Path, sessions: int) -> None:
    """So many more sessions end, each with a gift of practice beside it. Ends with everything on disk."""
    evening = Evening()
    store = StatsStore(folder, lambda: evening.snapshot())
    evening = Evening(await store.open())
    for _ in range(sessions):
        evening.practice += 1
        store.archive(*evening.session())
        assert await store.flush()
    await store.close()


def in_a_child(folder: Path, sessions: int, dies_at: int | None = None) -> int:
    """Exit code, or minus the signal."""
    pid = os.fork()
    if not pid:

        def before(n: int, operation: Operation) -> None:
            if n == dies_at:
                os.write(1, f"{operation.name}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

        code = 1
        try:
            with file_operations(before):
                asyncio.run(keep(folder, sessions))
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(folder: Path, sessions: int) -> None:
    base = folder / "base"
    base.mkdir()
    assert in_a_child(base, sessions) == 0
    for n in count():
        shutil.copytree(base, folder / str(n))
        code = in_a_child(folder / str(n), 1, dies_at=n)
        if code != -signal.SIGKILL:
            sys.exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
