"""Frames that a diagnosis keeps: nobody can be recognised in them, and they play the same events again."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from gateway import messages as m
from gateway.connector.diagnosis.kept_frames import KEPT, FrameDisguise, skeleton
from gateway.practice.tiktok.acts import GIFTS, Unknown
from gateway.practice.tiktok.badframes import garbage
from gateway.practice.tiktok.recorded import become, play
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES
from gateway.webcast.frame_file import FramesReader
from tests.connector.conftest import Rig
from tests.connector.diagnosing import HERON, OTTER, Told, listening, stopped, until
from tests.connector.kept import events_of


def comparable(events: list[m.Event]) -> list[m.Event]:
    """Without whose they are, and when they came."""
    return [structs.replace(e, account="", source="", received="", simulated=True) for e in events]


@pytest.mark.needs("tiktoklive")
async def test_kept_frames_name_nobody_and_play_the_same_events_again(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "ada.frames.gz"
    room = rig.room("ada")
    task = await listening(told := Told(rig, keep=path), room)
    room.gift(OTTER, GIFTS[0], 3)
    room.comment(HERON, "hello @ada.otter")
    room.comment(OTTER, "hello")
    room.like(HERON, 5)
    room.follow(HERON)
    room.share(OTTER)
    room.join(HERON)
    room.subscribe(OTTER)
    room.viewers(42)
    room.send(Unknown("WebcastBrandNewMessage", b"\x0a\x09ada.otter\x10\x05"))
    room.send_raw(garbage())
    await until(lambda: told.diagnosis.heard.unreadable)
    await stopped(task)
    assert path.stat().st_mode & 0o777 == 0o600
    text = gzip.decompress(path.read_bytes())
    lines = list(FramesReader(path))
    payloads = b"".join(message.payload or b"" for kept in lines for message in kept.messages)
    for person in (OTTER, HERON):
        number = pb.User(id=person.id).SerializeToString()[1:]
        for secret in (person.name.encode(), person.nickname.encode(), str(person.id).encode(), number):
            assert secret not in text + payloads
    unknown = next(x for kept in lines for x in kept.messages if x.method == "WebcastBrandNewMessage")
    assert (unknown.payload, unknown.size, unknown.fields) == (None, 13, ["1: 9 bytes", "2: varint"])
    assert lines[-1].unreadable == len(garbage())

    kept = events_of(path)
    assert [m.KINDS[type(e)] for e in kept] == [
        *["gift"] * 4, "comment", "comment", "like", "follow", "share", "join", "subscribe", "viewers",
    ]  # fmt: skip
    *gifts, masked, plain = kept[:6]
    assert isinstance(masked, m.CommentEvent)
    assert isinstance(plain, m.CommentEvent)
    assert masked.data.text == "hello @…"
    otter = plain.data.user
    assert (otter.moderator, otter.gifter_level) == (True, 7)
    assert all(isinstance(g, m.GiftEvent) and g.data.user == otter for g in gifts)

    stage = rig.tiktok.add_room("ada.live")
    become(stage, path)
    again = Told(rig)
    played = await listening(again, stage)
    seen: list[m.Event] = []
    again.diagnosis.heard.event_seen = seen.append  # type: ignore[method-assign, assignment]
    await play(stage, path, speed=100)
    await until(lambda: len(seen) == len(kept))
    await stopped(played)
    assert comparable(seen) == comparable(kept)


def scalars(descriptor: Any, seen: set[str]) -> Iterator[str]:
    """Message.field of everything that holds a value, as deep as it goes."""
    if descriptor.full_name in seen:
        return
    seen.add(descriptor.full_name)
    for field in descriptor.fields:
        if field.message_type is not None:
            yield from scalars(field.message_type, seen)
        elif not descriptor.GetOptions().map_entry:
            yield f"{descriptor.name}.{field.name}"


def test_every_field_of_the_schema_is_kept_or_dropped_on_purpose() -> None:
    seen: set[str] = set()
    fields = {field for kind in MESSAGES.values() for field in scalars(kind.DESCRIPTOR, seen)}
    assert fields >= KEPT
    assert fields - KEPT == {"User.sec_uid", "DisplayText.default_pattern", "Gift.describe"}


SECRET = "Zaphod"
NUMBER = 7_777_777_777_777_777_777


def fill(message: Message) -> None:
    """Every text holds the secret, every number of 64 bits is it."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            fill(getattr(message, field.name)[NUMBER])
        elif field.message_type is not None:
            part = getattr(message, field.name)
            fill(part.add() if field.is_repeated else part)
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, f"@{SECRET}")
        elif field.type == FieldDescriptor.TYPE_INT64:
            setattr(message, field.name, NUMBER)


