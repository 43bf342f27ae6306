"""TikFinity's desktop program, which hears the streamer's LIVE and tells it to programs on the same PC.

It sends JSON, ``{"event": ..., "data": {...}}``, with the flat field names of TikTok-Live-Connector's first
version. It says neither which room a LIVE has nor, when asked, whether there is one: the first event begins it.
"""

import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import msgspec

from gateway import messages as m
from gateway.connector.sources import webjson
from gateway.connector.sources.base import Lost, Pace, Refused, Sink, Stream
from gateway.connector.sources.decoder import Decoder
from gateway.connector.sources.mapping import ACTION_FOLLOW, ACTION_SHARE, STREAM_ENDED
from gateway.connector.sources.person import SCENE_FANS, SCENE_GIFTER, SCENE_MODERATOR, SCENE_SUBSCRIBER
from gateway.connector.sources.socket import listen
from gateway.connector.sources.webjson import platform_id
from gateway.text import clean

WHO = "TikFinity"
SILENT = frozenset({"config", "connected", "websocketConnected", "disconnected", "social", "rawData"})
"""Events that are no event of ours: its own state, and ``social``, which repeats follow and share."""
SAME_LIVE = 1800.0
"""Seconds of silence after which it is another LIVE; within them a reconnect goes on with the same one."""
MAX_NAME = 64
"""Characters of an event's or a streamer's name."""
JOINED = 1
"""``actionId`` of somebody who joined; others come without a viewer."""
NOT_RUNNING = (
    "TikFinity is not running on this PC, or its event API is off: start TikFinity's desktop app and connect it "
    "to your LIVE (connector.tikfinity.url says where it is looked for)"
)
WAITING = "TikFinity is running; the LIVE begins here with the first event that it tells"

Data = Mapping[str, Any]


class TikFinitySource:
    """See ``Source``. A connection stands also between two LIVEs, and says nothing then.

    An event's id comes from the platform's message id; the room is named by us where TikFinity does not.
    """

    def __init__(self, stream: Stream, username: str, url: str, pace: Pace) -> None:
        self.decoder = Decoder(stream)
        self._username = username
        self._url = url
        self._pace = pace
        self._heard = 0.0
        self._room = ""  # of the LIVE that goes on; kept over reconnects
        self._told = False  # the sink knows of it in this connection
        self._numbers = count(1)

    @property
    def heard(self) -> float:
        return self._heard

    async def run(self, sink: Sink, room: str = "") -> None:
        self._room, self._told = self._room or room, False
        closed = await listen(
            self._url,
            lambda message: self._take(message, sink),
            self._pace,
            who=WHO,
            unreachable=NOT_RUNNING,
            on_open=lambda: sink.on_waiting(WAITING),
        )
        if closed is None:
            self._room = ""
        elif closed.code < 1000:
            raise Refused(f"what answers at {self._url} is not TikFinity (HTTP {closed.code}); is its port taken?")
        else:
            raise Lost("TikFinity was closed, or closed the connection; connecting again")

    def _take(self, message: str | bytes, sink: Sink) -> bool:
        """Pass one message's event on; True when the LIVE is over."""
        received = time.time()
        try:
            parsed = msgspec.json.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            parsed = None
        kind, data = (parsed.get("event"), parsed.get("data")) if isinstance(parsed, dict) else (None, None)
        if not isinstance(kind, str):
            self.decoder.count_unreadable(f"{len(message)} characters are not the JSON that {WHO} sends")
            return False
        data = _flat(data)
        self._check_whose(data)
        if kind == "disconnected" and self._told:
            raise Lost("TikFinity lost its connection to TikTok")
        if kind in SILENT:
            return False
        event = self._event(kind, data, received)
        if event is None:
            return False
        self._heard = received
        return self._pass(event, sink)

    def _pass(self, event: m.Event, sink: Sink) -> bool:
        over = isinstance(event, m.LiveEvent)
        if over and not self._told:
            return False  # the end of a LIVE that we heard nothing of
        if not self._told:
            self._told = True
            sink.on_live(event.room)
        sink.on_event(event)
        return over

    def _event(self, kind: str, data: Data, received: float) -> m.Event | None:
        if kind == "member" and not (data.get("userId") and data.get("actionId", JOINED) == JOINED):
            return None
        method, build = _KINDS.get(kind, (kind[:MAX_NAME], dict))
        try:
            envelope = webjson.to_envelope(method, {"common": _common(data), **build(data)})
        except webjson.NotAMessage as e:
            self.decoder.count_unreadable(str(e))
            return None
        told = platform_id(data.get("roomId"))
        self._find_room(told, received)
        event = self.decoder.event(told or self._room, envelope, received)
        if event is None or isinstance(event, m.LiveEvent):
            return event and msgspec.structs.replace(event, id=f"{self._room}-ended", room=self._room)
        number = platform_id(data.get("msgId")) or f"{int(received * 1000)}-{next(self._numbers)}"
        return msgspec.structs.replace(event, id=f"{told or 'tikfinity'}-{number}", room=self._room)

    def _find_room(self, told: str, received: float) -> None:
        """Which LIVE it is; a new one where TikFinity says so, or was silent for very long."""
        another = told != self._room if told and self._room.isdecimal() else False
        if not self._room or another or received - (self._heard or received) > SAME_LIVE:
            self._room = told or f"{self._username}-{int(received * 1000)}"
            self._told = False

    def _check_whose(self, data: Data) -> None:
        """Raises ``Refused`` when TikFinity hears somebody else's LIVE."""
        whose = data.get("tikfinityUsername")
        if isinstance(whose, str) and whose and whose.lower().lstrip("@") != self._username.lower():
            whose = clean(whose, MAX_NAME)
            raise Refused(
                f"TikFinity on this PC hears the LIVE of @{whose}, not of @{self._username}: sign in there as "
                f"@{self._username}, or set this account's username to {whose}"
            )


