"""One frame of the Webcast's socket, opened and answered. Pure.

A frame comes from outside and may be anything: what it unpacks to is bounded before it is unpacked.
"""

import zlib

from google.protobuf.message import DecodeError, Message

from gateway.errors import SourceError
from gateway.webcast import webcast_pb2 as pb

MAX_UNPACKED = 1024 * 1024
"""Bytes; a busy LIVE's frames unpack to some 100 kB. Made of nothing but empty messages, so many take 30 ms."""
MAX_MESSAGES = 1000
"""Messages in one frame; a busy LIVE's have some 20."""
_GZIP = b"\x1f\x8b"
"""How gzip begins, and no protobuf message: its first tag would have wire type 7."""
_GZIP_WINDOW = 31
"""zlib's ``wbits`` for gzip with the largest window."""

MESSAGES: dict[str, type[Message]] = {
    "WebcastGiftMessage": pb.GiftMessage,
    "WebcastChatMessage": pb.ChatMessage,
    "WebcastLikeMessage": pb.LikeMessage,
    "WebcastSocialMessage": pb.SocialMessage,
    "WebcastMemberMessage": pb.MemberMessage,
    "WebcastSubNotifyMessage": pb.SubNotifyMessage,
    "WebcastRoomUserSeqMessage": pb.RoomUserSeqMessage,
    "WebcastControlMessage": pb.ControlMessage,
    "WebcastQuestionNewMessage": pb.QuestionNewMessage,
    "WebcastEnvelopeMessage": pb.EnvelopeMessage,
    "WebcastLinkMicBattle": pb.LinkMicBattle,
    "WebcastLinkMicArmies": pb.LinkMicArmies,
}
"""``Envelope.method`` to the class of its payload: the closed set of messages that we read."""


class Unreadable(SourceError):
    """The bytes of a frame are not what they should be."""


def unpack(frame: bytes) -> tuple[pb.PushFrame, pb.FetchResult | None]:
    """The frame and what it carries; None for a frame without messages, such as a heartbeat.

    Raises ``Unreadable``, also for one that unpacks to more than ``MAX_UNPACKED`` or ``MAX_MESSAGES``.
    """
    try:
        push = pb.PushFrame.FromString(frame)
        if push.payload_type != "msg":
            return push, None
        payload = push.payload
        result = pb.FetchResult.FromString(_gunzip(payload) if payload.startswith(_GZIP) else payload)
    except (DecodeError, zlib.error) as e:
        raise Unreadable(f"a frame of {len(frame)} bytes cannot be read: {e}") from None
    if len(result.messages) > MAX_MESSAGES:
        raise Unreadable(f"a frame carries {len(result.messages)} messages; at most {MAX_MESSAGES} are read")
    return push, result


def acknowledgement(log_id: int, internal_ext: str) -> bytes:
    """The frame that tells the platform that the frame ``log_id`` has arrived."""
    return pb.PushFrame(
        log_id=log_id, payload_encoding="pb", payload_type="ack", payload=(internal_ext or "-").encode()
    ).SerializeToString()


def _gunzip(packed: bytes) -> bytes:
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    unpacked = inflate.decompress(packed, MAX_UNPACKED)
    if not inflate.eof:
        why = "is cut off" if not inflate.unconsumed_tail else f"unpacks to more than {MAX_UNPACKED} bytes"
        raise Unreadable(f"a frame's payload of {len(packed)} bytes {why}")
    return unpacked
