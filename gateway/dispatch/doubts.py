"""Commands that an earlier run of the gateway may have sent, and nobody knows: their board is asked. Pure."""

from dataclasses import dataclass
from itertools import islice

from gateway.dispatch.acks import Verdict
from gateway.dispatch.queue import run_of
from gateway.messages import Command, seconds

PATIENCE_S = 5.0
"""A board is waited for until the command's deadline, and at least so long: it says hello within 3 s."""


@dataclass(slots=True)
class Doubt:
    """``otherwise``: how it ends when its board never had it; None: it is like any other then. ``since``, and
    ``until`` when its board is waited for: seconds since 1970."""

    command: Command
    otherwise: Verdict | None
    since: float
    until: float


class Doubts:
    """Those of one station, in the order in which they came."""

    def __init__(self) -> None:
        self._doubts: dict[str, Doubt] = {}

    def __len__(self) -> int:
        return len(self._doubts)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._doubts

    def add(self, command: Command, otherwise: Verdict | None, now: float) -> None:
        until = max(seconds(command.expires_at), now + PATIENCE_S)
        self._doubts[command.id] = Doubt(command, otherwise, now, until)

    def first(self, most: int) -> list[Doubt]:
        """The oldest, at most so many."""
        return list(islice(self._doubts.values(), most))

    def remove(self, command_id: str) -> None:
        self._doubts.pop(command_id, None)

    def clear(self) -> list[Doubt]:
        """Take all of them out."""
        gone, self._doubts = list(self._doubts.values()), {}
        return gone

    def give_up(self, verdict: Verdict, run: str = "") -> int:
        """Nobody wants them any more, all or those of a run; what has moved has moved. Returns how many."""
        found = [d for d in self._doubts.values() if run in ("", run_of(d.command))]
        for doubt in found:
            doubt.otherwise = doubt.otherwise or verdict
        return len(found)