def _flat(data: Any) -> Data:
    """Some versions put the viewer's and the gift's fields one level down."""
    if not isinstance(data, dict):
        return {}
    nested = (data.get(key) for key in ("user", "giftDetails", "common"))
    return {k: v for inner in nested if isinstance(inner, dict) for k, v in inner.items()} | data


def _common(data: Data) -> dict[str, Any]:
    return {"createTime": data.get("createTime")}


def _user(data: Data) -> dict[str, Any]:
    badges = {SCENE_GIFTER: data.get("gifterLevel"), SCENE_FANS: data.get("teamMemberLevel")}
    scenes = [SCENE_MODERATOR] * bool(data.get("isModerator")) + [SCENE_SUBSCRIBER] * bool(
        data.get("isSubscriber")
    )
    levels = [{"sceneType": s, "privilegeLogExtra": {"level": level}} for s, level in badges.items() if level]
    return {
        "user": {
            "id": data.get("userId"),
            "displayId": data.get("uniqueId"),
            "nickname": data.get("nickname"),
            "badgeList": [{"sceneType": s} for s in scenes] + levels,
        },
        "userIdentity": {"isFollowerOfAnchor": bool(data.get("followRole"))},
    }


def _gift(data: Data) -> dict[str, Any]:
    gift = {
        "id": data.get("giftId"),
        "name": data.get("giftName"),
        "type": data.get("giftType"),
        "diamondCount": data.get("diamondCount"),
    }
    streak = {name: data.get(name) for name in ("giftId", "groupId", "repeatCount", "repeatEnd")}
    return _user(data) | streak | {"gift": gift}


def _comment(data: Data) -> dict[str, Any]:
    return _user(data) | {"content": data.get("comment")}


def _like(data: Data) -> dict[str, Any]:
    return _user(data) | {"count": data.get("likeCount"), "total": data.get("totalLikeCount")}


def _follow(data: Data) -> dict[str, Any]:
    return _user(data) | {"action": ACTION_FOLLOW}


def _share(data: Data) -> dict[str, Any]:
    return _user(data) | {"action": ACTION_SHARE}


def _viewers(data: Data) -> dict[str, Any]:
    return {"total": data.get("viewerCount")}


def _question(data: Data) -> dict[str, Any]:
    return {"data": _user(data) | {"content": data.get("questionText")}}


def _chest(data: Data) -> dict[str, Any]:
    sender = {"sendUserId": data.get("userId"), "sendUserName": data.get("nickname")}
    return {"envelopeInfo": sender | {"diamondCount": data.get("coins"), "peopleCount": data.get("canOpen")}}


def _end(_: Data) -> dict[str, Any]:
    return {"action": STREAM_ENDED}


_KINDS: dict[str, tuple[str, Callable[[Data], dict[str, Any]]]] = {
    "gift": ("WebcastGiftMessage", _gift),
    "chat": ("WebcastChatMessage", _comment),
    "like": ("WebcastLikeMessage", _like),
    "member": ("WebcastMemberMessage", _user),
    "follow": ("WebcastSocialMessage", _follow),
    "share": ("WebcastSocialMessage", _share),
    "subscribe": ("WebcastSubNotifyMessage", _user),
    "roomUser": ("WebcastRoomUserSeqMessage", _viewers),
    "questionNew": ("WebcastQuestionNewMessage", _question),
    "envelope": ("WebcastEnvelopeMessage", _chest),
    "streamEnd": ("WebcastControlMessage", _end),
}
"""TikFinity's event to the platform's message that it comes from, and its fields."""
