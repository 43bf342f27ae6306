"""Reading the journal: for the page, the command line, and the gateway's filter of duplicates at start."""

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from gateway.errors import PayloadError
from gateway.journal import state
from gateway.journal.entry import Entry
from gateway.journal.month import Month
from gateway.journal.query import Page, Query
from gateway.journal.search import search
from gateway.journal.segments import BODY, COLUMNS, MAX_SEQ, Kind, connect_read_only, segments
from gateway.messages import Command, GiftEvent, decode, decode_event

log = logging.getLogger(__name__)

LOOK_BACK = 500_000
"""Records in which what happened lately is looked for: a start must not read the whole month."""
_LATELY = f"seq > (SELECT max(seq) FROM records) - {LOOK_BACK}"  # noqa: S608 - a number


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

    def since(self, seq: int, limit: int = 2000, until: int | None = None) -> list[Entry]:
        """The next ``limit`` records after ``seq``, oldest first; with ``until``, up to that seq."""
        sql = (
            f"SELECT {COLUMNS} FROM records WHERE seq > :seq AND seq <= :until "  # noqa: S608 - columns are ours
            "ORDER BY seq LIMIT :limit"
        )
        args: dict[str, object] = {"seq": seq, "until": MAX_SEQ if until is None else until, "limit": limit}
        entries = [Entry(*row) for row in self._rows(sql, args)]
        return sorted(entries, key=lambda e: e.seq)[:limit]

    def seq_of(self, event_id: str) -> int | None:
        """Where the event stands; None where it is not (any more)."""
        with self._opened() as months:
            found = [row for month in months for row in month.about(event_id, "seq, kind, id")]
        return min((seq for seq, *what in found if what == ["event", event_id]), default=None)

    def last_seq(self) -> int:
        """The newest record's; 0 where there is none."""
        return max((seq or 0 for (seq,) in self._rows("SELECT max(seq) FROM records", {})), default=0)

    def page(self, query: Query, limit: int = 100, *, newest_first: bool = True) -> Page:
        """Up to ``limit`` records that ``query`` means. Rests after half a second, however many there are:
        see ``Page``. A month that cannot be read is left out, see ``damaged``."""
        with self._opened() as months:
            return search(months, query, limit, newest_first)

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
        sql = f"SELECT seq, id, {BODY} FROM records WHERE {_LATELY} AND kind = 'command' ORDER BY seq DESC LIMIT :limit"  # noqa: S608, E501 - all ours
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
            f"SELECT seq, {BODY} FROM records WHERE seq >= :first AND time >= :since "  # noqa: S608 - all ours
            "AND kind = 'event' AND type = 'gift' ORDER BY seq DESC LIMIT :limit"
        )
        args = {"since": int(since * 1000), "limit": limit}
        found: list[tuple[int, bytes]] = []
        with self._opened() as months:
            for month in months:
                first = min((first for first, _ in month.within(args["since"], MAX_SEQ)), default=1)
                found += month.rows(sql, args | {"first": first})
        gifts: list[GiftEvent] = []
        for _, body in sorted(found)[-limit:]:
            with suppress(PayloadError):  # a row changed by hand
                event = decode_event(body)
                if isinstance(event, GiftEvent):
                    gifts.append(event)
        return gifts

    def _recent_ids(self, kind: Kind, limit: int) -> list[str]:
        sql = f"SELECT seq, id FROM records WHERE {_LATELY} AND kind = :kind ORDER BY seq DESC LIMIT :limit"  # noqa: S608 - all ours
        found = sorted(self._rows(sql, {"kind": kind, "limit": limit}))
        return [message_id for _, message_id in found[-limit:]]

    def _belonging(self, root: str) -> list[Entry]:
        with self._opened() as months:
            rows = [row for month in months for row in month.about(root, COLUMNS)]
        return sorted((Entry(*row) for row in rows), key=lambda e: e.seq)

    def _rows(self, sql: str, args: Mapping[str, object], schema: int = 1) -> list[Any]:
        """Of all files of ``schema`` or newer."""
        with self._opened(schema) as months:
            return [row for month in months for row in month.rows(sql, args)]

    @contextmanager
    def _opened(self, schema: int = 1) -> Iterator[list[Month]]:
        """All months of ``schema`` or newer, newest first; a file that is just being created has 0."""
        damaged: dict[Path, str] = {}
        with ExitStack() as stack:
            months: list[Month] = []
            for path in segments(self._folder):
                try:
                    month = Month(path, stack.enter_context(closing(connect_read_only(path))), damaged)
                    if month.schema >= schema:
                        months.append(month)
                except sqlite3.Error as e:
                    damaged[path] = str(e)
            yield months
        for path in damaged.keys() - self.damaged.keys():
            log.warning("journal: %s cannot be read (%s) and is left out", path, damaged[path])
        self.damaged = damaged
