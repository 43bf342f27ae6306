"""Reading the journal: for the page, the command line, and the gateway's filter of duplicates at start."""

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway.errors import PayloadError
from gateway.journal import state
from gateway.journal.segments import COLUMNS, Kind, connect_read_only, segments
from gateway.messages import Ack, Command, Decided, Event, GiftEvent, decode, decode_event

log = logging.getLogger(__name__)


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


class JournalReader:
    """Read-only; opens per call, so any thread and any process may use it while the gateway writes.

    A segment that cannot be read is left out, logged once, and named in ``damaged`` (path -> why):
    show it, for the answer is then incomplete.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.damaged: dict[Path, str] = {}

    def last(
        self,
        limit: int,
        *,
        kind: Kind | None = None,
        type_: str | None = None,
        account: str | None = None,
        simulated: bool | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        """The newest ``limit`` entries, newest first; ``before`` a ``seq`` gives the next page."""
        where, args = ["1"], dict[str, object](limit=limit)
        for column, value in (("kind", kind), ("type", type_), ("account", account), ("simulated", simulated)):
            if value is not None:
                where.append(f"{column} = :{column}")
                args[column] = value
        if before is not None:
            where.append("seq < :before")
            args["before"] = before
        sql = f"SELECT {COLUMNS} FROM records WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT :limit"  # noqa: S608 - columns are ours
        entries = [Entry(*row) for row in self._rows(sql, args)]
        return sorted(entries, key=lambda e: e.seq, reverse=True)[:limit]

    def trace(self, message_id: str) -> list[Entry]:
        """Event -> decision -> commands -> acks, in the order of happening, by the event's id or a command's."""
        entries = self._belonging(message_id)
        root = next((e.cause for e in entries if e.kind == "command" and e.cause != message_id), None)
        return entries if root is None else self._belonging(root)

    def state(self) -> dict[str, bytes]:
        """What the rules remember: key to value, as it stands with the last commit."""
        numbers = self._rows("SELECT number FROM generation", {}, schema=state.SINCE_SCHEMA)
        sql = "SELECT key, value FROM generation JOIN state WHERE number = :number"
        return dict(self._rows(sql, {"number": max(numbers, default=(0,))[0]}, schema=state.SINCE_SCHEMA))

    def recent_event_ids(self, limit: int) -> list[str]:
        """Ids of the last ``limit`` events, oldest first: a filter of duplicates that survives a restart."""
        return self._recent_ids("event", limit)

    def recent_command_ids(self, limit: int) -> list[str]:
        """Ids of the last ``limit`` commands, oldest first."""
        return self._recent_ids("command", limit)

    def unfinished(self, limit: int) -> list[Command]:
        """Those of the last ``limit`` commands that were told no ending, oldest first."""
        # With their bodies at once: to look for each of a thousand that were left takes a start many seconds.
        sql = "SELECT seq, id, body FROM records WHERE kind = 'command' ORDER BY seq DESC LIMIT :limit"
        recent = sorted(self._rows(sql, {"limit": limit}))[-limit:]
        if not recent:
            return []
        # Every ack that is kept is an ending. One that came at once may stand a little before its command.
        first = recent[0][0] - limit
        acks = self._rows("SELECT id FROM records WHERE seq > :first AND kind = 'ack'", {"first": first})
        ended = {command_id for (command_id,) in acks}
        commands: list[Command] = []
        for body in (body for _, command_id, body in recent if command_id not in ended):
            with suppress(PayloadError):  # a row changed by hand
                commands.append(decode(body, Command))
        return commands

    def recent_gifts(self, limit: int, since: float) -> list[GiftEvent]:
        """The last ``limit`` gifts since ``since`` (seconds since 1970), oldest first."""
        sql = (
            "SELECT seq, body FROM records WHERE time >= :since AND kind = 'event' AND type = 'gift' "
            "ORDER BY seq DESC LIMIT :limit"
        )
        gifts: list[GiftEvent] = []
        for _, body in sorted(self._rows(sql, {"since": int(since * 1000), "limit": limit}))[-limit:]:
            with suppress(PayloadError):  # a row changed by hand
                event = decode_event(body)
                if isinstance(event, GiftEvent):
                    gifts.append(event)
        return gifts

    def _recent_ids(self, kind: Kind, limit: int) -> list[str]:
        sql = "SELECT seq, id FROM records WHERE kind = :kind ORDER BY seq DESC LIMIT :limit"
        found = sorted(self._rows(sql, {"kind": kind, "limit": limit}))
        return [message_id for _, message_id in found[-limit:]]

    def _belonging(self, root: str) -> list[Entry]:
        sql = (
            f"SELECT {COLUMNS} FROM records WHERE id = :id AND kind <> 'ack' UNION "  # noqa: S608 - columns are ours
            f"SELECT {COLUMNS} FROM records WHERE cause = :id AND kind <> 'event'"
        )
        return sorted((Entry(*row) for row in self._rows(sql, {"id": root})), key=lambda e: e.seq)

    def _rows(self, sql: str, args: dict[str, object], schema: int = 1) -> list[Any]:
        """Of all files of ``schema`` or newer; a file that is just being created has 0."""
        rows: list[Any] = []
        damaged: dict[Path, str] = {}
        for path in segments(self._folder):
            try:
                with closing(connect_read_only(path)) as db:
                    if db.execute("PRAGMA user_version").fetchone() >= (schema,):
                        rows += db.execute(sql, args)
            except sqlite3.Error as e:
                damaged[path] = str(e)
                if path not in self.damaged:
                    log.warning("journal: %s cannot be read (%s) and is left out", path, e)
        self.damaged = damaged
        return rows
