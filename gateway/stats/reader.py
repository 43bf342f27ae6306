"""Reading what statistics are kept: for the page, the command line, and the gateway's own answers."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import StorageError
from gateway.messages import SessionRecord, SessionSummary, seconds, stamp
from gateway.stats import archive
from gateway.stats.kept import Kept, Leaders
from gateway.stats.storage import CrashSafeFile
from gateway.stats.tables import Database, kept_of, stats_path

log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9-]{1,32}")


class StatsReader:
    """Read-only; opens per call, so any thread and any process may use it while the gateway writes: every answer
    is made of whole files.

    What is damaged is logged once and named in ``damaged`` (path -> why): show it, for the answer is then older
    or incomplete. A file that cannot be read at all (rights, a newer Stagewire) raises ``StorageError``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.damaged: dict[Path, str] = {}

    def kept(self, simulated: bool = False) -> Kept:
        """Accounts with their sums and latest session; of real statistics also stations, catalogue and mark."""
        return kept_of(self._opened(stats_path(self._folder, simulated)))

    def leaders(self, account: str, simulated: bool = False) -> Leaders:
        """Who gave most to ``account`` in all its sessions that ended."""
        db = self._opened(archive.leaders_path(self._folder, simulated))
        found = (leaders for leaders in db.all_of("leaders", Leaders) if leaders.account == account)
        return next(found, Leaders(account=account, simulated=simulated))

    def summaries(
        self,
        simulated: bool = False,
        since: float | None = None,
        until: float | None = None,
        account: str | None = None,
    ) -> list[SessionSummary]:
        """Sessions that ended, newest first: those that began from ``since`` on and before ``until`` (seconds
        since 1970)."""
        first = "" if since is None else stamp(since)[:4]
        last = "9999" if until is None else stamp(until)[:4]
        found = [
            summary
            for year, path in archive.year_files(self._folder, simulated)
            if first <= year <= last
            for summary in self._opened(path).all_of("sessions", SessionSummary)
            if account in (None, summary.account)
            and (since is None or seconds(summary.since) >= since)
            and (until is None or seconds(summary.since) < until)
        ]
        return sorted(found, key=lambda summary: (summary.since, summary.id), reverse=True)

    def record(self, session: str) -> SessionRecord | None:
        """A session that ended, real or practice, with all its parts.

        None where there is none of this id, or its details are damaged or gone; its summary may still be there.
        Of a session that ran before details were kept (schema 1) only summary and gifts are known.
        """
        if not _ID.fullmatch(session):
            return None
        for simulated in (False, True):
            record = self._details(archive.details_path(self._folder, session, simulated))
            if record is not None:
                return record
        return self._older(session)

    def records_since(self, account: str, simulated: bool, since: float) -> Iterator[SessionRecord]:
        """The sessions of ``account`` that began from ``since`` on (seconds since 1970) and ended, newest first,
        one in memory at a time. One whose details cannot be read is left out, and named in ``damaged``."""
        for summary in self.summaries(simulated, since=since, account=account):
            path = archive.details_path(self._folder, summary.id, simulated)
            try:
                record = self._details(path) or self._older(summary.id)
            except StorageError as e:
                self._note(path, str(e))
                continue
            if record is not None:
                yield record
            elif path not in self.damaged:
                self._note(path, f"{path} is missing")

    def _details(self, path: Path) -> SessionRecord | None:
        file = CrashSafeFile(path, read_only=True)
        record = file.read(SessionRecord)
        self._note(path, file.trouble)
        return record

    def _older(self, session: str) -> SessionRecord | None:
        for simulated in (False, True):
            for _, path in archive.year_files(self._folder, simulated):
                for record in self._opened(path).all_of("older", SessionRecord):
                    if record.summary.id == session:
                        return record
        return None

    def _opened(self, path: Path) -> Database:
        db = Database(path, read_only=True)
        self._note(path, db.trouble)
        return db

    def _note(self, path: Path, trouble: str) -> None:
        if not trouble:
            self.damaged.pop(path, None)
        else:
            log.log(logging.DEBUG if path in self.damaged else logging.ERROR, "stats: %s", trouble)
            self.damaged[path] = trouble
