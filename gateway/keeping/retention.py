"""Retention: what is older than ``gateway.keep_days`` goes, with the names of viewers in it.

Sums stay: sessions keep their numbers, and the leaders of all time stay until somebody asks to be erased
(docs/decisions/0021-forgetting.md).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway import messages as m
from gateway import wording
from gateway.errors import StagewireError, StorageError
from gateway.journal.months import Month, count, delete, months
from gateway.keeping.backup import kept, time_of
from gateway.keeping.files import sync_folder
from gateway.keeping.find import all_records
from gateway.keeping.forget import together
from gateway.keeping.inventory import backup_folder, data_folder
from gateway.settings.load import Config
from gateway.stats import archive
from gateway.wording import several

log = logging.getLogger(__name__)
T = TypeVar("T")

QUIET_DAYS = 31
"""Days. A longer time without any record counts as so long: a clock that was set years ahead makes nothing old."""
FIRST_S, EVERY_S = 600.0, 24 * 3600.0
"""Seconds until the gateway looks for the first time after a start, and between two looks."""
_DAY_MS = 86_400_000


class Gone(Struct, frozen=True, kw_only=True):
    """A month that goes."""

    file: str
    records: int
    since: str
    until: str
    bytes: int


class Plan(Struct, frozen=True, kw_only=True):
    """What would go now: ``months`` of the journal, the viewers' names in ``sessions``, and files ``damaged`` long
    ago. ``why``: nothing goes by itself, and why, in words."""

    keep_days: int
    months: list[Gone] = []
    sessions: list[str] = []
    damaged: list[str] = []
    why: str = ""

    @property
    def anything(self) -> bool:
        return bool(self.months or self.sessions or self.damaged)

    @property
    def words(self) -> str:
        """In a line, for the log."""
        records, size = sum(g.records for g in self.months), wording.size(sum(g.bytes for g in self.months))
        return (
            f"{several(len(self.months), 'month')} of the journal ({several(records, 'record')}, {size}), "
            f"names in {several(len(self.sessions), 'session')}, {several(len(self.damaged), 'damaged file')}"
        )


def plan(data: Path, keep_days: int, now: float) -> Plan:
    """Reads only. ``now``: seconds since 1970. Raises ``StorageError``."""
    try:
        found = months(data)
        # A month's file spans no longer silence than counts in full, so its two ends are enough.
        age = _Age([at for month in found for at in (month.first, month.last) if at is not None], now)
        past = [month.last for month in found if month.last is not None and month.last <= now * 1000]
        old = [x for x in found if not x.needed and x.last is not None and age.days(x.last) > keep_days]
        sessions = [
            record.summary.id
            for _, record in all_records(data)
            if record.contributions and age.days(m.seconds(record.summary.last) * 1000) > keep_days
        ]
        damaged = [p for p in _damaged(data) if age.days(p.stat().st_mtime * 1000) > keep_days]
    except OSError as e:
        raise StorageError(f"{data} cannot be read: {e}") from e
    why = ""
    if past and (silent := (now - max(past) / 1000) / 86400) > keep_days:
        why = (
            f"the newest record is {silent:.0f} days old, more than are kept ({keep_days}): "
            "either nothing happened here for so long, or this machine's clock is wrong; look at the clock first"
        )
    return Plan(
        keep_days=keep_days,
        months=[_gone(month) for month in old],
        sessions=sorted(sessions),
        damaged=[path.name for path in damaged],
        why=why,
    )


def delete_months(data: Path, planned: Plan) -> None:
    """In the journal's place: the gateway's own writer, or nobody's. Raises ``StorageError``."""
    try:
        needed = {month.path.name for month in months(data) if month.needed}
        for name in [gone.file for gone in planned.months if gone.file not in needed]:
            delete(data / name)
        for name in planned.damaged:
            (data / name).unlink(missing_ok=True)
        sync_folder(data)
    except OSError as e:
        raise StorageError(f"{e.filename or data} cannot be deleted: {e.strerror}") from e


