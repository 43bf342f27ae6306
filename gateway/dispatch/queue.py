"""What waits for one station, fairly between viewers. Pure.

Higher priority runs first. Within a priority viewers take turns, in the order in which they came to the queue: a
viewer's turn is one run of a rule, all its steps together. So a thousand gifts of one viewer never hold back
another's first one by more than the run that is under way and one turn of each who waited before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from gateway.messages import Command

Overflow = Literal["newest", "oldest", "cheapest"]
"""What gives way in a full queue: the ``newest`` or the ``oldest`` command of the viewer who has most waiting, or
the ``cheapest`` of all (the newest one of those)."""


@dataclass(slots=True, eq=False)
class Waiting:
    """``decided``: seconds since 1970. ``held``: it keeps its place and does not run."""

    command: Command
    decided: float
    held: bool = False

    @property
    def run(self) -> str:
        """The run of a rule whose step it is; an order is a run of its own."""
        return run_of(self.command)

    @property
    def viewer(self) -> str:
        """Who takes a turn: the viewer, else the rule (likes of a crowd, a timer), else whoever ordered it."""
        return self.command.viewer or self.command.rule or self.command.user


def run_of(command: Command) -> str:
    """The run of a rule whose step ``command`` is; an order is a run of its own."""
    return command.run or command.id


_Ordered = dict[Waiting, None]
"""A set that keeps the order in which they came."""


class FairQueue:
    """At most ``limit`` commands; iterating gives them in the order in which they would run now, held ones last.

    Every entry stands in three sets, so that a push and a pop cost the same however many wait.
    """

    def __init__(self, limit: int, overflow: Overflow) -> None:
        self.limit = limit
        self.overflow = overflow
        self._waiting: _Ordered = {}
        self._lanes: dict[int, dict[str, _Ordered]] = {}  # priority -> viewers in the order of their turns
        self._runs: dict[str, _Ordered] = {}
        self._under_way = ""  # the run whose first steps have left the queue
        self._ahead: list[str] = []  # runs that somebody put before all others

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        told: set[Waiting] = set()

        def ready(entries: Iterable[Waiting]) -> Iterator[Waiting]:
            for w in entries:
                if not w.held and w not in told:
                    told.add(w)
                    yield w

        for run in (self._under_way, *self._ahead):
            yield from ready(self._runs.get(run, ()))
        for priority in sorted(self._lanes, reverse=True):
            turns: Iterable[Iterator[Waiting]] = map(ready, self._lanes[priority].values())
            while turns:  # one round: a run of each viewer
                again = []
                for lane in turns:
                    for w in islice(lane, 1):
                        yield w
                        yield from ready(self._runs[w.run])
                        again.append(lane)
                turns = again
        yield from (w for w in self._waiting if w not in told)

    @property
    def waiting(self) -> list[Waiting]:
        """As they came."""
        return list(self._waiting)

    def push(self, command: Command, decided: float) -> Waiting | None:
        """Take a command. Returns what had to give way, which may be the command itself."""
        entry = Waiting(command, decided)
        self._waiting[entry] = None
        lanes = self._lanes.setdefault(command.priority, {})
        if all(w.run == self._under_way for w in lanes.get(entry.viewer, ())):
            lanes[entry.viewer] = lanes.pop(entry.viewer, {})  # who waits for no turn yet is the last of the round
        lanes[entry.viewer][entry] = None
        self._runs.setdefault(entry.run, {})[entry] = None
        if len(self._waiting) <= self.limit:
            return None
        gone = self._choose_victim()
        self.remove(gone)
        return gone

    def first(self) -> Waiting | None:
        """The command whose turn it is; None when all that waits is held."""
        first = next(iter(self), None)
        return None if first is None or first.held else first

    def pop(self) -> Waiting | None:
        """Take ``first``. A run that begins is its viewer's turn; one that was put first costs none."""
        first = self.first()
        if first is None:
            return None
        if first.run != self._under_way and first.run not in self._ahead:
            lanes = self._lanes[first.command.priority]
            lanes[first.viewer] = lanes.pop(first.viewer)  # to the end of the round
        self._under_way = first.run
        self.remove(first)
        return first

    def find(self, command_id: str) -> Waiting | None:
        return next((w for w in self._waiting if w.command.id == command_id), None)

    def take(self, command_id: str) -> Waiting | None:
        """Take one out, wherever it stands."""
        found = self.find(command_id)
        if found is not None:
            self.remove(found)
        return found

    def take_run(self, run: str) -> list[Waiting]:
        """Take out all that is left of a run."""
        steps = list(self._runs.get(run, ()))
        for w in steps:
            self.remove(w)
        return steps

    def clear(self) -> list[Waiting]:
        """Take all out, in the order in which they would have run."""
        everything = list(self)
        self._waiting.clear()
        self._lanes.clear()
        self._runs.clear()
        self._ahead.clear()
        self._under_way = ""
        return everything

    def put_first(self, command_id: str) -> bool:
        """Let one and the rest of its run be next, whatever the turns and priorities. False when it is gone."""
        found = self.find(command_id)
        if found is None:
            return False
        for w in self._runs[found.run]:
            w.held = False
        self._ahead = [found.run, *(run for run in self._ahead if run != found.run)]
        return True

    def _choose_victim(self) -> Waiting:
        newest_first = reversed(self._waiting)
        if self.overflow == "cheapest":
            return min(newest_first, key=lambda w: w.command.value)
        counts: dict[str, int] = {}
        for lanes in self._lanes.values():
            for viewer, lane in lanes.items():
                counts[viewer] = counts.get(viewer, 0) + len(lane)
        greediest = max(reversed(counts), key=counts.__getitem__)  # of equals, whose turn comes last
        order = newest_first if self.overflow == "newest" else iter(self._waiting)
        return next(w for w in order if w.viewer == greediest)

    def remove(self, entry: Waiting) -> bool:
        """False when it has left already."""
        if entry not in self._waiting:
            return False
        del self._waiting[entry]
        priority, viewer, run = entry.command.priority, entry.viewer, entry.run
        lanes = self._lanes[priority]
        del lanes[viewer][entry]
        if not lanes[viewer]:
            del lanes[viewer]
        if not lanes:
            del self._lanes[priority]
        del self._runs[run][entry]
        if not self._runs[run]:
            del self._runs[run]
            if run in self._ahead:
                self._ahead.remove(run)
        return True
