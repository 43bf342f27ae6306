"""Frames kept in the field as tests: what they mean, and a session file of it to hold later versions against.

``python -m tests.connector.kept FILE.frames.gz`` writes ``FILE.session.gz`` beside it; put both into
tests/vectors/frames, and test_kept.py takes them.
"""

import sys
from pathlib import Path

from gateway import messages as m
from gateway.connector.recording import session_file
from gateway.connector.sources.base import Stream
from gateway.connector.sources.decoder import Decoder
from gateway.webcast.frame_file import FramesReader

RECEIVED = 0.0
"""When the frames came, for all of them: the events are compared."""


def stream(username: str) -> Stream:
    return Stream("kept", f"tiktok/@{username}", simulated=True)


def events_of(path: Path) -> list[m.Event]:
    """What the decoder makes of kept frames."""
    reader = FramesReader(path)
    decoder = Decoder(stream(reader.header.username))
    events = []
    for frame in reader:
        for message in frame.messages:
            event = decoder.event(reader.header.room, message.envelope(), RECEIVED)
            if event is not None:
                events.append(event)
    return events


def session_of(path: Path) -> Path:
    """Where the events of these frames stand."""
    return path.with_name(path.name.removesuffix(".frames.gz") + ".session.gz")


def main(path: Path) -> None:
    started = m.stamp(RECEIVED)
    with session_file.create(session_of(path), "kept", "", started, pseudonymous=True) as writer:
        for event in events_of(path):
            writer.write(m.encode(event))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
