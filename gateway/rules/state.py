"""All that rules remember between events: tables of small frozen values, and what of them has changed.

The gateway writes the changes to disk in the same commit as the event that made them, so counters, cooldowns and
runs go on exactly where a killed gateway left them.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from gateway.messages import LedgerCounts
from gateway.rules.metrics import LARGEST, Metrics
from gateway.rules.runs import Debt, Run
from gateway.rules.stages import StageMemory

V = TypeVar("V")

REMEMBERED_VIEWERS = 20_000
"""Of what is remembered of each viewer; beyond them those who were seen longest ago are forgotten."""
REMEMBERED_CREDITS = 100_000
"""Counters of viewers that are not at their start: they may have been paid for."""
REMEMBERED_DEBTS = 10_000
"""Paid runs that are owed; beyond them the oldest is given up, and counted as cancelled."""


class Table(OrderedDict[str, V], Generic[V]):
    """Key to value; at most ``most``, those set longest ago go first. Values are immutable: set them anew."""

    def __init__(self, kind: Any, most: int | None = None) -> None:
        super().__init__()
        self.kind, self.most = kind, most
        self.changed: dict[str, None] = {}

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        self.changed[key] = None
        if self.most is not None:
            self.move_to_end(key)
            if len(self) > self.most:
                del self[next(iter(self))]

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.changed[key] = None

    def drop(self, key: str) -> V | None:
        """Take one out, if it is there."""
        value = self.get(key)
        if value is not None:
            del self[key]
        return value


class State:
    """Owned by one caller and advanced by the engine. ``stations`` is what each station is now (online, offline,
    idle, busy); the caller keeps it, and it is not remembered."""

    def __init__(self) -> None:
        self.fired: Table[float] = Table(float)
        """Rule to when it last fired, seconds since 1970."""
        self.fired_for: Table[float] = Table(float, REMEMBERED_VIEWERS)
        """``rule/viewer`` to when it last fired for them."""
        self.groups: Table[float] = Table(float)
        """Group to when one of its rules last fired."""
        self.rested: Table[float] = Table(float)
        """Station with a cooldown to when a rule last sent it something."""
        self.budgets: Table[tuple[float, ...]] = Table(tuple[float, ...], REMEMBERED_VIEWERS)
        """``rule/viewer`` (all rules: ``/viewer``) to when it fired in the last minute."""
        self.likes: Table[int] = Table(int)
        """``rule/account`` to the likes carried over."""
        self.combos: Table[tuple[tuple[float, str], ...]] = Table(tuple[tuple[float, str], ...])
        """``rule/account`` to when, and by which viewer, it happened lately; oldest first."""
        self.sequences: Table[tuple[float, ...]] = Table(tuple[float, ...], REMEMBERED_VIEWERS)
        """``rule/account[/viewer]`` to when the latest happenings of its first step, its first two... began; 0 for
        what has not happened."""
        self.seen: Table[bool] = Table(bool, REMEMBERED_VIEWERS)
        """``account/viewer`` of everybody who did something in this LIVE."""
        self.given: Table[int] = Table(int, REMEMBERED_VIEWERS)
        """``account/viewer`` to the coins given in this LIVE."""
        self.gifts: Table[tuple[str, ...]] = Table(tuple[str, ...])
        """A gift's plain name that a rule asks for, to the ids of gifts seen under it."""
        self.metrics: Table[Metrics] = Table(Metrics)
        """Account to its totals and rates."""
        self.counters: Table[float] = Table(float)
        self.credits: Table[float] = Table(float, REMEMBERED_CREDITS)
        """``counter/viewer`` of counters that each viewer has; those at their start are not kept."""
        self.notes: Table[str] = Table(str)
        """Note to the text that rules keep in it."""
        self.timers: Table[float] = Table(float)
        """Timer to when it ends."""
        self.timed: Table[float] = Table(float)
        """Timer to when that was said: it shows a clock that was set back since."""
        self.ticked: Table[float] = Table(float)
        """Rule with a clock to when it is due next."""
        self.rewound: Table[int] = Table(int)
        """Rule with a clock to how often that was set back, and strikes the same times again."""
        self.inputs: Table[int] = Table(int)
        """Rule to how often its input was active since it last fired."""
        self.stages: Table[StageMemory] = Table(StageMemory)
        self.runs: Table[Run] = Table(Run)
        """Run's id to the run, while it goes on; in the order in which they began."""
        self.ledger: Table[LedgerCounts] = Table(LedgerCounts)
        """Rule (``practice/rule``) to what became of its runs."""
        self.owed: Table[Debt] = Table(Debt)
        """Run's id to what it is owed, oldest first."""
        self.rooms: Table[tuple[str, str]] = Table(tuple[str, str])
        """Account to the room of the LIVE that counts now, and when its beginning was received."""
        self.stations: dict[str, str] = {}
        self.now = math.inf
        """The last time that was told, to notice a clock that is set back; at the beginning nothing is sure."""
        self._orders = 0
        self.by_rule: dict[str, dict[str, None]] = {}
        """Rule to its runs, those that wait for another one among them."""
        self.alarms: dict[str, float] = {}
        """Run to when its next step is due."""
        self._totals: dict[str, list[int]] = {}  # account -> what each viewer gave, ascending
        self._tables: dict[str, Table[Any]] = {n: t for n, t in vars(self).items() if isinstance(t, Table)}

    def changes(self) -> dict[str, bytes | None]:
        """What changed since the last call: ``table:key`` to its JSON, or None for what is gone."""
        found: dict[str, bytes | None] = {}
        for name, table in self._tables.items():
            if table.changed:
                for key in table.changed:
                    value = table.get(key)
                    found[f"{name}:{key}"] = None if value is None else msgspec.json.encode(value)
                table.changed.clear()
        return found

    @classmethod
    def restored(cls, kept: Mapping[str, bytes]) -> tuple["State", list[str]]:
        """The state that was kept, and the keys of what could not be read (of another version, damaged)."""
        state, lost = cls(), []
        for full, value in kept.items():
            name, _, key = full.partition(":")
            table = state._tables.get(name)
            try:
                if table is None:
                    lost.append(full)
                else:
                    OrderedDict.__setitem__(table, key, msgspec.json.decode(value, type=table.kind))
            except msgspec.DecodeError:
                lost.append(full)
        for run in sorted(state.runs.values(), key=lambda r: r.order):
            state.runs.move_to_end(run.id)
            state._index(run)
        for debt in sorted(state.owed.values(), key=lambda d: d.order):
            state.owed.move_to_end(debt.run.id)
        for waiting in list(state.by_rule.values()):
            first = state.runs[next(iter(waiting))]
            if first.base is None:  # the one that it waited for was lost
                state.keep(replace(first, base=first.since))
        orders = [r.order for r in state.runs.values()] + [d.order for d in state.owed.values()]
        state._orders = max(orders, default=0)
        for key, coins in state.given.items():
            insort(state._totals.setdefault(key.partition("/")[0], []), coins)
        return state, lost

    # -- runs --------------------------------------------------------------------------------------

    def order(self) -> int:
        """A larger number each time: what began first comes first, whatever the clock said."""
        self._orders += 1
        return self._orders

    def keep(self, run: Run) -> None:
        """Remember a run as it is now; one with nothing left to do and nothing open goes."""
        if run.over:
            self.runs.drop(run.id)
            self.alarms.pop(run.id, None)
            of_rule = self.by_rule[run.rule]
            del of_rule[run.id]
            if not of_rule:
                del self.by_rule[run.rule]
        else:
            self.runs[run.id] = run
            self._index(run)

    def _index(self, run: Run) -> None:
        self.by_rule.setdefault(run.rule, {})[run.id] = None
        if run.todo and run.due is not None:
            self.alarms[run.id] = run.due
        elif self.alarms:
            self.alarms.pop(run.id, None)

    # -- counters ----------------------------------------------------------------------------------

    def counter(self, key: str, start: float) -> float:
        """``key``: a counter, or ``counter/viewer``."""
        return (self.credits if "/" in key else self.counters).get(key, start)

    def set_counter(self, key: str, value: float, start: float) -> None:
        if "/" not in key:
            self.counters[key] = value
        elif value == start:
            self.credits.drop(key)
        else:
            self.credits[key] = value

    def set_note(self, name: str, text: str) -> None:
        """An empty one is not kept."""
        if text:
            self.notes[name] = text
        else:
            self.notes.drop(name)

    def reset_counter(self, name: str) -> None:
        """Back to its start, for every viewer."""
        self.counters.drop(name)
        for key in [k for k in self.credits if k.startswith(f"{name}/")]:
            del self.credits[key]

    # -- who gave most -----------------------------------------------------------------------------

    def give(self, account: str, viewer: str, coins: int) -> None:
        """Count coins that a viewer gave in this LIVE."""
        key = f"{account}/{viewer}"
        before = self.given.get(key, 0)
        after = min(before + coins, LARGEST)
        if key not in self.given and len(self.given) == self.given.most:
            oldest = next(iter(self.given))  # goes, and takes no place of others
            of_account = self._totals[oldest.partition("/")[0]]
            del of_account[bisect_left(of_account, self.given[oldest])]
            del self.given[oldest]
        self.given[key] = after
        totals = self._totals.setdefault(account, [])
        if before:
            del totals[bisect_left(totals, before)]
        insort(totals, after)

    def rank(self, account: str, viewer: str) -> int | None:
        """The viewer's place among who gave coins in this LIVE, from 1; equals share it. None: gave nothing."""
        coins = self.given.get(f"{account}/{viewer}")
        if not coins:
            return None
        totals = self._totals[account]
        return len(totals) - bisect_right(totals, coins) + 1

    def forget_live(self, account: str) -> None:
        """Another LIVE begins: who was there and what was given in the last one is over."""
        begin = f"{account}/"
        for table in (self.seen, self.given):
            for key in [k for k in table if k.startswith(begin)]:
                del table[key]
        self._totals.pop(account, None)
