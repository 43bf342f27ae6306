"""How long an export takes, and in how much memory: ``python -m tests.export.bench FOLDER [EVENTS] [FORMAT ...]``.

Makes a journal of so many events in ``FOLDER`` (once), then exports its events in each format in a process of its
own. Each says seconds of the processor, megabytes of the file, and the process's peak memory.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from gateway.export.export import Export
from gateway.export.what import FORMATS, Format, What
from gateway.journal import Journal
from gateway.settings.load import load
from tests.records import NOON, event, gift
from tests.review.evening import venue

PIECE = 5000


async def make(folder: Path, events: int) -> None:
    """Nine comments for each gift, a hundred a second."""
    journal = Journal(folder, batch_max=PIECE, waiting_max=2 * PIECE)
    await journal.open()
    for n in range(events):
        at = NOON + n / 100
        if n % 10:
            user = {
                "id": f"7{n % 20_000:018}",
                "name": f"viewer.{n % 20_000}",
                "nickname": f"Viewer {n % 20_000} 🌹",
            }
            journal.append(event("comment", f"e-{n:020}", at, user=user, text=f"terima kasih banyak {n}"))
        else:
            journal.append(gift(f"e-{n:020}", at, coins=n % 500))
        if n % PIECE == 0:
            await journal.flush()
    await journal.close()


def export(folder: Path, kind: Format) -> None:
    began = time.process_time()
    out = folder / f"bench-{time.time_ns()}.{'zip' if kind == 'csv' else kind}"
    made = Export(load(folder / "stagewire.yaml").settings, folder / "data", What(
        format=kind, sheets=("events",), out=out)).run()  # fmt: skip
    assert made is not None
    took, size = time.process_time() - began, made.path.stat().st_size / 1e6
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) / 1024
    print(f"{kind:<6}{made.rows['events']:>9} events {took:>7.1f} s {size:>8.1f} MB file {peak:>7.1f} MB memory")
    made.path.unlink()


def main(folder: Path, events: int, kinds: tuple[str, ...]) -> None:
    if not (folder / "stagewire.yaml").exists():
        venue(folder)
        began = time.perf_counter()
        asyncio.run(make(folder / "data", events))
        print(f"journal of {events} events: {time.perf_counter() - began:.1f} s")
    for kind in kinds:
        subprocess.run([sys.executable, "-m", "tests.export.bench", str(folder), "only", kind], check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [folder, "only", ("csv" | "xlsx" | "json" | "jsonl") as kind]:
            export(Path(folder), kind)
        case [folder, events, *kinds]:
            main(Path(folder), int(events), tuple(kinds) or FORMATS)
        case [folder]:
            main(Path(folder), 1_000_000, FORMATS)
