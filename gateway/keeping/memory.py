"""What a gateway that runs has of a viewer in memory: forgotten there as well, or it would be written again."""

from collections.abc import Callable, Iterable

import msgspec

from gateway.deciding import Deciding
from gateway.journal import Journal
from gateway.keeping.forget import Forget
from gateway.rules.state import State, Table


class Memory:
    """``others`` are called with the platform id: who else remembers viewers (the sessions that run, what was
    heard, the traces)."""

    def __init__(self, deciding: Deciding, journal: Journal, others: Iterable[Callable[[str], object]]) -> None:
        self._deciding, self._journal, self._others = deciding, journal, list(others)

    def busy(self, viewer: str) -> str:
        """Why not now, in words: what is on its way to a machine comes back with the viewer's name on it."""
        for run in self._deciding.state.runs.values():
            if run.open and run.cause.viewer == viewer:
                act = next(iter(run.open.values()))
                return (
                    f"{act.station} is just about to {act.action} for this viewer (rule {run.rule}): try again "
                    "when that is over, or skip it"
                )
        return ""

    def forget(self, forget: Forget) -> None:
        """On the loop, in one go."""
        for other in self._others:
            other(forget.viewer.id)
        old = self._deciding.state
        kept = _kept(old)
        changes = forget.state(kept)
        if not changes:
            return
        self._journal.keep({**old.changes(), **changes})
        for key, value in changes.items():
            if value is None:
                del kept[key]
            else:
                kept[key] = value
        self._deciding.restore(kept)
        state = self._deciding.state
        state.stations, state.now = old.stations, old.now


def _kept(state: State) -> dict[str, bytes]:
    tables = [(name, table) for name, table in vars(state).items() if isinstance(table, Table)]
    return {f"{name}:{key}": msgspec.json.encode(value) for name, table in tables for key, value in table.items()}
