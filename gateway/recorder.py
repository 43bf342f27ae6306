"""Writing down and counting as one, for whoever has something happen."""

from collections.abc import Callable, Mapping

from gateway.journal import Journal
from gateway.messages import Ack, Command, Decided, Event


class Recorder:
    """Writes down and counts, in one order. ``keep`` is the journal's."""

    def __init__(self, journal: Journal, count: Callable[[Event | Ack], None]) -> None:
        self._journal, self._count = journal, count
        self.keep = journal.keep

    def append(
        self,
        record: Event | Command | Ack | Decided,
        *,
        urgent: bool = False,
        simulated: bool = False,
        on_durable: Callable[[], None] | None = None,
        state: Mapping[str, bytes | None] | None = None,
    ) -> None:
        self._journal.append(record, urgent=urgent, simulated=simulated, on_durable=on_durable, state=state or {})
        if not isinstance(record, Command | Decided):
            self._count(record)
