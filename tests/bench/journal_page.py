"""How long a person waits for a page: ``python -m tests.bench.journal_page [FOLDER] [--events 1000000]``.

A session of a million events (the mix of ``tests.bench.journal_blocks``) in one month; each figure is the median
of some calls, a reader's opening of the file included.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.journal import Journal, JournalReader, Page, Query
from gateway.virtual_time import VirtualLoop
from tests.bench.journal_blocks import NOON, RATE, Evening, Inline

CALLS = 9


async def fill(folder: Path, events: int) -> None:
    loop = asyncio.get_running_loop()
    journal = Journal(folder, clock=loop.time, batch_max=5000)
    journal._thread = Inline()  # type: ignore[assignment]  # so that the jumping clock waits for it
    await journal.open()
    evening = Evening(journal, loop.time, 1)
    for n in range(events):
        evening.go_on()
        if n % 20 == 0:
            await asyncio.sleep(20 / RATE)
    await journal.flush()
    await journal.close()


def median(call: Callable[[], object]) -> float:
    """Milliseconds."""
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path())
    parser.add_argument("--events", type=int, default=1_000_000)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="journal-page-", dir=args.folder))
    try:
        began = time.perf_counter()
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(NOON)) as runner:
            runner.run(fill(folder, args.events))
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        print(f"{args.events} events, {size:.0f} MB, written in {time.perf_counter() - began:.0f} s")
        show(JournalReader(folder))
    finally:
        shutil.rmtree(folder)


def show(reader: JournalReader) -> None:
    last, rng = reader.last_seq(), random.Random(1)
    middle = rng.randrange(last // 4, last // 2)
    at = reader.since(middle, limit=1)[0]
    minute = Query(since=at.time, until=at.time + 60_000)
    rare = Query(text="no one wrote this")
    queries: dict[str, Query] = {
        "the newest": Query(),
        "from the middle": Query(before=middle),
        "gifts of one account": Query(accounts=("ines-live",), types=("gift",)),
        "what moved": Query(kinds=("command", "ack")),
        "a minute in the middle": minute,
        "the text 'monggo'": Query(text="Monggo"),
        "who is called Räuber": Query(user="rauber"),
        "a text that is nowhere": rare,
    }
    for words, query in queries.items():
        page: Page = reader.page(query)
        took = median(lambda query=query: reader.page(query))  # type: ignore[misc]  # bound at once
        rest = "" if page.complete or len(page.entries) == 100 else ", to be asked on"
        print(f"{words:26} {took:7.1f} ms  {len(page.entries)} of {page.scanned} looked at{rest}")
    print(f"{'the trace of an event':26} {median(lambda: reader.trace(at.id)):7.1f} ms")
    print(f"{'where an event stands':26} {median(lambda: reader.seq_of(at.id)):7.1f} ms")
    print(f"{'the next 2000':26} {median(lambda: reader.since(middle)):7.1f} ms")
    print(f"{'50 000 ids at a start':26} {median(lambda: reader.recent_event_ids(50_000)):7.1f} ms")
    print(f"{'gifts of the last hour':26} {median(lambda: reader.recent_gifts(10_000, NOON)):7.1f} ms")


if __name__ == "__main__":
    main()
