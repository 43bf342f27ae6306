"""What counting costs: ``python -m tests.bench.stats``.

An event through ``Totals`` with 20 accounts and 20 000 viewers, catching up with a journal, the memory of one
session with 50 000 viewers and a full ladder, and the size of what is kept of 10 accounts.
"""

import random
import time
import tracemalloc
from typing import Any

import msgspec

from gateway.messages import Event
from gateway.service import calm_collector
from gateway.stats.buckets import LADDER
from gateway.stats.catch_up import CatchUp
from gateway.stats.contributions import VIEWERS_MAX
from gateway.stats.kept import Kept
from gateway.stats.totals import Totals
from tests.records import NOON, event

ACCOUNTS, VIEWERS, EVENTS = 20, 20_000, 50_000
KINDS = ("comment", "like", "gift", "viewers", "join", "follow", "share")
WEIGHTS = (45, 25, 12, 8, 6, 2, 2)


def make_event(dice: random.Random, n: int, at: float, viewer: int, account: str, kind: str = "") -> Event:
    """A busy venue's mix, or one of ``kind``."""
    user = {"id": str(10**18 + viewer), "name": f"viewer{viewer}", "nickname": f"Viewer number {viewer}"}
    kind = kind or dice.choices(KINDS, WEIGHTS)[0]
    data: dict[str, Any]
    match kind:
        case "comment":
            data = {"user": user, "text": "hello there"}
        case "like":
            data = {"user": user, "count": 7, "total": n}
        case "gift":
            which = dice.randrange(600)
            data = {"user": user, "gift_id": str(5000 + which), "name": f"Gift {which}", "count": 1, "total": 1}
            data["coins"] = 1 + which
        case "viewers":
            data = {"count": 900 + dice.randrange(200)}
        case "join":
            data = {"count": 3}
        case _:
            data = {"user": user}
    return event(kind, f"e{n}", at, account=account, **data)


def make_events(count: int, accounts: int, viewers: int) -> list[Event]:
    dice = random.Random(1)
    return [
        make_event(dice, n, NOON + n / 100, dice.randrange(viewers), f"a{dice.randrange(accounts)}")
        for n in range(count)
    ]


def through_totals(events: list[Event]) -> None:
    totals, took = Totals(), list[float]()
    for e in events:
        began = time.perf_counter()
        totals.event(e)
        took.append((time.perf_counter() - began) * 1e6)
    took.sort()
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"an event through Totals: median {p50:.1f} us, p99 {p99:.1f} us, longest {took[-1] / 1000:.1f} ms")


def catching_up(events: list[Event]) -> None:
    kept = Kept()
    catch_up = CatchUp(kept, NOON)
    began = time.perf_counter()
    for seq, e in enumerate(events, 1):
        catch_up.feed(seq, e)
    took = time.perf_counter() - began
    print(f"catching up: {len(events) / took:,.0f} rows/s (decoding not counted)")


def memory() -> None:
    """Viewers come one after the other; then the ladder is filled from its coarsest buckets to its finest."""
    dice = random.Random(2)
    tracemalloc.start()
    totals = Totals()
    before = tracemalloc.get_traced_memory()[0]
    for n in range(VIEWERS_MAX):
        totals.event(make_event(dice, n, NOON + n / 100, n, "mara", "comment"))
    session = totals.session("mara")
    assert session is not None
    givers = tracemalloc.get_traced_memory()[0]
    at, number = NOON + VIEWERS_MAX / 100, VIEWERS_MAX
    for interval, most in reversed(tuple(LADDER.items())):
        step = min(interval, 1700)  # a longer silence is another session
        for _ in range(most * interval // step):
            at, number = at + step, number + 1
            totals.event(make_event(dice, number, at, number % VIEWERS_MAX, "mara"))
    assert totals.session("mara") is session
    full = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"one session: {(givers - before) / 1e6:.1f} MB with {len(session.contributions):,} viewers", end=", ")
    print(f"{(full - givers) / 1e6:.1f} MB more with a full ladder")
    began = time.perf_counter()
    record = session.record(at)
    took = (time.perf_counter() - began) * 1000
    size = len(msgspec.json.encode(record)) / 1e6
    print(f"its record: {took:.0f} ms, {size:.1f} MB, {sum(map(len, record.buckets.values())):,} buckets")
    more = [make_event(dice, n, at, VIEWERS_MAX + n, "mara", "comment") for n in range(2000)]
    began = time.perf_counter()
    for e in more:
        totals.event(e)
    took = (time.perf_counter() - began) / len(more) * 1e6
    missing = session.contributions.missing_at_most
    print(f"each of {len(more):,} viewers beyond: {took:.0f} us; missing at most {missing}")


def size_of_kept(events: list[Event]) -> None:
    totals = Totals()
    for e in events:
        totals.event(e)
    kept = msgspec.json.encode(totals.kept(1))
    print(f"kept of {len(list(totals))} accounts: {len(kept) / 1000:.0f} kB")


def main() -> None:
    calm_collector()  # as the gateway does
    events = make_events(EVENTS, ACCOUNTS, VIEWERS)
    through_totals(events)
    catching_up(events)
    size_of_kept(make_events(EVENTS // 2, 10, VIEWERS))
    memory()


if __name__ == "__main__":
    main()
