"""A recording played under rules, in virtual time."""

import asyncio
import gc
import itertools
import math
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from msgspec import Struct

from gateway.backtest.report import Report
from gateway.backtest.witness import Witness
from gateway.backtest.world import World, in_virtual_time
from gateway.connector.recording.session_file import SessionReader
from gateway.errors import PayloadError, SettingsError, StorageError
from gateway.heard import Heard
from gateway.journal import Entry, JournalReader
from gateway.messages import Event, TickEvent, decode_event, seconds, stamp
from gateway.settings.load import Rules, load, load_rules
from gateway.settings.models import Settings

MOST_EVENTS = 2_000_000
"""Some 2 GB in memory; a LIVE of a whole day has fewer."""
SILENCE_S = 2 * 3600.0
"""A longer one is not played through: it is as if the gateway had been off. In a journal it ends the session."""
MOST_PLAYED_S = 7 * 24 * 3600.0
SETTLE_S = 600.0
"""After the last event what has begun may take so long to end."""
STEPS = 240
"""Entries of each line of the report, about: what a plot has room for."""
_PAGE = 10_000


class Recording(Struct, frozen=True, kw_only=True):
    """``events`` in the order in which they were received, at least one. ``notes``: what could not be read."""

    name: str
    events: list[Event]
    notes: list[str] = []


class Venue(Struct, frozen=True, kw_only=True):
    """Rules, and the settings they are for."""

    settings: Settings
    rules: Rules


def venue(rules: Path, stations: Path | None = None, *, otherwise: Settings | None = None) -> Venue:
    """``rules``: a folder with rules.yaml, or such a file itself. ``stations``: the settings; left out, they are
    the stagewire.yaml beside the rules, and where there is none, ``otherwise``. Raises ``SettingsError`` with
    every mistake."""
    folder = rules if rules.is_dir() else rules.parent
    beside = folder / "stagewire.yaml"
    if stations is not None:
        settings = load(stations).settings
    elif otherwise is not None and not beside.exists():
        settings = otherwise
    else:
        settings = load(beside).settings
    usual = settings.rules_file if stations is None else "rules.yaml"
    file = folder / usual if rules.is_dir() else rules
    if not file.exists():
        raise SettingsError([f"{file}: there is no such file; name a folder with rules.yaml, or the file itself"])
    loaded = load_rules(file, settings, folder)
    if loaded.mistakes:
        raise SettingsError(loaded.mistakes)
    return Venue(settings=settings, rules=loaded)


def read(path: Path) -> Recording:
    """A session file, or the last session in a gateway's data folder. Raises ``StorageError``."""
    notes: list[str] = []
    if path.is_dir():
        events = list(_journal(path, notes))
    else:
        reader = SessionReader(path)
        events = [e for e in itertools.islice(reader.events(), MOST_EVENTS + 1) if not isinstance(e, TickEvent)]
        notes += [reader.trouble] if reader.trouble else []
    if not events:
        raise StorageError(f"{path} holds no events: record a LIVE with `stagewire record ACCOUNT`")
    if len(events) > MOST_EVENTS:
        raise StorageError(f"{path} holds more than {MOST_EVENTS} events: take a shorter recording")
    events.sort(key=lambda e: seconds(e.received))  # by the clock of one connector, they are so already
    return Recording(name=path.name, events=events, notes=notes)


def _journal(folder: Path, notes: list[str]) -> Iterator[Event]:
    """What happened since the last long silence; clocks and timers are left out, for the rules have their own."""
    if not any(folder.glob("journal-*.db")):
        raise StorageError(f"{folder} holds no journal: name the gateway's data folder, or a session file")
    reader, unreadable = JournalReader(folder), 0
    since: int | None = None  # of the event after this one
    for entry in _newest_first(reader):
        if entry.type == "tick":
            continue
        if since is not None and since - entry.time > SILENCE_S * 1000:
            break
        since = entry.time
        try:
            yield decode_event(entry.body)
        except PayloadError:  # a row changed by hand
            unreadable += 1
    notes += [f"{path} cannot be read and is left out: {why}" for path, why in reader.damaged.items()]
    notes += [f"{unreadable} rows of the journal cannot be read"] if unreadable else []


