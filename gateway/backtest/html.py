"""A back-test's report as one page: it opens from disk, in dark and light, and needs nothing else."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from gateway.backtest.report import Comparison, GiftCount, Report
from gateway.backtest.text import FATES
from gateway.messages import seconds, stamp

WIDTH, HEIGHT = 720, 70
"""Of a plot, in its own units; it grows with the page."""
_STYLE = """
:root{color-scheme:light dark;--ink:#1b2330;--paper:#fff;--faint:#5d6b7e;--line:#d5dbe3;--mark:#1f6feb;
--hot:#c2410c}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--paper:#12161d;--faint:#9aa7b8;--line:#323b48;--mark:#6cb0ff;
--hot:#ff9a62}}
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem;color:var(--ink);
background:var(--paper)}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}p{margin:.3rem 0}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--faint);font-weight:600}.n{text-align:right}.faint{color:var(--faint)}
svg{display:block;width:100%;height:auto}figure{margin:.6rem 0}figcaption{color:var(--faint)}
.area{fill:var(--mark);fill-opacity:.35;stroke:var(--mark);vector-effect:non-scaling-stroke}
.axis{stroke:var(--line);vector-effect:non-scaling-stroke}text{fill:var(--faint);font:11px system-ui,sans-serif}
.bar{background:var(--mark);height:.7rem;min-width:1px}.bar.hot{background:var(--hot)}.room{width:9rem}
.both{display:grid;gap:2rem}@media(min-width:70rem){.both{grid-template-columns:1fr 1fr}}.both>section{min-width:0}
"""
Cell = str | int | float


def page(found: Report | Comparison) -> str:
    """The whole page."""
    if isinstance(found, Report):
        title, body = found.recording, list(_report(found))
    else:
        title = found.after.recording
        body = [
            *_differences(found),
            '<div class="both">',
            *("<section><h2>Before</h2>", *_report(found.before), "</section>"),
            *("<section><h2>After</h2>", *_report(found.after), "</section>"),
            "</div>",
        ]
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Back-test: {escape(title)}</title><style>{_STYLE}</style><h1>Back-test of {escape(title)}</h1>"
    )
    return "\n".join([head, *body, "</html>\n"])


def _differences(c: Comparison) -> Iterator[str]:
    yield "<h2>Differences</h2>"
    if not c.differences:
        yield "<p>None: both sets of rules do the same with this recording.</p>"
        return
    rows = [(d.what, d.before, d.after, f"{d.after - d.before:+g}") for d in c.differences]
    yield from _table(["", "before", "after", "change"], rows)


def _report(r: Report) -> Iterator[str]:
    events = sum(r.kinds.values())
    yield f"<p>{_clock(r, 0)} to {r.ended[11:16]} UTC, {events} events; rules {r.rules_fingerprint}</p>"
    for note in r.notes:
        yield f"<p><strong>Note:</strong> {escape(note)}</p>"
    yield from _plot(f"Events in each {r.steps:g} s", r.events, r)
    for name, station in r.stations.items():
        yield from _plot(f"Waiting for {name}, longest wait {station.longest_wait:.1f} s", station.queue, r)
    yield "<h2>Rules</h2>"
    most = max((rule.fired for rule in r.rules.values()), default=0)
    yield from _table(
        ["rule", "fired", "", "done", "blocked", "owed", "why"],
        [
            (
                name,
                rule.fired,
                _bar(rule.fired, most),
                rule.ledger.done,
                rule.ledger.blocked,
                rule.ledger.owed,
                "; ".join(f"{why} {t.times} ({t.example})" for why, t in rule.blocked.items()),
            )
            for name, rule in r.rules.items()
        ],
    )
    yield "<h2>Stations</h2>"
    yield from _table(
        ["station", "done", "not done", "longest queue", "usual wait", "19 of 20 within", "longest wait"],
        [
            (name, s.done, sum(u.times for u in s.undone), s.longest_queue, f"{s.usual_wait:.1f} s",
             f"{s.most_wait:.1f} s", f"{s.longest_wait:.1f} s")
            for name, s in r.stations.items()
        ],
    )  # fmt: skip
    undone = [(name, u.times, u.status, u.kept_by, u.example) for name, s in r.stations.items() for u in s.undone]
    if undone:
        yield "<h2>Not done</h2>"
        yield from _table(["station", "times", "ending", "kept by", "such as"], undone)
    yield "<h2>Channels</h2>"
    yield from _table(
        ["channel", "times on", "of all time", "hottest", "", "of", "allowed"],
        [
            (f"{name}/{c}", ch.times, f"{ch.share:g} %", f"{ch.hottest:g} %", _bar(ch.hottest, 100, ch.limit),
             f"{ch.window:g} s", "" if ch.limit is None else f"{ch.limit:g} %")
            for name, s in r.stations.items() for c, ch in s.channels.items()
        ],
    )  # fmt: skip
    yield from _gifts(r)
    yield "<h2>Ledger</h2>"
    ledger = {name: getattr(r.ledger, name) for name in r.ledger.__struct_fields__}
    yield from _table(list(ledger), [list(ledger.values())])
    yield f"<p>{'It adds up.' if r.balanced else '<strong>It does not add up.</strong>'}</p>"


def _gifts(r: Report) -> Iterator[str]:
    yield "<h2>Gifts</h2>"
    rows: list[Sequence[Cell]] = []
    for fate, words in {"received": "", **FATES}.items():
        count: GiftCount = getattr(r.gifts, fate)
        rows.append((fate, count.gifts, count.coins, words))
    yield from _table(["", "number", "coins", ""], rows)
    if r.gifts.names:
        names = ", ".join(f"{name} ({c.gifts}, {c.coins} coins)" for name, c in r.gifts.names.items())
        yield f"<p>No rule is about: {escape(names)}</p>"


class _Drawn(str):
    """Made here, not to be escaped again."""

    __slots__ = ()


def _bar(value: float, most: float, limit: float | None = None) -> _Drawn:
    hot = " hot" if limit is not None and value > 0.9 * limit else ""
    width = 100 * value / most if most else 0
    return _Drawn(f'<div class="room"><div class="bar{hot}" style="width:{width:.1f}%"></div></div>')


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    yield '<div class="scroll"><table><tr>' + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
    yield "</table></div>"


def _cell(value: Cell) -> str:
    if isinstance(value, _Drawn):
        return f"<td>{value}</td>"
    if isinstance(value, str):
        return f"<td>{escape(value)}</td>"
    return f'<td class="n">{value:g}</td>' if isinstance(value, float) else f'<td class="n">{value}</td>'


def _plot(title: str, values: Sequence[int], r: Report) -> Iterator[str]:
    """Steps over time. What a reader's voice says is the caption."""
    most = max(values, default=0)
    wide = WIDTH / max(len(values), 1)
    high = (HEIGHT - 16) / most if most else 0
    base = HEIGHT - 14
    points = [f"M0 {base}"]
    for i, value in enumerate(values):
        points.append(f"V{base - value * high:.1f}H{(i + 1) * wide:.1f}")
    path = "".join(points) + f"V{base}Z"
    yield (
        f"<figure><figcaption>{escape(title)}; at most {most}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}; at most {most}">'
        f'<path class="area" d="{path}"/><path class="axis" d="M0 {base}H{WIDTH}"/>'
        f'<text x="0" y="{HEIGHT - 2}">{_clock(r, 0)[11:]}</text>'
        f'<text x="{WIDTH / 2:g}" y="{HEIGHT - 2}" text-anchor="middle">{_clock(r, len(values) / 2)[11:]}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 2}" text-anchor="end">{_clock(r, len(values))[11:]}</text></svg></figure>'
    )


def _clock(r: Report, steps: float) -> str:
    """When so many steps were over."""
    return stamp(seconds(r.began) + steps * r.steps)[:16].replace("T", " ")
