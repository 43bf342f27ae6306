"""Records as rows of the journal."""

from collections.abc import Callable

from gateway.errors import PayloadError
from gateway.journal.segments import Row
from gateway.messages import BLOCKED_OUTCOMES, KINDS, Ack, Command, Decided, Event, Outcome, encode, seconds

Record = Event | Command | Ack | Decided
"""What is kept. ``Decided``: what the rules said of an event, at most once for each."""


def row_of(record: Record, simulated: bool, clock: Callable[[], float]) -> Row:
    """``time``: when the connector read an event; when we took note of anything else (ms since 1970).
    ``cause`` of a command nobody else caused, and of its acks, is the command itself."""
    body = encode(record)
    match record:
        case Command():
            columns = (record.action, record.account, record.station, record.id, record.cause or record.id)
            return (round(clock() * 1000), "command", *columns, simulated, body)
        case Ack():
            columns = (record.status.value, record.account, record.station, record.id, record.cause or record.id)
            return (round(clock() * 1000), "ack", *columns, simulated, body)
        case Decided():
            columns = (gist(record), record.account, "", record.event, record.event)
            return (round(clock() * 1000), "decision", *columns, simulated, body)
        case _:
            try:
                at = seconds(record.received)
            except PayloadError:
                at = clock()
            columns = (KINDS[type(record)], record.account, "", record.id, "")
            return (round(at * 1000), "event", *columns, simulated or record.simulated, body)


def gist(decided: Decided) -> str:
    """All rules' words on an event in one, the strongest: fired, blocked, waiting, not meant or no match."""
    said = {reason.outcome for reason in decided.reasons}
    if Outcome.FIRED in said:
        return Outcome.FIRED.value
    if said & BLOCKED_OUTCOMES:
        return "blocked"
    return next((o.value for o in (Outcome.WAITING, Outcome.NOT_MEANT) if o in said), Outcome.NO_MATCH.value)
