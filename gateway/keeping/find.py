"""Finding one viewer in a gateway's data folder: who is meant, and where they stand. Reads only."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway import messages as m
from gateway.errors import PayloadError, StorageError
from gateway.journal.entry import Entry
from gateway.journal.rewriting import entries, remembered
from gateway.journal.segments import segments
from gateway.keeping.forget import Forget
from gateway.keeping.search import exports_with
from gateway.keeping.viewer import ERASED, Viewer, in_json
from gateway.stats import archive
from gateway.stats.kept import Leaders
from gateway.stats.storage import CrashSafeFile

SHORTEST_WORD = 4
"""Characters of a comment by which a note is known to repeat it."""

MOST_NAMES = 5
"""Of one person that are shown."""

Progress = Callable[[str], None]


def silent(_what: str) -> None:
    """For who wants to see no progress."""


class Somebody(Struct, frozen=True, kw_only=True):
    """Whom a name may mean. ``last``: when they were last seen, UTC; empty where only an old leaderboard knows."""

    id: str
    called: list[str] = []
    last: str = ""


class Person(Struct):
    """Somebody who was seen; times are UTC, empty where only an old leaderboard knows them."""

    id: str
    names: set[str] = set()
    nicknames: set[str] = set()
    first: str = ""
    last: str = ""

    def seen(self, user: m.User, at: str) -> None:
        self.names |= {user.name} - {""}
        self.nicknames |= {user.nickname} - {""}
        if at:
            self.first = min(self.first, at) if self.first else at
            self.last = max(self.last, at)

    @property
    def told(self) -> "Somebody":
        called = [f"@{name}" for name in sorted(self.names)] + sorted(self.nicknames)
        return Somebody(id=self.id, called=called[:MOST_NAMES], last=self.last)

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.id, tuple(sorted(self.names)), tuple(sorted(self.nicknames)))


class Found(Struct):
    """Where a viewer stands. ``records``: kind of record to how many; ``rules``: how much rules remember of them;
    ``sessions`` and ``leaders``: ids of archived sessions, and accounts; ``months``: the journal's files with
    anything of them; ``words``: what they wrote and a rule noted."""

    viewer: Viewer
    first: str = ""
    last: str = ""
    records: dict[str, int] = {}
    rules: int = 0
    sessions: list[str] = []
    leaders: list[str] = []
    exports: list[str] = []
    months: list[str] = []
    words: list[str] = []

    @property
    def anything(self) -> bool:
        return bool(self.records or self.rules or self.sessions or self.leaders or self.exports)


def who(data: Path, query: str, progress: Progress = silent) -> list[Person]:
    """Everybody whom ``query`` may mean, last seen first: those with this platform id, else with this @name, else
    (without an @) with this nickname. Raises ``StorageError`` where something cannot be read."""
    name = query.strip().removeprefix("@")
    if not name or name == ERASED:
        return []
    people: dict[str, Person] = {}
    wanted = re.compile(re.escape(in_json(name)), re.IGNORECASE)
    for user, at in _people(data, wanted, progress):
        if user.id in ("", ERASED):
            continue
        if name.casefold() in (user.id, user.name.casefold(), user.nickname.casefold()) or user.id == name:
            people.setdefault(user.id, Person(user.id)).seen(user, at)
    found = sorted(people.values(), key=lambda p: p.last, reverse=True)
    fits: list[Callable[[Person], bool]] = [
        lambda p: p.id == name and "@" not in query,
        lambda p: name.casefold() in {n.casefold() for n in p.names},
        lambda p: "@" not in query,
    ]
    return next((some for fit in fits if (some := [p for p in found if fit(p)])), [])


def find(data: Path, viewer_id: str, progress: Progress = silent) -> Found:
    """All that is kept of a viewer. Raises ``StorageError`` where something cannot be read."""
    person = Person(viewer_id)
    for user, at in _people(data, re.compile(re.escape(in_json(viewer_id))), progress):
        if user.id == viewer_id:
            person.seen(user, at)
    forget = Forget(person.viewer, b"")
    found = Found(viewer=person.viewer, first=person.first, last=person.last)
    kept, texts = dict[str, dict[str, bytes]](), set[str]()
    for path in reversed(segments(data)):
        progress(path.name)
        kept[path.name] = remembered(path)
        for entry in entries(path):
            message = theirs(entry, forget)
            if message is None:
                continue
            found.records[entry.kind] = found.records.get(entry.kind, 0) + 1
            if path.name not in found.months:
                found.months.append(path.name)
            if isinstance(message, m.CommentEvent | m.QuestionEvent) and _user(message).id == viewer_id:
                texts.add(message.data.text)
    notes = "\n".join(_text(v) for some in kept.values() for key, v in some.items() if key.startswith("notes:"))
    found.words = sorted(text for text in texts if len(text) >= SHORTEST_WORD and text in notes)
    forget = Forget(person.viewer, b"", found.words)
    theirs_in = {name: some.keys() & forget.state(some).keys() for name, some in kept.items()}
    found.rules = max(map(len, theirs_in.values()), default=0)
    found.months = [name for name in kept if name in found.months or theirs_in[name]]
    found.sessions = [r.summary.id for _, r in all_records(data) if forget.session(r) != r]
    found.leaders = [x.account for x in all_leaders(data) if forget.leaders(x) != x]
    found.exports = [str(path.relative_to(data)) for path in exports_with(data, person.viewer)]
    return found


def theirs(entry: Entry, forget: Forget) -> m.Event | m.Command | m.Ack | m.Decided | None:
    """The record's message where anything in it is the viewer's. Raises ``StorageError``."""
    if not forget.viewer.anywhere.search(entry.body.decode(errors="replace")):
        return None
    message = message_of(entry)
    return message if forget.message(message) is not message else None


def message_of(entry: Entry) -> m.Event | m.Command | m.Ack | m.Decided:
    """Raises ``StorageError`` for a record that was changed by hand."""
    try:
        return entry.message()
    except PayloadError as e:
        raise StorageError(
            f"the journal's record {entry.seq} ({entry.kind} {entry.id}) cannot be read: {e}; nobody can say "
            "whose it is: see `stagewire journal verify`"
        ) from None


def _people(data: Path, wanted: re.Pattern[str], progress: Progress) -> Iterator[tuple[m.User, str]]:
    """Everybody in whose records ``wanted`` stands, and when they were seen."""
    for path in segments(data):
        progress(path.name)
        for entry in entries(path):
            if entry.kind in ("event", "command") and wanted.search(entry.body.decode(errors="replace")):
                message = message_of(entry)
                yield _user(message), m.stamp(entry.time / 1000)
        for key, value in remembered(path).items():
            if wanted.search(f"{key} {_text(value)}"):
                yield m.User(id=key.rpartition("/")[2]), ""
    given = [leaders.contributions for leaders in all_leaders(data)]
    given += [record.contributions for _, record in all_records(data)]
    for contributions in given:
        for c in contributions:
            yield m.User(id=c.viewer, name=c.name, nickname=c.nickname), ""


def all_records(data: Path) -> Iterator[tuple[Path, m.SessionRecord]]:
    """Every archived session that can be read, and where it is. Raises ``StorageError``."""
    for path in archive.details_files(data):
        record = CrashSafeFile(path, read_only=True).read(m.SessionRecord)
        if record is not None:
            yield path, record


def all_leaders(data: Path) -> Iterator[Leaders]:
    """Of every account, practice too. Raises ``StorageError``."""
    for simulated in (False, True):
        yield from archive.read_leaders(data, simulated)


def _user(message: m.Event | m.Command | m.Ack | m.Decided) -> m.User:
    if isinstance(message, m.Command):
        return m.User(id=message.viewer, nickname=message.user)
    data = getattr(message, "data", None)
    user = getattr(data, "user", None)
    return user if isinstance(user, m.User) else m.User(id="")


def _text(value: bytes) -> str:
    try:
        return str(msgspec.json.decode(value))
    except msgspec.DecodeError:
        return ""
