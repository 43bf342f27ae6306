"""Takes from the Webcast's own messages what says who a viewer is, so that they can be kept and handed on.

What is not known to be harmless does not stay: a field is kept because it stands in ``KEPT``, never because
nobody thought of it; and of a kind of message that we do not read nothing is kept that a
viewer may have written.
"""

import re
import time
from collections.abc import MutableMapping
from pathlib import Path

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from gateway import messages as m
from gateway.connector.privacy import NOBODY, without_mentions
from gateway.connector.recording.disguise import NUMBERS, Disguise, invented_name
from gateway.lines_file import LinesWriter
from gateway.webcast import frame_file
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES
from gateway.webcast.frame_file import KeptFrame, KeptMessage

KEPT = frozenset(
    f"{message}.{field}"
    for message, fields in {
        "BattleArmies": "hostscore",
        "BattleHostEntry": "key",
        "BattleHostUser": "display_id room_id",
        "BattleResult": "score",
        "Badge": "scene_type",
        "ChatMessage": "content",
        "Common": "method msg_id room_id create_time is_show_msg",
        "ControlMessage": "action",
        "DisplayText": "key",
        "EnvelopeInfo": "send_user_id send_user_name diamond_count people_count",
        "EnvelopeMessage": "display",
        "Gift": "id combo type diamond_count name",
        "GiftMessage": "gift_id group_count repeat_count combo_count repeat_end group_id",
        "GiftMonitorInfo": "anchor_id to_user_id",
        "LikeMessage": "count total",
        "LinkMicArmies": "battle_id",
        "LinkMicBattle": "battle_id action",
        "MemberMessage": "member_count action",
        "PrivilegeLog": "level",
        "Question": "content",
        "RoomUserSeqMessage": "total total_user",
        "SocialMessage": "action follow_count share_count",
        "SubNotifyMessage": "sub_month",
        "User": "id id_str display_id nickname",
        "UserIdentity": "is_gift_giver_of_anchor is_subscriber_of_anchor is_mutual_following_with_anchor "
        "is_follower_of_anchor is_moderator_of_anchor is_anchor",
    }.items()
    for field in fields.split()
)
"""The fields that stay, some of them with other words: see ``FrameDisguise``. All others are dropped."""
FIELDS_TOLD = 100
"""Fields of an unknown message that are told; more are no message."""
_WIRE_TYPES = {0: "varint", 1: "64 bit", 2: "bytes", 5: "32 bit"}
_METHOD = re.compile(r"\w{1,64}", re.ASCII)


