"""Acts as bytes of the Webcast wire. Pure: ids, times and counters come from the caller."""

import gzip
from dataclasses import dataclass
from typing import assert_never

from google.protobuf.message import Message

from gateway.practice.tiktok.acts import (
    Act,
    Battle,
    Chest,
    Comment,
    End,
    Follow,
    Gift,
    Join,
    Likes,
    Question,
    Share,
    Subscribe,
    Tap,
    Unknown,
    Viewer,
    Watching,
)
from gateway.webcast import webcast_pb2 as pb

MODERATOR, SUBSCRIBER, GIFTER_GRADE, FAN_CLUB = 1, 4, 8, 10
"""Badge.scene_type."""
FOLLOWED, SHARED = 1, 3
"""SocialMessage.action."""
STREAM_ENDED = 3
"""ControlMessage.action."""
NEW, HIDDEN = 1, 2
"""EnvelopeMessage.display."""
BATTLE_ACTIONS = {"invited": 1, "started": 4, "ended": 5}
"""LinkMicBattle.action."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the platform adds to an act: ``now_ms`` is its clock, the rest are the room's own counters."""

    room: int
    msg_id: int
    now_ms: int
    likes: int = 0
    watching: int = 0
    visits: int = 0


def envelope(act: Act, at: Stamp, *, history: bool = False) -> pb.Envelope:
    """The act as one message of the wire."""
    method, message = _message(act, at)
    payload = message if isinstance(message, bytes) else message.SerializeToString()
    return pb.Envelope(method=method, payload=payload, msg_id=at.msg_id, is_history=history)


def push(envelopes: list[pb.Envelope], log_id: int, now_ms: int) -> bytes:
    """One WebSocket frame: gzip'd messages that want an acknowledgement naming ``log_id``."""
    result = pb.FetchResult(
        messages=envelopes,
        cursor=f"practice-{log_id}",
        now=now_ms,
        internal_ext=f"internal_src:practice|wss_push_log_id:{log_id}",
        need_ack=True,
    )
    return pb.PushFrame(
        seq_id=log_id,
        log_id=log_id,
        service=8888,
        method=8,
        headers=[pb.Header(key="compress_type", value="gzip")],
        payload_encoding="pb",
        payload_type="msg",
        payload=gzip.compress(result.SerializeToString(), compresslevel=1),
    ).SerializeToString()


def heartbeat(room: int) -> bytes:
    """The platform's answer to a client's heartbeat."""
    payload = pb.HeartBeat(room_id=room).SerializeToString()
    return pb.PushFrame(payload_encoding="pb", payload_type="hb", payload=payload).SerializeToString()


def _message(act: Act, at: Stamp) -> tuple[str, Message | bytes]:
    match act:
        case Tap(viewer, gift, count, ended, group, priced, to):
            return "WebcastGiftMessage", pb.GiftMessage(
                common=_common("WebcastGiftMessage", at),
                gift_id=gift.id,
                repeat_count=count,
                combo_count=1,
                group_count=1,
                repeat_end=int(ended),
                group_id=group,
                user=_user(viewer),
                to_user=_user(to) if to else None,
                gift=_gift(gift) if priced else None,
                user_identity=_identity(viewer),
            )
        case Comment(viewer, text):
            return "WebcastChatMessage", pb.ChatMessage(
                common=_common("WebcastChatMessage", at),
                user=_user(viewer),
                content=text,
                user_identity=_identity(viewer),
            )
        case Likes(viewer, count):
            return "WebcastLikeMessage", pb.LikeMessage(
                common=_common("WebcastLikeMessage", at, "pm_mt_msg_viewer"),
                user=_user(viewer),
                count=count,
                total=at.likes,
            )
        case Follow(viewer):
            key = "pm_main_follow_message_viewer_2"
            return "WebcastSocialMessage", _social(viewer, at, key, FOLLOWED)
        case Share(viewer):
            return "WebcastSocialMessage", _social(viewer, at, "pm_mt_guidance_share", SHARED)
        case Join(viewer):
            return "WebcastMemberMessage", pb.MemberMessage(
                common=_common("WebcastMemberMessage", at, "live_room_enter_toast"),
                user=_user(viewer),
                member_count=at.watching,
                action=1,
            )
        case Subscribe(viewer):
            return "WebcastSubNotifyMessage", pb.SubNotifyMessage(
                common=_common("WebcastSubNotifyMessage", at), user=_user(viewer), sub_month=1
            )
        case Question(viewer, text):
            return "WebcastQuestionNewMessage", pb.QuestionNewMessage(
                common=_common("WebcastQuestionNewMessage", at),
                data=pb.Question(content=text, user=_user(viewer)),
            )
        case Chest(viewer, coins, people, gone):
            return "WebcastEnvelopeMessage", pb.EnvelopeMessage(
                common=_common("WebcastEnvelopeMessage", at),
                envelope_info=pb.EnvelopeInfo(
                    send_user_id=str(viewer.id),
                    send_user_name=viewer.nickname or viewer.name,
                    diamond_count=coins,
                    people_count=people,
                ),
                display=HIDDEN if gone else NEW,
            )
        case Battle():
            return _battle(act, at)
        case Watching(count):
            return "WebcastRoomUserSeqMessage", pb.RoomUserSeqMessage(
                common=_common("WebcastRoomUserSeqMessage", at), total=count, total_user=at.visits
            )
        case End():
            return "WebcastControlMessage", pb.ControlMessage(
                common=_common("WebcastControlMessage", at), action=STREAM_ENDED
            )
        case Unknown(method, payload):
            return method, payload
        case _:
            assert_never(act)


