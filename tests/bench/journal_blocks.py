"""What an evening costs the card: ``python -m tests.bench.journal_blocks [FOLDER] [--minutes 10] [--moved 1]``.

The real journal writes into FOLDER (not a tmpfs) what a busy evening brings, in the order and at the moments of
its own timers, only that the time between them does not pass: the loop's clock jumps. What is written is
counted by the kernel (``write_bytes`` of /proc/self/io: what was sent towards the disk, in its 4 kB blocks);
with ``--device loop0`` also by ext4 itself (its own blocks as well, and everybody else's: use a file system of
its own).

The mix, 100 events/s of ten accounts: 60 % comments, 20 % likes, joins and viewer counts (merged by the
connector), 12 % gifts, the rest follows and shares. Of the gifts ``--moved`` a second move something: decision,
command, ack a tenth of a second later, and what the rule remembers. Half of the others have a decision that is
kept (they wait for the end of their streak, or a rule cools down). Each like moves a counter.
"""

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import msgspec

from gateway.journal import Journal
from gateway.messages import Ack, Command, Decided, Event, Outcome, Reason, Status, Times, stamp
from gateway.text import normalise
from gateway.virtual_time import VirtualLoop

NOON = 1_795_348_800.0
RATE, HOURS = 100, 8
ACCOUNTS = [
    f"{name}-live" for name in ("ada", "ben", "cleo", "dora", "emil", "finn", "gita", "hugo", "ines", "juri")
]
FIRST = [
    "Ines",
    "Tove",
    "Quinn",
    "Pia",
    "Lena",
    "Cleo",
    "Otto",
    "Räuber",
    "小猫",
    "Ngọc",
    "Саша",
    "ada ✨",
    "KING 👑",
]
LAST = [
    "Falcon",
    "Pebble",
    "Meadow",
    "Comet",
    "Maple",
    "Otter",
    "Sparrow",
    "🦊",
    "99",
    "von der Heide",
    "Live",
    "",
]
WORDS = """\
hello from here where are you the best song ever play it
 again please fire the cannon love this so much wow what is that lamp haha nice
one go left right up 😂😂😂 ❤️ 🔥🔥 ich bin neu hier grüße aus wien
kommt noch was rang awak niki opo iki apik tenan mas monggo 666 who won !spin red blue gg omg """
GIFTS = [("5655", "Rose", 1), ("5487", "Finger Heart", 5), ("5660", "Paper Crane", 10), ("5879", "Doughnut", 30),
         ("6064", "Confetti", 100), ("6089", "Swan", 699)]  # fmt: skip
RULES = ["rose-blinks-the-lamp", "any-dear-gift-fires-the-cannon", "go-rings-the-bell"]
STATIONS = [("lamp", "blink"), ("cannon", "fire"), ("bell", "ring")]


class Inline(Executor):
    """Commits at once, in no time of the loop's clock."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as e:  # noqa: BLE001 - as an executor does
            future.set_exception(e)
        return future


class Crowd:
    """Invented viewers of ten LIVEs, and what they do. Ids as the platform gives them: time in the upper bits."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._rng, self._clock = random.Random(20261122), clock
        self._rooms = {a: (int(NOON) << 32) + self._rng.getrandbits(31) for a in ACCOUNTS}
        self._words = WORDS.split()
        self._viewers = [self._viewer() for _ in range(3000)]
        self._likes = dict.fromkeys(ACCOUNTS, 0)

    def _viewer(self) -> dict[str, Any]:
        r = self._rng
        nickname = f"{r.choice(FIRST)} {r.choice(LAST)}".strip()
        name = f"{r.choice(['user', 'live', 'x.', '_', 'the'])}{r.choice(LAST[:7]).lower()}{r.randrange(10_000)}"
        levels = {"fan_level": r.choice([0, 0, 3, 7, 12]), "gifter_level": r.choice([0, 0, 2, 8, 15])}
        return {"id": str(6_800_000_000_000_000_000 + r.getrandbits(59)), "name": name, "nickname": nickname,
                "follower": r.random() < 0.4, **levels}  # fmt: skip

    def event(self, kind: str) -> Event:
        r, now = self._rng, self._clock()
        account = r.choice(ACCOUNTS)
        room = self._rooms[account]
        user = r.choice(self._viewers[: 3000 if r.random() < 0.3 else 300])
        raw = {"type": f"stagewire.{kind}", "id": f"{room}-{(int(now) << 32) + r.getrandbits(32)}",
               "source": f"tiktok/@{account}.official", "time": stamp(now - r.random() * 0.4),
               "received": stamp(now), "account": account, "room": str(room),
               "data": self._data(kind, account, user)}  # fmt: skip
        event: Event = msgspec.convert(raw, Event)
        return event

    def _data(self, kind: str, account: str, user: dict[str, Any]) -> dict[str, Any]:
        r = self._rng
        match kind:
            case "comment":
                text = " ".join(r.choice(self._words) for _ in range(r.choice([1, 2, 3, 4, 5, 8, 14])))
                return {"user": user, "text": text, "plain": normalise(text)}
            case "gift":
                gift_id, name, coins = r.choice(GIFTS)
                count = r.randrange(1, 20)
                streak = f"{user['id']}-{gift_id}-{self._rooms[account] + count}"
                return {"user": user, "gift_id": gift_id, "name": name, "count": 1, "total": count, "coins": coins,
                        "streak": streak, "ended": r.random() < 0.3}  # fmt: skip
            case "like":
                self._likes[account] += 9
                return {"user": user, "count": 9, "total": self._likes[account]}
            case "viewers":
                return {"count": r.randrange(50, 5000)}
            case _:
                return {"user": user}