def drop_names(data: Path, planned: Plan) -> None:
    """In the statistics' place. Raises ``StorageError``."""
    old = frozenset(planned.sessions)

    def without_names(record: m.SessionRecord) -> m.SessionRecord:
        if record.summary.id not in old:
            return record
        return replace(record, contributions=[], others=together([record.others, *record.contributions]))

    if old:
        archive.rewrite(data, without_names)


class Writer(Protocol):
    """``Journal`` and ``StatsStore``: who lets others work on the files."""

    async def exclusively(self, work: Callable[[Path], T]) -> T: ...


class Retention:
    """Retention in a gateway that runs: once a day by itself (``run``), and when it is asked (``handlers``)."""

    def __init__(
        self, config: Config, journal: Writer, store: Writer, clock: Callable[[], float] = time.time
    ) -> None:
        self.handlers: Mapping[str, Any] = {"retention": self._asked}
        self._config, self._journal, self._store, self._clock = config, journal, store, clock
        self._data, self._keep_days = data_folder(config), config.settings.gateway.keep_days
        self._said = ""

    async def run(self) -> None:
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                await self.once()
            except StagewireError as e:
                self._say(f"retention: not now: {e}")
            await asyncio.sleep(EVERY_S)

    async def once(self) -> Plan:
        """What is due by itself; returns what went. Raises ``StorageError``."""
        planned = await self._plan()
        if not planned.anything:
            return planned
        if why := planned.why or await asyncio.to_thread(self._not_backed_up, planned):
            self._say(f"retention: nothing is deleted: {why}")
            return Plan(keep_days=self._keep_days, why=why)
        await self._apply(planned)
        return planned

    async def _asked(self, request: m.Request) -> tuple[str, dict[str, Any]]:
        planned = await self._plan()
        if request.params.get("apply") is True and planned.anything:
            if planned.why and request.params.get("force") is not True:
                return planned.why, {}
            await self._apply(planned)
        return "", msgspec.to_builtins(planned)

    async def _plan(self) -> Plan:
        return await asyncio.to_thread(plan, self._data, self._keep_days, self._clock())

    async def _apply(self, planned: Plan) -> None:
        await self._store.exclusively(lambda folder: drop_names(folder, planned))
        await self._journal.exclusively(lambda folder: delete_months(folder, planned))
        log.warning("retention: gone, since it is older than %d days: %s", self._keep_days, planned.words)

    def _not_backed_up(self, planned: Plan) -> str:
        """Why a month must stay for now, in words: backups are wanted, and none holds it yet."""
        if self._config.settings.gateway.backup is None or not planned.months:
            return ""
        backups = kept(backup_folder(self._config), self._config.settings.venue)
        until = max(m.seconds(gone.until) for gone in planned.months)
        if backups and time_of(backups[0]) > until:
            return ""
        return f"no backup holds {planned.months[-1].file} yet; it is deleted once there is one"

    def _say(self, words: str) -> None:
        log.log(logging.DEBUG if words == self._said else logging.WARNING, "%s", words)
        self._said = words


class _Age:
    """How old something is, by the times at which anything was recorded (ms): see ``QUIET_DAYS``."""

    def __init__(self, recorded: list[int], now: float) -> None:
        self._now = int(now * 1000) // _DAY_MS
        # Newest first; what lies in the future was written by a clock that was wrong.
        self._days = sorted({day for at in recorded if (day := at // _DAY_MS) <= self._now}, reverse=True)

    def days(self, at_ms: float) -> int:
        """Of that time. What is not past is not old."""
        target, age, last = int(at_ms) // _DAY_MS, 0, self._now
        for day in [*(d for d in self._days if d > target), target]:
            age += min(last - day, QUIET_DAYS)
            last = day
        return age


def _gone(month: Month) -> Gone:
    assert month.first is not None
    assert month.last is not None
    since, until = m.stamp(month.first / 1000), m.stamp(month.last / 1000)
    return Gone(file=month.path.name, records=count(month.path), since=since, until=until, bytes=month.bytes)


def _damaged(data: Path) -> list[Path]:
    return sorted([*data.glob("journal-*.damaged-*"), *(p for p in archive.set_aside(data) if p.parent == data)])