def _battle(battle: Battle, at: Stamp) -> tuple[str, Message]:
    if battle.phase == "points":
        return "WebcastLinkMicArmies", pb.LinkMicArmies(
            common=_common("WebcastLinkMicArmies", at),
            battle_id=battle.id,
            armies={side.host.id: pb.BattleArmies(hostscore=side.points) for side in battle.sides},
        )
    hosts = [
        pb.BattleHostEntry(
            key=side.host.id, value=pb.BattleHost(user=pb.BattleHostUser(display_id=side.host.name))
        )
        for side in battle.sides
    ]
    results = {side.host.id: pb.BattleResult(score=side.points) for side in battle.sides if side.points}
    return "WebcastLinkMicBattle", pb.LinkMicBattle(
        common=_common("WebcastLinkMicBattle", at),
        battle_id=battle.id,
        action=BATTLE_ACTIONS[battle.phase],
        battle_result=results,
        anchors_info=hosts,
    )


def _common(method: str, at: Stamp, key: str = "") -> pb.Common:
    return pb.Common(
        method=method,
        msg_id=at.msg_id,
        room_id=at.room,
        create_time=at.now_ms,
        is_show_msg=True,
        display_text=pb.DisplayText(key=key) if key else None,
    )


def _social(viewer: Viewer, at: Stamp, key: str, action: int) -> pb.SocialMessage:
    return pb.SocialMessage(common=_common("WebcastSocialMessage", at, key), user=_user(viewer), action=action)


def _gift(gift: Gift) -> pb.Gift:
    return pb.Gift(
        id=gift.id,
        name=gift.name,
        describe=f"Sent {gift.name}",
        diamond_count=gift.coins,
        combo=gift.streak,
        type=1 if gift.streak else 2,
    )


def _user(viewer: Viewer) -> pb.User:
    badges = []
    if viewer.moderator:
        badges.append(pb.Badge(scene_type=MODERATOR))
    if viewer.subscriber:
        badges.append(pb.Badge(scene_type=SUBSCRIBER))
    for scene, level in ((GIFTER_GRADE, viewer.gifter_level), (FAN_CLUB, viewer.fan_level)):
        if level:
            log = pb.PrivilegeLog(level=str(level))
            badges.append(pb.Badge(scene_type=scene, privilege_log_extra=log))
    return pb.User(
        id=viewer.id,
        id_str=str(viewer.id),
        display_id=viewer.name,
        nickname=viewer.nickname or viewer.name,
        sec_uid=f"MS4wLjABAAAA{viewer.id:x}",
        badge_list=badges,
    )


def _identity(viewer: Viewer) -> pb.UserIdentity:
    return pb.UserIdentity(
        is_follower_of_anchor=viewer.follower,
        is_moderator_of_anchor=viewer.moderator,
        is_subscriber_of_anchor=viewer.subscriber,
        is_gift_giver_of_anchor=viewer.gifter_level > 0,
    )