def _newest_first(reader: JournalReader) -> Iterator[Entry]:
    """At most ``MOST_EVENTS`` of them and a page."""
    before: int | None = None
    for _ in range(MOST_EVENTS // _PAGE + 1):
        page = reader.last(_PAGE, kind="event", before=before)
        yield from page
        if len(page) < _PAGE:
            return
        before = page[-1].seq


def play(recording: Recording, where: Venue) -> Report:
    """Raises ``StorageError`` for a recording that is too long. Not to be called where a loop runs."""
    times = [seconds(e.received) for e in recording.events]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    if sum(gap for gap in gaps if gap <= SILENCE_S) > MOST_PLAYED_S:
        raise StorageError(f"{recording.name} is longer than {MOST_PLAYED_S / 86400:g} days: take a shorter one")
    step = float(max(1, math.ceil((times[-1] - times[0]) / STEPS)))
    gc.freeze()  # the recording stays: looking through it again and again for garbage costs a third of the time
    try:
        return in_virtual_time(times[0], partial(_play, recording, where, times[0], step))
    finally:
        gc.unfreeze()


async def _play(recording: Recording, where: Venue, began: float, step: float) -> Report:
    notes = [*recording.notes, *_misfits(recording, where)]
    witness = Witness(where.settings, where.rules.book, began, step)
    world = World(where.settings, where.rules.book, witness, began)
    feed = _Feed(world, witness)
    async with world.running():
        for events in _sessions(recording.events):
            if (begin := seconds(events[0].received)) > world.now:
                notes.append(f"nothing was heard from {stamp(world.now)} to {stamp(begin)}: left out")
                world.leap(begin)
            await feed.play(events)
            if not await world.settled(SETTLE_S):
                notes.append(f"some of it had not ended by {stamp(world.now)}, when all had been heard")
        return witness.report(
            world.deciding.state,
            world.now,
            recording=recording.name,
            fingerprint=where.rules.fingerprint,
            duplicates=feed.duplicates,
            notes=notes,
        )


class _Feed:
    """Brings events to the world when they are due, as a broker does: by a call for each, which is quicker than a
    task that sleeps."""

    def __init__(self, world: World, witness: Witness) -> None:
        self.duplicates = 0
        self._world, self._witness, self._heard = world, witness, Heard()

    async def play(self, events: Iterable[Event]) -> None:
        """Returns when the last one has happened."""
        loop = asyncio.get_running_loop()
        left, over = iter(events), loop.create_future()

        def due(event: Event) -> None:
            try:
                self._happened(event)
                following = next(left, None)
            except Exception as e:  # noqa: BLE001 - a call of the loop's own has nobody to raise it to
                over.set_exception(e)
                return
            if following is None:
                over.set_result(None)
            else:
                loop.call_at(seconds(following.received), due, following)

        loop.call_soon(due, next(left))
        await over

    def _happened(self, event: Event) -> None:
        if event in self._heard:
            self.duplicates += 1
            return
        event = self._heard.add(event)
        self._witness.happened(event, self._world.now)
        self._world.deciding.happened(event)


def _sessions(events: list[Event]) -> Iterator[list[Event]]:
    """Cut where nothing was heard for long."""
    begin = 0
    for i, (earlier, later) in enumerate(itertools.pairwise(events), 1):
        if seconds(later.received) - seconds(earlier.received) > SILENCE_S:
            yield events[begin:i]
            begin = i
    yield events[begin:]


def _misfits(recording: Recording, where: Venue) -> Iterator[str]:
    """Rules that cannot fire since the recording is of other accounts."""
    heard = {event.account for event in recording.events}
    accounts = ", ".join(sorted(filter(None, heard)))
    for name, rule in where.rules.book.rules.items():
        if rule.enabled and rule.accounts and not heard & set(rule.accounts):
            yield f"rule {name} is only for {', '.join(rule.accounts)}, and the recording is of {accounts}"
