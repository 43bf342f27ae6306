"""A back-test's report in a terminal: short, aligned, for a person at eleven in the evening."""

from collections.abc import Iterator, Sequence

from gateway.backtest.report import Comparison, Difference, GiftCount, Report, RuleReport, StationReport

MOST_DIFFERENCES = 30
FATES = {
    "paid": "something was done for them",
    "unpaid": "a rule fired, but no machine moved",
    "waiting": "others of their streak or combo fire",
    "blocked": "a limit of a rule said no",
    "refused": "not meant: if, unless",
    "unknown": "no rule is about them",
}
"""What became of gifts, as the report calls it, and for a person."""


def summary(report: Report) -> Iterator[str]:
    """Lines."""
    events = sum(report.kinds.values())
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(report.kinds.items(), key=lambda k: -k[1]))
    again = f", {report.duplicates} heard twice" if report.duplicates else ""
    began = report.began[:16].replace("T", " ")
    yield f"{report.recording}: {_length(report.seconds)} from {began} UTC, {events} events"
    yield f"  {kinds}{again}"
    yield from (f"  note: {note}" for note in report.notes)
    yield ""
    head = ["rule", "fired", "done", "not done", "blocked", "why"]
    yield from table(head, [_rule(name, rule) for name, rule in report.rules.items()])
    yield ""
    head = ["station", "done", "not done", "queue", "usual wait", "longest", "at (UTC)"]
    yield from table(head, [_station(name, s) for name, s in report.stations.items()])
    undone = [[name, str(u.times), u.status, u.example] for name, s in report.stations.items() for u in s.undone]
    if undone:
        yield ""
        yield from table(["not done at", "times", "", "such as"], undone)
    channels = [
        [f"{name}/{c}", str(ch.times), f"{ch.share:g} %", f"{ch.hottest:g} % of {_length(ch.window)}",
         "" if ch.limit is None else f"{ch.limit:g} %"]
        for name, s in report.stations.items() for c, ch in s.channels.items()
    ]  # fmt: skip
    yield ""
    yield from table(["channel", "times on", "of all time", "hottest", "allowed"], channels)
    yield ""
    yield from _money(report)


def differences(comparison: Comparison) -> Iterator[str]:
    """Lines: what is another number with the other rules."""
    found = comparison.differences
    if not found:
        yield "No difference: both sets of rules do the same with this recording."
        return
    yield from table(["differences", "before", "after", ""], [_difference(d) for d in found[:MOST_DIFFERENCES]])
    if len(found) > MOST_DIFFERENCES:
        yield f"and {len(found) - MOST_DIFFERENCES} more: see --json or --html"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need; numbers to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    numeric = [bool(rows) and all(_is_number(row[i]) for row in rows) for i in range(len(head))]
    for row in [head, *rows]:
        cells = (c.rjust(w) if right else c.ljust(w) for c, w, right in zip(row, widths, numeric, strict=True))
        yield "  ".join(cells).rstrip()


def _is_number(cell: str) -> bool:
    return not cell or cell[0] in "0123456789+-"


def _rule(name: str, rule: RuleReport) -> list[str]:
    counts = rule.ledger
    undone = counts.expired + counts.dropped + counts.cancelled + counts.failed + counts.owed
    why = [f"{why} {tally.times}" for why, tally in rule.blocked.items()]
    why += [f"not meant {rule.not_meant}"] if rule.not_meant else []
    return [name, str(rule.fired), str(counts.done), str(undone), str(counts.blocked), ", ".join(why)]


def _station(name: str, s: StationReport) -> list[str]:
    at = "" if s.longest_at is None or not s.longest_wait else s.longest_at[11:19]
    undone = sum(u.times for u in s.undone)
    return [name, str(s.done), str(undone), str(s.longest_queue), _wait(s.usual_wait), _wait(s.longest_wait), at]


def _money(report: Report) -> Iterator[str]:
    received = report.gifts.received
    rows = []
    for fate, words in FATES.items():
        count: GiftCount = getattr(report.gifts, fate)
        if count.gifts:
            share = f"{100 * count.coins / received.coins:.1f} %" if received.coins else ""
            rows.append([fate, str(count.gifts), str(count.coins), share, words])
    rows.append(["received", str(received.gifts), str(received.coins), "", ""])
    yield from table(["gifts", "number", "coins", "share", ""], rows)
    if report.gifts.names:
        names = list(report.gifts.names.items())[:5]
        yield "  no rule is about: " + ", ".join(f"{name} ({c.gifts}, {c.coins} coins)" for name, c in names)
    if report.outputs:
        yield "also: " + ", ".join(f"{n} at {name}" for name, n in report.outputs.items())
    c = report.ledger
    balance = "it adds up" if report.balanced else "IT DOES NOT ADD UP: please report this recording"
    yield (
        f"ledger: {c.received} received = {c.done} done + {c.blocked} blocked + {c.expired} expired + {c.dropped} "
        f"dropped + {c.cancelled} cancelled + {c.failed} failed + {c.owed} owed + {c.waiting} waiting; {balance}"
    )


def _difference(d: Difference) -> list[str]:
    return [d.what, f"{d.before:g}", f"{d.after:g}", f"{d.after - d.before:+g}"]


def _wait(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _length(seconds: float) -> str:
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes and not s else f"{minutes} min {s:02d} s" if minutes else f"{s} s"
