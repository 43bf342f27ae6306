"""Which account belongs to which worker, and how many workers there should be. Pure.

Loads are shares of one processor core, smoothed by who measures them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

UNKNOWN_LOAD = 0.02
"""Of an account that was not measured yet, or has nothing to do: what makes many of them count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too much and what is little, in shares of a core, and how long to leave things as they are."""

    busy: float = 0.6
    """A worker above this gives accounts away, or gets a new one beside it."""
    quiet: float = 0.35
    """A worker is retired when the others stay below this with its accounts; far from ``busy``, so that it does
    not come back at once."""
    margin: float = 0.1
    """A move must take so much off the busier of the two workers."""
    uneven: int = 2
    """Accounts that one worker may have more than another: every move costs a signature."""
    rest: float = 60.0
    """Seconds between two moves of one account."""
    streak_rest: float = 300.0
    """The same while a viewer is in the middle of a gift streak."""
    overlap: float = 1.0
    """Seconds in which both workers listen: what was sent before the second came has then reached the first."""
    settle: float = 20.0
    """Seconds between two changes of the number of workers: a new one takes a few to start and to be felt."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Placed:
    """An account on a worker. ``fixed``: it moves only when it must. ``moved_at`` by the same clock as ``now``."""

    worker: int
    load: float
    streaking: bool = False
    fixed: bool = False
    moved_at: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Move:
    account: str
    to: int


def place(new: Mapping[str, float], placed: Iterable[Placed], workers: Sequence[int]) -> dict[str, int]:
    """A worker for each new account (name to load), the heaviest first, each to where the least is, then to where
    the fewest are. Nobody is placed where there are no workers."""
    if not workers:
        return {}
    loads = dict.fromkeys(workers, 0.0)
    counts = dict.fromkeys(workers, 0)
    for one in placed:
        if one.worker in loads:
            loads[one.worker] += max(one.load, UNKNOWN_LOAD)
            counts[one.worker] += 1
    found = {}
    for name, load in sorted(new.items(), key=lambda item: (-item[1], item[0])):
        to = min(workers, key=lambda w: (round(loads[w], 2), counts[w], w))
        found[name] = to
        loads[to] += max(load, UNKNOWN_LOAD)
        counts[to] += 1
    return found


def rebalance(
    accounts: Mapping[str, Placed],
    loads: Mapping[int, float],
    retiring: frozenset[int],
    now: float,
    limits: Limits = LIMITS,
) -> Move | None:
    """The one move that helps most now, if any: off a worker that retires, else off one that is too busy, else
    off one that has many more accounts than another, as after that one's death.

    ``loads``: every worker that runs, with its load.
    """
    staying = {w: load for w, load in loads.items() if w not in retiring}
    if not staying:
        return None
    coolest = min(staying, key=lambda w: (staying[w], w))
    leaving = [name for name, a in accounts.items() if a.worker in retiring]
    if leaving:
        free = [name for name in leaving if _may_move(accounts[name], now, limits, retiring=True)]
        return Move(min(free), coolest) if free else None
    hottest = max(staying, key=lambda w: (staying[w], w))
    if staying[hottest] <= limits.busy:
        return _spread(accounts, staying, now, limits)
    best: tuple[float, str] | None = None
    for name, account in accounts.items():
        if account.worker != hottest or not _may_move(account, now, limits):
            continue
        after = max(staying[hottest] - account.load, staying[coolest] + account.load)
        if after <= staying[hottest] - limits.margin and (best is None or (after, name) < best):
            best = (after, name)
    return None if best is None else Move(best[1], coolest)


def _spread(accounts: Mapping[str, Placed], loads: Mapping[int, float], now: float, limits: Limits) -> Move | None:
    counts = dict.fromkeys(loads, 0)
    for account in accounts.values():
        if account.worker in counts:
            counts[account.worker] += 1
    fullest, emptiest = max(counts, key=lambda w: (counts[w], -w)), min(counts, key=lambda w: (counts[w], w))
    if counts[fullest] - counts[emptiest] <= limits.uneven:
        return None
    free = [n for n, a in accounts.items() if a.worker == fullest and _may_move(a, now, limits)]
    lightest = min(free, key=lambda n: (accounts[n].load, n), default=None)
    if lightest is None or loads[emptiest] + accounts[lightest].load > limits.busy - limits.margin:
        return None
    return Move(lightest, emptiest)


def size(loads: Sequence[float], least: int, most: int, limits: Limits = LIMITS) -> int:
    """How many workers there should be: one more or one fewer than now at the most."""
    now = len(loads)
    if now < least:
        return least
    if now > most:
        return now - 1
    total = sum(loads)
    full = max(loads, default=0.0) > limits.busy and total / now > limits.busy * 0.75
    if now < most and full and min(loads) > limits.quiet / 2:  # an idle one could take what can be moved
        return now + 1
    if now > least and total / (now - 1) < limits.quiet:
        return now - 1
    return now


def _may_move(account: Placed, now: float, limits: Limits, *, retiring: bool = False) -> bool:
    rest = limits.streak_rest if account.streaking else 0.0 if retiring else limits.rest
    return (retiring or not account.fixed) and now - account.moved_at >= rest
