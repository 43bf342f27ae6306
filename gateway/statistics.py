"""The statistics' room: what happened and what became of it -> sessions, sums, leaderboards -> disk and MQTT.

Everything is counted as it is written down, in the same order (``Recorder``). So at a start, what the journal
has beyond what was kept is counted again in that order, and a gateway that was killed counts on as if nothing had
been.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from typing import Literal

from msgspec.structs import replace

from gateway.errors import StorageError
from gateway.heard import Heard
from gateway.journal import Journal
from gateway.messages import (
    Ack,
    Event,
    Request,
    SessionEvent,
    SessionOrder,
    SessionRecord,
    stamp,
)
from gateway.recorder import Recorder
from gateway.recounting import counted_anew, gaps, last_summaries, last_written, settled, unsettled, with_session
from gateway.requests import Answer, Handler
from gateway.retained import RetainedStates
from gateway.review.library import Library
from gateway.review.requests import StatisticsRequests
from gateway.service import running
from gateway.settings.load import Config
from gateway.settings.yamlfile import did_you_mean
from gateway.standings import SUMMARIES, Debts, Standings
from gateway.stats.kept import Kept, Leaders
from gateway.stats.session import CONTINUES_S, SessionFold
from gateway.stats.totals import Totals
from gateway.stats.writer import StatsStore

log = logging.getLogger(__name__)

TICK_S = 1.0
SETTLE_S = 5.0
"""What is to be kept is looked at this often."""
ROUNDS = 3
"""So often is looked again, since sessions end meanwhile."""
AT_ONCE = 200
"""Messages that are counted in one go: some 2 ms."""
_DO: dict[object, Literal["started", "ended"]] = {"start": "started", "end": "ended"}


class Statistics:
    """``open`` before anything happens, ``running`` while the gateway runs. Belongs to the loop; nothing here
    waits for a disk but ``open`` and the end of ``running``. ``store``: the writer of their files; ``fault``: what
    it cannot keep, in words."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        heard: Heard,
        retained: RetainedStates,
        debts: Callable[[], Debts],
        clock: Callable[[], float],
    ) -> None:
        settings = config.settings
        data = config.base_dir / settings.gateway.data
        self.recorder = Recorder(journal, self._count)
        self._settings, self._usd = settings, settings.statistics.usd_per_coin
        self._journal, self._heard, self._clock = journal, heard, clock
        self.store = StatsStore(data, lambda: self._kept)
        self._library = Library(settings, data)
        self._standings = Standings(settings, self._library, retained, self._practises, debts)
        self._kept = Kept()
        self._totals = Totals(self._usd)
        self._late: deque[Event | Ack] | None = deque()  # what is counted once the past is; None from then on
        self._changed, self._settled_at = False, 0.0
        self._practising: dict[str, bool] = {}
        self._due: dict[str, SessionFold] = {}  # to be archived, the oldest of an account first
        self._archiving = asyncio.Lock()
        self._forgotten: list[str] = []  # what was worked out of them before is not kept any more
        self.handlers: dict[str, Handler] = {
            "session": self._order,
            **StatisticsRequests(self._library, self.look, clock).handlers,
        }

    @property
    def fault(self) -> str:
        return self.store.fault

    def look(self, account: str) -> Callable[[], SessionRecord] | None:
        """The session that runs or was the last, as it is now; of practice, while the account practises. To be
        called in a thread, for there may be many viewers."""
        fold = self._totals.session(account, simulated=self._practises(account))
        return None if fold is None else self._standings.look(fold, self._clock())

    def forget(self, viewer: str) -> None:
        """What a viewer gave to the sessions that run was given by nobody from now on."""
        self._forgotten.append(viewer)
        self._take_out(viewer)
        self._standings.forget()

    def _take_out(self, viewer: str) -> None:
        running = (account.session for account in self._totals if account.session is not None)
        for fold in (*running, *self._due.values()):
            fold.contributions.forget(viewer)

    # -- counting ----------------------------------------------------------------------------------

    def _count(self, message: Event | Ack) -> None:
        if self._late is not None:
            self._late.append(message)
        else:
            self._fold(message)
            self._changed = True

    def _fold(self, message: Event | Ack) -> None:
        if isinstance(message, Ack):
            ended = self._totals.ack(message)
        else:
            account, simulated = message.account, message.simulated
            if account:
                self._practising[account] = simulated
            before = self._totals.session(account, simulated=simulated)
            ended = self._totals.event(message)
            if before is not None and before is not self._totals.session(account, simulated=simulated):
                self._due[before.id] = before  # over for good: its givers go to the leaders
        if ended is not None:
            self._due[ended.id] = ended

    async def _settle(self) -> None:
        """What is kept was counted of records that are on disk: then a start finds its place among them. It looks
        at none of them again, so no session may have ended there that is not in the archive."""
        for _ in range(ROUNDS):
            self._changed = False
            await self._archive()
            await self._journal.flush()  # where the disk refuses, none of them is there, which is as good
            if not self._due:
                self._kept = self._totals.kept(self._journal.durable)
                self.store.touch()
                return
        self._changed = True

    # -- start -------------------------------------------------------------------------------------

    async def open(self) -> set[str]:
        """What was kept; the accounts that were ever counted. What cannot be read is a ``fault``."""
        self._kept, self._until = await self.store.open(), self._journal.durable
        if self.store.upgraded:  # what was kept before there was a mark has counted all of the journal
            self._kept = replace(self._kept, mark=self._until)
        return {account.account for account in self._kept.accounts}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with running("statistics", self._serve):
            try:
                yield
            finally:
                if self._late is None:  # else what was kept stands, and the journal has the rest
                    await self._settle()
                await self.store.close()

    async def _serve(self) -> None:
        if self._late is not None:
            await self._catch_up()
        while True:
            await self._tick(self._clock())
            await asyncio.sleep(TICK_S)

    async def _catch_up(self) -> None:
        """Count what the journal has beyond what was kept, and then what has happened meanwhile."""
        began = self._clock()
        self._totals, ended = await asyncio.to_thread(
            counted_anew, self._journal.reader, self._kept, self._until, self._clock(), self._usd
        )
        self._due |= {fold.id: fold for fold in ended}
        while self._late:  # after a long session they are many, and machines wait for the loop
            for _ in range(min(len(self._late), AT_ONCE)):
                self._fold(self._late.popleft())
            await asyncio.sleep(0)
        self._late = None
        there = await asyncio.to_thread(last_written, self._journal.reader, self._until)
        for gap in gaps(self._totals, there, began, self._settings.gateway.id):
            self.recorder.append(gap)
        for viewer in self._forgotten:  # meanwhile
            self._take_out(viewer)
        async with self._archiving:  # what ended meanwhile comes after it
            await self._settle_leaders()
        await self._settle()
        log.info("statistics: up to date after %.1f s", self._clock() - began)
        for summary in (await asyncio.to_thread(last_summaries, self._library))[:SUMMARIES][::-1]:
            self._standings.show_summary(summary)

    async def _settle_leaders(self) -> None:
        """Sessions that are over and archived, but not among the leaders: the gateway ended in between."""
        for account in list(self._totals):
            forgotten, leaders = len(self._forgotten), self.store.leaders(account.account, account.simulated)
            now = "" if account.session is None else account.session.id
            try:
                missing = await asyncio.to_thread(unsettled, self._library, leaders, now)
            except StorageError as e:
                log.warning("statistics: leaders of %s: %s", account.account, e)
                continue
            for record in missing:
                if record.summary.id in self._due:
                    continue  # it went on after it was archived
                leaders = await asyncio.to_thread(with_session, leaders, record)
                if forgotten != len(self._forgotten):
                    return  # they may name who was forgotten; the next start does it
                self.store.archive(record, leaders)

    # -- while it runs -----------------------------------------------------------------------------

    async def _tick(self, now: float) -> None:
        for account in self._totals:
            session = account.session
            if session is not None and session.ended is None and now - session.last > CONTINUES_S:
                session.end(session.last)  # nobody told us; this is when it was last heard
                self._due[session.id] = session
        await self._archive()
        if self._changed and not 0 <= now - self._settled_at < SETTLE_S:  # also when the clock was set back
            self._settled_at = now
            await self._settle()
        await self._standings.show(self._totals, now)
        await self._standings.show_boards(self._totals, now)

    async def _archive(self) -> None:
        async with self._archiving:
            for fold in list(self._due.values()):
                record, leaders = await self._put_away(fold)
                self.store.archive(record, leaders)
                self._standings.show_summary(record.summary)

    async def _put_away(self, fold: SessionFold) -> tuple[SessionRecord, Leaders]:
        """Its record, and its account's leaders with it. Nobody is in them who is forgotten meanwhile."""
        while True:
            self._due.pop(fold.id, None)  # what changes from here on is due again
            forgotten = len(self._forgotten)
            # Givers of the last session are added when another one begins: until then it may go on.
            over = fold is not self._totals.session(fold.account, simulated=fold.simulated)
            leaders = self.store.leaders(fold.account, fold.simulated)
            look = self._standings.look(fold, self._clock())
            record, after = await asyncio.to_thread(settled, look, leaders, over)
            if forgotten == len(self._forgotten):
                return record, after

    def _practises(self, account: str) -> bool:
        return self._practising.get(account, False)

    # -- what people want --------------------------------------------------------------------------

    def _order(self, request: Request) -> Answer:
        """Begin or end a session by hand."""
        account, do = request.params.get("account"), request.params.get("do")
        if not isinstance(account, str) or do not in _DO:
            return "expected params: {account: its name, do: start or end}", {}
        if self._late is not None:
            return "what happened before this start is still being counted; ask again in a moment", {}
        simulated, now, accounts = self._practises(account), stamp(self._clock()), self._settings.accounts
        session = self._totals.session(account, simulated=simulated)
        if account not in accounts and session is None:
            return f"account {account!r} is not known{did_you_mean(account, accounts)}", {}
        # The transaction names the order: what a broker brings twice is done once.
        name = blake2b(request.transaction.encode(), digest_size=12).hexdigest()
        order = SessionEvent(
            id=f"session/{account}/{name}",
            source=f"/gateway/{self._settings.gateway.id}",
            time=now,
            received=now,
            account=account,
            simulated=simulated,
            data=SessionOrder(phase=_DO[do], by=request.by),
        )
        # Nothing was heard since it was begun by hand: it is as new as another one.
        is_new = session is not None and session.opened == "hand" and session.last == session.since
        if order not in self._heard and not (do == "start" and is_new):
            if do == "end" and (session is None or session.ended is not None):
                return f"no session of {account!r} runs", {}
            self.recorder.append(self._heard.add(order), urgent=True)
            session = self._totals.session(account, simulated=simulated)
        return "", {"session": session.id if session is not None else ""}
