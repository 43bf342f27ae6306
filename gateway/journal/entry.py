"""One record of the journal, as readers see it."""

from msgspec import Struct

from gateway.journal.segments import Kind
from gateway.messages import Ack, Command, Decided, Event, decode, decode_event


class Entry(Struct, frozen=True):
    """One row. ``time``: milliseconds since 1970. ``type``: kind of event, action, status, or gist.
    ``cause``: empty for an event, else the event (or, caused by nobody, the command) it belongs to."""

    seq: int
    time: int
    kind: Kind
    type: str
    account: str
    station: str
    id: str
    cause: str
    simulated: bool
    body: bytes

    def message(self) -> Event | Command | Ack | Decided:
        """The message as it was. Raises ``PayloadError`` for a row changed by hand."""
        match self.kind:
            case "event":
                return decode_event(self.body)
            case "command":
                return decode(self.body, Command)
            case "ack":
                return decode(self.body, Ack)
            case "decision":
                return decode(self.body, Decided)
