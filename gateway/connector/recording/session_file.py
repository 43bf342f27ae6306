"""A recorded session: the Events and states of one account, as they were on the wire (docs/session-files.md)."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway import __version__
from gateway import messages as m
from gateway.errors import PayloadError
from gateway.lines_file import Header, LinesReader, LinesWriter

FORMAT = "stagewire-session"
VERSION = 1
MADE_BY = "record one with `stagewire record ACCOUNT`"


class SessionHeader(Header, frozen=True, kw_only=True):
    """``source`` as in the Events, empty where it was not known; ``pseudonymous``: viewers' ids and names are
    invented, by a key that nobody has kept."""

    account: m.Id
    source: str = ""
    started: m.Timestamp
    pseudonymous: bool


class StateLine(Struct, frozen=True, kw_only=True):
    """What the account said of itself, and when it was heard. An Event has no ``state``."""

    at: m.Timestamp
    state: m.AccountState


class _Line(Struct):
    """What tells the two kinds of line apart."""

    type: str = ""
    state: msgspec.Raw = msgspec.Raw()


def create(path: Path, account: str, source: str, started: m.Timestamp, *, pseudonymous: bool) -> LinesWriter:
    """Begin a new file. Raises ``StorageError``, also when the file is there already."""
    header = SessionHeader(
        format=FORMAT,
        version=VERSION,
        stagewire=__version__,
        account=account,
        source=source,
        started=started,
        pseudonymous=pseudonymous,
    )
    return LinesWriter(path, header)


class SessionReader:
    """Iterating gives what was recorded, in order; once.

    ``skipped`` counts lines that mean nothing to this version; complete after the last one.
    Raises ``StorageError`` for a file that cannot be read or is none.
    """

    def __init__(self, path: Path) -> None:
        self._lines = LinesReader(path, SessionHeader, FORMAT, VERSION, MADE_BY)
        self.header = self._lines.header
        self.skipped = 0

    @property
    def trouble(self) -> str:
        """What could not be read so far, in words; empty when all was."""
        lost, size, path = self._lines.lost, self._lines.size, self._lines.path
        words = [f"{lost} of its {size} bytes are cut off or damaged"] if lost else []
        if self.skipped:
            words.append(f"{self.skipped} lines mean nothing to this version of Stagewire")
        return f"{path}: {' and '.join(words)}; they were left out" if words else ""

    def __iter__(self) -> Iterator[m.Event | StateLine]:
        for line in self._lines:
            try:
                kind: _Line = m.decode(line, _Line)
                if kind.type:
                    yield m.decode_event(line)
                elif bytes(kind.state):
                    yield m.decode(line, StateLine)
                else:
                    self.skipped += 1
            except PayloadError:  # a kind of a later version, or damaged by an editor
                self.skipped += 1

    def events(self) -> Iterator[m.Event]:
        return (line for line in self if not isinstance(line, StateLine))
