"""What a back-test found, as plain data: the same recording, rules and settings give the same bytes."""

import msgspec
from msgspec import Struct

from gateway.messages import LedgerCounts, Timestamp


class Tally(Struct, frozen=True, kw_only=True):
    """So many of one kind; ``example``: the words of the first of them."""

    times: int
    example: str = ""


class RuleReport(Struct, frozen=True, kw_only=True):
    """``fired``: runs begun. ``blocked``: by what said no: a limit of the rule (cooldown, busy, budget, stale) to
    runs that did not begin; ``in part``: to all but the first of what one event asked for; ``station``: the board,
    to a run that had begun. ``not_meant``: events that ``if`` or ``unless`` refused. ``ledger``: their endings.
    """

    fired: int = 0
    not_meant: int = 0
    blocked: dict[str, Tally] = {}
    ledger: LedgerCounts = LedgerCounts()


class ChannelReport(Struct, frozen=True, kw_only=True):
    """One output. ``share``: percent of the whole time on; ``hottest``: percent of the worst ``window``, in
    seconds; ``limit``: what its duty allows of that, None where it has none."""

    times: int
    seconds: float
    share: float
    hottest: float
    window: float
    limit: float | None = None


class Undone(Struct, frozen=True, kw_only=True):
    """Commands that were not done, by their ending and by what kept them."""

    status: str
    kept_by: str
    times: int
    example: str


class StationReport(Struct, frozen=True, kw_only=True):
    """``actions``: how often each was done. ``waited``: seconds from a command's decision to its motion, of those
    that moved: the usual (median), that of 19 in 20, and the longest, which began to wait at ``longest_at``.
    ``queue``: the most that waited in each of the report's ``steps``."""

    ordered: int
    done: int
    actions: dict[str, int]
    undone: list[Undone]
    usual_wait: float
    most_wait: float
    longest_wait: float
    longest_at: Timestamp | None
    longest_queue: int
    queue: list[int]
    channels: dict[str, ChannelReport]


class GiftCount(Struct, frozen=True, kw_only=True):
    gifts: int = 0
    coins: int = 0


class GiftsReport(Struct, frozen=True, kw_only=True):
    """Gifts of real people count as those of practice do; coins of unknown price as none.

    ``received`` is the sum of the others. ``paid``: something was done for it. ``unpaid``: a rule fired, and no
    machine did it. ``waiting``: it counts towards something (the end of its streak, a combo). ``blocked``: a limit
    said no. ``refused``: it was not meant. ``unknown``: no rule is about it; ``names``: which those were, most
    coins first.
    """

    received: GiftCount = GiftCount()
    paid: GiftCount = GiftCount()
    unpaid: GiftCount = GiftCount()
    waiting: GiftCount = GiftCount()
    blocked: GiftCount = GiftCount()
    refused: GiftCount = GiftCount()
    unknown: GiftCount = GiftCount()
    names: dict[str, GiftCount] = {}


class Report(Struct, frozen=True, kw_only=True):
    """``steps``: seconds that each entry of ``events`` and of the queues stands for, from ``began`` on.
    ``outputs``: what was said, played, published and called. ``owed``: runs. ``notes``: what a person should know.
    """

    recording: str
    rules_fingerprint: str
    began: Timestamp
    ended: Timestamp
    seconds: float
    steps: float
    kinds: dict[str, int]
    duplicates: int
    events: list[int]
    rules: dict[str, RuleReport]
    stations: dict[str, StationReport]
    outputs: dict[str, int]
    gifts: GiftsReport
    ledger: LedgerCounts
    balanced: bool
    owed: int
    owed_coins: int
    notes: list[str] = []


class Difference(Struct, frozen=True, kw_only=True):
    """One number that is another one with the other rules."""

    what: str
    before: float
    after: float


class Comparison(Struct, frozen=True, kw_only=True):
    """The same events under two sets of rules."""

    differences: list[Difference]
    before: Report
    after: Report


def compare(before: Report, after: Report) -> Comparison:
    """Every number that differs, rules first; what is only in one of them is 0 in the other."""
    old, new = dict(_numbers(before)), dict(_numbers(after))
    found = [
        Difference(what=what, before=old.get(what, 0), after=new.get(what, 0))
        for what in [*old, *(what for what in new if what not in old)]
        if old.get(what, 0) != new.get(what, 0)
    ]
    return Comparison(differences=found, before=before, after=after)


def as_bytes(found: Report | Comparison) -> bytes:
    """JSON for programs."""
    return msgspec.json.format(msgspec.json.encode(found, order="deterministic"), indent=1) + b"\n"


def _numbers(report: Report) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, rule in report.rules.items():
        found.append((f"rule {name}: fired", rule.fired))
        found += ((f"rule {name}: blocked ({why})", tally.times) for why, tally in rule.blocked.items())
        found.append((f"rule {name}: done", rule.ledger.done))
    for name, station in report.stations.items():
        found.append((f"station {name}: ordered", station.ordered))
        found.append((f"station {name}: done", station.done))
        found += ((f"station {name}: {u.status} ({u.kept_by})", u.times) for u in station.undone)
        found.append((f"station {name}: longest wait, s", station.longest_wait))
        found.append((f"station {name}: longest queue", station.longest_queue))
        found += ((f"station {name}/{c}: hottest, %", channel.hottest) for c, channel in station.channels.items())
    found += ((f"output {name}", count) for name, count in report.outputs.items())
    for what in ("paid", "unpaid", "waiting", "blocked", "refused", "unknown"):
        count: GiftCount = getattr(report.gifts, what)
        found += ((f"gifts {what}", count.gifts), (f"coins {what}", count.coins))
    found += (("owed runs", report.owed), ("owed coins", report.owed_coins))
    return found