class FrameDisguise:
    """Rewrites messages in place: every viewer and every other host gets an invented id and names, the same ones
    in all messages; mentions in comments are masked. The host of the account, ``username`` in ``room``, keeps the
    @name."""

    def __init__(self, username: str, room: str) -> None:
        self._username = username.lower()
        self._room = room
        self._disguise = Disguise()

    def message(self, envelope: pb.Envelope) -> KeptMessage:
        """What may be kept of one message."""
        method = envelope.method if _METHOD.fullmatch(envelope.method) else "?"
        kind, payload, fields = MESSAGES.get(method), None, []
        if kind is not None:
            try:
                message = kind.FromString(envelope.payload)
            except DecodeError:
                fields = ["unreadable"]
            else:
                message.DiscardUnknownFields()
                self.rewrite(message)
                payload = message.SerializeToString()
        else:
            fields = skeleton(envelope.payload)
        return KeptMessage(
            method=method,
            msg_id=envelope.msg_id,
            history=envelope.is_history,
            payload=payload,
            size=len(envelope.payload) if payload is None else 0,
            fields=fields,
        )

    def rewrite(self, message: Message) -> None:
        match message:
            case pb.User():
                pseudonym = self._disguise.id(str(message.id) if message.id else message.id_str)
                message.id_str = _digits(pseudonym) if message.id_str else ""
                message.id = _number(pseudonym) if message.id else 0
                message.nickname = invented_name(pseudonym)
                message.display_id = self._name(message.display_id)
            case pb.EnvelopeInfo():
                pseudonym = self._disguise.id(message.send_user_id)
                message.send_user_id = _digits(pseudonym)
                message.send_user_name = invented_name(pseudonym)
            case pb.GiftMonitorInfo():
                message.anchor_id = self._id(message.anchor_id)
                message.to_user_id = self._id(message.to_user_id)
            case pb.BattleHostEntry():
                message.key = self._id(message.key)
            case pb.BattleHostUser():
                message.display_id = self._name(message.display_id)
                if str(message.room_id) != self._room:
                    message.room_id = 0
            case pb.ChatMessage() | pb.Question():
                message.content = without_mentions(message.content)
        for field, value in message.ListFields():
            if field.type != FieldDescriptor.TYPE_MESSAGE:
                if f"{message.DESCRIPTOR.name}.{field.name}" not in KEPT:
                    message.ClearField(field.name)
            elif field.message_type and field.message_type.GetOptions().map_entry:
                self._rewrite_map(value)
            elif field.is_repeated:
                for part in value:
                    self.rewrite(part)
            else:
                self.rewrite(value)

    def _rewrite_map(self, entries: MutableMapping[int, Message]) -> None:
        """By user id, as all maps of the schema are."""
        before = {key: value.SerializeToString() for key, value in entries.items()}
        entries.clear()
        for key, data in before.items():
            value = entries[self._id(key)]
            value.ParseFromString(data)
            self.rewrite(value)

    def _id(self, raw: int) -> int:
        return _number(self._disguise.id(str(raw)))

    def _name(self, raw: str) -> str:
        if not raw or raw.lower() == self._username:
            return raw
        return f"viewer.{_number(self._disguise.id(raw.lower())) % NUMBERS}"


class FrameKeeper:
    """Writes the frames of one connection into a file; the first one begins it."""

    def __init__(self, path: Path, username: str) -> None:
        self.frames = 0
        self._path = path
        self._username = username
        self._writer: LinesWriter | None = None

    def begin(self, room: str) -> None:
        """The room is known. Raises ``StorageError`` when the file cannot be written."""
        self._began = time.time()
        self._disguise = FrameDisguise(self._username, room)
        self._writer = frame_file.create(self._path, self._username, room, m.stamp(self._began))

    def keep(self, frame: bytes, result: pb.FetchResult | None) -> None:
        """One frame of the socket; ``result`` is what it carries, None when it cannot be opened."""
        if self._writer is None:
            return
        at = round(time.time() - self._began, 3)
        if result is None:
            kept = KeptFrame(at=at, unreadable=len(frame))
        else:
            kept = KeptFrame(at=at, messages=[self._disguise.message(e) for e in result.messages])
        self.frames += 1
        self._writer.write(msgspec.json.encode(kept))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def skeleton(payload: bytes) -> list[str]:
    """The outermost fields of a message nobody knows: number, wire type and length, no values. Not deeper: a
    viewer's words may look like a message, and their letters like numbers of fields."""
    fields: list[str] = []
    at = 0
    try:
        while at < len(payload) and len(fields) < FIELDS_TOLD:
            tag, at = _varint(payload, at)
            kind = _WIRE_TYPES[tag & 7]
            if kind == "varint":
                _, at = _varint(payload, at)
            elif kind == "bytes":
                size, at = _varint(payload, at)
                at += size
                kind = f"{size} bytes"
            else:
                at += 8 if kind == "64 bit" else 4
            fields.append(f"{tag >> 3}: {kind}")
    except (LookupError, ValueError):
        return ["no protobuf"]
    return fields if at <= len(payload) else ["no protobuf"]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of the wire format, and where it ends. Raises ``LookupError`` or ``ValueError``."""
    value = 0
    for n in range(10):
        byte = data[at + n]
        value |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            return value, at + n + 1
    raise ValueError("a number of more than 64 bits")


def _number(pseudonym: str) -> int:
    """The pseudonym as the platform's kind of id: 60 bits of it."""
    return 0 if pseudonym in NOBODY else int(pseudonym[1:16], 16) | 1


def _digits(pseudonym: str) -> str:
    return pseudonym if pseudonym in NOBODY else str(_number(pseudonym))
