"""Carrying out what the rules decide: here a gift becomes commands, and the rules hear what became of them.

``Deciding.happened`` -> ``rules.engine.decide`` -> ``Dispatcher.submit``; ``Deciding.ended`` brings each ending
back. What the rules remember is written to disk in the same commit as the event that changed it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

from gateway.dispatch.dispatcher import Dispatcher
from gateway.latest import Latest
from gateway.messages import KINDS, MERGED_KINDS, Ack, Command, Decided, Event, Outcome, Status, seconds
from gateway.rules import engine
from gateway.rules.engine import Decision, Program
from gateway.rules.state import State
from gateway.trace import noteworthy

log = logging.getLogger(__name__)

DOUBT_S = 10.0
"""What a connector received before the start may have moved something in an earlier run, which was killed before
it was on disk. Clocks differ: what it received so long after the start counts as well."""
LONGEST_NAP_S = 30.0
"""Seconds until the rules' clocks are looked at again, whatever they say: somebody may set the machine's clock."""


class Records(Protocol):
    """Where all is written down: ``gateway.journal.Journal``, or what stands in for it in a back-test."""

    def append(
        self,
        record: Event | Command | Ack | Decided,
        *,
        urgent: bool = ...,
        simulated: bool = ...,
        on_durable: Callable[[], None] | None = ...,
        state: Mapping[str, bytes | None] = ...,
    ) -> None: ...

    def keep(self, state: Mapping[str, bytes | None]) -> None: ...


class Notes(Protocol):
    """Who hears every rule's word on every event, before what follows is sent: ``gateway.trace.TraceBook``."""

    def decided(self, event: Event, decided: Decided, commands: Iterable[Command] = ...) -> None: ...

    def commanded(self, command: Command) -> None: ...