class Evening:
    def __init__(self, journal: Journal, clock: Callable[[], float], moved: float) -> None:
        self._journal, self._clock, self._moved = journal, clock, moved
        self._rng, self._crowd = random.Random(1), Crowd(clock)
        self._ledger, self._counts = dict.fromkeys(RULES, 0), dict[str, int]()
        self.events = self.rows = 0

    def go_on(self) -> None:
        r = self._rng
        x = r.random() * 100
        kind = (
            "comment" if x < 60 else r.choice(["like", "join", "viewers"]) if x < 80 else "gift" if x < 92 else ""
        )
        event = self._crowd.event(kind or r.choice(["follow", "share"]))
        self.events += 1
        if kind == "gift" and r.random() * 0.12 * RATE < self._moved:
            self._gift_moves(event)
            return
        state = {}
        if kind == "like":
            key = f"likes:every-fifty-likes/{event.account}"
            self._counts[key] = self._counts.get(key, 0) + 9
            state = {key: str(self._counts[key]).encode()}
        self._journal.append(event, state=state)
        self.rows += 1
        if kind == "gift" and r.random() < 0.5:
            self._decided(event, Outcome.WAITING, "it fires with the first gift of a streak")

    def _decided(self, event: Event, outcome: Outcome, words: str = "") -> str:
        rule = self._rng.choice(RULES)
        reason = Reason(rule=rule, outcome=outcome, words=words, times=1)
        said = Decided(event=event.id, account=event.account, time=stamp(self._clock()), reasons=[reason])
        self._journal.append(said)
        self.rows += 1
        return rule

    def _gift_moves(self, event: Event) -> None:
        now, rule = self._clock(), self._rng.choice(RULES)
        self._ledger[rule] += 1
        ledger = {"received": self._ledger[rule], "waiting": 1, "done": self._ledger[rule] - 1, "blocked": 0,
                  "expired": 0, "dropped": 0, "cancelled": 0, "failed": 0, "owed": 0}  # fmt: skip
        run = f"{event.id}/{rule}/0"
        started = {f"ledger:{rule}": msgspec.json.encode(ledger), f"fired:{rule}": str(now).encode(),
                   f"run:{run}": msgspec.json.encode({"run": run, "rule": rule, "since": now, "number": 1,
                                                      "cause": {"event": event.id, "trigger": "gift"},
                                                      "received": event.received, "steps": [run]})}  # fmt: skip
        self._journal.append(event, urgent=True, state=started)
        self._decided(event, Outcome.FIRED)
        station, action = self._rng.choice(STATIONS)
        command = Command(
            id=f"{run}/0", station=station, action=action, cause=event.id, trigger="gift", rule=rule, run=run,
            account=event.account, user="Tove Pebble", viewer="6800521728459410909", value=5,
            received=event.received, expires_at=stamp(now + 30),
        )  # fmt: skip
        self._journal.append(command, urgent=True)
        times = Times(received=event.received, decided=stamp(now), sent=stamp(now + 0.001),
                      moved=stamp(now + 0.004), ended=stamp(now + 0.15))  # fmt: skip
        ack = Ack(
            id=command.id, station=station, action=action, status=Status.DONE, cause=event.id, trigger="gift",
            rule=rule, account=event.account, user="Tove Pebble", times=times, latency_ms=4.1,
        )  # fmt: skip
        ended: dict[str, bytes | None] = {f"ledger:{rule}": msgspec.json.encode(ledger), f"run:{run}": None}
        asyncio.get_running_loop().call_later(0.15, lambda: self._journal.append(ack, urgent=True, state=ended))
        self.rows += 2


def written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def of_file_system(device: str) -> int:
    return int(Path(f"/sys/fs/ext4/{device}/lifetime_write_kbytes").read_text()) * 1024 if device else 0


async def measure(folder: Path, minutes: float, moved: float, device: str) -> None:
    loop = asyncio.get_running_loop()
    journal = Journal(folder, clock=loop.time)
    journal._thread = Inline()  # type: ignore[assignment]  # so that the jumping clock waits for it
    await journal.open()
    evening = Evening(journal, loop.time, moved)
    commits, commit = 0, journal._writer.commit

    def counted(*args: Any) -> Any:
        nonlocal commits
        commits += 1
        return commit(*args)

    journal._writer.commit = counted  # type: ignore[assignment,method-assign]  # only to count
    before, blocks, began = written(), of_file_system(device), time.perf_counter()
    rng = random.Random(2)
    for _ in range(round(minutes * 60 * RATE)):
        await asyncio.sleep(rng.expovariate(RATE))
        evening.go_on()
    await journal.flush()
    lasted = evening.events / RATE
    took = time.perf_counter() - began
    await journal.close()  # what stands in the log only comes into the file
    sent = written() - before
    size = sum(path.stat().st_size for path in folder.iterdir())
    per_evening = HOURS * 3600 / lasted
    print(
        f"{evening.events} events, {evening.rows} rows, {commits / lasted:.1f} commits/s, {moved:g} gifts/s moved "
        f"something; {took:.0f} s.\nwritten {sent / 1e6:.0f} MB, {sent / evening.events:.0f} bytes an event: "
        f"{sent * per_evening / 1e9:.2f} GB in {HOURS} h; files {size / evening.rows:.0f} bytes a row, "
        f"{size * per_evening / 1e9:.2f} GB."
    )
    if device:
        kept = of_file_system(device) - blocks
        print(f"by ext4's own count: {kept / 1e6:.0f} MB, {kept * per_evening / 1e9:.2f} GB in {HOURS} h.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path())
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--moved", type=float, default=1, help="gifts a second that move something")
    parser.add_argument("--device", default="", help="of the file system, to count its own blocks as well")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="journal-blocks-", dir=args.folder))
    try:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(NOON)) as runner:
            runner.run(measure(folder, args.minutes, args.moved, args.device))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
