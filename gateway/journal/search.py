"""One page of what a query means: window after window of records, until there is enough or it took too long."""

import time
from collections.abc import Iterator, Sequence

from gateway.journal.entry import Entry
from gateway.journal.month import Month
from gateway.journal.query import Page, Query, matcher
from gateway.journal.segments import COLUMNS, MAX_SEQ

SEARCH_S = 0.5
"""Seconds after which a search rests; the caller asks on."""
_BOUNDS = (
    "SELECT (SELECT min(seq) FROM records), (SELECT max(seq) FROM records)"  # in one SQLite reads all of them
)
FIRST_WINDOW, WINDOW = 256, 4096
"""Records looked at between two looks at the clock: few at first, for most pages are full soon."""


def search(months: Sequence[Month], query: Query, limit: int, newest_first: bool) -> Page:
    """See ``JournalReader.page``."""
    deadline = time.monotonic() + SEARCH_S
    parts = _parts(months, query)
    if not parts:
        return Page(entries=[], next=None, scanned=0, complete=True)
    where, args = _where(query)
    matches = matcher(query)
    order = "DESC" if newest_first else "ASC"
    sql = f"SELECT {COLUMNS} FROM records WHERE {where} ORDER BY seq {order} LIMIT :limit"  # noqa: S608 - columns are ours
    entries: list[Entry] = []
    at = scanned = 0
    for first, last in _windows(parts, newest_first):
        most = limit - len(entries) if matches is None else WINDOW
        args |= {"first": first, "last": last, "limit": most}
        rows = sorted((row for month in months for row in month.rows(sql, args)), key=_seq, reverse=newest_first)
        at = first if newest_first else last
        for row in rows:
            if matches is None or matches(row[-1]):
                entries.append(Entry(*row))
                if len(entries) >= limit:
                    at = row[0]
                    break
        scanned += last - at + 1 if newest_first else at - first + 1
        if len(entries) >= limit or time.monotonic() > deadline:
            break
    complete = at == (parts[0][0] if newest_first else parts[-1][1])
    reached = _time(months, at)
    return Page(
        entries=entries, next=None if complete else at, scanned=scanned, complete=complete, reached=reached
    )


def _seq(row: tuple[int, ...]) -> int:
    return row[0]


def _parts(months: Sequence[Month], query: Query) -> list[tuple[int, int]]:
    """Where something that is meant can stand: first and last seq of each part, ascending."""
    bounds = [row for month in months for row in month.rows(_BOUNDS, {})]
    low = min((first for first, _ in bounds if first is not None), default=1)
    high = max((last for _, last in bounds if last is not None), default=0)
    low = low if query.after is None else max(low, query.after + 1)
    high = high if query.before is None else min(high, query.before - 1)
    if query.since is None and query.until is None:
        return [(low, high)] if low <= high else []
    since = 0 if query.since is None else query.since
    until = MAX_SEQ if query.until is None else query.until
    parts: list[tuple[int, int]] = []
    for first, last in sorted(part for month in months for part in month.within(since, until)):
        first, last = max(first, low), min(last, high)
        if parts and first <= parts[-1][1] + 1:
            parts[-1] = parts[-1][0], max(last, parts[-1][1])
        elif first <= last:
            parts.append((first, last))
    return parts


def _windows(parts: Sequence[tuple[int, int]], newest_first: bool) -> Iterator[tuple[int, int]]:
    width = FIRST_WINDOW
    for low, high in reversed(parts) if newest_first else parts:
        at = high if newest_first else low
        while low <= at <= high:
            if newest_first:
                first, last = max(low, at - width + 1), at
                at = first - 1
            else:
                first, last = at, min(high, at + width - 1)
                at = last + 1
            yield first, last
            width = min(2 * width, WINDOW)


def _time(months: Sequence[Month], seq: int) -> int | None:
    rows = [
        row for month in months for row in month.rows("SELECT time FROM records WHERE seq = :seq", {"seq": seq})
    ]
    return rows[0][0] if rows else None


def _where(query: Query) -> tuple[str, dict[str, object]]:
    where, args = ["seq BETWEEN :first AND :last"], dict[str, object]()
    lists = {"account": query.accounts, "kind": query.kinds, "type": query.types, "station": query.stations}
    for column, values in lists.items():
        if values:
            names = [f"{column}{n}" for n in range(len(values))]
            where.append(f"{column} IN ({', '.join(f':{name}' for name in names)})")
            args |= dict(zip(names, values, strict=True))
    for words, value in (
        ("simulated = :simulated", query.simulated),
        ("time >= :since", query.since),
        ("time < :until", query.until),
    ):
        if value is not None:
            where.append(words)
            args[words.rpartition(":")[2]] = value
    return " AND ".join(where), args
