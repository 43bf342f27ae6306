"""Euler Stream: a service that keeps the connection to TikTok and passes its messages on.

It sends TikTok's own frames where asked for them, as we do, and JSON bundles ``{"timestamp", "messages":
[{"type", "data"}]}`` for what it says itself (https://www.eulerstream.com/docs). With
``?features.rawMessages=false`` in ``connector.euler.url`` it sends everything as JSON; both are read.
"""

import time
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from google.protobuf.message import DecodeError

from gateway import messages as m
from gateway.connector.sources import webjson
from gateway.connector.sources.base import (
    Lost,
    NotFound,
    Offline,
    Pace,
    RateLimited,
    Refused,
    Sink,
    Stalled,
    Stream,
)
from gateway.connector.sources.decoder import Decoder
from gateway.connector.sources.socket import Closed, listen
from gateway.connector.sources.webjson import platform_id
from gateway.webcast import webcast_pb2 as pb
from gateway.webcast.frame import MESSAGES

WHO = "Euler Stream"
RAW = "features.rawMessages"
UNREAD = 20
"""Frames one after the other without a message in them: then they are in a form that we do not know."""
LIMITED_FOR = 60.0
"""Seconds to stay away after "too many connections": Euler Stream does not say for how long."""
MAX_BUNDLE = 300
"""Messages read from one JSON bundle; a busy LIVE's have some 20, and each costs 0.1 ms."""
HISTORY = 10.0
"""JSON does not say which messages happened before we came; one sent so many seconds after it was made did."""
_MILLISECONDS = 10**12
"""A time beyond this (2001) counts milliseconds; a smaller one is something else, and says nothing."""
_ROOM_KEYS = ("roomId", "room_id", "id")
_ROOM_NESTED = ("data", "raw", "roomInfo", "room")

NORMAL, NOT_LIVE, STREAM_END = 1000, 4404, 4005