PLATFORMS_OWN = {"Common.method", "DisplayText.key", "PrivilegeLog.level", "Gift.name"}
"""Texts that no viewer writes."""
NO_PERSON = {"msg_id", "room_id", "create_time", "gift_id", "group_id", "id", "total", "action", "follow_count",
             "sub_month", "total_user", "battle_id", "score", "hostscore"}  # fmt: skip
"""Numbers of 64 bits that are no person's; ``id`` here is a gift's."""


def leaks(message: Message) -> Iterator[str]:
    """The fields that still hold the secret."""
    for part in walk(message):
        for field, value in part.ListFields():
            name = f"{part.DESCRIPTOR.name}.{field.name}"
            if field.message_type is not None:
                if field.message_type.GetOptions().map_entry and NUMBER in value:
                    yield name
            elif field.type == FieldDescriptor.TYPE_STRING:
                if SECRET in value and name not in PLATFORMS_OWN:
                    yield name
            elif value == NUMBER and (name == "User.id" or field.name not in NO_PERSON):
                yield name


def walk(message: Message) -> Iterator[Message]:
    """The message and all in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            is_map = field.message_type.GetOptions().map_entry
            for part in value.values() if is_map else value if field.is_repeated else [value]:
                yield from walk(part)


@pytest.mark.parametrize("method", MESSAGES)
def test_no_field_of_any_kind_lets_a_viewer_through(method: str) -> None:
    message = MESSAGES[method]()
    fill(message)
    assert list(leaks(message))  # filled as it should be
    payload = message.SerializeToString() + b"\xf2\x3e\x06Zaphod"  # and a field that no schema knows
    kept = FrameDisguise("ada.live", "123").message(pb.Envelope(method=method, payload=payload, msg_id=9))
    assert kept.payload is not None
    hidden = MESSAGES[method].FromString(kept.payload)
    assert list(leaks(hidden)) == []
    assert b"Zaphod" not in hidden.SerializeToString() or any(
        SECRET in getattr(part, field.name)
        for part in walk(hidden)
        for field in part.DESCRIPTOR.fields
        if f"{part.DESCRIPTOR.name}.{field.name}" in PLATFORMS_OWN
    )


def test_the_host_keeps_the_name_and_a_viewer_is_the_same_in_every_message() -> None:
    disguise = FrameDisguise("Ada.Live", "123")
    host = pb.User(id=5, display_id="ada.live")
    first, second = (pb.User(id=6, id_str="6", display_id="bob", nickname="Bob") for _ in range(2))
    nobody = pb.User()
    for user in (host, first, second, nobody):
        disguise.rewrite(user)
    assert host.display_id == "ada.live"
    assert first == second
    assert first.id_str == str(first.id) != "6"
    assert nobody == pb.User()


@given(st.binary(max_size=60))
def test_a_skeleton_never_fails_and_tells_no_value(payload: bytes) -> None:
    for line in skeleton(payload):
        assert line == "no protobuf" or re.fullmatch(r"\d+: (varint|32 bit|64 bit|\d+ bytes)", line)


def test_a_kind_with_a_strange_name_is_kept_without_it() -> None:
    kept = FrameDisguise("ada.live", "1").message(pb.Envelope(method="Ada Otter!", payload=b"\x08\x05"))
    assert json.loads(m.encode(kept)) == {"method": "?", "size": 2, "fields": ["1: varint"]}