class Deciding:
    """The rules at work. Belongs to one loop."""

    def __init__(
        self,
        program: Program,
        dispatcher: Dispatcher,
        journal: Records,
        trace: Notes,
        clock: Callable[[], float],
    ) -> None:
        self.program, self.state, self.latest = program, State(), Latest()
        self._dispatcher, self._journal, self._trace, self._clock = dispatcher, journal, trace, clock
        self._endings: deque[Ack] = deque()
        self._working = False
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at: float | None = None
        self._stopped = False
        self._doubt_until = clock() + DOUBT_S

    # -- what happens ------------------------------------------------------------------------------

    def happened(
        self, event: Event, *, urgent: bool = False, on_durable: Callable[[], None] | None = None
    ) -> Decision:
        """Decide, write it down, send what follows on its way. ``on_durable`` runs once the event is on disk.

        The broker keeps the event until then; a crash in between brings it again, with the same command ids, and
        the boards know those.
        """
        decision = engine.decide(self.program, event, self._clock(), self.state)
        urgent = urgent or bool(decision.commands)  # what moves nothing may come again after a kill
        # First the event with what it changed, as one: its commands' endings may come before the next line.
        self._journal.append(event, urgent=urgent, on_durable=on_durable, state=self.state.changes())
        self._carry_out(decision, event)
        return decision

    def ended(self, ack: Ack) -> None:
        """A command came to its ending."""
        self._endings.append(ack)
        self._work()

    def _work(self) -> None:
        """Endings one by one: carrying one out may end the next command at once, and so on for a whole run."""
        if self._working:
            return
        self._working = True
        try:
            while self._endings:
                ack = self._endings.popleft()
                decision = engine.ended(self.program, ack, self._clock(), self.state)
                urgent = ack.status is Status.DONE or ack.times.sent is not None
                written = partial(self._dispatcher.written, ack.station, ack.id)
                self._journal.append(
                    ack, urgent=urgent, simulated=ack.simulated, on_durable=written, state=self.state.changes()
                )
                self._carry_out(decision)
        finally:
            self._working = False

    def _wake(self) -> None:
        self._timer = None
        decision = engine.wake(self.program, self._clock(), self.state)
        if decision.events or decision.commands:
            changes: Mapping[str, bytes | None] = self.state.changes()
            for event in decision.events:
                self._journal.append(event, urgent=bool(decision.commands), state=changes)
                changes = {}
            if changes:
                self._journal.keep(changes)
        else:
            self._keep()
        self._carry_out(decision)

    def _carry_out(self, decision: Decision, happened: Event | None = None) -> None:
        self._note(decision, [*decision.events, happened] if happened is not None else decision.events)
        for run, why in decision.cancelled.items():
            self._dispatcher.cancel_run(run, why)
        for command in decision.commands:
            repeated, doubtful = command.id in decision.repeated, self._doubtful(command)
            self._dispatcher.submit(command, again=repeated, doubtful=doubtful)
        for command in decision.commands:
            self._journal.append(command, urgent=True, simulated=command.simulated)
        self._work()
        self._arm()

    def _doubtful(self, command: Command) -> bool:
        return command.received is not None and seconds(command.received) < self._doubt_until

    def _note(self, decision: Decision, events: Iterable[Event]) -> None:
        """For the trace; before the commands are sent, for their first steps come at once."""
        of = {event.id: event for event in events}
        for decided in decision.decided:
            event = of[decided.event]
            self._trace.decided(event, decided, [c for c in decision.commands if c.cause == event.id])
            if (kept := noteworthy(decided)) is not None:
                self.latest.decided(event, kept)
                if not _only_counts(event, kept):
                    self._journal.append(kept, simulated=event.simulated)
        for command in decision.commands:
            if command.cause not in of:
                self._trace.commanded(command)

    def _keep(self) -> None:
        if changes := self.state.changes():
            self._journal.keep(changes)

    def ordered(self, command: Command) -> None:
        """A command that no rule made."""
        self._trace.commanded(command)
        self._dispatcher.submit(command)
        self._journal.append(command, urgent=True)

    # -- what people want ---------------------------------------------------------------------------

    def load(self, program: Program) -> None:
        """Other rules are in force from now on. Runs that go on are data, and end under those they began with."""
        self.program = program
        engine.begin(program, self._clock(), self.state)
        self._keep()
        self._arm()

    def halt(self, words: str, *, owed: bool) -> None:
        """Everything was stopped or disarmed: runs begin nothing more."""
        decision = engine.halt(self.program, self._clock(), self.state, words, owed=owed)
        self._keep()
        self._carry_out(decision)

    @property
    def unpayable(self) -> str:
        """Why nothing can be given now, in words; empty when it can."""
        return f"{why}; what is owed stays owed" if (why := self.still) else ""

    @property
    def still(self) -> str:
        """Why no machine moves now, in words; empty when they may."""
        if self._dispatcher.mode != "live":
            return f"{self._dispatcher.mode}: nothing moves now"
        return "" if self._dispatcher.armed else "not armed: arm first"

    def pay(self, run: str) -> bool:
        """Give again what a run is owed; False when it is not owed anything. Ask ``unpayable`` first."""
        decision = engine.pay(self.program, run, self._clock(), self.state)
        if decision is None:
            return False
        self._keep()
        self._carry_out(decision)
        return True

    def set_counter(self, name: str, value: float) -> str:
        """Rules that listen to it hear of it. An empty text, or in words why not; this and the next two."""
        return self._ordered(engine.set_counter(self.program, name, value, self._clock(), self.state))

    def set_timer(self, name: str, seconds: float) -> str:
        """So many seconds from now; 0 stops it."""
        return self._ordered(engine.set_timer(self.program, name, seconds, self._clock(), self.state))

    def lock_stage(self, name: str, level: str | None) -> str:
        """Keep it on a level; None: it follows what is measured again."""
        return self._ordered(engine.lock_stage(self.program, name, level, self._clock(), self.state))

    def _ordered(self, decision: Decision | str) -> str:
        if isinstance(decision, str):
            return decision
        self._keep()
        self._carry_out(decision)
        return ""

    def forgive(self, run: str) -> bool:
        found = engine.forgive(self.program, run, self._clock(), self.state)
        self._keep()
        return found

    def at_once(self, ack: Ack) -> bool:
        """The command was the first of its run, and nothing of the rule's or a person's own held it back: how long
        it took says something of the gateway."""
        run = self.state.runs.get(ack.id.rpartition("/")[0])
        return run is not None and not run.again and ack.id == f"{run.id}/0"

    def observe(self, station: str, *, online: bool) -> None:
        """What conditions see of a station may have changed."""
        busy = bool(self._dispatcher.running(station) or self._dispatcher.waiting(station))
        self.state.stations[station] = "offline" if not online else "busy" if busy else "idle"

    # -- start and stop -----------------------------------------------------------------------------

    def restore(self, kept: Mapping[str, bytes]) -> None:
        """Go on from what an earlier run of the gateway remembered."""
        self.state, lost = State.restored(kept)
        if lost:
            log.error(
                "rules: %d things remembered cannot be read, and begin anew: %s", len(lost), ", ".join(lost[:5])
            )
        self.load(self.program)

    @property
    def open(self) -> set[str]:
        """The commands that runs wait for."""
        return {command_id for run in self.state.runs.values() for command_id in run.open}

    def pick_up(self, *, armed: bool) -> int:
        """What an earlier run of the gateway was killed over: its boards say what became of it, before anything
        moves. What they never had is done now, within its deadline, where machines are ``armed`` at the start
        (simulated ones). Else it is over: nobody may be surprised by a gift of before; and what was paid for is
        owed. Returns how many commands that are."""
        now, left = self._clock(), engine.left(self.state)
        for command in left:
            if armed and seconds(command.expires_at) > now:
                self._dispatcher.submit(command, again=True)
            else:
                self._dispatcher.leave(command)
        return len(left)

    def clocks(self, running: bool) -> None:
        """Whether time alone may set anything in motion. They run from the beginning; what came due meanwhile
        follows when they run again."""
        self._stopped = not running
        self._arm()

    def close(self) -> None:
        """Time sets nothing in motion any more."""
        self.clocks(False)

    def _arm(self) -> None:
        """Wake when the next step, timer or clock is due."""
        now = self._clock()
        at = None if self._stopped else engine.due(self.program, self.state, now)
        if at == self._wakes_at and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wakes_at = at
        if at is not None:
            delay = min(max(at - now, 0.0), LONGEST_NAP_S)
            self._timer = asyncio.get_running_loop().call_later(delay, self._wake)


def _only_counts(event: Event, decided: Decided) -> bool:
    """Another few likes on the way to a number: too many to keep a row of each."""
    return KINDS[type(event)] in MERGED_KINDS and all(r.outcome is Outcome.WAITING for r in decided.reasons)
