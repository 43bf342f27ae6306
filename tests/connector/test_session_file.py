"""Session files: whole after a power cut, and nobody in them can be recognised."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import messages as m
from gateway.connector.recording import session_file
from gateway.connector.recording.disguise import Disguise
from gateway.connector.recording.session_file import SessionReader, StateLine
from gateway.errors import StorageError
from gateway.lines_file import MAX_HELD
from gateway.messages import stamp
from tests.connector.sessions import NOW, comment, write

ROOT = Path(__file__).parents[2]


def test_a_file_cut_off_anywhere_gives_all_that_was_flushed(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    events = [comment(n, f"number {n * 7919}") for n in range(60)]
    sizes = write(whole, events)
    data = whole.read_bytes()
    cut = tmp_path / "cut"
    for size in range(sizes[0], len(data), 37):
        for tail in (b"", bytes(512)):  # a power cut may leave zeros where data should have come
            cut.write_bytes(data[:size] + tail)
            reader = SessionReader(cut)
            got = list(reader)
            flushed = 10 * sum(s <= size for s in sizes)
            assert got == events[:flushed]
            lost = size + len(tail) - max(s for s in sizes if s <= size)
            assert (f"{lost} of its {size + len(tail)} bytes" in reader.trouble) == (lost > 0)


def test_damage_in_the_middle_costs_no_more_than_what_was_flushed_with_it(tmp_path: Path) -> None:
    path = tmp_path / "session"
    events = [comment(n) for n in range(50)]
    sizes = write(path, events)
    data = bytearray(path.read_bytes())
    data[(sizes[1] + sizes[2]) // 2] ^= 0xFF
    path.write_bytes(data)
    reader = SessionReader(path)
    assert list(reader) == events[:20] + events[30:]
    assert f"{sizes[2] - sizes[1]} of its {len(data)} bytes are cut off or damaged" in reader.trouble


def test_a_file_packed_anew_in_one_piece_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "session"
    events = [comment(n, "word " * 100) for n in range(MAX_HELD // 500 + 100)]
    write(path, events, every=10_000)
    text = gzip.decompress(path.read_bytes())
    assert len(text) > MAX_HELD
    path.write_bytes(gzip.compress(text))
    assert list(SessionReader(path)) == events
    path.write_bytes(gzip.compress(text)[:-9])  # and cut off: then as far as it goes
    reader = SessionReader(path)
    got = list(reader)
    assert 0 < len(got) <= len(events)
    assert got == events[: len(got)]
    assert "cut off" in reader.trouble


def test_lines_that_mean_nothing_to_us_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "session"
    with session_file.create(path, "ada", "", stamp(NOW), pseudonymous=True) as writer:
        later = {**json.loads(m.encode(comment(1))), "type": "stagewire.dance"}
        more = {**json.loads(m.encode(comment(2))), "mood": "good"}
        for line in (json.dumps(later).encode(), json.dumps(more).encode(), b'{"note": 1}', b"{torn", b"\xff"):
            writer.write(line)
    reader = SessionReader(path)
    assert list(reader) == [comment(2)]
    assert reader.skipped == 4
    assert "4 lines mean nothing to this version" in reader.trouble


def test_what_is_no_session_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data in (b"", b"stagewire.yaml: no\n", gzip.compress(b"hello\n"), b"\x1f\x8b\x08"):
        path.write_bytes(data)
        with pytest.raises(StorageError, match=r"is no stagewire-session file.*stagewire record ACCOUNT"):
            SessionReader(path)
    path.write_bytes(gzip.compress(b'{"format": "stagewire-frames", "version": 1}\n'))
    with pytest.raises(StorageError, match="is a 'stagewire-frames' file, but a stagewire-session file is needed"):
        SessionReader(path)
    path.write_bytes(gzip.compress(b'{"format": "stagewire-session", "version": 2, "stagewire": "9.1"}\n'))
    with pytest.raises(StorageError, match=r"version 2 .*written by Stagewire 9\.1; .*up to 1: update it"):
        SessionReader(path)
    with pytest.raises(StorageError, match="cannot be read: No such file"):
        SessionReader(tmp_path / "missing")


def test_a_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "session"
    write(path, [comment(1)])
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(StorageError, match="is there already: move it away, or name another file"):
        write(path, [])
    assert path.read_bytes() == before


def test_the_example_of_the_documentation_is_a_session(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "session-files.md").read_text()
    example = page.partition("```json\n")[2].partition("```")[0]
    (tmp_path / "ada.gz").write_bytes(gzip.compress(example.encode()))
    reader = SessionReader(tmp_path / "ada.gz")
    assert [type(line) for line in reader] == [StateLine, m.GiftEvent]
    assert (reader.header.account, reader.header.pseudonymous, reader.trouble) == ("ada", True, "")


# -- who is in it --------------------------------------------------------------------------------

people = st.builds(
    m.User,
    id=st.integers(10**17, 10**19).map(str),
    name=st.from_regex(r"[a-z]{4}[a-z0-9_.]{2,12}", fullmatch=True),
    nickname=st.text(st.characters(categories=["L", "N"]), min_size=6, max_size=20),
)


@given(who=people, other=people)
def test_nobody_in_a_recording_can_be_recognised(who: m.User, other: m.User) -> None:
    disguised = Disguise()
    context: dict[str, Any] = {
        "id": "room-1",
        "source": "tiktok/@host",
        "time": stamp(NOW),
        "received": stamp(NOW),
        "account": "ada",
        "room": "room",
    }
    text = f"hi @{other.name}!"
    gift = m.Gift(
        user=who, gift_id="1", name="Rose", count=1, total=1, streak=f"{who.id}-1-9", ended=False, to=other.id
    )
    events: list[m.Event] = [
        m.CommentEvent(**context, data=m.Comment(user=who, text=text, plain=text)),
        m.QuestionEvent(**context, data=m.Question(user=who, text=text, plain=text)),
        m.GiftEvent(**context, data=gift),
        m.EnvelopeEvent(**context, data=m.Envelope(user=who)),
        m.LikeEvent(**context, data=m.Like(user=who, count=3)),
        m.FollowEvent(**context, data=m.Person(user=who)),
        m.ShareEvent(**context, data=m.Person(user=who)),
        m.JoinEvent(**context, data=m.Person(user=who)),
        m.SubscribeEvent(**context, data=m.Person(user=who)),
        m.BattleEvent(**context, data=m.Battle(battle="b", phase="points", sides=[m.Side(id=other.id)])),
    ]
    users = set()
    for event in events:
        hidden = disguised(event)
        line = m.encode(hidden).decode()
        for secret in (who.id, who.name, who.nickname, other.id, other.name):
            assert secret not in line
        if (user := getattr(hidden.data, "user", None)) is not None:
            users.add((user.id, user.name, user.nickname))
    assert len(users) == 1  # still one and the same
    assert next(iter(users))[2].startswith("Viewer ")
    assert Disguise().id(who.id) != disguised.id(who.id)  # another recording, another key


def test_an_unnamed_viewer_stays_unnamed() -> None:
    event = Disguise()(comment(1, user=m.User(id="0")))
    assert isinstance(event, m.CommentEvent)
    assert event.data.user == m.User(id="0")
