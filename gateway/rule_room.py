"""The rules' room in the gateway: the set in force, what it listens to, what it shows, and what is asked of it."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping

from gateway.bus import Bus
from gateway.deciding import Deciding, Records
from gateway.dispatch.dispatcher import Dispatcher
from gateway.drivers.base import Driver
from gateway.heard import REMEMBERED_EVENTS, Heard
from gateway.journal import JournalReader
from gateway.messages import Event, seconds
from gateway.requests import Requests
from gateway.retained import RetainedStates
from gateway.rule_requests import RuleRequests, ledger_state, rules_state
from gateway.rulebook import Rulebook
from gateway.rules.engine import Decision, compile_rules
from gateway.service import running
from gateway.settings.load import Config, Rules
from gateway.settings.models import RuleBook
from gateway.standings import Account, Debts
from gateway.topic_events import TopicEvents
from gateway.topics import Topics
from gateway.trace import TraceBook

log = logging.getLogger(__name__)


class RuleRoom:
    """``load`` before anything happens, ``begin`` when everything is ready; ``running`` while the gateway runs."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        drivers: Mapping[str, Driver],
        records: Records,
        reader: JournalReader,
        heard: Heard,
        orders: Bus,
        retained: RetainedStates,
        requests: Requests,
        clock: Callable[[], float],
    ) -> None:
        self._settings, self._clock, self._heard = config.settings, clock, heard
        self._dispatcher, self._drivers, self._retained = dispatcher, drivers, retained
        self._reader = reader
        self._topics = Topics(config.settings.venue)
        self.trace = TraceBook(self._reader)
        program = compile_rules(config.rules, config.settings)
        self.deciding = Deciding(program, dispatcher, records, self.trace, clock)
        self.topics = TopicEvents(orders, self.happened, clock)
        data = config.base_dir / config.settings.gateway.data
        self._rulebook = Rulebook(config.settings, config.base_dir, data, self._on_rules, clock, self._compile)
        self._rules, self._loaded = Rules(), 0.0
        self._balanced = True
        self._compiled = self._rules, program
        requests.add(RuleRequests(self.deciding, self.happened, self.trace, clock).handlers)
        requests.add({"rules": lambda r: self._rulebook.request(r.params, r.text, r.by)})

    def load(self, remembered: Mapping[str, bytes]) -> None:
        """The rules' file as it stands, and what the rules remembered. Time sets nothing in motion yet."""
        self.deciding.clocks(False)
        self.deciding.restore(remembered)
        self._on_rules(self._rulebook.load())

    def begin(self, *, armed: bool) -> None:
        """Everything is ready. First what an earlier run of the gateway was killed over, so that nobody may wonder
        what became of it; then the clocks."""
        known = self.deciding.open
        orders = [c for c in self._reader.unfinished(REMEMBERED_EVENTS) if c.id not in known]
        for command in orders:
            self._dispatcher.leave(command)
        if left := len(orders) + self.deciding.pick_up(armed=armed):
            log.warning("%d commands of an earlier run were left without an ending; their boards are asked", left)
        self.deciding.clocks(True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the rules' file."""
        async with running("rules", self._rulebook.follow):
            yield

    def happened(self, event: Event) -> Decision | None:
        """Something happened in the venue itself: an input, a press, a message of others. None: it was heard
        before, and counts once."""
        if event in self._heard:
            return None
        return self.deciding.happened(self._heard.add(event))

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        return self._rules.book

    @property
    def fingerprint(self) -> str:
        """Of the settings and the rules in force: two gateways with the same one decide alike."""
        return self._rules.fingerprint

    def observe(self, station: str) -> None:
        """What the rules' conditions see of a station may have changed."""
        self.deciding.observe(station, online=self._drivers[station].health.online)

    def forget(self, viewer: str) -> None:
        """What is remembered for looking at only."""
        self.trace.forget(viewer)
        self.deciding.latest.forget(viewer)

    def debts(self) -> Debts:
        """How many actions each account is owed now, and for what was heard when."""
        debts = list(self.deciding.state.owed.values())

        def look() -> dict[Account, list[tuple[float, int]]]:
            found: dict[Account, list[tuple[float, int]]] = {}
            for debt in debts:
                cause = debt.run.cause
                owed = found.setdefault((cause.account, cause.simulated), [])
                owed.append((seconds(cause.received), len(debt.run.kept)))
            return found

        return look

    def show(self) -> None:
        """Rules and ledger, for everybody to see."""
        gateway, now = self._settings.gateway.id, self._clock()
        ledger = ledger_state(gateway, self.deciding)
        if self._balanced and not ledger.balanced:
            log.error("the ledger does not add up: %s; please report it with the data folder", ledger.total)
        self._balanced = ledger.balanced
        self._retained.put(self._topics.gateway_ledger(gateway), ledger)
        state = rules_state(
            gateway,
            self._rules,
            self._loaded,
            self.deciding,
            now,
            previous=self._rulebook.previous is not None,
            trouble=self._rulebook.trouble,
        )
        self._retained.put(self._topics.gateway_rules(gateway), state)

    def _compile(self, rules: Rules) -> None:
        """On a thread: hundreds of rules would keep the loop for 100 ms."""
        self._compiled = rules, compile_rules(rules.book, self._settings)

    def _on_rules(self, rules: Rules) -> None:
        """Another set is in force."""
        if rules is not self._compiled[0]:
            self._compile(rules)
        self._rules, self._loaded = rules, self._clock()
        self.deciding.load(self._compiled[1])
        self.deciding.latest.keep(rules.book.rules)
        self.topics.listen(self.deciding.program.topics)
        self.show()
