"""Counts what happens in a back-test, and says it as a report."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from gateway.backtest.report import (
    ChannelReport,
    GiftCount,
    GiftsReport,
    Report,
    RuleReport,
    StationReport,
    Tally,
    Undone,
)
from gateway.messages import (
    BLOCKED_OUTCOMES,
    FINAL,
    KINDS,
    Ack,
    Command,
    Decided,
    Event,
    GiftEvent,
    LedgerCounts,
    Outcome,
    Reason,
    Status,
    stamp,
)
from gateway.rules import engine
from gateway.rules.state import State
from gateway.settings import patterns
from gateway.settings.models import Settings
from gateway.settings.outputs import OUTPUT_STATIONS
from gateway.settings.rules import RuleBook
from gateway.settings.stations import OUTPUTS, Channel
from gateway.settings.values import duration, milliseconds

USUAL_WINDOW_S = 60.0
"""In which a channel without a duty limit is looked at for its hottest time."""
MOST_NAMES = 20
"""Gifts told that no rule is about."""


class _Gift(Struct):
    """A gift message, until its ending is known."""

    gifts: int
    coins: int
    name: str
    reasons: list[Reason]
    ordered: bool = False
    done: bool = False


class _Line:
    """The most of a number in each step of time; between changes it stays what it is."""

    def __init__(self, began: float, step: float) -> None:
        self.most: list[int] = [0]
        self._began, self._step, self._value = began, step, 0

    def set(self, value: int, now: float) -> None:
        self.until(now)
        self._value = value
        self.most[-1] = max(self.most[-1], value)

    def until(self, now: float) -> None:
        missing = int((now - self._began) / self._step) + 1 - len(self.most)
        self.most += [self._value] * missing


class _Station:
    def __init__(self, began: float, step: float) -> None:
        self.ordered = 0
        self.actions: Counter[str] = Counter()
        self.undone: dict[tuple[str, str], tuple[int, str]] = {}
        self.waits: list[tuple[float, float]] = []  # seconds, since when
        self.queue = _Line(began, step)
        self.on: dict[str, list[tuple[int, int]]] = {}  # by channel; in ms from the beginning


class _Rule:
    def __init__(self) -> None:
        self.fired = self.not_meant = 0
        self.in_part = ""
        self.blocked: dict[str, tuple[int, str]] = {}

    def reason(self, reason: Reason) -> None:
        if reason.outcome is Outcome.FIRED:
            self.fired += reason.times
            self.in_part = self.in_part or reason.words
        elif reason.outcome is Outcome.NOT_MEANT:
            self.not_meant += 1
        elif reason.outcome in BLOCKED_OUTCOMES:
            self.block(reason.outcome.value, reason.times, reason.words)

    def block(self, why: str, times: int, words: str) -> None:
        before, first = self.blocked.get(why, (0, words))
        self.blocked[why] = before + times, first

    def report(self, ledger: LedgerCounts) -> RuleReport:
        blocked = {why: Tally(times=n, example=words) for why, (n, words) in sorted(self.blocked.items())}
        if (in_part := ledger.blocked - sum(tally.times for tally in blocked.values())) > 0:
            blocked["in part"] = Tally(times=in_part, example=self.in_part)
        return RuleReport(fired=self.fired, not_meant=self.not_meant, blocked=blocked, ledger=ledger)


class Witness:
    """``world.Watcher``. ``step``: seconds that each entry of a line in the report stands for."""

    def __init__(self, settings: Settings, book: RuleBook, began: float, step: float) -> None:
        self._settings, self._began, self._step = settings, began, step
        self._rules = {name: _Rule() for name, rule in book.rules.items() if rule.enabled}
        self._stations = {name: _Station(began, step) for name in settings.stations}
        self._outputs: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._events: Counter[int] = Counter()
        self._gifts: dict[str, _Gift] = {}
        self._since: dict[str, float] = {}
        self._undone: set[str] = set()
        self._on: dict[tuple[str, str], float] = {}

    # -- what it sees ------------------------------------------------------------------------------

    def decided(self, event: Event, decided: Decided, commands: Iterable[Command] = ()) -> None:
        for reason in decided.reasons:
            # The loop guard speaks of a counter or a stage.
            if reason.outcome is not Outcome.NO_MATCH and reason.rule in self._rules:
                self._rules[reason.rule].reason(reason)
        if isinstance(event, GiftEvent) and event.data.count:
            gift = event.data
            coins = (gift.coins or 0) * gift.count
            self._gifts[event.id] = _Gift(gift.count, coins, gift.name or gift.gift_id, decided.reasons)
        for command in commands:
            self.commanded(command)

    def happened(self, event: Event, now: float) -> None:
        """An event of the recording, as it is played."""
        self._kinds[KINDS[type(event)]] += 1
        self._events[int((now - self._began) / self._step)] += 1

    def commanded(self, command: Command) -> None:
        if command.station in OUTPUT_STATIONS:
            return
        self._stations[command.station].ordered += 1
        if (gift := self._gifts.get(command.cause)) is not None:
            gift.ordered = True

    def ack(self, ack: Ack, now: float) -> None:
        station = self._stations.get(ack.station)
        if station is None:
            if ack.status is Status.DONE:
                self._outputs[ack.station] += 1
            return
        if ack.status is Status.QUEUED:
            self._since[ack.id] = now
        elif ack.status is Status.RUNNING:
            since = self._since.get(ack.id, now)
            station.waits.append((now - since, since))
        elif ack.status in FINAL:
            self._since.pop(ack.id, None)
            self._ended(station, ack)

    def queue(self, station: str, waiting: int, now: float) -> None:
        if station in self._stations:
            self._stations[station].queue.set(waiting, now)

    def edge(self, station: str, channel: str, on: bool, at: float) -> None:
        key = station, channel
        if on:
            self._on[key] = at
        elif (since := self._on.pop(key, None)) is not None:
            span = (round((since - self._began) * 1000), round((at - self._began) * 1000))
            self._stations[station].on.setdefault(channel, []).append(span)

    def _ended(self, station: _Station, ack: Ack) -> None:
        if ack.status is Status.DONE:
            station.actions[ack.action] += 1
            if (gift := self._gifts.get(ack.cause)) is not None:
                gift.done = True
        else:
            run = ack.id.rpartition("/")[0]
            if ack.status is Status.BLOCKED and run not in self._undone and ack.rule in self._rules:
                self._rules[ack.rule].block("station", 1, ack.reason)
            self._undone.add(run)  # a run is counted by the first of its commands that is not done
            key = ack.status.value, ack.kept_by
            times, words = station.undone.get(key, (0, ack.reason))
            station.undone[key] = times + 1, words

    # -- what it says ------------------------------------------------------------------------------

    def report(
        self, state: State, now: float, *, recording: str, fingerprint: str, duplicates: int, notes: list[str]
    ) -> Report:
        """All of it, until now."""
        ledger, balanced = engine.ledger(state)
        owed = engine.owed(state)
        steps = int((now - self._began) / self._step) + 1
        return Report(
            recording=recording,
            rules_fingerprint=fingerprint,
            began=stamp(self._began),
            ended=stamp(now),
            seconds=round(now - self._began, 3),
            steps=self._step,
            kinds={kind: self._kinds[kind] for kind in KINDS.values() if self._kinds[kind]},
            duplicates=duplicates,
            events=[self._events[i] for i in range(steps)],
            rules={
                name: rule.report(engine.summed(ledger[k] for k in (name, f"practice/{name}") if k in ledger))
                for name, rule in self._rules.items()
            },
            stations={name: self._station(name, station, now) for name, station in self._stations.items()},
            outputs={name: self._outputs[name] for name in OUTPUT_STATIONS if self._outputs[name]},
            gifts=_gifts(self._gifts.values()),
            ledger=engine.summed(ledger.values()),
            balanced=balanced,
            owed=len(owed),
            owed_coins=sum(o.value for o in owed),
            notes=notes,
        )

    def _station(self, name: str, seen: _Station, now: float) -> StationReport:
        seen.queue.until(now)
        waits = sorted(wait for wait, _ in seen.waits)
        longest, at = max(seen.waits, key=lambda w: (w[0], -w[1]), default=(0.0, None))
        return StationReport(
            ordered=seen.ordered,
            done=seen.actions.total(),
            actions=dict(sorted(seen.actions.items())),
            undone=[
                Undone(status=status, kept_by=kept_by, times=times, example=words)
                for (status, kept_by), (times, words) in sorted(seen.undone.items())
            ],
            usual_wait=_share_of(waits, 0.5),
            most_wait=_share_of(waits, 0.95),
            longest_wait=round(longest, 3),
            longest_at=None if at is None else stamp(at),
            longest_queue=max(seen.queue.most),
            queue=seen.queue.most,
            channels={
                channel: _channel(settings, seen.on.get(channel, []), now - self._began)
                for channel, settings in self._settings.stations[name].channels.items()
                if settings.kind in OUTPUTS
            },
        )


def _share_of(waits: list[float], share: float) -> float:
    """What so many of them do not exceed."""
    return round(waits[int(share * (len(waits) - 1))], 3) if waits else 0.0


def _channel(settings: Channel, on: list[tuple[int, int]], seconds: float) -> ChannelReport:
    window = duration(settings.duty.window) if settings.duty else USUAL_WINDOW_S
    total = sum(end - begin for begin, end in on) / 1000
    hottest = patterns.busiest_ms(on, milliseconds(settings.duty.window) if settings.duty else 60_000)
    return ChannelReport(
        times=len(on),
        seconds=round(total, 3),
        share=round(100 * total / seconds, 2) if seconds else 0.0,
        hottest=round(hottest / 10 / window, 2),
        window=window,
        limit=settings.duty.percent if settings.duty else None,
    )


def _gifts(gifts: Iterable[_Gift]) -> GiftsReport:
    sums: dict[str, GiftCount] = {}
    names: dict[str, GiftCount] = {}
    for gift in gifts:
        what = _fate(gift)
        sums[what] = _more(sums.get(what), gift)
        sums["received"] = _more(sums.get("received"), gift)
        if what == "unknown":
            names[gift.name] = _more(names.get(gift.name), gift)
    most = sorted(names.items(), key=lambda n: (-n[1].coins, -n[1].gifts, n[0]))[:MOST_NAMES]
    return GiftsReport(**sums, names=dict(most))


def _more(count: GiftCount | None, gift: _Gift) -> GiftCount:
    count = count or GiftCount()
    return GiftCount(gifts=count.gifts + gift.gifts, coins=count.coins + gift.coins)


def _fate(gift: _Gift) -> str:
    """What became of it, by the best that a rule said of it."""
    said = {reason.outcome for reason in gift.reasons}
    if Outcome.FIRED in said:
        return "paid" if gift.done or not gift.ordered else "unpaid"
    if Outcome.WAITING in said:
        return "waiting"
    if said & BLOCKED_OUTCOMES:
        return "blocked"
    return "refused" if Outcome.NOT_MEANT in said else "unknown"
