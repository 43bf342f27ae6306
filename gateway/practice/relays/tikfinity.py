"""Practice TikFinity: one practice room, told as TikFinity's desktop program tells it to programs on its PC."""

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.practice.relays.relay import Relay, RelayServer
from gateway.practice.tiktok.room import Room
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

MODERATOR, SUBSCRIBER, GIFTER_GRADE, FAN_CLUB = 1, 4, 8, 10
"""Badge.scene_type."""
FOLLOWED, SHARED = 1, 3
"""SocialMessage.action."""
STREAM_ENDED = 3
"""ControlMessage.action."""
CONFIG = {"event": "config", "data": {"events": [{"type": "soundalert", "enabled": True}]}}
"""What it says first: what the streamer set up there."""


class PracticeTikFinity(RelayServer):
    """On 127.0.0.1, for the LIVE of ``room``. ``whose`` is the @name that it says the LIVE is of."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.room = room
        self.whose = room.username

    def say(self, event: str, **data: Any) -> None:
        """Any event, to every program that listens."""
        for relay in self._relays:
            relay.say(json.dumps({"event": event, "data": data | self._tail()}))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        relay = Relay(socket, request, lambda _, result: self._translate(result))
        relay.say(json.dumps(CONFIG))
        await self._serve(relay, self.room)
        return socket

    def _tail(self) -> dict[str, Any]:
        return {"tikfinityUserId": 1000001, "tikfinityUsername": self.whose}

    def _translate(self, result: pb.FetchResult) -> Iterable[str]:
        for envelope in result.messages:
            kind = MESSAGES.get(envelope.method)
            if kind is None or envelope.is_history:
                continue
            for event, data in _events(kind.FromString(envelope.payload)):
                yield json.dumps({"event": event, "data": data | self._tail()})


def _events(message: Any) -> Iterable[tuple[str, dict[str, Any]]]:
    match message:
        case pb.GiftMessage():
            yield "gift", _gift(message)
        case pb.ChatMessage():
            yield "chat", {"emotes": [], "comment": message.content} | _viewer(message)
        case pb.LikeMessage():
            yield "like", {"likeCount": message.count, "totalLikeCount": message.total} | _viewer(message)
        case pb.MemberMessage():
            yield "member", {"actionId": message.action} | _viewer(message)
        case pb.SocialMessage():
            yield "social", _viewer(message)
            if message.action in (FOLLOWED, SHARED):
                yield "follow" if message.action == FOLLOWED else "share", _viewer(message)
        case pb.SubNotifyMessage():
            yield "subscribe", {"subMonth": message.sub_month, "oldSubscribeStatus": 2} | _viewer(message)
        case pb.RoomUserSeqMessage():
            yield "roomUser", {"topViewers": [], "viewerCount": message.total, "topGifterRank": None}
        case pb.ControlMessage(action=action) if action == STREAM_ENDED:
            yield "streamEnd", {"action": action}


def _gift(message: pb.GiftMessage) -> dict[str, Any]:
    gift = {
        "gift_id": message.gift_id,
        "repeat_count": message.repeat_count,
        "repeat_end": message.repeat_end,
        "gift_type": message.gift.type,
    }
    flat: dict[str, Any] = {
        "giftId": message.gift_id,
        "repeatCount": message.repeat_count,
        "repeatEnd": bool(message.repeat_end),
        "gift": gift,
        "displayType": "webcast_aweme_gift_send_messageNew",
        "label": "{0:user} sent {1:gift} × {2:string}",
    }
    if message.group_id:
        flat["groupId"] = str(message.group_id)
    if message.HasField("gift"):
        described = {"describe": message.gift.describe, "giftName": message.gift.name}
        flat |= described | {"giftType": message.gift.type, "diamondCount": message.gift.diamond_count}
    return flat | _viewer(message)


def _viewer(message: Any) -> dict[str, Any]:
    """Who, which message and when: what every event has at its end."""
    user, common = message.user, message.common
    levels = {badge.scene_type: int(badge.privilege_log_extra.level or 0) for badge in user.badge_list}
    identity = getattr(message, "user_identity", None)
    return {
        "userId": str(user.id),
        "secUid": user.sec_uid,
        "uniqueId": user.display_id,
        "nickname": user.nickname,
        "profilePictureUrl": "https://images.example/100x100.webp",
        "followRole": int(bool(identity and identity.is_follower_of_anchor)),
        "userBadges": [{"type": "privilege", "badgeSceneType": s, "level": level} for s, level in levels.items()],
        "userSceneTypes": list(levels),
        "userDetails": {"createTime": "0", "bioDescription": "", "profilePictureUrls": []},
        "isModerator": MODERATOR in levels,
        "isNewGifter": False,
        "isSubscriber": SUBSCRIBER in levels,
        "topGifterRank": None,
        "gifterLevel": levels.get(GIFTER_GRADE, 0),
        "teamMemberLevel": levels.get(FAN_CLUB, 0),
        "msgId": str(common.msg_id),
        "createTime": str(common.create_time),
    }