class EulerSource:
    """See ``Source``. ``key`` is Euler Stream's API key, None to go without; it is in no log and no error."""

    def __init__(self, stream: Stream, username: str, url: str, key: str | None, pace: Pace) -> None:
        self.decoder = Decoder(stream)
        self._stream = stream
        self._username = username
        self._url = _address(url, username, key)
        self._key = key
        self._pace = pace
        self._heard = 0.0
        self._room = ""  # of this connection, once it is known
        self._unread = 0  # frames one after the other without a message

    @property
    def heard(self) -> float:
        return self._heard

    async def run(self, sink: Sink, room: str = "") -> None:
        self._room, self._unread = "", 0
        closed = await listen(
            self._url, lambda message: self._take(message, sink), self._pace, who=f"{WHO} (@{self._username})"
        )
        if closed is not None and (closed.code != STREAM_END or not self._room):
            self._fail(closed)

    # -- what it says ----------------------------------------------------------------------------

    def _take(self, message: str | bytes, sink: Sink) -> bool:
        """Pass one message's events on; True when the LIVE is over."""
        self._heard = received = time.time()
        envelopes = self._raw(message, sink) if isinstance(message, bytes) else self._json(message, sink)
        over = False
        for envelope in envelopes:
            event = self.decoder.event(self._room, envelope, received)
            if event is not None:
                sink.on_event(event)
                over = over or isinstance(event, m.LiveEvent)
        return over

    def _raw(self, frame: bytes, sink: Sink) -> Iterator[pb.Envelope]:
        unpacked = self.decoder.unpack(frame)
        self._unread = 0 if unpacked else self._unread + 1
        if self._unread >= UNREAD:
            self._url = _address(self._url, self._username, self._key, raw=False)
            raise Lost(f"{WHO}'s frames are not TikTok's any more; asking it for JSON instead")
        for envelope in unpacked[1].messages if unpacked else ():
            if not self._room:
                self._live(_room_of(envelope), sink)
            if self._room:
                yield envelope

    def _json(self, text: str, sink: Sink) -> Iterator[pb.Envelope]:
        try:
            bundle = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            bundle = None
        messages = bundle.get("messages", [bundle]) if isinstance(bundle, dict) else bundle
        if not isinstance(messages, list):
            self.decoder.count_unreadable(f"{len(text)} characters are not the JSON that {WHO} sends")
            return
        sent = bundle.get("timestamp") if isinstance(bundle, dict) else None
        for message in messages[:MAX_BUNDLE]:
            method, data = (
                (message.get("type"), message.get("data")) if isinstance(message, dict) else (None, None)
            )
            if not isinstance(method, str) or not isinstance(data, dict):
                self.decoder.count_unreadable(f"{WHO} sent a message without type or data")
            elif method.startswith("Webcast"):
                yield from self._webcast(method, data, sent, sink)
            else:
                self._own(method, data, sink)

    def _webcast(self, method: str, data: dict[str, Any], sent: Any, sink: Sink) -> Iterator[pb.Envelope]:
        common = data.get("common")
        common = common if isinstance(common, dict) else {}
        if not self._room:
            self._live(platform_id(common.get("roomId")), sink)
        made = int(platform_id(common.get("createTime")) or 0)
        history = isinstance(sent, int | float) and made > _MILLISECONDS and sent - made > HISTORY * 1000
        try:
            envelope = webjson.to_envelope(method, data, history=history)
        except webjson.NotAMessage as e:
            self.decoder.count_unreadable(str(e))
            return
        if self._room:
            yield envelope

    def _own(self, method: str, data: dict[str, Any], sink: Sink) -> None:
        """What Euler Stream says of itself: the room, and how its connection to TikTok is."""
        if method == "room.status" and data.get("state") == "offline":
            self._fail(Closed(NOT_LIVE))
        if method in ("roomInfo", "room.status", "tiktok.connect"):
            self._live(_find_room(data), sink)

    def _live(self, room: str, sink: Sink) -> None:
        if room and not self._room:
            self._room = room
            sink.on_live(room)

    # -- how it ends -----------------------------------------------------------------------------

    def _fail(self, closed: Closed) -> NoReturn:
        """Raise what a closed connection means."""
        at, words = f"@{self._username}", self._words(closed)
        match closed.code:
            case 4404 | 4005:
                raise Offline(f"{at} is not live now")
            case 4400:
                raise NotFound(
                    f"{WHO} does not accept {at}{words}: check the spelling of username, the name after the "
                    "@ on the profile page"
                )
            case 4401 | 401:
                raise Refused(f"{WHO} {self._key_trouble()}{words}")
            case 4403 | 403:
                raise Refused(
                    f"{WHO}: the key has no right to hear {at}{words}; see the plan of your account there"
                )
            case 4429 | 429:
                why = f"{WHO} limits us (too many connections, or begun too quickly){words}"
                raise RateLimited(why, time.time() + LIMITED_FOR)
            case 4006:
                raise Stalled(f"{WHO} has heard nothing from TikTok for too long; connecting again")
            case 4500:
                raise Lost(f"TikTok closed {WHO}'s connection; connecting again")
            case 4555:
                raise Lost(f"{WHO} ends every connection after 8 hours; connecting again")
            case 4556 | 4557:
                raise Refused(f"{WHO} cannot reach the LIVE of {at} on TikTok{words}; trying again")
            case code if code < NORMAL:
                raise Refused(f"{WHO} answered with HTTP {code}{words}: check connector.euler.url")
            case code:
                raise Lost(f"{WHO} closed the connection ({code}){words}; connecting again")

    def _key_trouble(self) -> str:
        if self._key is None:
            return "wants a key: put it into a file of mode 0600 and name that in connector.euler.key_file"
        return "does not accept the key: check connector.euler.key_file, or STAGEWIRE_EULER_KEY if it is set"

    def _words(self, closed: Closed) -> str:
        """Its own words, without the key, should it repeat it."""
        reason = closed.reason.replace(self._key, "(key)") if self._key else closed.reason
        return f" ({reason})" if reason else ""


def _address(url: str, username: str, key: str | None, *, raw: bool = True) -> str:
    """What stands in the setting's own query wins, but for whom and with which key."""
    parts = urlsplit(url)
    query = {RAW: "true", **dict(parse_qsl(parts.query)), "uniqueId": username}
    if not raw:
        query[RAW] = "false"
    if key is not None:
        query["apiKey"] = key
    return urlunsplit(parts._replace(query=urlencode(query)))


def _room_of(envelope: pb.Envelope) -> str:
    """The room that a message names, empty where it cannot be read."""
    kind = MESSAGES.get(envelope.method)
    try:
        message: Any = kind.FromString(envelope.payload) if kind else None
    except DecodeError:
        return ""
    return platform_id(message.common.room_id) if message is not None else ""


def _find_room(data: dict[str, Any], depth: int = 3) -> str:
    """The room's id, wherever this version of the service puts it."""
    for key in _ROOM_KEYS:
        if room := platform_id(data.get(key)):
            return room
    nested = (data.get(key) for key in _ROOM_NESTED) if depth else ()
    return next((room for d in nested if isinstance(d, dict) and (room := _find_room(d, depth - 1))), "")
