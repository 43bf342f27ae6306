"""Recorded sessions of invented viewers, for tests."""

from pathlib import Path

from gateway import messages as m
from gateway.connector.recording import session_file
from gateway.messages import stamp

NOW = 1_700_000_000.0
SOMEBODY = m.User(id="6800000000042", name="bea.badger", nickname="Bea Badger")


def comment(n: int, text: str = "hello", user: m.User = SOMEBODY) -> m.CommentEvent:
    return m.CommentEvent(
        id=f"room-{n}",
        source="tiktok/@host",
        time=stamp(NOW + n),
        received=stamp(NOW + n),
        account="ada",
        room="room",
        data=m.Comment(user=user, text=text, plain=text),
    )


def write(path: Path, events: list[m.CommentEvent], every: int = 10) -> list[int]:
    """Flushed after so many events; returns the file's size after each flush."""
    sizes = []
    with session_file.create(path, "ada", "tiktok/@host", stamp(NOW), pseudonymous=True) as writer:
        for n, event in enumerate(events, 1):
            writer.write(m.encode(event))
            if n % every == 0:
                writer.flush()
                sizes.append(path.stat().st_size)
    return sizes
