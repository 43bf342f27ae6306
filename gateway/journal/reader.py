"""Reading the journal: for the page, the command line, and the gateway's filter of duplicates at start."""

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway.errors import PayloadError
from gateway.journal.segments import COLUMNS, Kind, connect_read_only, segments
from gateway.messages import Ack, Command, Event, GiftEvent, decode, decode_event

log = logging.getLogger(__name__)


class Entry(Struct, frozen=True):
    """One row. ``time``: milliseconds since 1970. ``type``: kind of event, action, or status.
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

    def message(self) -> Event | Command | Ack:
        """The message as it was. Raises ``PayloadError`` for a row changed by hand."""
        match self.kind:
            case "event":
                return decode_event(self.body)
            case "command":
                return decode(self.body, Command)
            case "ack":
                return decode(self.body, Ack)


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
        account: str | None = None,
        simulated: bool | None = None,
        before: int | None = None,
    ) -> list[Entry]:
        """The newest ``limit`` entries, newest first; ``before`` a ``seq`` gives the next page."""
        where, args = ["1"], dict[str, object](limit=limit)
        for column, value in (("kind", kind), ("account", account), ("simulated", simulated)):
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
        """Event -> commands -> acks, in the order of happening, from the id of the event or of a command."""
        entries = self._belonging(message_id)
        root = next((e.cause for e in entries if e.kind == "command" and e.cause != message_id), None)
        return entries if root is None else self._belonging(root)

    def recent_event_ids(self, limit: int) -> list[str]:
        """Ids of the last ``limit`` events, oldest first: a filter of duplicates that survives a restart."""
        return self._recent_ids("event", limit)

    def recent_command_ids(self, limit: int) -> list[str]:
        """Ids of the last ``limit`` commands, oldest first."""
        return self._recent_ids("command", limit)

    def unfinished(self, limit: int) -> list[Command]:
        """Those of the last ``limit`` commands that were told no ending, oldest first."""
        sql = "SELECT seq, id FROM records WHERE kind = 'command' ORDER BY seq DESC LIMIT :limit"
        recent = sorted(self._rows(sql, {"limit": limit}))[-limit:]
        if not recent:
            return []
        # Every ack that is kept is an ending. One that came at once may stand a little before its command.
        first = recent[0][0] - limit
        acks = self._rows("SELECT id FROM records WHERE seq > :first AND kind = 'ack'", {"first": first})
        ended = {command_id for (command_id,) in acks}
        commands: list[Command] = []
        for command_id in (i for _, i in recent if i not in ended):
            rows = self._rows("SELECT body FROM records WHERE id = :id AND kind = 'command'", {"id": command_id})
            with suppress(PayloadError):  # a row changed by hand
                commands += [decode(body, Command) for (body,) in rows]
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

    def _rows(self, sql: str, args: dict[str, object]) -> list[Any]:
        rows: list[Any] = []
        damaged: dict[Path, str] = {}
        for path in segments(self._folder):
            try:
                with closing(connect_read_only(path)) as db:
                    if db.execute("PRAGMA user_version").fetchone() != (0,):  # 0: just being created
                        rows += db.execute(sql, args)
            except sqlite3.Error as e:
                damaged[path] = str(e)
                if path not in self.damaged:
                    log.warning("journal: %s cannot be read (%s) and is left out", path, e)
        self.damaged = damaged
        return rows
