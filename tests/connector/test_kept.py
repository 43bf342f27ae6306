"""Frames that were kept in the field mean what they meant, and what TikTokLive makes of them.

``STAGEWIRE_FRAMES`` names a further file, or a folder of ``*.frames.gz``.
"""

import os
from pathlib import Path

import pytest

from gateway.connector.recording.session_file import SessionReader
from gateway.connector.sources.mapping import to_event
from gateway.webcast.frame import MESSAGES
from gateway.webcast.frame_file import FramesReader
from tests.connector.kept import RECEIVED, events_of, session_of, stream
from tests.connector.test_decoder import differences, stock

VECTORS = Path(__file__).parents[1] / "vectors" / "frames"


def files() -> list[Path]:
    found = sorted(VECTORS.glob("*.frames.gz"))
    further = os.environ.get("STAGEWIRE_FRAMES")
    if further:
        path = Path(further)
        found += sorted(path.glob("*.frames.gz")) if path.is_dir() else [path]
    return found


@pytest.mark.needs("tiktoklive")
@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_tiktoklive_reads_the_same_in_kept_frames(path: Path) -> None:
    reader = FramesReader(path)
    where, compared = stream(reader.header.username), 0
    for frame in reader:
        for message in frame.messages:
            kind = MESSAGES.get(message.method)
            if kind is None or message.payload is None:
                continue
            ours, theirs = kind.FromString(message.payload), stock(message.method, message.payload)
            assert differences(ours, theirs, message.method) == []
            events = [
                to_event(where, reader.header.room, message.method, decoded, message.msg_id, RECEIVED)
                for decoded in (ours, theirs)
            ]
            assert events[0] == events[1]
            compared += 1
    assert compared
    assert reader.skipped == 0


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_kept_frames_mean_what_they_meant(path: Path) -> None:
    session = session_of(path)
    if not session.exists():
        pytest.skip(f"{session.name} is not there: python -m tests.connector.kept {path.name}")
    assert events_of(path) == list(SessionReader(session).events())
