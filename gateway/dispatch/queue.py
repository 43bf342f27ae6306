"""What waits for one station, fairly between viewers. Pure.

Higher priority runs first. Within a priority viewers take turns, in the order in which they came to the queue: a
viewer's turn is one run of a rule, all its steps together. So a thousand gifts of one viewer never hold back
another's first one by more than the run that is under way and one turn of each who waited before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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


class FairQueue:
    """At most ``limit`` commands; iterating gives them in the order in which they would run now, held ones last.

    Turns cost a look at all that wait: ``limit`` is some hundreds.
    """

    def __init__(self, limit: int, overflow: Overflow) -> None:
        self._limit = limit
        self._overflow = overflow
        self._waiting: list[Waiting] = []  # as they came
        self._turns: dict[str, int] = {}  # viewer -> place in the round; only those who have something waiting
        self._next_turn = 0
        self._under_way = ""  # the run whose first steps have left the queue
        self._ahead: list[str] = []  # runs that somebody put before all others

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        ahead = FairQueue(self._limit, self._overflow)
        ahead._waiting, ahead._turns = list(self._waiting), dict(self._turns)
        ahead._next_turn, ahead._under_way, ahead._ahead = self._next_turn, self._under_way, list(self._ahead)
        while (first := ahead.pop()) is not None:
            yield first
        yield from ahead._waiting

    @property
    def waiting(self) -> list[Waiting]:
        """As they came."""
        return list(self._waiting)

    def push(self, command: Command, decided: float) -> Waiting | None:
        """Take a command. Returns what had to give way, which may be the command itself."""
        entry = Waiting(command, decided)
        self._waiting.append(entry)
        viewer = _viewer(command)
        if viewer not in self._turns:
            self._turns[viewer] = self._new_turn()
        if len(self._waiting) <= self._limit:
            return None
        gone = self._choose_victim()
        self._remove(gone)
        return gone

    def pop(self) -> Waiting | None:
        """The command whose turn it is; None when all that waits is held."""
        ready = [w for w in self._waiting if not w.held]
        if not ready:
            return None
        first = self._preferred(ready)
        if first is None:
            highest = max(w.command.priority for w in ready)
            first = min(
                (w for w in ready if w.command.priority == highest),
                key=lambda w: self._turns[_viewer(w.command)],  # ties are one viewer's: as they came
            )
            self._turns[_viewer(first.command)] = self._new_turn()
        self._under_way = _run(first.command)
        self._remove(first)
        return first

    def find(self, command_id: str) -> Waiting | None:
        return next((w for w in self._waiting if w.command.id == command_id), None)

    def take(self, command_id: str) -> Waiting | None:
        """Take one out, wherever it stands."""
        found = self.find(command_id)
        if found is not None:
            self._remove(found)
        return found

    def clear(self) -> list[Waiting]:
        """Take all out, in the order in which they would have run."""
        everything = list(self)
        self._waiting.clear()
        self._turns.clear()
        self._ahead.clear()
        self._under_way = ""
        return everything

    def put_first(self, command_id: str) -> bool:
        """Let one and the rest of its run be next, whatever the turns and priorities. False when it is gone."""
        found = self.find(command_id)
        if found is None:
            return False
        run = _run(found.command)
        for w in self._waiting:
            if _run(w.command) == run:
                w.held = False
        self._ahead.insert(0, run)
        return True

    def _preferred(self, ready: list[Waiting]) -> Waiting | None:
        """The rest of the run that is under way, or what was put first."""
        for run in (self._under_way, *self._ahead):
            for w in ready:
                if _run(w.command) == run:
                    return w
        self._ahead.clear()
        return None

    def _choose_victim(self) -> Waiting:
        if self._overflow == "cheapest":
            least = min(w.command.value for w in self._waiting)
            return [w for w in self._waiting if w.command.value == least][-1]
        counts: dict[str, int] = {}
        for w in self._waiting:
            counts[_viewer(w.command)] = counts.get(_viewer(w.command), 0) + 1
        greediest = max(reversed(counts), key=lambda viewer: counts[viewer])  # of equals, who came last
        theirs = [w for w in self._waiting if _viewer(w.command) == greediest]
        return theirs[-1 if self._overflow == "newest" else 0]

    def _remove(self, entry: Waiting) -> None:
        self._waiting.remove(entry)
        viewer = _viewer(entry.command)
        if not any(_viewer(w.command) == viewer for w in self._waiting):
            del self._turns[viewer]

    def _new_turn(self) -> int:
        self._next_turn += 1
        return self._next_turn


def _viewer(command: Command) -> str:
    """Who takes a turn: the viewer, else the rule (likes of a crowd, a timer), else whoever ordered it."""
    return command.viewer or command.rule or command.user


def _run(command: Command) -> str:
    return command.run or command.id
