"""Webcast messages kept in a file, without who the viewers are: for looking into, for tests, for playing again.

Written by ``stagewire connector --diagnose --keep``, played by the practice platform (docs/session-files.md).
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway import __version__
from gateway import messages as m
from gateway.lines_file import Header, LinesReader, LinesWriter
from gateway.webcast import webcast_pb2 as pb

FORMAT = "stagewire-frames"
VERSION = 1
MADE_BY = "make one with `stagewire connector --account NAME --diagnose --keep FILE`"


class FramesHeader(Header, frozen=True, kw_only=True):
    """``username``: the host's @name; ``room``: the LIVE's id; ``started``: when it was found."""

    username: str
    room: str
    started: m.Timestamp


class KeptMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a frame. ``payload`` (base64 in the file) is there for the kinds that Stagewire reads,
    written anew without what it does not read; of others only their ``size`` in bytes and their outermost
    ``fields`` are kept: number, wire type and, where it has one, length."""

    method: str
    msg_id: int = 0
    history: bool = False
    payload: bytes | None = None
    size: int = 0
    fields: list[str] = []

    def envelope(self) -> pb.Envelope:
        return pb.Envelope(
            method=self.method, payload=self.payload or b"", msg_id=self.msg_id, is_history=self.history
        )


class KeptFrame(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``at``: seconds after ``started``. ``unreadable``: the size of a frame that could not be opened."""

    at: float
    messages: list[KeptMessage] = []
    unreadable: int = 0


def create(path: Path, username: str, room: str, started: m.Timestamp) -> LinesWriter:
    """Begin a new file. Raises ``StorageError``, also when the file is there already."""
    header = FramesHeader(
        format=FORMAT, version=VERSION, stagewire=__version__, username=username, room=room, started=started
    )
    return LinesWriter(path, header)


class FramesReader:
    """Iterating gives the frames in order; once. ``skipped`` counts lines that are none.

    Raises ``StorageError`` for a file that cannot be read or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._lines = LinesReader(path, FramesHeader, FORMAT, VERSION, MADE_BY)
        self.header = self._lines.header
        self.skipped = 0

    def __iter__(self) -> Iterator[KeptFrame]:
        for line in self._lines:
            try:
                yield msgspec.json.decode(line, type=KeptFrame)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.skipped += 1
