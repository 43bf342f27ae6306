"""``webcast.proto`` is compiled as it stands, and says of each field what TikTokLive says of it."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

ROOT = Path(__file__).parents[2]
PROTO = "gateway/webcast/webcast.proto"
F = FieldDescriptor
TYPES = {
    F.TYPE_INT32: {"int32", "enum"},
    F.TYPE_INT64: {"int64"},
    F.TYPE_BOOL: {"bool"},
    F.TYPE_STRING: {"string"},
    F.TYPE_BYTES: {"bytes"},
    F.TYPE_MESSAGE: {"message", "map"},
}


def test_the_generated_classes_are_those_of_the_proto_file(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "grpc_tools.protoc",
        "-I.",
        f"--python_out={tmp_path}",
        f"--pyi_out={tmp_path}",
    ]
    subprocess.run([*command, PROTO], cwd=ROOT, check=True, timeout=60)
    for name in ("webcast_pb2.py", "webcast_pb2.pyi"):
        made = (tmp_path / "gateway/webcast" / name).read_text()
        assert (ROOT / "gateway/webcast" / name).read_text() == made, "run `make generated`"


def pairs() -> list[tuple[Descriptor, Any]]:
    """Our messages and TikTokLive's classes for the same bytes."""
    from TikTokLive import proto
    from TikTokLive.events.proto_events import EVENT_MAPPINGS
    from TikTokLiveProto.v3.webcast.im import PushHeader
    from TikTokLiveProto.v3.webcast.model import message
    from TikTokLiveProto.v3.webcast.model.base.user import PrivilegeLogExtra
    from TikTokLiveProto.v3.webcast.model.data import UserIdentity
    from TikTokLiveProto.v3.webcast.model.live import match
    from TikTokLiveProto.v3.webcast.model.message import battle, redenvelope
    from TikTokLiveProto.v3.webcast.model.message.common import Text

    theirs = {
        "PushFrame": proto.WebcastPushFrame,
        "Header": PushHeader,
        "FetchResult": proto.ProtoMessageFetchResult,
        "Envelope": proto.ProtoMessageFetchResultBaseProtoMessage,
        "HeartBeat": proto.HeartBeatMessage,
        "EnterRoom": proto.WebcastImEnterRoomMessage,
        "Common": proto.CommonMessageData,
        "DisplayText": Text,
        "User": proto.User,
        "Badge": proto.BadgeStruct,
        "PrivilegeLog": PrivilegeLogExtra,
        "UserIdentity": UserIdentity,
        "Gift": proto.Gift,
        "GiftMonitorInfo": message.GiftMonitorInfo,
        "Question": message.Question,
        "EnvelopeInfo": redenvelope.MessageRedEnvelopInfo,
        "BattleResult": battle.BattleResult,
        "BattleHostEntry": battle.BattleUserInfoWrapper,
        "BattleHost": match.BattleUserInfo,
        "BattleHostUser": match.BattleBaseUserInfo,
        "BattleArmies": battle.BattleUserArmies,
    }
    for method, ours in MESSAGES.items():
        theirs[ours.DESCRIPTOR.name] = EVENT_MAPPINGS[method]
    return [(pb.DESCRIPTOR.message_types_by_name[name], cls) for name, cls in theirs.items()]


@pytest.mark.needs("tiktoklive")
def test_every_field_has_the_number_and_type_that_tiktoklive_decodes() -> None:
    compared = pairs()
    assert {d.name for d, _ in compared} == set(pb.DESCRIPTOR.message_types_by_name)
    for ours, cls in compared:
        theirs = {f.name: f.metadata["betterproto"] for f in fields(cls) if "betterproto" in f.metadata}
        for field in ours.fields:
            meta = theirs[field.name]
            assert field.number == meta.number, f"{ours.name}.{field.name}"
            kind = str(meta.proto_type).rpartition(".")[2].lower().removeprefix("type_")
            assert kind in TYPES[field.type], f"{ours.name}.{field.name}: {kind}"
